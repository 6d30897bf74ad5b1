// One server for the window: started, restarted, told of trust. One thing at a time, in order.
import {
  window,
  workspace,
  type ConfigurationChangeEvent,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type TextEditor,
} from "vscode";
import type { ServerCapabilities } from "vscode-languageclient/node";
import { Answers } from "./answers";
import { FestinaClient } from "./client";
import { Configured } from "./configured";
import { Edits } from "./edits";
import { Finder } from "./finder";
import { Keys } from "./keys";
import { TRUST } from "./messages";
import { placeOf, unfit } from "./place";
import { Prompts } from "./prompts";
import { refusal } from "./secrets";
import { startFailure } from "./stderr";
import { StatusBar } from "./statusBar";
import { tell } from "./telling";
import { note } from "./walkthrough";

const NO_SERVER = "The server does not run. Festina: Restart Server says why.";

export class Session implements Disposable {
  private readonly bar = new StatusBar();
  private readonly answers = new Answers();
  private readonly prompts = new Prompts();
  readonly configured: Configured;
  readonly keys: Keys;
  private readonly edits: Edits;
  private readonly finder: Finder;
  private readonly parts: Disposable[];
  private client: FestinaClient | undefined;
  private started: string | undefined;
  private told = "";
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: LogOutputChannel,
    context: ExtensionContext,
  ) {
    this.configured = new Configured(context.extension.packageJSON);
    this.keys = new Keys(context.secrets, context.globalState);
    this.edits = new Edits(context.workspaceState);
    this.finder = new Finder(this.configured, context, log);
    const { interpreters } = this.finder;
    const moved = interpreters.onDidChange(() => this.moved());
    this.parts = [moved, interpreters, this.bar, this.answers, this.prompts, this.edits];
  }

  /** The program of the server that runs. */
  get command(): string | undefined {
    return this.started;
  }

  /** What that server can do. */
  get capabilities(): ServerCapabilities | undefined {
    return this.client?.initializeResult?.capabilities;
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
    note("isTrusted");
    return this.next(async () => {
      const located = await this.finder.find();
      const isSame = "command" in located && located.command === this.started;
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
    if (await this.finder.installer.install()) {
      await this.restart();
    }
  }

  /** Take that environment away. */
  async remove(): Promise<void> {
    if (await this.finder.installer.confirmRemoval()) {
      await this.next(async () => {
        await this.end();
        await this.finder.installer.remove();
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

  /** The client, once a server runs; undefined where nothing can be asked of it, which is said. */
  async ready(editor: TextEditor | undefined): Promise<FestinaClient | undefined> {
    await this.last; // it may be on its way
    const why = this.why(editor);
    if (why !== undefined) {
      void window.showInformationMessage(`Festina: ${why}`);
      return undefined;
    }
    return this.client;
  }

  /** Why nothing can be asked about what an editor shows; undefined where something can. */
  why(editor: TextEditor | undefined): string | undefined {
    return unfit(placeOf(editor?.document)) ?? (this.client === undefined ? NO_SERVER : undefined);
  }

  /** Have the file on show examined as if it had just been saved. */
  async verify(): Promise<void> {
    const editor = window.activeTextEditor;
    const client = await this.ready(editor);
    if (editor !== undefined && client !== undefined) {
      await client.verify(editor.document);
    }
  }

  /** Stop all edits that are on their way. */
  async cancelAll(): Promise<void> {
    const { client } = this;
    await Promise.all(this.bar.counts.pending.map((proposal) => client?.cancel(proposal)));
  }

  /** What the menu depends on. */
  get situation(): { isRunning: boolean; pending: number; keys: number } {
    return {
      isRunning: this.client?.isRunning() ?? false,
      pending: this.bar.counts.pending.length,
      keys: this.keys.origins.length,
    };
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

  private async begin(): Promise<void> {
    this.refuseKeys();
    if (this.keys.origins.length > 0) {
      note("hasKey");
    }
    if (workspace.isTrusted) {
      note("isTrusted");
    }
    const located = await this.finder.find();
    if ("problem" in located) {
      this.fail(`Festina: ${located.problem}`, located.isMissing);
      return;
    }
    if (located.isOwn) {
      await this.finder.installer.use();
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
      this.started = located.command;
      note("serverRuns");
    } catch (error) {
      this.fail(startFailure(located.command, await client.said(), error), false);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = this.started = undefined;
    if (client !== undefined) {
      // a server that does not stop in time is killed by the client library
      await client.dispose().catch((error: unknown) => this.log.warn(String(error)));
    }
  }

  /** Another environment was selected: its server is the one that counts. */
  private moved(): void {
    void this.next(async () => {
      const located = await this.finder.find();
      if ("command" in located && located.command !== this.started) {
        await this.end();
        await this.begin();
      }
    });
  }

  /** Offer what is newer. Not waited for: the person may look at it later, or never. */
  private update(): void {
    void this.finder.installer
      .offerUpdate()
      .then((isDone) => (isDone ? this.restart() : undefined));
  }

  /** Say so once when there is a key in the settings. It is not used. */
  private refuseKeys(): void {
    const names = this.configured.withKeys();
    if (names.join() !== this.told) {
      this.told = names.join();
      if (names.length > 0) {
        tell(this.log, refusal(names), ["key", "settings"], names[0]);
      }
    }
  }

  /** There is no server, which the status bar goes on saying. */
  private fail(problem: string, isMissing: boolean): void {
    this.bar.fail(problem);
    tell(this.log, problem, [
      ...(isMissing ? (["install"] as const) : []),
      "again",
      "settings",
      "log",
    ]);
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => this.log.error(String(error)));
    return this.last;
  }
}
