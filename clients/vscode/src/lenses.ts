// What can be done about a proposal, above its region.
import {
  CodeLens,
  EventEmitter,
  languages,
  Range,
  type CodeLensProvider,
  type Disposable,
  type TextDocument,
} from "vscode";
import { lenses } from "./lens";
import type { Proposals } from "./proposals";

export class Lenses implements CodeLensProvider, Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly parts: Disposable[];
  /** What was last offered, by proposal: lenses that are drawn anew lose the click on them. */
  private readonly titles = new Map<string, string>();
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(private readonly proposals: Proposals) {
    this.parts = [
      this.changed,
      languages.registerCodeLensProvider({ scheme: "file" }, this),
      proposals.onDidChange((proposal) => {
        const titles = proposals.get(proposal.proposal)
          ? JSON.stringify([proposal.range, lenses(proposal)])
          : undefined;
        if (this.titles.get(proposal.proposal) === titles) {
          return;
        }
        if (titles === undefined) {
          this.titles.delete(proposal.proposal);
        } else {
          this.titles.set(proposal.proposal, titles);
        }
        this.changed.fire();
      }),
    ];
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    return this.proposals.in(document).flatMap((proposal) => {
      const where = this.proposals.where(proposal);
      if (where === undefined) {
        return [];
      }
      const place = new Range(where.first, 0, where.first, 0);
      return lenses(proposal).map(({ title, command, tooltip }) => {
        return new CodeLens(place, { title, command, tooltip, arguments: [proposal.proposal] });
      });
    });
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }
}
