// One server for the window: started, restarted, told of trust. One thing at a time, in order.
import {
  commands,
  window,
  workspace,
  type ConfigurationChangeEvent,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type TextEditor,
} from "vscode";
import { Answers } from "./answers";
import { FestinaClient } from "./client";
import { Configured } from "./configured";
import { Edits } from "./edits";
import { Installer } from "./installer";
import { Interpreters } from "./interpreters";
import { Keys } from "./keys";
import { locate, type Located } from "./locate";
import { TRUST } from "./messages";
import { unfit } from "./place";
import { Prompts } from "./prompts";
import { refusal } from "./secrets";
import { startFailure } from "./stderr";
import { StatusBar } from "./statusBar";

const AGAIN = "Try Again";
const INSTALL = "Install";
const NO_SERVER = "The server does not run. Festina: Restart Server says why.";
const SET_KEY = "Set API Key";
const SETTINGS = "Open Settings";
const LOG = "Show Log";

export class Session implements Disposable {
  private readonly bar = new StatusBar();
  private readonly answers = new Answers();
  private readonly prompts = new Prompts();
  private readonly interpreters = new Interpreters();
  private readonly configured: Configured;
  private readonly installer: Installer;
  private readonly keys: Keys;
  private readonly edits: Edits;
  private readonly parts: Disposable[];
  private client: FestinaClient | undefined;
  private command: string | undefined;
  private told = "";
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: LogOutputChannel,
    context: ExtensionContext,
  ) {
    this.configured = new Configured(context.extension.packageJSON);
    this.keys = new Keys(context.secrets, context.globalState);
    this.edits = new Edits(context.workspaceState);
    this.installer = new Installer(
      context.globalStorageUri,
      context.extensionUri,
      this.interpreters,
      () => this.configured.own("server.package"),
      log,
    );
    const moved = this.interpreters.onDidChange(() => this.moved());
    this.parts = [moved, this.interpreters, this.bar, this.answers, this.prompts, this.edits];
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
      const located = await this.locate();
      const isSame = "command" in located && located.command === this.command;
      if (this.client?.isRunning() && isSame) {
        await this.client.sendNotification(TRUST, { trusted: true });
      } else {
        await this.end();
        await this.begin(); // it could not be started before, or the workspace has one of its own
      }
    });
  }

  /** Settings have changed. Those that the server asks for, it is told of by the client library. */
  settingsChanged(event: ConfigurationChangeEvent): void {
    if (event.affectsConfiguration("festina")) {
      this.refuseKeys();
    }
    const machine = this.configured.machine.filter((name) => name !== "festina.server.package");
    if (machine.some((name) => event.affectsConfiguration(name))) {
      void this.restart();
    }
  }

  /** Install the server into an environment of its own, and start it. */
  async install(): Promise<void> {
    if (await this.installer.install()) {
      await this.restart();
    }
  }

  /** Take that environment away. */
  async remove(): Promise<void> {
    if (await this.installer.confirmRemoval()) {
      await this.next(async () => {
        await this.end();
        await this.installer.remove();
        await this.begin();
      });
    }
  }

  /** Have the person ask about the selected lines; where none are, about the definition. */
  async ask(): Promise<void> {
    const editor = window.activeTextEditor;
    const client = await this.ready(editor);
    if (editor === undefined || client === undefined) {
      return;
    }
    const { document, selection } = editor;
    const prompt = "What do you want to know about these lines?";
    const question = await window.showInputBox({ title: "Festina: Ask", prompt });
    if (question !== undefined && question.trim() !== "") {
      await client.ask(document, selection, question);
    }
  }

  /** Have the person enter an API key. The server asks for a key when it first needs it. */
  async setKey(): Promise<void> {
    if (await this.keys.enter(this.configured.addresses)) {
      await this.restart();
    }
  }

  /** Have the person choose a key to forget; the server forgets it, too. */
  async clearKey(): Promise<void> {
    if (await this.keys.clear()) {
      await this.restart();
    }
  }

  /** Show what would be sent for the selected lines; where none are, for the definition. */
  async showPrompt(): Promise<void> {
    const editor = window.activeTextEditor;
    const client = await this.ready(editor);
    if (editor !== undefined && client !== undefined) {
      await client.showPrompt(editor.document, editor.selection);
    }
  }

  /** The client, once a server runs; undefined where the editor's document is not for it, which is said. */
  async ready(editor: TextEditor | undefined): Promise<FestinaClient | undefined> {
    const place = editor && {
      scheme: editor.document.uri.scheme,
      languageId: editor.document.languageId,
    };
    await this.last; // it may be on its way
    const why = unfit(place) ?? (this.client ? undefined : NO_SERVER);
    if (why !== undefined) {
      void window.showInformationMessage(`Festina: ${why}`);
      return undefined;
    }
    return this.client;
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private async locate(): Promise<Located> {
    const folders = workspace.workspaceFolders ?? [];
    return locate({
      configured: this.configured.own("server.path"),
      interpreters: await this.interpreters.selected(),
      path: process.env["PATH"] ?? "",
      own: this.installer.program,
      distrusted: workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
    });
  }

  private async begin(): Promise<void> {
    this.refuseKeys();
    const located = await this.locate();
    if ("problem" in located) {
      const first = located.isMissing ? [INSTALL, AGAIN] : [AGAIN];
      this.tell(`Festina: ${located.problem}`, [...first, SETTINGS, LOG]);
      return;
    }
    if (located.isOwn) {
      await this.installer.use();
      this.update();
    }
    this.log.info(`starting ${located.command} server`);
    const client = new FestinaClient(
      located.command,
      this.log,
      this.bar,
      this.answers,
      this.prompts,
      this.keys,
      this.configured,
      this.edits,
    );
    try {
      await client.start();
      this.client = client;
      this.command = located.command;
    } catch (error) {
      this.tell(startFailure(located.command, await client.said(), error), [AGAIN, SETTINGS, LOG]);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = this.command = undefined;
    if (client !== undefined) {
      // a server that does not stop in time is killed by the client library
      await client.dispose().catch((error: unknown) => this.log.warn(String(error)));
    }
  }

  /** Another environment was selected: its server is the one that counts. */
  private moved(): void {
    void this.next(async () => {
      const located = await this.locate();
      if ("command" in located && located.command !== this.command) {
        await this.end();
        await this.begin();
      }
    });
  }

  /** Offer what is newer. Not waited for: the person may look at it later, or never. */
  private update(): void {
    void this.installer.offerUpdate().then((isDone) => (isDone ? this.restart() : undefined));
  }

  /** Say so once when there is a key in the settings. It is not used. */
  private refuseKeys(): void {
    const names = this.configured.withKeys();
    if (names.join() !== this.told) {
      this.told = names.join();
      if (names.length > 0) {
        this.tell(refusal(names), [SET_KEY, SETTINGS], names[0]);
      }
    }
  }

  /** Say what is wrong. Not waited for: the person may look at it later, or never. */
  private tell(problem: string, ways: string[], setting = "festina.server.path"): void {
    this.log.error(problem);
    void window.showErrorMessage(problem, ...ways).then((chosen) => {
      if (chosen === AGAIN) {
        void this.restart();
      } else if (chosen === INSTALL) {
        void this.install();
      } else if (chosen === SET_KEY) {
        void this.setKey();
      } else if (chosen === SETTINGS) {
        void commands.executeCommand("workbench.action.openSettings", setting);
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
