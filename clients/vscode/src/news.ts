// What a person is told of proposals that they do not look at.
import { window, type Disposable } from "vscode";
import type { Diffs } from "./diffs";
import { complain, inform, warn } from "./notices";
import { headline, isRunning, overtaken, shorten, withdrawal, type Proposal } from "./proposal";
import { documentOf, type Proposals } from "./proposals";
import { remedies } from "./remedy";
import { offer } from "./telling";

const SHOW = "Show";
const MOST = 200;
/** Milliseconds that it stands in the status bar why an edit is gone. */
const GONE = 20_000;

export class News implements Disposable {
  /** The state that was last told of: what is verified again and ends as it did is no news. */
  private readonly told = new Map<string, string>();
  /** The candidate that was on show when it was last ready. */
  private readonly ready = new Map<string, number>();
  private readonly listening: Disposable;

  constructor(
    private readonly proposals: Proposals,
    private readonly diffs: Diffs,
  ) {
    this.listening = proposals.onDidChange((proposal) => this.take(proposal));
  }

  dispose(): void {
    this.listening.dispose();
  }

  private take(proposal: Proposal): void {
    const { proposal: id, state, name, message } = proposal;
    if (state === "failed") {
      const words = `Festina: the edit of ${name} failed: ${message}`;
      offer(complain, words, remedies(message), "festina.models.fast");
    }
    const why = overtaken(proposal);
    if (why !== "") {
      // no message that has to be put away: whoever types in its lines knows
      window.setStatusBarMessage(shorten(`Festina: ${why}`, MOST), GONE);
    }
    if (this.proposals.get(id) === undefined) {
      this.told.delete(id);
      this.ready.delete(id);
      return;
    }
    const gone = withdrawal(proposal, this.ready.get(id));
    if (state === "ready") {
      this.ready.set(id, proposal.candidate);
    } else if (state === "streaming" || gone !== "") {
      this.ready.delete(id);
    }
    if (state === "streaming") {
      this.told.delete(id);
    } else if (gone !== "") {
      this.told.set(id, state);
      void this.tell(proposal, gone); // also where it can be seen: it might just be accepted
    } else if (!isRunning(proposal) && this.told.get(id) !== state) {
      this.told.set(id, state);
      if (!this.isSeen(proposal)) {
        void this.tell(proposal, `${name} is ${headline(proposal)}`);
      }
    }
  }

  private async tell(proposal: Proposal, what: string): Promise<void> {
    const isGood = proposal.state === "ready" && !what.includes("withdrawn");
    const say = isGood ? inform : warn;
    if ((await say(shorten(`Festina: ${what}`, MOST), SHOW)) === SHOW) {
      await this.proposals.reveal(this.proposals.get(proposal.proposal) ?? proposal);
    }
  }

  /** Whether its region's first line, and so what stands around it, or its diff can be seen. */
  private isSeen(proposal: Proposal): boolean {
    const where = this.proposals.where(proposal);
    const document = documentOf(proposal);
    return window.visibleTextEditors.some(
      (editor) =>
        this.diffs.of(editor.document.uri)?.proposal === proposal.proposal ||
        (editor.document === document &&
          where !== undefined &&
          editor.visibleRanges.some(
            ({ start, end }) => start.line <= where.first && where.first <= end.line,
          )),
    );
  }
}
