// Where the program `cards` is.

import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, relative } from "node:path";

export interface Surroundings {
  /** The setting `cardwright.path`, which a folder that is not trusted cannot choose. */
  path: string;
  project: string;
  /** The folders that are open, which are trusted or not together. */
  folders: readonly string[];
  isTrusted: boolean;
}

const IS_WINDOWS = process.platform === "win32";
const NAME = IS_WINDOWS ? "cards.exe" : "cards";
const VENV = join(".venv", IS_WINDOWS ? "Scripts" : "bin", NAME);

/** Return the path of `cards`: the setting, the `.venv` of the project or of a folder, the `PATH`. */
export function findProgram(around: Surroundings): string | undefined {
  if (around.path) {
    const path = around.path.replace(/^~(?=[\\/])/, homedir());
    return isAbsolute(path) && isProgram(path) ? path : undefined;
  }
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, NAME));
  const venvs = [around.project, ...around.folders].map((folder) => join(folder, VENV));
  return [...venvs, ...onPath].find(
    (path) => isAbsolute(path) && isProgram(path) && mayRun(path, around),
  );
}

/** Tell whether a `.venv` is there that is left alone because nobody trusts its folder. */
export function isVenvLeftOut(around: Surroundings): boolean {
  const path = join(around.project, VENV);
  return isProgram(path) && !mayRun(path, around);
}

/** A program of the project runs only if its folder is trusted; trust does not reach further up. */
function mayRun(path: string, { project, folders, isTrusted }: Surroundings): boolean {
  const isOfFolder = folders.some((folder) => isWithin(path, folder));
  return isOfFolder ? isTrusted : !isWithin(path, project);
}

/** A `.venv` may be reached by a link, or its program be one: what counts is where it is found. */
function isWithin(path: string, folder: string): boolean {
  return [path, followLinks(path)].some((place) =>
    [folder, followLinks(folder)].some((around) => {
      const name = relative(around, place);
      return !isAbsolute(name) && !/^\.\.(?:[\\/]|$)/.test(name);
    }),
  );
}

function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
