// Projects and programs in a temporary folder.

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Make a folder that is removed at the end. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cardwright-")));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function makeProject(folder: string): string {
  for (const name of ["cards/garden", "decks/garden"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  return folder;
}

/** Write a program that is one of `cards` by its name only. */
export function writeProgram(path: string, script = "exit 0"): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
