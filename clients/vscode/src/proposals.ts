// The proposals that live in open documents: what the server last said of each, and where it is now.
import {
  EventEmitter,
  Range,
  Uri,
  window,
  workspace,
  type Disposable,
  type TextDocument,
  type TextEditor,
} from "vscode";
import { isLive, lines, read, type Proposal } from "./proposal";
import { Drift, type Lines } from "./region";

interface Entry {
  readonly proposal: Proposal;
  /** The region's lines as they were when the edit was made; undefined where that is not known. */
  readonly old: readonly string[] | undefined;
}

export class Proposals implements Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly drifts = new Map<string, Drift>();
  private readonly changed = new EventEmitter<Proposal>();
  private readonly moved = new EventEmitter<TextDocument>();
  private readonly parts: Disposable[];
  /** The newest value of a proposal, with the last one of its life. */
  readonly onDidChange = this.changed.event;
  /** A document with proposals in it was edited. */
  readonly onDidMove = this.moved.event;

  constructor() {
    this.parts = [
      this.changed,
      this.moved,
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.uri.scheme !== "file" || contentChanges.length === 0) {
          return;
        }
        this.drift(document.uri).note(document.version, contentChanges);
        if (this.in(document).length > 0) {
          this.moved.fire(document);
        }
      }),
      workspace.onDidCloseTextDocument((document) => {
        this.drifts.delete(document.uri.toString());
        for (const proposal of this.in(document)) {
          this.drop(proposal.proposal); // as the server does
        }
      }),
    ];
  }

  /** Take what the server says of a proposal. */
  take(raw: Parameters<typeof read>[0]): void {
    const proposal = read(raw);
    const before = this.entries.get(proposal.proposal);
    if (!isLive(proposal)) {
      this.entries.delete(proposal.proposal);
    } else {
      const known = before?.proposal.version === proposal.version ? before.old : undefined;
      const document = documentOf(proposal);
      const where = document && this.place(proposal, document);
      const old = known ?? (document && where && textOf(document, where));
      this.entries.set(proposal.proposal, { proposal, old });
    }
    if (before !== undefined || isLive(proposal) || proposal.state === "failed") {
      this.changed.fire(proposal);
    }
  }

  /** Forget all: the server that knew them is gone. */
  clear(): void {
    for (const id of [...this.entries.keys()]) {
      this.drop(id);
    }
  }

  /** All that live, the oldest first. */
  get live(): readonly Proposal[] {
    return [...this.entries.values()].map(({ proposal }) => proposal);
  }

  get(id: string): Proposal | undefined {
    return this.entries.get(id)?.proposal;
  }

  /** Those of a document. */
  in(document: TextDocument): readonly Proposal[] {
    const key = document.uri.toString();
    return this.live.filter(({ uri }) => Uri.parse(uri).toString() === key);
  }

  /** The one that the cursor or the selection of an editor is in, the newest of several. */
  at(editor: TextEditor): Proposal | undefined {
    const { start, end } = editor.selection;
    const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    return this.in(editor.document).findLast((proposal) => {
      const where = this.where(proposal);
      return where && start.line < Math.max(where.after, where.first + 1) && last >= where.first;
    });
  }

  /** Where a region is now; undefined where its lines were edited or its document is closed. */
  where(proposal: Proposal): Lines | undefined {
    const document = documentOf(proposal);
    return document && this.place(proposal, document);
  }

  /** The lines that a proposal would replace, as they were when it was made. */
  old(proposal: Proposal): readonly string[] | undefined {
    return this.entries.get(proposal.proposal)?.old;
  }

  /** Show a proposal's region and put the cursor into it. */
  async reveal(proposal: Proposal): Promise<void> {
    const where = this.where(proposal);
    if (where !== undefined) {
      const place = new Range(where.first, 0, where.first, 0);
      await window.showTextDocument(Uri.parse(proposal.uri), { selection: place });
    }
  }

  dispose(): void {
    this.clear();
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private place(proposal: Proposal, document: TextDocument): Lines | undefined {
    const [first, after] = lines(proposal.range);
    const version = proposal.version ?? document.version;
    return this.drift(document.uri).follow({ first, after }, version, document.version);
  }

  private drift(uri: Uri): Drift {
    const key = uri.toString();
    const drift = this.drifts.get(key) ?? new Drift();
    this.drifts.set(key, drift);
    return drift;
  }

  private drop(id: string): void {
    const entry = this.entries.get(id);
    this.entries.delete(id);
    if (entry !== undefined) {
      this.changed.fire({ ...entry.proposal, state: "dismissed" });
    }
  }
}

/** The open document that a proposal is in. */
export function documentOf({ uri }: Proposal): TextDocument | undefined {
  const key = Uri.parse(uri).toString();
  return workspace.textDocuments.find((document) => document.uri.toString() === key);
}

/** Lines of a document, without their ends. */
export function textOf(document: TextDocument, { first, after }: Lines): string[] {
  const found: string[] = [];
  for (let line = first; line < Math.min(after, document.lineCount); line++) {
    found.push(document.lineAt(line).text);
  }
  return found;
}
