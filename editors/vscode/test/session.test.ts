import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { compileFunction } from "node:vm";
import { type Document, vscode, world } from "./fake";
import { makeFolder, makeProject, writeProgram } from "./place";

const CARDS = resolve("../../.venv/bin/cards");
const CARD = `kind: basic
cards:
  - id: rose
    question: What does a **rose** need?
    answer: Sun & water.
  - id: moss
    question: Where does moss grow?
    answer: In the shade.
`;

let garden: string;
let context: { extensionUri: unknown; subscriptions: { dispose(): unknown }[] };

/** Load the extension as it is packaged, on the stand-in for VS Code. */
function load(): typeof import("../src/extension") {
  const filename = resolve("out/extension.js");
  const node = createRequire(filename);
  const module = { exports: {} };
  const parameters = ["module", "exports", "require"];
  const run = compileFunction(readFileSync(filename, "utf-8"), parameters, { filename });
  run(module, module.exports, (name: string) => (name === "vscode" ? vscode : node(name)));
  return module.exports as typeof import("../src/extension");
}

/** Wait until something is there; it comes from another process. */
async function until<T>(find: () => T | undefined | false, what: string): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never came: ${what}; ${world.log.join("\n")}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

function start(): void {
  context = { extensionUri: vscode.Uri.file(resolve(".")), subscriptions: [] };
  load().activate(context as never);
}

const openCards = (): Document => world.open(join(garden, "cards/garden/basics.yaml"), CARD);
const problemsOf = (document: Document): string[] =>
  (world.diagnostics.get(document.uri.toString()) ?? []).map(({ message }) => message);

async function shows(text: RegExp, isOld = false): Promise<void> {
  const [panel] = world.panels;
  const fits = (): boolean => {
    const last = panel?.sent.at(-1);
    return last !== undefined && text.test(last.html) && last.isOld === isOld;
  };
  await until(fits, String(text));
}

before(() => {
  const folder = makeFolder();
  Object.assign(process.env, { CARDS_DB: join(folder, "db"), CARDS_CACHE: join(folder, "cache") });
  execFileSync(CARDS, ["init", "garden"], { cwd: folder });
  garden = join(folder, "garden");
  writeFileSync(join(garden, "cards/garden/basics.yaml"), CARD);
});

beforeEach(() => {
  world.settings["cardwright.path"] = CARDS;
  world.folders.push(garden);
});

afterEach(async () => {
  for (const one of context.subscriptions.reverse()) await one.dispose();
  world.reset();
});

after(() => ok(readFileSync(join(garden, "cards/garden/basics.yaml"), "utf-8") === CARD));

test("mistakes are told while somebody types, and the view follows the cursor", async () => {
  start();
  const document = openCards();
  world.commands.get("cardwright.showCard")?.();
  world.moveTo(document.find("What does"));
  await shows(/<strong>rose<\/strong>[\s\S]*Sun &amp; water/);
  equal(world.panels[0]?.title, "garden:rose");

  document.replace("answer: Sun", "anser: Sun");
  await until(() => problemsOf(document).some((text) => /anser/.test(text)), "a diagnostic");

  document.replace("anser: Sun", "answer: Rain");
  await until(() => !problemsOf(document).length, "no diagnostic");
  await shows(/Rain &amp; water/);

  world.moveTo(document.find("moss grow"));
  await shows(/In the shade/);
  equal(world.panels[0]?.title, "garden:moss");
  world.moveTo(document.find("kind"));
  await shows(/In the shade/, true);
  deepEqual(world.messages, []);
});

test("fields are completed, but not where the YAML extension does so", async () => {
  start();
  const document = openCards();
  document.replace("  - id: moss", "    ext\n  - id: moss");
  const complete = async (): Promise<string[]> => {
    const all = vscode.CompletionItemKind;
    const cancel = new vscode.CancellationTokenSource().token;
    const given = [document.find("    ext"), cancel, { triggerKind: 0 }];
    const found = await world.ask("Completion", "provideCompletionItems", document, ...given);
    return (found?.items ?? found ?? [])
      .filter(({ kind }: { kind: number }) => kind === all.Property)
      .map(({ label }: { label: string }) => label);
  };
  await until(() => world.providers.some(({ type }) => type === "Completion"), "completion");
  ok((await complete()).includes("extra"));
  world.extensions.push("redhat.vscode-yaml");
  ok((await complete()).includes("extra"), "no schema is named");
  document.replace("kind: basic", "# yaml-language-server: $schema=x.json\nkind: basic");
  deepEqual(await complete(), []);
  world.settings["yaml.completion"] = false;
  ok((await complete()).includes("extra"), "nothing else completes it");
});

test("hovering shows the card", async () => {
  start();
  const document = openCards();
  await until(() => world.providers.some(({ type }) => type === "Hover"), "hover");
  const hover = await world.ask("Hover", "provideHover", document, document.find("- id: ros"));
  match(
    [hover.contents]
      .flat()
      .map(({ value }: { value: string }) => value)
      .join(),
    /Sun/,
  );
});

