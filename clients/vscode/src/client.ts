// The language client: stock behaviour, with start failures told in our own words.
import { dirname } from "node:path";
import type { LogOutputChannel, Range, TextDocument, Uri } from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  ShowMessageNotification,
  ShowMessageRequest,
  State,
  type ClientCapabilities,
} from "vscode-languageclient/node";
import type { Answer } from "./answer";
import type { Answers } from "./answers";
import type { Configured } from "./configured";
import type { Edits } from "./edits";
import type { Keys } from "./keys";
import {
  ANSWER,
  ASK,
  CANCEL,
  CANDIDATE,
  CAPABILITIES,
  KEY,
  MODEL,
  PROPOSAL,
  SHOW_PROMPT,
  STATUS,
  VERIFY,
} from "./messages";
import type { Named } from "./counts";
import { pass, warn } from "./notices";
import { options } from "./options";
import { Late, within } from "./patience";
import type { Prompts } from "./prompts";
import { SILENT, Silence } from "./silence";
import type { Status } from "./status";
import type { StatusBar } from "./statusBar";
import { GIVEN_UP, LastWords, notAnswering } from "./stderr";
import { tell } from "./telling";
import { note } from "./walkthrough";

/** Milliseconds that a server has to answer for the first time. A cold disk takes its time. */
export const PATIENCE = 60_000;
/** Milliseconds that any answer may take after that: the server never waits for anything. */
const ANSWERS_WITHIN = 10_000;
/** Milliseconds between two looks whether it still answers, while an edit is on its way. */
const PULSE = 3_000;

/** A client for one server process (and for those that follow it, should it crash). */
export class FestinaClient extends LanguageClient {
  private readonly lastWords: LastWords;
  private started = false;
  private isOver = false;
  private readonly silence: Silence;
  private readonly pulse: NodeJS.Timeout;
  /** Called once it has run, does not any more, and is not started again; with a sentence why. */
  onGivenUp: (why: string) => void = () => undefined;

