// As much of VS Code as the extension and its library use: documents, editors, providers, messages.

import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { minimatch } from "minimatch";

type Listener = (event: any) => unknown;

class EventEmitter {
  private readonly listeners = new Set<Listener>();
  readonly event = (listener: Listener, self?: unknown, all?: Disposable[]): Disposable => {
    const bound = listener.bind(self);
    this.listeners.add(bound);
    const disposable = new Disposable(() => this.listeners.delete(bound));
    all?.push(disposable);
    return disposable;
  };
  fire(event?: unknown): void {
    for (const listener of [...this.listeners]) listener(event);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

class Disposable {
  constructor(private readonly act: () => unknown) {}
  dispose(): unknown {
    return this.act();
  }
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const one of all) one.dispose();
    });
  }
}

class Uri {
  private constructor(private readonly url: URL) {}
  static file(path: string): Uri {
    return new Uri(pathToFileURL(path));
  }
  static parse(text: string): Uri {
    return new Uri(new URL(text));
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return Uri.file(join(base.fsPath, ...parts));
  }
  get scheme(): string {
    return this.url.protocol.slice(0, -1);
  }
  get path(): string {
    return decodeURIComponent(this.url.pathname);
  }
  get fsPath(): string {
    return fileURLToPath(this.url);
  }
  toString(): string {
    return this.url.href;
  }
}

class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

class Range {
  constructor(
    readonly start: Position,
    readonly end: Position,
    ...rest: number[]
  ) {
    if (typeof start === "number" && typeof end === "number") {
      const [line, character] = rest as [number, number];
      this.start = new Position(start, end);
      this.end = new Position(line, character);
    }
  }
}

class RelativePattern {
  constructor(
    readonly baseUri: Uri,
    readonly pattern: string,
  ) {}
}

class CancellationTokenSource {
  private readonly emitter = new EventEmitter();
  readonly token = {
    isCancellationRequested: false,
    onCancellationRequested: this.emitter.event,
  };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {}
}

class Diagnostic {
  constructor(
    readonly range: Range,
    readonly message: string,
    readonly severity: number,
  ) {}
}

class CompletionItem {
  constructor(
    readonly label: string,
    readonly kind?: number,
  ) {}
}

class CompletionList {
  constructor(
    readonly items: CompletionItem[],
    readonly isIncomplete = false,
  ) {}
}

class CodeActionKind {
  static readonly Empty = new CodeActionKind("");
  static readonly QuickFix = new CodeActionKind("quickfix");
  static readonly Refactor = new CodeActionKind("refactor");
  static readonly RefactorExtract = new CodeActionKind("refactor.extract");
  static readonly RefactorInline = new CodeActionKind("refactor.inline");
  static readonly RefactorRewrite = new CodeActionKind("refactor.rewrite");
  static readonly Source = new CodeActionKind("source");
  static readonly SourceOrganizeImports = new CodeActionKind("source.organizeImports");
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}

class MarkdownString {
  isTrusted = false;
  supportHtml = false;
  baseUri: Uri | undefined;
  constructor(public value = "") {}
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(text: string, language: string): this {
    return this.appendMarkdown(`\n\`\`\`${language}\n${text}\n\`\`\`\n`);
  }
}

class Hover {
  constructor(
    readonly contents: MarkdownString[],
    readonly range?: Range,
  ) {}
}

class WorkspaceEdit {
  readonly edits: [Uri, unknown][] = [];
  set(uri: Uri, edits: unknown[]): void {
    for (const edit of edits) this.edits.push([uri, edit]);
  }
}

class TextEdit {
  constructor(
    readonly range: Range,
    readonly newText: string,
  ) {}
}

