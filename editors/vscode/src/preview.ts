// The view that shows the card under the cursor.

import * as vscode from "vscode";
import { type CardView, hasFrame, makePage, type PageParts } from "./page";
import { projectOf, type Servers } from "./server";

const WAIT_MS = 60;

export class Preview implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private editor: vscode.TextEditor | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asked: vscode.CancellationTokenSource | undefined;
  private shown: CardView | undefined;
  private isReady = false;
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly servers: Servers,
  ) {
    const { window, workspace } = vscode;
    this.listeners = [
      window.onDidChangeActiveTextEditor(() => this.follow()),
      window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === window.activeTextEditor) this.follow();
      }),
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.editor?.document) this.follow();
      }),
      // Its kind, its lesson or its pictures may have changed.
      workspace.onDidSaveTextDocument(() => this.follow()),
      servers.onDidStart(() => this.follow()),
    ];
  }

  /** Open the view beside the editor, or bring it to the front. */
  show(): void {
    if (this.panel) {
      this.panel.reveal(undefined, true);
    } else {
      this.open();
    }
    this.follow();
  }

  dispose(): void {
    this.panel?.dispose();
    for (const listener of this.listeners) listener.dispose();
  }

  private open(): void {
    const panel = vscode.window.createWebviewPanel(
      "cardwright.card",
      "Card",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.extension, "out")] },
    );
    panel.iconPath = vscode.Uri.joinPath(this.extension, "icon.png");
    panel.webview.onDidReceiveMessage(() => {
      // The view has started, maybe not for the first time: it is forgotten while it is hidden.
      this.isReady = true;
      this.post(this.shown, false);
    });
    panel.onDidDispose(() => {
      this.asked?.cancel();
      clearTimeout(this.timer);
      this.panel = this.editor = this.shown = undefined;
    });
    this.panel = panel;
    this.load({ style: "", script: "", html: "" });
  }

  private load(view: PageParts): void {
    if (!this.panel) return;
    this.isReady = false;
    this.panel.webview.html = makePage(this.panel.webview, this.extension, view);
  }

  /** Ask for the card soon, once for all that happens until then. */
  private follow(): void {
    if (!this.panel) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.update(), WAIT_MS);
  }

  private async update(): Promise<void> {
    const active = vscode.window.activeTextEditor;
    if (active && projectOf(active.document) !== undefined) this.editor = active;
    if (!this.editor) return;
    const { document, selection } = this.editor;
    this.asked?.cancel();
    const asked = new vscode.CancellationTokenSource();
    this.asked = asked;
    const client = await this.servers.find(document);
    if (!client || asked.token.isCancellationRequested) return;
    const { line, character } = selection.active;
    const parameters = {
      textDocument: { uri: document.uri.toString() },
      position: { line, character },
    };
    let view: CardView | null;
    try {
      view = await client.sendRequest<CardView | null>("cards/preview", parameters, asked.token);
    } catch {
      // The server was stopped, or the request was overtaken.
      return;
    }
    if (!asked.token.isCancellationRequested) this.display(view);
  }

  private display(view: CardView | null): void {
    if (!this.panel) return;
    if (!view) {
      this.post(this.shown, true);
      return;
    }
    const before = this.shown;
    this.shown = view;
    this.panel.title = view.ref || "Card";
    const isSamePage =
      before?.style === view.style &&
      before.script === view.script &&
      hasFrame(before) === hasFrame(view);
    if (isSamePage) this.post(view, false);
    else this.load(view);
  }

  private post(view: CardView | undefined, isOld: boolean): void {
    if (!this.panel || !this.isReady) return;
    const { ref, html } = view ?? { ref: "", html: "" };
    void this.panel.webview.postMessage({ ref, html, isOld: isOld && view !== undefined });
  }
}
