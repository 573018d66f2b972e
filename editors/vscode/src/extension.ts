// Where the extension starts.

import * as vscode from "vscode";
import { Preview } from "./preview";
import { projectOf, Servers } from "./server";

export function activate(context: vscode.ExtensionContext): void {
  const { commands, window, workspace } = vscode;
  const log = window.createOutputChannel("Cardwright", { log: true });
  const servers = new Servers(log);
  const preview = new Preview(context.extensionUri, servers);
  const restart = (): Promise<void> => servers.restart();
  context.subscriptions.push(
    log,
    servers,
    preview,
    commands.registerCommand("cardwright.showCard", () => preview.show()),
    commands.registerCommand("cardwright.restartServer", restart),
    workspace.onDidOpenTextDocument((document) => void servers.find(document)),
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("cardwright")) void restart();
    }),
    window.onDidChangeActiveTextEditor(markSource),
  );
  markSource(window.activeTextEditor);
  for (const document of workspace.textDocuments) void servers.find(document);
}

/** Tell the menus whether the editor has a source of cards. */
function markSource(editor: vscode.TextEditor | undefined): void {
  // The view has no editor. While it is looked at, all stays as it was.
  if (!editor) return;
  const isSource = projectOf(editor.document) !== undefined;
  void vscode.commands.executeCommand("setContext", "cardwright.isSource", isSource);
}
