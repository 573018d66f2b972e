import { equal } from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { findProgram, isVenvLeftOut } from "../src/program";
import { findProject } from "../src/project";
import { makeFolder, makeProject, writeProgram } from "./place";

const VENV = ".venv/bin/cards";
const oldPath = process.env.PATH;
let root: string;
let project: string;

beforeEach(() => {
  root = makeFolder();
  project = makeProject(join(root, "project"));
  process.env.PATH = join(root, "bin");
});
afterEach(() => {
  process.env.PATH = oldPath;
});

const around = (given: object = {}) => ({
  path: "",
  project,
  folders: [project],
  isTrusted: true,
  ...given,
});

test("a project is found from its sources, and from nothing else", () => {
  equal(findProject(join(project, "cards/garden/deep/er/a.yaml")), project);
  equal(findProject(join(project, "decks/garden/deck.YML")), project);
  equal(findProject(join(project, "kinds/own.yaml")), project);
  equal(findProject(join(project, "mkdocs.yaml")), undefined);
  equal(findProject(join(project, "cards/garden/notes.txt")), undefined);
  equal(findProject(join(root, "cards/a.yaml")), undefined);
});

test("the setting comes first, then the .venv of the project, then the PATH", () => {
  equal(findProgram(around()), undefined);
  const onPath = writeProgram(join(root, "bin/cards"));
  equal(findProgram(around()), onPath);
  const ofProject = writeProgram(join(project, VENV));
  equal(findProgram(around()), ofProject);
  const chosen = writeProgram(join(root, "other/cards"));
  equal(findProgram(around({ path: chosen })), chosen);
  equal(findProgram(around({ path: join(root, "nothing") })), undefined);
  equal(findProgram(around({ path: VENV })), undefined, "a relative path");
});

test("the .venv of the folder that is open is found too", () => {
  const inner = makeProject(join(root, "all/decks-of-mine"));
  const program = writeProgram(join(root, "all", VENV));
  equal(findProgram(around({ project: inner, folders: [join(root, "all")] })), program);
});

test("nothing of a folder that is not trusted is run", () => {
  writeProgram(join(project, VENV));
  const inside = writeProgram(join(project, "bin/cards"));
  process.env.PATH = [join(project, "bin"), join(root, "bin")].join(delimiter);
  const untrusted = around({ isTrusted: false });
  equal(findProgram(untrusted), undefined);
  equal(isVenvLeftOut(untrusted), true);
  equal(isVenvLeftOut(around()), false);
  const onPath = writeProgram(join(root, "bin/cards"));
  equal(findProgram(untrusted), onPath);
  equal(findProgram(around({ path: inside, isTrusted: false })), inside, "the user's own setting");
});

test("a link leads to nothing of a folder that is not trusted", () => {
  writeProgram(join(project, "hidden/cards"));
  symlinkSync(join(project, "hidden"), join(root, "bin"));
  equal(findProgram(around({ isTrusted: false })), undefined);
  mkdirSync(join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), join(project, ".venv"));
  writeProgram(join(root, "elsewhere/bin/cards"));
  equal(findProgram(around({ isTrusted: false })), undefined);
});

test("trust in a folder says nothing about the project above it", () => {
  writeProgram(join(project, VENV));
  const folders = [join(project, "cards")];
  equal(findProgram(around({ folders })), undefined);
  equal(findProgram(around({ folders: [] })), undefined);
});

test("the current folder is not searched", () => {
  const before = process.cwd();
  writeProgram(join(root, "cards"));
  process.chdir(root);
  process.env.PATH = [".", ""].join(delimiter);
  try {
    equal(findProgram(around()), undefined);
  } finally {
    process.chdir(before);
  }
});