export class Document {
  version = 1;
  isClosed = false;
  isDirty = false;
  constructor(
    readonly uri: Uri,
    private text: string,
    readonly languageId = "yaml",
  ) {}
  getText(): string {
    return this.text;
  }
  get lineCount(): number {
    return this.text.split("\n").length;
  }
  lineAt(line: number): { text: string } {
    return { text: this.text.split("\n")[line] ?? "" };
  }
  positionAt(offset: number): Position {
    const before = this.text.slice(0, offset).split("\n");
    return new Position(before.length - 1, before.at(-1)?.length ?? 0);
  }
  /** The place after the first appearance of a text. */
  find(text: string): Position {
    const start = this.text.indexOf(text);
    if (start < 0) throw new Error(`not in the document: ${text}`);
    return this.positionAt(start + text.length);
  }
  /** Replace the first appearance of a text, as somebody who types. */
  replace(old: string, text: string): void {
    const rangeOffset = this.text.indexOf(old);
    const range = new Range(
      this.positionAt(rangeOffset),
      this.positionAt(rangeOffset + old.length),
    );
    this.text = this.text.replace(old, () => text);
    this.version += 1;
    this.isDirty = true;
    const change = { range, rangeOffset, rangeLength: old.length, text };
    events.onDidChangeTextDocument.fire({ document: this, contentChanges: [change] });
  }
}

/** The page of the view, and what it was sent. */
export class Panel {
  title: string;
  iconPath: unknown;
  readonly sent: { ref: string; html: string; isOld: boolean }[] = [];
  readonly closed = new EventEmitter();
  readonly told = new EventEmitter();
  readonly onDidDispose = this.closed.event;
  readonly webview;
  constructor(title: string, options: { localResourceRoots: Uri[] }) {
    this.title = title;
    const { sent, told } = this;
    this.webview = {
      options,
      cspSource: "https://*.vscode-cdn.net",
      onDidReceiveMessage: told.event,
      asWebviewUri: (uri: Uri) => uri,
      postMessage: async (message: (typeof sent)[number]) => sent.push(message),
      page: "",
      set html(html: string) {
        this.page = html;
        // Its script says that it has started.
        setImmediate(() => told.fire("ready"));
      },
    };
  }
  reveal(): void {}
  dispose(): void {
    this.closed.fire();
  }
}

interface Provider {
  type: string;
  selector: any[];
  provider: any;
}

/** What a test sees and sets. */
export const world = {
  settings: {} as Record<string, unknown>,
  extensions: [] as string[],
  folders: [] as string[],
  isTrusted: true,
  /** The messages shown, with their buttons, and the button that is pressed. */
  messages: [] as string[][],
  press: undefined as string | undefined,
  executed: [] as unknown[][],
  commands: new Map<string, (...given: unknown[]) => unknown>(),
  providers: [] as Provider[],
  diagnostics: new Map<string, Diagnostic[]>(),
  documents: [] as Document[],
  panels: [] as Panel[],
  copied: "",
  log: [] as string[],
  editor: undefined as { document: Document; selection: { active: Position } } | undefined,

  open(path: string, text: string): Document {
    const document = new Document(Uri.file(path), text);
    world.documents.push(document);
    events.onDidOpenTextDocument.fire(document);
    world.editor = { document, selection: { active: new Position(0, 0) } };
    events.onDidChangeActiveTextEditor.fire(world.editor);
    return document;
  },
  moveTo(active: Position): void {
    if (!world.editor) throw new Error("no editor");
    world.editor.selection = { active };
    events.onDidChangeTextEditorSelection.fire({ textEditor: world.editor });
  },
  /** What the first provider of a type answers for a document. */
  async ask(type: string, method: string, document: Document, ...given: unknown[]): Promise<any> {
    const found = world.providers.find(
      (one) => one.type === type && vscode.languages.match(one.selector, document),
    );
    const token = new CancellationTokenSource().token;
    return found?.provider[method](document, ...given, ...(type === "Completion" ? [] : [token]));
  },
  set(settings: Record<string, unknown>): void {
    Object.assign(world.settings, settings);
    events.onDidChangeConfiguration.fire({ affectsConfiguration: () => true });
  },
  trust(): void {
    world.isTrusted = true;
    events.onDidGrantWorkspaceTrust.fire();
  },
  reset(): void {
    for (const listener of Object.values(events)) listener.dispose();
    Object.assign(world, { settings: {}, extensions: [], folders: [], isTrusted: true });
    Object.assign(world, { press: undefined, editor: undefined, copied: "" });
    for (const list of ["messages", "executed", "providers", "documents", "panels", "log"] as const)
      world[list].length = 0;
    world.diagnostics.clear();
    world.commands.clear();
  },
};