  constructor(
    private readonly command: string,
    log: LogOutputChannel,
    private readonly bar: StatusBar,
    answers: Answers,
    prompts: Prompts,
    keys: Keys,
    configured: Configured,
    private readonly edits: Edits,
  ) {
    const lastWords = new LastWords();
    const clientOptions = options(log, lastWords, prompts, configured, edits);
    clientOptions.traceOutputChannel = keys.traces(log);
    // not in the workspace, as the library would: with an empty entry in PYTHONPATH, as many have one,
    // Python imports from where it is started, and that folder may not be trusted
    const program = { command, args: ["server"], options: { cwd: dirname(command) } };
    super("festina", "Festina", program, clientOptions);
    this.lastWords = lastWords;
    this.silence = new Silence(
      ANSWERS_WITHIN,
      (isSilent) => {
        if (this.isRunning()) {
          bar.silence(isSilent);
        }
      },
      () => {
        if (this.isRunning()) {
          tell(log, SILENT, ["restart", "log"], undefined, warn);
        }
      },
    );
    this.pulse = setInterval(() => this.probe(), PULSE);
    this.clientOptions.middleware = {
      ...this.clientOptions.middleware,
      sendRequest: (type, params, token, next) => {
        const method = typeof type === "string" ? type : type.method;
        const isAwaited = method === ExecuteCommandRequest.method;
        return this.silence.watch(next(type, params, token), isAwaited);
      },
    };
    const onCrash = this.createDefaultErrorHandler();
    this.clientOptions.errorHandler = {
      error: async (error, message, count) => {
        const result = await onCrash.error(error, message, count);
        if (result.action === ErrorAction.Shutdown) {
          this.giveUp();
        }
        return result;
      },
      closed: async () => {
        // a server that cannot start once cannot start five times
        if (!this.started || this.isOver) {
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        const result = await onCrash.closed();
        if (result.action !== CloseAction.DoNotRestart) {
          return result;
        }
        this.giveUp();
        return { ...result, handled: true };
      },
    };
    this.registerFeature({
      fillClientCapabilities: (capabilities: ClientCapabilities) => {
        capabilities.experimental = { festina: CAPABILITIES };
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    });
    this.onNotification(ShowMessageNotification.type, ({ type, message }) => {
      void pass(type, message);
    });
    this.onRequest(ShowMessageRequest.type, ({ type, message, actions }) =>
      pass(type, message, actions).then((chosen) => chosen ?? null),
    );
    this.onNotification(STATUS, (status: Status) => bar.take(status));
    this.onNotification(MODEL, (model: Named) => {
      if (!this.isOver) {
        bar.name(model);
      }
    });
    this.onNotification(ANSWER, (answer: Answer) => answers.take(answer));
    this.onNotification(PROPOSAL, (proposal: Parameters<Edits["take"]>[0]) => {
      if (this.isOver) {
        return; // the last words of one whose edits are put away
      }
      edits.take(proposal);
      bar.count(proposal);
      if (proposal.state === "applied") {
        note("hasEdited");
      }
    });
    this.onRequest(KEY, async ({ origin }: { origin: string }) => ({ key: await keys.of(origin) }));
    this.onDidChangeState(({ newState }) => {
      if (this.isOver) {
        return; // another one may be at work by now
      }
      if (newState === State.Running) {
        bar.show(configured.model);
        answers.begin();
        edits.begin(this);
      } else {
        this.leave();
      }
      if (newState === State.Starting) {
        bar.begin(command);
        if (this.started) {
          this.startedAgain();
        }
      }
      if (newState === State.StartFailed && this.started) {
        this.giveUp(); // it had run, ended, and does not come back
      }
    });
  }

  /** What a server that has ended last said on standard error. */
  said(): Promise<string> {
    return this.lastWords.text();
  }

  /** Ask about lines of a document; a refusal is a message of the server's. */
  async ask(document: TextDocument, range: Range, question: string): Promise<void> {
    const where = this.code2ProtocolConverter.asRange(range);
    const uri = this.code2ProtocolConverter.asUri(document.uri);
    const argument = { uri, range: where, question };
    await this.sendRequest(ExecuteCommandRequest.type, { command: ASK, arguments: [argument] });
  }

  /** Have the server show what would be sent for lines of a document. No model is asked. */
  async showPrompt(document: TextDocument, range: Range): Promise<void> {
    const where = this.code2ProtocolConverter.asRange(range);
    const uri = this.code2ProtocolConverter.asUri(document.uri);
    const argument = { uri, range: where };
    const command = SHOW_PROMPT;
    await this.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
  }

  /** Give the server a command about plans; a refusal is told. */
  async order(
    command: string,
    argument: Readonly<Record<string, unknown>>,
    told: (words: string) => unknown,
  ): Promise<void> {
    const params = { command, arguments: [argument] };
    const answer = (await this.sendRequest(ExecuteCommandRequest.type, params)) as {
      readonly ok: boolean;
      readonly message: string;
    };
    if (!answer.ok) {
      void told(`Festina: ${answer.message}`);
    }
  }

  /** The URI of a file as the server knows it. */
  uriOf(uri: Uri): string {
    return this.code2ProtocolConverter.asUri(uri);
  }

  /** Have a document examined as if it had just been saved. */
  async verify(document: TextDocument): Promise<void> {
    const uri = this.code2ProtocolConverter.asUri(document.uri);
    await this.sendRequest(ExecuteCommandRequest.type, { command: VERIFY, arguments: [{ uri }] });
  }

  /** Stop a proposal. */
  async cancel(proposal: string): Promise<void> {
    const command = CANCEL;
    await this.sendRequest(ExecuteCommandRequest.type, { command, arguments: [{ proposal }] });
  }

  override async start(): Promise<void> {
    await super.start();
    this.started = true;
  }

  /** Wait while it is on its way, as it is again after a crash; not for ever. It never rejects. */
  async settled(): Promise<void> {
    if (this.state === State.Starting) {
      await within(this.start(), PATIENCE).catch(() => undefined);
    }
  }

  /** Be done with it, however far it has come. One that has not started yet is killed. */
  override async dispose(timeout?: number): Promise<void> {
    const isStopped = !this.isRunning();
    this.isOver = true;
    clearInterval(this.pulse);
    this.leave();
    try {
      await super.dispose(timeout);
    } catch (error) {
      if (!isStopped) {
        throw error; // of one that does not run, the library says that it cannot be stopped
      }
    }
  }

  /**
   * Until the server has started, and once it is over, everything goes to the log only: our caller
   * tells the person.
   */
  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.started && !this.isOver ? show : false);
  }

  private leave(): void {
    this.bar.hide();
    this.edits.end();
  }

  /** After a crash the library starts it again, and would wait for it for ever. */
  private startedAgain(): void {
    within(this.start(), PATIENCE).catch((error: unknown) => {
      if (error instanceof Late) {
        this.giveUp(notAnswering(this.command, PATIENCE / 1000));
      }
    });
  }

  /** While an edit is on its way, whoever looks at it asks for nothing: so this does. */
  private probe(): void {
    if (this.isRunning() && this.bar.counts.pending.length > 0 && !this.silence.isWaiting) {
      const nothing = { proposal: "", candidate: 0 };
      this.sendRequest(CANDIDATE, nothing).catch(() => undefined); // an older server
    }
  }

  /** Once the library has come to rest. */
  private giveUp(why = GIVEN_UP): void {
    setImmediate(() => {
      if (!this.isOver) {
        this.onGivenUp(why);
      }
    });
  }
}
