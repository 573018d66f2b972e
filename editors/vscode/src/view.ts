// The script of the view: it shows the card that it is sent, in the colours of the editor or others.

interface Host {
  postMessage(message: unknown): void;
  getState(): Record<string, string> | undefined;
  setState(state: Record<string, string>): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.documentElement;
const card = document.getElementById("card") as HTMLElement;
const controls = ["sides", "theme"].map((id) => document.getElementById(id) as HTMLSelectElement);
let shown = { ref: "", html: "" };

// A card looks as in Anki: the editor's own styles for text would show through.
document.getElementById("_defaultStyles")?.remove();

function paint(): void {
  const state = Object.fromEntries(controls.map(({ id, value }) => [id, value]));
  const kind = document.body.dataset.vscodeThemeKind ?? "";
  const isEditorDark = kind === "vscode-dark" || kind === "vscode-high-contrast";
  root.classList.toggle("nightMode", state.theme ? state.theme === "dark" : isEditorDark);
  root.dataset.sides = state.sides;
}

function show({ ref, html, isOld }: { ref: string; html: string; isOld: boolean }): void {
  card.classList.toggle("old", isOld);
  if (html === shown.html) return;
  card.innerHTML = html || '<p class="none">This card asks nothing.</p>';
  if (ref !== shown.ref) scrollTo(0, 0);
  shown = { ref, html };
  dispatchEvent(new CustomEvent("prompts", { detail: document }));
}

const state = host.getState();
for (const control of controls) {
  control.value = state?.[control.id] ?? "";
  control.addEventListener("change", () => {
    host.setState(Object.fromEntries(controls.map(({ id, value }) => [id, value])));
    paint();
  });
}
addEventListener("message", ({ data }) => show(data));
new MutationObserver(paint).observe(document.body, { attributeFilter: ["data-vscode-theme-kind"] });
paint();
host.postMessage("ready");