const eventNames = [
  "onDidChangeActiveTextEditor",
  "onDidChangeConfiguration",
  "onDidChangeNotebookDocument",
  "onDidChangeTextDocument",
  "onDidChangeTextEditorSelection",
  "onDidChangeVisibleTextEditors",
  "onDidChangeWorkspaceFolders",
  "onDidCloseNotebookDocument",
  "onDidCloseTextDocument",
  "onDidCreateFiles",
  "onDidDeleteFiles",
  "onDidGrantWorkspaceTrust",
  "onDidOpenNotebookDocument",
  "onDidOpenTextDocument",
  "onDidRenameFiles",
  "onDidSaveNotebookDocument",
  "onDidSaveTextDocument",
  "onWillCreateFiles",
  "onWillDeleteFiles",
  "onWillRenameFiles",
  "onWillSaveTextDocument",
] as const;
const events = Object.fromEntries(eventNames.map((name) => [name, new EventEmitter()])) as Record<
  (typeof eventNames)[number],
  EventEmitter
>;
const eventFields = Object.fromEntries(eventNames.map((name) => [name, events[name].event]));

const show = async (message: string, ...buttons: string[]): Promise<string | undefined> => {
  world.messages.push([message, ...buttons.filter((button) => typeof button === "string")]);
  return buttons.includes(world.press ?? "") ? world.press : undefined;
};

function register(type: string) {
  return (selector: any, provider: any): Disposable => {
    const one = { type, selector: [selector].flat(), provider };
    world.providers.push(one);
    return new Disposable(() => world.providers.splice(world.providers.indexOf(one), 1));
  };
}

/** An enumeration of names in VS Code's order. */
const number = (names: string): Record<string, number> =>
  Object.fromEntries(names.split(" ").map((name, place) => [name, place]));

const log = (text: unknown): void => void world.log.push(String(text));
const channel = { append: log, appendLine: log, show() {}, dispose() {}, clear() {}, replace: log };
const logChannel = { trace: log, debug: log, info: log, warn: log, error: log };

const bare = `CancellationError CodeAction CodeLens CallHierarchyItem Color DocumentLink
DocumentSymbol InlayHint Location SymbolInformation SnippetString TypeHierarchyItem
DiagnosticRelatedInformation TabInputText TabInputTextDiff TabInputCustom TabInputNotebook
FoldingRange`.split(/\s+/);