test("the page of the view runs and loads nothing that a card brings", async () => {
  start();
  const document = openCards();
  world.commands.get("cardwright.showCard")?.();
  document.replace("Sun & water", "<script>alert(1)</script><img src=x onerror=alert(1)>");
  world.moveTo(document.find("What does"));
  await shows(/&lt;script&gt;/);
  const [panel] = world.panels;
  const page = panel?.webview.page ?? "";
  match(
    page,
    /default-src 'none'; script-src 'nonce-[^']+'; style-src 'nonce-[^']+'; img-src data:/,
  );
  doesNotMatch(page, /alert|unsafe/);
  deepEqual(panel?.webview.options.localResourceRoots.map(String), [
    vscode.Uri.file(resolve("out")).toString(),
  ]);
  const nonces = [...page.matchAll(/nonce[-=]"?([\w+/=]+)/g)].map(([, nonce]) => nonce);
  equal(new Set(nonces).size, 1);
});

test("other YAML files start nothing", async () => {
  start();
  world.open(join(garden, "mkdocs.yaml"), "site_name: x");
  deepEqual(world.log, []);
  deepEqual(world.executed, [["setContext", "cardwright.isSource", false]]);
  openCards();
  deepEqual(world.executed.at(-1), ["setContext", "cardwright.isSource", true]);
});

test("a restart starts the server anew, with the documents as they are", async () => {
  start();
  const document = openCards();
  document.replace("answer: Sun", "anser: Sun");
  await until(() => problemsOf(document).length, "a diagnostic");
  await world.commands.get("cardwright.restartServer")?.();
  await until(() => problemsOf(document).length, "a diagnostic of the new server");
  document.replace("anser: Sun", "answer: Sun");
  await until(() => !problemsOf(document).length, "no diagnostic");
});

test("settings reach the server", async () => {
  const store = join(makeFolder(), "reviews.db");
  const lenses = async (): Promise<unknown[]> => {
    const document = openCards();
    await until(() => problemsOf(document), "problems");
    await until(() => world.providers.some(({ type }) => type === "Hover"), "the server");
    return (await world.ask("CodeLens", "provideCodeLenses", document)) ?? [];
  };
  execFileSync(CARDS, ["answer", "rose", "good", "--db", store], { cwd: garden });
  start();
  deepEqual(await lenses(), []);
  const settings = { "cardwright.codeLens": true, "cardwright.arguments": ["--db", store] };
  world.set(settings);
  await until(() => world.providers.some(({ type }) => type === "CodeLens"), "lenses");
  match(JSON.stringify(await lenses()), /asked 1 time/);
});

test("a missing program is told once, with the command that installs it", async () => {
  const path = process.env.PATH;
  process.env.PATH = "";
  try {
    world.settings = {};
    world.press = "Copy the Command";
    start();
    openCards();
    world.commands.get("cardwright.showCard")?.();
    await until(() => world.copied, "a command");
    equal(world.copied, "pipx install .");
    equal(world.messages.length, 1);
    match(world.messages[0]?.[0] ?? "", /no `cards` in the \.venv of the project or on the PATH/);
  } finally {
    process.env.PATH = path;
  }
});

test("a setting that names nothing is told", async () => {
  world.settings["cardwright.path"] = "/nowhere/cards";
  start();
  openCards();
  const [message] = await until(() => world.messages[0], "a message");
  equal(message, "The setting cardwright.path names no program: /nowhere/cards");
});

test("the .venv of a folder is run only after it is trusted", async () => {
  const project = makeProject(join(makeFolder(), "project"));
  const witness = join(project, "was-run");
  writeProgram(join(project, ".venv/bin/cards"), `touch '${witness}'; exec '${CARDS}' "$@"`);
  const path = process.env.PATH;
  process.env.PATH = "/usr/bin:/bin";
  try {
    Object.assign(world, { settings: {}, folders: [project], isTrusted: false });
    start();
    const document = world.open(join(project, "cards/garden/basics.yaml"), "kind: basics\n");
    const [message] = await until(() => world.messages[0], "a message");
    match(message ?? "", /the \.venv of a folder that you do not trust/);
    world.trust();
    await until(() => problemsOf(document).length, "a diagnostic");
    readFileSync(witness);
  } finally {
    process.env.PATH = path;
  }
});

test("a .venv whose Python has gone is told", async () => {
  const program = join(makeFolder(), "cards");
  writeFileSync(program, "#!/nowhere/python\n", { mode: 0o755 });
  world.settings["cardwright.path"] = program;
  start();
  openCards();
  const [message] = await until(() => world.messages[0], "a message");
  match(message ?? "", /lsp` does not start: spawn .* ENOENT/);
});

test("a program that is too old, or another one, is told with what it said", async () => {
  const folder = makeFolder();
  const scripts = {
    "echo \"Error: No such command 'lsp'.\" >&2; exit 2": /this Cardwright is too old/,
    "echo 'boom' >&2; exit 1": /does not start: boom/,
    "exit 0": /it is no language server/,
    "printf 'hello\\r\\n\\r\\n'; exec sleep 1000": /it is no language server/,
  };
  for (const [script, expected] of Object.entries(scripts)) {
    world.settings["cardwright.path"] = writeProgram(join(folder, "cards"), script);
    start();
    openCards();
    const [message] = await until(() => world.messages[0], "a message");
    match(message ?? "", expected);
    await new Promise((done) => setTimeout(done, 50));
    equal(world.messages.length, 1);
    for (const one of context.subscriptions.reverse()) await one.dispose();
    world.reset();
  }
});
