// One server for the window: started, restarted, told of trust. One thing at a time, in order.
import {
  workspace,
  type ConfigurationChangeEvent,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type TextEditor,
} from "vscode";
import type { ServerCapabilities } from "vscode-languageclient/node";
import { Answers } from "./answers";
import { FestinaClient, PATIENCE } from "./client";
import { Configured } from "./configured";
import { Edits } from "./edits";
import { Finder } from "./finder";
import { Keys } from "./keys";
import type { Situation } from "./menu";
import { TRUST } from "./messages";
import { inform } from "./notices";
import { Abandoned, Late, within } from "./patience";
import { placeOf, unfit } from "./place";
import { Prompts } from "./prompts";
import { refusal } from "./secrets";
import { notAnswering, startFailure } from "./stderr";
import { StatusBar } from "./statusBar";
import { tell } from "./telling";
import { note } from "./walkthrough";

export const NO_SERVER = "The server does not run. Festina: Restart Server says why.";

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
  /** Has a start that is on its way given up. */
  private starting = new AbortController();
  private isStarting = false;
  /** The program that did not answer. Only a person has it tried again. */
  private hung: string | undefined;
  private told = "";
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: LogOutputChannel,
    context: ExtensionContext,
  ) {
    this.configured = new Configured(context.extension.packageJSON);
    this.keys = new Keys(context.secrets, context.globalState);
    this.edits = new Edits(context.workspaceState, () => this.settled());
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

  /** Start the server; stop the one that runs first, or is on its way. */
  restart(): Promise<void> {
    this.starting.abort();
    return this.next(async () => {
      this.hung = undefined;
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
        this.bar.trust();
      } else if (!("command" in located) || located.command !== this.hung) {
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

  /** The client, once a server runs; undefined where nothing can be asked of it, which is said. */
  async ready(editor: TextEditor | undefined): Promise<FestinaClient | undefined> {
    await this.settled();
    const why = this.why(editor);
    if (why !== undefined) {
      void inform(`Festina: ${why}`);
      return undefined;
    }
    return this.client;
  }

  /** The client, once a server runs; undefined where none does, which is said. */
  async running(): Promise<FestinaClient | undefined> {
    await this.settled();
    if (this.client === undefined) {
      void inform(`Festina: ${NO_SERVER}`);
    }
    return this.client;
  }

  /** Why nothing can be asked about what an editor shows; undefined where something can. */
  why(editor: TextEditor | undefined): string | undefined {
    return unfit(placeOf(editor?.document)) ?? (this.client === undefined ? NO_SERVER : undefined);
  }

  /** Stop all edits that are on their way. */
  async cancelAll(): Promise<void> {
    const { client } = this;
    await Promise.all(this.bar.counts.pending.map((proposal) => client?.cancel(proposal)));
  }

  /** What the menu depends on. */
  get situation(): Omit<Situation, "canVerify"> {
    return {
      isStarting: this.isStarting,
      isRunning: this.client?.isRunning() ?? false,
      pending: this.bar.counts.pending.length,
      keys: this.keys.origins.length,
    };
  }

  stop(): Promise<void> {
    this.starting.abort();
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
    for (const part of this.parts) {
      part.dispose();
    }
  }

  /** Wait for a server that is on its way. */
  async settled(): Promise<void> {
    for (let last: unknown; last !== this.last;) {
      last = this.last; // that may be another one by the time it is over: restarted meanwhile
      await last;
    }
    await this.client?.settled();
  }

  private async begin(): Promise<void> {
    const { signal } = (this.starting = new AbortController());
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
    client.onGivenUp = (why) => this.lost(client, why);
    this.isStarting = true;
    try {
      await within(client.start(), PATIENCE, signal);
      this.client = client;
      this.started = located.command;
      note("serverRuns");
    } catch (error) {
      await client.dispose();
      if (error instanceof Late) {
        this.hung = located.command;
        this.fail(notAnswering(located.command, PATIENCE / 1000), false);
      } else if (!(error instanceof Abandoned)) {
        this.fail(startFailure(located.command, await client.said(), error), false);
      }
    } finally {
      this.isStarting = false;
    }
  }

  /** A server that had run does not any more. */
  private lost(client: FestinaClient, why: string): void {
    void this.next(async () => {
      if (this.client === client) {
        await this.end();
        this.fail(why, false);
      }
    });
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
      .then((isDone) => (isDone ? this.restart() : undefined))
      .catch((error: unknown) => this.log.error(String(error)));
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
