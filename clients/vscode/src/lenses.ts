// What can be done about a proposal, above its region, and above each of its changes.
import {
  CodeLens,
  EventEmitter,
  languages,
  Position,
  Range,
  type CodeLensProvider,
  type Disposable,
  type TextDocument,
} from "vscode";
import { hunkLenses, lenses, type Lens } from "./lens";
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
          ? JSON.stringify([proposal.range, lenses(proposal), hunkLenses(proposal)])
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
      const above = (line: number, { title, command, tooltip }: Lens, ...more: unknown[]) => {
        // what is added at the end of a file stands below its last line
        const place = new Position(Math.min(line, document.lineCount - 1), 0);
        const what = { title, command, tooltip, arguments: [proposal.proposal, ...more] };
        return new CodeLens(new Range(place, place), what);
      };
      // those of a change in the first line stand in the same row, where the end may not be seen
      const [accept, ...others] = lenses(proposal).map((lens) => above(where.first, lens));
      const changes = hunkLenses(proposal).map((lens) =>
        above(where.first + lens.line, lens, lens.only),
      );
      return [...(accept ? [accept] : []), ...changes, ...others];
    });
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }
}
