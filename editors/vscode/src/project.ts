// A file → the project it belongs to, found as `cards` finds it.

import { statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

const SOURCE = /^(?:cards|decks|kinds)\/.*\.ya?ml$/i;

/** Return the project of a source file: the nearest folder above it with `cards` and `decks`. */
export function findProject(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (isFolder(join(folder, "cards")) && isFolder(join(folder, "decks"))) {
      const name = relative(folder, file).split(sep).join("/");
      return SOURCE.test(name) ? folder : undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
