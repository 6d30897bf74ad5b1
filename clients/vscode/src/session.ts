// One server for the window: started, restarted, told of trust. One thing at a time, in order.
import {
  commands,
  window,
  workspace,
  type Disposable,
  type LogOutputChannel,
  type SecretStorage,
} from "vscode";
import { Answers } from "./answers";
import { FestinaClient } from "./client";
import { Keys } from "./keys";
import { locate } from "./locate";
import { TRUST } from "./messages";
import { Prompts } from "./prompts";
import { startFailure } from "./stderr";
import { StatusBar } from "./statusBar";

const AGAIN = "Try Again";
const SETTINGS = "Open Settings";
const LOG = "Show Log";

export class Session implements Disposable {
  private readonly bar = new StatusBar();
  private readonly answers = new Answers();
  private readonly prompts = new Prompts();
  private client: FestinaClient | undefined;
  private last: Promise<void> = Promise.resolve();

  private readonly keys: Keys;

  constructor(
    private readonly log: LogOutputChannel,
    secrets: SecretStorage,
  ) {
    this.keys = new Keys(secrets);
  }

  /** Start the server; stop the one that runs first. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** The person trusts the workspace from now on. */
  trusted(): Promise<void> {
    return this.next(async () => {
      if (this.client?.isRunning()) {
        await this.client.sendNotification(TRUST, { trusted: true });
      } else {
        await this.end();
        await this.begin(); // perhaps it could not be started before
      }
    });
  }

  /** Have the person ask about the selected lines; where none are, about the definition. */
  async ask(): Promise<void> {
    const editor = window.activeTextEditor;
    if (editor === undefined || this.client === undefined) {
      void window.showInformationMessage("Festina: open a file and select lines to ask about.");
      return;
    }
    const { document, selection } = editor;
    const prompt = "What do you want to know about these lines?";
    const question = await window.showInputBox({ title: "Festina: Ask", prompt });
    if (question !== undefined && question.trim() !== "") {
      await this.client.ask(document, selection, question);
    }
  }

  /** Have the person enter an API key. The server asks for keys when it starts. */
  async setKey(): Promise<void> {
    if (await this.keys.enter()) {
      await this.restart();
    }
  }

  /** Show what would be sent for the selected lines; where none are, for the definition. */
  async showPrompt(): Promise<void> {
    const editor = window.activeTextEditor;
    if (editor === undefined || this.client === undefined) {
      void window.showInformationMessage(
        "Festina: open a file and select lines to see what would be sent.",
      );
      return;
    }
    await this.client.showPrompt(editor.document, editor.selection);
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
    this.bar.dispose();
    this.answers.dispose();
    this.prompts.dispose();
  }

  private async begin(): Promise<void> {
    const folders = workspace.workspaceFolders ?? [];
    const located = locate({
      configured: workspace.getConfiguration("festina").get("server.path", ""),
      path: process.env["PATH"] ?? "",
      distrusted: workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
    });
    if ("problem" in located) {
      this.tell(`Festina: ${located.problem}`);
      return;
    }
    this.log.info(`starting ${located.command} server`);
    const client = new FestinaClient(
      located.command,
      this.log,
      this.bar,
      this.answers,
      this.prompts,
      this.keys,
    );
    try {
      await client.start();
      this.client = client;
    } catch (error) {
      this.tell(startFailure(located.command, await client.said(), error));
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      // a server that does not stop in time is killed by the client library
      await client.dispose().catch((error: unknown) => this.log.warn(String(error)));
    }
  }

  /** Say what is wrong. Not waited for: the person may look at it later, or never. */
  private tell(problem: string): void {
    this.log.error(problem);
    void window.showErrorMessage(problem, AGAIN, SETTINGS, LOG).then((chosen) => {
      if (chosen === AGAIN) {
        void this.restart();
      } else if (chosen === SETTINGS) {
        void commands.executeCommand("workbench.action.openSettings", "festina.server.path");
      } else if (chosen === LOG) {
        this.log.show();
      }
    });
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => this.log.error(String(error)));
    return this.last;
  }
}
