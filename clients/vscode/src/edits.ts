// Everything about edits, in one: what the server says of them, how they are shown, what a person does.
import type { Disposable, Memento } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Actions } from "./actions";
import { middleware } from "./applying";
import { Contexts } from "./contexts";
import { Diffs } from "./diffs";
import { Instructions } from "./instruct";
import { Lenses } from "./lenses";
import { CANDIDATE } from "./messages";
import { News } from "./news";
import { Preview } from "./preview";
import type { Shown } from "./proposal";
import { Proposals } from "./proposals";

/** The part of a language client that is needed here. */
interface Server {
  sendRequest<R>(method: string, params: object): Promise<R>;
}

export class Edits implements Disposable {
  readonly proposals = new Proposals();
  /** For the language client. */
  readonly middleware: Middleware = middleware(this.proposals);
  private readonly parts: Disposable[];
  private server: Server | undefined;

  /**
   * `memento` keeps the instructions that were given in this workspace; `ready` waits for a server
   * that is on its way.
   */
  constructor(memento: Memento, ready: () => Promise<void>) {
    const { proposals } = this;
    const preview = new Preview(proposals);
    const diffs = new Diffs(proposals);
    const look = (proposal: string, candidate: number) => this.look(proposal, candidate);
    this.parts = [
      new Actions(proposals, preview, diffs, new Instructions(memento), look, ready),
      new Contexts(proposals, diffs),
      new Lenses(proposals),
      new News(proposals, diffs),
      preview,
      diffs,
      proposals,
    ];
  }

  /** Take what the server says of a proposal. */
  take(raw: Parameters<Proposals["take"]>[0]): void {
    this.proposals.take(raw);
  }

  /** A server has started, and counts its proposals from the first. */
  begin(server: Server): void {
    this.proposals.clear();
    this.server = server;
  }

  /** The server has ended, and its proposals with it. */
  end(): void {
    this.server = undefined;
    this.proposals.clear();
  }

  dispose(): void {
    this.end();
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private async look(proposal: string, candidate: number): Promise<Shown | null> {
    try {
      return (
        (await this.server?.sendRequest<Shown | null>(CANDIDATE, { proposal, candidate })) ?? null
      );
    } catch {
      return null; // an older server
    }
  }
}
