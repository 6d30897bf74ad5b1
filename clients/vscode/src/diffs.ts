// An edit in VS Code's own diff editor: the file as it is, and as it would be. It follows the stream.
import {
  commands,
  EventEmitter,
  Position,
  Range,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from "vscode";
import type { Proposal } from "./proposal";
import { documentOf, type Proposals } from "./proposals";
import { rowsOf } from "./rows";

const SCHEME = "festina-edit";
/** Milliseconds between two writings. */
const INTERVAL = 100;

type Side = "before" | "after";

export class Diffs implements TextDocumentContentProvider, Disposable {
  private readonly written = new EventEmitter<Uri>();
  private readonly parts: Disposable[];
  private readonly timers = new Map<string, NodeJS.Timeout>();
  readonly onDidChange = this.written.event;

  constructor(private readonly proposals: Proposals) {
    this.parts = [
      this.written,
      workspace.registerTextDocumentContentProvider(SCHEME, this),
      proposals.onDidChange((proposal) => this.follow(proposal)),
    ];
    void this.close(() => true); // those of a window that was left with some open
  }

  /** Open the edit; `line` is one of the edited file, from 0. */
  async open(proposal: Proposal, line?: number): Promise<void> {
    const first = line ?? this.proposals.where(proposal)?.first ?? proposal.range.start.line;
    const place = new Position(first, 0);
    const title = `${proposal.name}: ${proposal.instruction || "proposed edit"}`.slice(0, 60);
    const options = { preview: true, selection: new Range(place, place) };
    const [before, after] = [uriOf(proposal, "before"), uriOf(proposal, "after")];
    await commands.executeCommand("vscode.diff", before, after, title, options);
  }

  /** The proposal that a page of ours is about. */
  of(uri: Uri): Proposal | undefined {
    return uri.scheme === SCHEME ? this.proposals.get(idOf(uri)) : undefined;
  }

  provideTextDocumentContent(uri: Uri): string {
    const proposal = this.proposals.get(idOf(uri));
    const document = proposal && documentOf(proposal);
    if (proposal === undefined || document === undefined) {
      return "";
    }
    const text = document.getText();
    const where = this.proposals.where(proposal);
    const old = this.proposals.old(proposal);
    if (!uri.query.endsWith("after") || where === undefined || old === undefined) {
      return text;
    }
    const rows = rowsOf(proposal, old).filter(({ kind }) => kind === "same" || kind === "new");
    const lines = text.split(/\r\n|\r|\n/);
    const texts = rows.map((row) => row.text);
    return [...lines.slice(0, where.first), ...texts, ...lines.slice(where.after)].join("\n");
  }

  dispose(): void {
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private follow(proposal: Proposal): void {
    const id = proposal.proposal;
    if (this.proposals.get(id) === undefined) {
      clearTimeout(this.timers.get(id));
      this.timers.delete(id);
      void this.close((uri) => idOf(uri) === id);
    } else if (!this.timers.has(id)) {
      const write = () => {
        this.timers.delete(id);
        this.written.fire(uriOf(proposal, "before"));
        this.written.fire(uriOf(proposal, "after"));
      };
      this.timers.set(id, setTimeout(write, INTERVAL));
    }
  }

  private async close(matches: (uri: Uri) => boolean): Promise<void> {
    const ours = window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(
        ({ input }) =>
          input instanceof TabInputTextDiff &&
          input.modified.scheme === SCHEME &&
          matches(input.modified),
      );
    if (ours.length > 0) {
      // the person may have closed one in the same moment
      await window.tabGroups.close(ours).then(undefined, () => false);
    }
  }
}

/** The path is that of the file, so that it is coloured as one of its language. */
function uriOf({ proposal, uri }: Proposal, side: Side): Uri {
  return Uri.from({ scheme: SCHEME, path: Uri.parse(uri).path, query: `${proposal}/${side}` });
}

function idOf(uri: Uri): string {
  return uri.query.split("/")[0] ?? "";
}
