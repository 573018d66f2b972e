// The language servers: one for each project in which a source is open.

import { type ChildProcess, spawn } from "node:child_process";
import { homedir } from "node:os";
import { basename } from "node:path";
import * as vscode from "vscode";
import type { LanguageClient, LanguageClientOptions } from "vscode-languageclient/node";
import { findProgram, isVenvLeftOut, type Surroundings } from "./program";
import { findProject } from "./project";

const INSTALL = "pipx install .";

/** Return the project of an open source of cards, or undefined if it is something else. */
export function projectOf(document: vscode.TextDocument): string | undefined {
  const isYaml = document.languageId === "yaml" && document.uri.scheme === "file";
  return isYaml ? findProject(document.uri.fsPath) : undefined;
}

export class Servers implements vscode.Disposable {
  private readonly clients = new Map<string, Promise<LanguageClient | undefined>>();
  private readonly starting = new vscode.EventEmitter<void>();
  /** Tells that a server has started, maybe not for the first time. */
  readonly onDidStart = this.starting.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** Return the running server of a document's project; undefined if there is none. */
  async find(document: vscode.TextDocument): Promise<LanguageClient | undefined> {
    const project = projectOf(document);
    if (project === undefined) return undefined;
    let client = this.clients.get(project);
    if (!client) {
      client = start(project, this.log, () => this.starting.fire());
      this.clients.set(project, client);
    }
    return client;
  }

  /** Stop all servers, and start those of the open sources anew. */
  async restart(): Promise<void> {
    await this.stop();
    await Promise.all(vscode.workspace.textDocuments.map((document) => this.find(document)));
  }

  async stop(): Promise<void> {
    const clients = [...this.clients.values()];
    this.clients.clear();
    await Promise.all(clients.map(async (client) => (await client)?.dispose()));
  }

  dispose(): Promise<void> {
    this.starting.dispose();
    return this.stop();
  }
}

async function start(
  project: string,
  log: vscode.LogOutputChannel,
  onStart: () => void,
): Promise<LanguageClient | undefined> {
  const settings = vscode.workspace.getConfiguration("cardwright");
  const around: Surroundings = {
    path: settings.get("path", ""),
    project,
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    isTrusted: vscode.workspace.isTrusted,
  };
  const program = findProgram(around);
  if (program === undefined) {
    void reportMissing(around);
    return undefined;
  }
  log.info(`${program} lsp, for ${project}`);
  // It takes longer to load than all the rest, which most YAML files do without.
  const { CloseAction, ErrorAction, LanguageClient, State } = await import(
    "vscode-languageclient/node"
  );
  /** Leaves it to us to say that the server does not start. */
  class Client extends LanguageClient {
    override error(message: string, data?: unknown, show?: boolean | "force"): void {
      super.error(message, data, this.initializeResult ? show : false);
    }
  }
  let told = "";
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> | undefined;
  const run = async (): Promise<ChildProcess> => {
    // In the project, programs could be found that were put there.
    child = spawn(program, ["lsp", ...settings.get<string[]>("arguments", [])], {
      cwd: homedir(),
      windowsHide: true,
    });
    child.stderr?.on("data", (data) => {
      told = `${told}${data}`.slice(-2000);
    });
    // The Python of a .venv may have gone.
    child.on("error", ({ message }) => {
      told = message;
    });
    ended = new Promise((end) => child?.once("close", end));
    return child;
  };
  const options: LanguageClientOptions = {
    documentSelector: [
      {
        language: "yaml",
        scheme: "file",
        pattern: {
          baseUri: vscode.Uri.file(project).toString(),
          pattern: "{cards,decks,kinds}/**",
        },
      },
    ],
    workspaceFolder: {
      uri: vscode.Uri.file(project),
      name: basename(project),
      index: 0,
    },
    initializationOptions: { codeLens: settings.get("codeLens", false) },
    outputChannel: log,
    middleware: { provideCompletionItem: leaveFieldsToSchema },
    initializationFailedHandler: () => false,
  };
  const client = new Client("cardwright", "Cardwright", run, options);
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) onStart();
  });
  const usual = client.createDefaultErrorHandler();
  // A program that never was a language server is not started again.
  client.clientOptions.errorHandler = {
    error: (error, message, count) => {
      if (client.initializeResult) return usual.error(error, message, count);
      child?.kill();
      return { action: ErrorAction.Continue };
    },
    closed: () => (client.initializeResult ? usual.closed() : { action: CloseAction.DoNotRestart }),
  };
  try {
    await client.start();
    return client;
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    child?.kill();
    await ended;
    void reportFailed(program, told.trim(), log);
    return undefined;
  }
}

async function reportMissing(around: Surroundings): Promise<void> {
  if (around.path) {
    const message = `The setting cardwright.path names no program: ${around.path}`;
    const open = "Open the Setting";
    if ((await vscode.window.showErrorMessage(message, open)) === open) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "cardwright.path");
    }
    return;
  }
  const install = `install it with \`${INSTALL}\` in a clone of Cardwright's repository`;
  if (isVenvLeftOut(around)) {
    const message =
      "Cardwright is in the .venv of a folder that you do not trust, and is not run from there. " +
      `Trust the folder, or ${install}.`;
    const trust = "Manage Trust";
    if ((await vscode.window.showWarningMessage(message, trust)) === trust) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return;
  }
  const message =
    "There is no `cards` in the .venv of the project or on the PATH. If Cardwright is not " +
    `installed, ${install}. Then restart the language server.`;
  const [copy, restart] = ["Copy the Command", "Restart"];
  const chosen = await vscode.window.showErrorMessage(message, copy, restart);
  if (chosen === copy) await vscode.env.clipboard.writeText(INSTALL);
  if (chosen === restart) await vscode.commands.executeCommand("cardwright.restartServer");
}

async function reportFailed(
  program: string,
  told: string,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const why = /No such command/.test(told)
    ? "this Cardwright is too old; install a newer one"
    : told.split("\n").at(-1) || "it is no language server";
  const show = "Show the Log";
  const message = `\`${program} lsp\` does not start: ${why}`;
  if ((await vscode.window.showErrorMessage(message, show)) === show) log.show();
}

type Completed = vscode.ProviderResult<vscode.CompletionItem[] | vscode.CompletionList>;

/** Where the YAML extension completes what the schema knows, only the rest is completed here. */
async function leaveFieldsToSchema(
  document: vscode.TextDocument,
  position: vscode.Position,
  context: vscode.CompletionContext,
  token: vscode.CancellationToken,
  next: (...given: [typeof document, typeof position, typeof context, typeof token]) => Completed,
): Promise<vscode.CompletionItem[] | vscode.CompletionList | null | undefined> {
  const found = await next(document, position, context, token);
  if (!found || !isCompletedBySchema(document)) return found;
  const { Property, EnumMember } = vscode.CompletionItemKind;
  const items = Array.isArray(found) ? found : found.items;
  const rest = items.filter(({ kind }) => kind !== Property && kind !== EnumMember);
  return new vscode.CompletionList(rest, !Array.isArray(found) && found.isIncomplete);
}

function isCompletedBySchema(document: vscode.TextDocument): boolean {
  return (
    vscode.extensions.getExtension("redhat.vscode-yaml") !== undefined &&
    vscode.workspace.getConfiguration("yaml", document.uri).get("completion", true) &&
    /^# yaml-language-server: \$schema=/.test(document.lineAt(0).text)
  );
}
