// What keys can ask about: whether a proposal is under the cursor, and how it stands.
import { commands, window, type Disposable } from "vscode";
import type { Diffs } from "./diffs";
import { choices, isRunning } from "./proposal";
import type { Proposals } from "./proposals";

export class Contexts implements Disposable {
  private readonly values = new Map<string, unknown>();
  private readonly parts: Disposable[];

  constructor(
    private readonly proposals: Proposals,
    private readonly diffs: Diffs,
  ) {
    const look = () => this.look();
    this.parts = [
      proposals.onDidChange(look),
      proposals.onDidMove(look),
      window.onDidChangeTextEditorSelection(look),
      window.onDidChangeActiveTextEditor(look),
    ];
    look();
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private look(): void {
    const editor = window.activeTextEditor;
    const proposal = editor && (this.diffs.of(editor.document.uri) ?? this.proposals.at(editor));
    const state = proposal && (isRunning(proposal) ? "running" : proposal.state);
    this.set("festina.proposalUnderCursor", proposal !== undefined);
    this.set("festina.proposalState", state ?? "");
    this.set("festina.proposalHasOthers", proposal !== undefined && choices(proposal).length > 1);
  }

  private set(key: string, value: unknown): void {
    if (this.values.get(key) !== value) {
      this.values.set(key, value);
      void commands.executeCommand("setContext", key, value);
    }
  }
}