export const vscode: any = {
  ...Object.fromEntries(bare.map((name) => [name, class {}])),
  CancellationTokenSource,
  CodeActionKind,
  CompletionItem,
  CompletionList,
  Diagnostic,
  Disposable,
  EventEmitter,
  Hover,
  MarkdownString,
  Position,
  Range,
  RelativePattern,
  TextEdit,
  Uri,
  WorkspaceEdit,
  version: "1.91.0",
  CompletionItemKind: number(
    "Text Method Function Constructor Field Variable Class Interface Module Property Unit Value " +
      "Enum Keyword Snippet Color File Reference Folder EnumMember Constant Struct Event " +
      "Operator TypeParameter",
  ),
  CompletionItemTag: { Deprecated: 1 },
  CompletionTriggerKind: number("Invoke TriggerCharacter TriggerForIncompleteCompletions"),
  CodeActionTriggerKind: { Invoke: 1, Automatic: 2 },
  DiagnosticSeverity: number("Error Warning Information Hint"),
  DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
  DocumentHighlightKind: number("Text Read Write"),
  FileType: { File: 1, Directory: 2 },
  FoldingRangeKind: { Comment: {}, Imports: {}, Region: {} },
  InlineCompletionTriggerKind: number("Invoke Automatic"),
  LogLevel: number("Off Trace Debug Info Warning Error"),
  NotebookCellKind: { Markup: 1, Code: 2 },
  ProgressLocation: { Window: 10 },
  SignatureHelpTriggerKind: { Invoke: 1, TriggerCharacter: 2, ContentChange: 3 },
  SymbolKind: { Property: 6, TypeParameter: 25 },
  SymbolTag: { Deprecated: 1 },
  TextDocumentSaveReason: { Manual: 1, AfterDelay: 2, FocusOut: 3 },
  ViewColumn: { Beside: -2 },
  env: {
    appName: "Fake",
    language: "en",
    clipboard: {
      async writeText(text: string) {
        world.copied = text;
      },
    },
  },
  extensions: {
    getExtension: (id: string) => (world.extensions.includes(id) ? { id } : undefined),
  },
  commands: {
    registerCommand(name: string, act: () => unknown) {
      world.commands.set(name, act);
      return new Disposable(() => world.commands.delete(name));
    },
    async executeCommand(name: string, ...given: unknown[]) {
      world.executed.push([name, ...given]);
      return world.commands.get(name)?.(...given);
    },
  },
  languages: {
    match(selector: any, document: Document): number {
      const fits = [selector].flat().some(({ language, scheme, pattern }: any) => {
        const { fsPath } = document.uri;
        return (
          (!language || language === document.languageId) &&
          (!scheme || scheme === document.uri.scheme) &&
          (!pattern || minimatch(relative(pattern.baseUri.fsPath, fsPath), pattern.pattern))
        );
      });
      return fits ? 10 : 0;
    },
    createDiagnosticCollection: () => ({
      set: (uri: Uri, found: Diagnostic[]) => world.diagnostics.set(uri.toString(), found),
      get: (uri: Uri) => world.diagnostics.get(uri.toString()),
      has: (uri: Uri) => world.diagnostics.has(uri.toString()),
      delete: (uri: Uri) => world.diagnostics.delete(uri.toString()),
      clear: () => world.diagnostics.clear(),
      dispose() {},
    }),
    registerCodeActionsProvider: register("CodeActions"),
    registerCodeLensProvider: register("CodeLens"),
    registerCompletionItemProvider: register("Completion"),
    registerDefinitionProvider: register("Definition"),
    registerDocumentSymbolProvider: register("DocumentSymbol"),
    registerHoverProvider: register("Hover"),
    registerReferenceProvider: register("Reference"),
    registerRenameProvider: register("Rename"),
    registerWorkspaceSymbolProvider: (provider: any) => register("WorkspaceSymbol")([], provider),
  },
  window: {
    ...eventFields,
    get activeTextEditor() {
      return world.editor;
    },
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: new EventEmitter().event },
    createOutputChannel: () => ({
      ...channel,
      ...logChannel,
      logLevel: 3,
      onDidChangeLogLevel: new EventEmitter().event,
    }),
    createWebviewPanel(_type: string, title: string, _where: unknown, options: any) {
      const panel = new Panel(title, options);
      world.panels.push(panel);
      return panel;
    },
    showErrorMessage: show,
    showInformationMessage: show,
    showWarningMessage: show,
  },
  workspace: {
    ...eventFields,
    notebookDocuments: [],
    get isTrusted() {
      return world.isTrusted;
    },
    get textDocuments() {
      return world.documents;
    },
    get workspaceFolders() {
      return world.folders.map((path, index) => ({ uri: Uri.file(path), name: path, index }));
    },
    getWorkspaceFolder: () => undefined,
    getConfiguration: (section: string) => ({
      get: (name: string, usual: unknown) => world.settings[`${section}.${name}`] ?? usual,
    }),
    createFileSystemWatcher: () => ({
      onDidCreate: new EventEmitter().event,
      onDidChange: new EventEmitter().event,
      onDidDelete: new EventEmitter().event,
      dispose() {},
    }),
  },
};
