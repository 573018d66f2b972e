import { doesNotMatch, match } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { makePage } from "../src/page";
import { Panel, vscode } from "./fake";
import { makeFolder } from "./place";

const CARD = '<section class="prompt"><div class="card">Q</div><div class="card">A</div></section>';

/** What VS Code puts before a page: its styles, its colours, and how to send messages. */
const HOST = `
const styles = Object.assign(document.createElement("style"), { id: "_defaultStyles" });
document.head.append(styles);
globalThis.acquireVsCodeApi = () => ({
  getState: () => STATE,
  setState() {},
  postMessage: () => postMessage({ ref: "garden:rose", html: HTML, isOld: false }, "*"),
});
addEventListener("DOMContentLoaded", () => (document.body.dataset.vscodeThemeKind = THEME));
`;

const chromium = ["chromium", "chromium-browser", "google-chrome"].find((name) => {
  try {
    return execFileSync(name, ["--version"], { stdio: "pipe" });
  } catch {
    return false;
  }
});
const options = { skip: !chromium && "needs Chromium" };

/** Return the first tag of a page. */
const root = (page: string): string => /<html[^>]*>/.exec(page)?.[0] ?? "";

/** Return the page as it is after a card was shown. */
function show(given: { theme?: string; state?: object; html?: string; script?: string }): string {
  const html = given.html ?? CARD;
  const { webview } = new Panel("", { localResourceRoots: [] });
  const view = { html, style: "", script: given.script ?? "" };
  const page = makePage(webview as never, vscode.Uri.file(resolve(".")), view);
  const nonce = /'nonce-([^']+)'/.exec(page)?.[1];
  const set = { HTML: html, STATE: given.state, THEME: given.theme ?? "vscode-light" };
  const names = Object.entries(set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const host = `const ${names.join(", ")};${HOST}`.replace(/</g, "\\u003c");
  const file = join(makeFolder(), "page.html");
  writeFileSync(
    file,
    page.replace("<meta", () => `<script nonce="${nonce}">${host}</script>\n<meta`),
  );
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000"];
  const profile = `--user-data-dir=${makeFolder()}`;
  return execFileSync(
    chromium ?? "",
    [...flags, profile, "--dump-dom", pathToFileURL(file).toString()],
    { encoding: "utf-8", stdio: ["ignore", "pipe", "ignore"] },
  );
}

test("a card has the colours of the editor, and none of its styles for text", options, () => {
  const page = show({ theme: "vscode-dark" });
  match(root(page), /class="nightMode"/);
  match(page, /<main id="card"[^>]*><section class="prompt">/);
  doesNotMatch(page, /<style id="_defaultStyles"/);
  doesNotMatch(root(show({ theme: "vscode-high-contrast-light" })), /nightMode/);
});

test("other colours and one side can be chosen, and stay chosen", options, () => {
  const state = { theme: "light", sides: "question" };
  const tag = root(show({ theme: "vscode-dark", state }));
  match(tag, /data-sides="question"/);
  doesNotMatch(tag, /nightMode/);
});

test("the scripts of note types run, and nothing that a card brings", options, () => {
  const act = "document.documentElement.dataset.acted = 1";
  const html = `${CARD}<img src=x onerror="${act}"><script>${act}</script><p style="color: red">
<iframe srcdoc="<script>top.${act}</script>"></iframe><a href="javascript:${act}">a</a>`;
  const script =
    'addEventListener("prompts", ({ detail }) => {' +
    " document.documentElement.dataset.cards = detail.querySelectorAll('.card').length });";
  const page = show({ html, script });
  match(root(page), /data-cards="2"/);
  doesNotMatch(root(page), /data-acted/);
});
