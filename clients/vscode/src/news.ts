// What a person is told of proposals that they do not look at.
import { window, type Disposable } from "vscode";
import { headline, isRunning, shorten, type Proposal } from "./proposal";
import { documentOf, type Proposals } from "./proposals";

const SHOW = "Show";
const MOST = 200;

export class News implements Disposable {
  /** The state that was last told of: what is verified again and ends as it did is no news. */
  private readonly told = new Map<string, string>();
  private readonly listening: Disposable;

  constructor(private readonly proposals: Proposals) {
    this.listening = proposals.onDidChange((proposal) => this.take(proposal));
  }

  dispose(): void {
    this.listening.dispose();
  }

  private take(proposal: Proposal): void {
    const { proposal: id, state, name, message } = proposal;
    if (state === "failed") {
      this.told.delete(id);
      void window.showErrorMessage(`Festina: the edit of ${name} failed: ${message}`);
      return;
    }
    if (this.proposals.get(id) === undefined) {
      this.told.delete(id);
    } else if (state === "streaming") {
      this.told.delete(id);
    } else if (!isRunning(proposal) && this.told.get(id) !== state) {
      this.told.set(id, state);
      if (!this.isSeen(proposal)) {
        void this.tell(proposal);
      }
    }
  }

  private async tell(proposal: Proposal): Promise<void> {
    const words = shorten(`Festina: ${proposal.name} is ${headline(proposal)}`, MOST);
    const say =
      proposal.state === "ready" ? window.showInformationMessage : window.showWarningMessage;
    if ((await say(words, SHOW)) === SHOW) {
      await this.proposals.reveal(this.proposals.get(proposal.proposal) ?? proposal);
    }
  }

  /** Whether the region's first line, and so what stands around it, can be seen. */
  private isSeen(proposal: Proposal): boolean {
    const where = this.proposals.where(proposal);
    const document = documentOf(proposal);
    return window.visibleTextEditors.some(
      (editor) =>
        editor.document === document &&
        where !== undefined &&
        editor.visibleRanges.some(
          ({ start, end }) => start.line <= where.first && where.first <= end.line,
        ),
    );
  }
}
