// The language client: stock behaviour, with start failures told in our own words.
import { dirname } from "node:path";
import { workspace, type LogOutputChannel, type Range, type TextDocument } from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  ShowMessageNotification,
  ShowMessageRequest,
  State,
  type ClientCapabilities,
  type LanguageClientOptions,
} from "vscode-languageclient/node";
import type { Answer } from "./answer";
import type { Answers } from "./answers";
import { answers as settingsOf } from "./configuration";
import type { Configured } from "./configured";
import type { Edits } from "./edits";
import type { Keys } from "./keys";
import {
  ANSWER,
  ASK,
  CANCEL,
  CAPABILITIES,
  KEY,
  PROPOSAL,
  SHOW_PROMPT,
  STATUS,
  VERIFY,
} from "./messages";
import { LANGUAGES } from "./place";
import { pass } from "./notices";
import { within } from "./patience";
import { isPrompt } from "./prompt";
import type { Prompts } from "./prompts";
import type { Status } from "./status";
import type { StatusBar } from "./statusBar";
import { LastWords } from "./stderr";
import { initializationOptions } from "./trust";
import { note } from "./walkthrough";

/** Milliseconds that a server has to answer for the first time. A cold disk takes its time. */
export const PATIENCE = 60_000;

/** A client for one server process (and for those that follow it, should it crash). */
export class FestinaClient extends LanguageClient {
  private readonly lastWords: LastWords;
  private started = false;
  private isOver = false;
  /** Called once it has ended again and again, and is not started any more. */
  onGivenUp: () => void = () => undefined;

  constructor(
    command: string,
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

  /** Once the library has come to rest. */
  private giveUp(): void {
    setImmediate(() => {
      if (!this.isOver) {
        this.onGivenUp();
      }
    });
  }
}

function options(
  log: LogOutputChannel,
  lastWords: LastWords,
  prompts: Prompts,
  configured: Configured,
  edits: Edits,
): LanguageClientOptions {
  return {
    documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language })),
    diagnosticCollectionName: "festina",
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () =>
      initializationOptions(
        {
          isTrusted: workspace.isTrusted,
          folders: workspace.workspaceFolders?.length ?? 0,
        },
        configured.ofTheMachine(),
      ),
    initializationFailedHandler: () => false,
    stdioOptions: {
      stdout: () => undefined, // the protocol's; the client reads it
      stderr: (input) => lastWords.follow(input, (line) => log.info(line)),
    },
    middleware: {
      ...edits.middleware,
      window: {
        showDocument: async (params, token, next) => {
          if (!isPrompt(params.uri)) {
            return next(params, token);
          }
          await prompts.show(params.uri);
          return { success: true };
        },
      },
      workspace: {
        ...edits.middleware.workspace,
        configuration: async (params, token, next) =>
          settingsOf(params.items, await next(params, token), (scope) =>
            configured.ofTheWorkspace(scope),
          ),
        // that they have changed, and not what they are: the server asks for what it may know
        didChangeConfiguration: (_, next) => next(undefined),
      },
    },
  };
}
