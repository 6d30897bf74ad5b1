// Marks in the text of a proposal's region: the lines that go, the place of those that come, and how far
// it is, beside the first line.
import {
  EventEmitter,
  OverviewRulerLane,
  Range,
  ThemeColor,
  Uri,
  window,
  type DecorationOptions,
  type Disposable,
  type TextEditor,
} from "vscode";
import { isRunning, progressWords, shorten, type Proposal } from "./proposal";
import type { Lines } from "./region";
import type { Row } from "./rows";

const WORDS = 120;

export interface Placed {
  readonly proposal: Proposal;
  readonly where: Lines;
  readonly rows: readonly Row[];
}

export class Marks implements Disposable {
  private readonly removed = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor("diffEditor.removedLineBackground"),
    overviewRulerColor: new ThemeColor("diffEditorOverview.removedForeground"),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  private readonly region = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: "solid",
    borderWidth: "0 0 0 2px",
    borderColor: new ThemeColor("editorInfo.foreground"),
  });
  private readonly head = window.createTextEditorDecorationType({
    after: {
      color: new ThemeColor("editorCodeLens.foreground"),
      fontStyle: "italic",
      margin: "0 0 0 3ch",
    },
  });
  private readonly needed = new EventEmitter<void>();
  private readonly listening = window.onDidChangeVisibleTextEditors(() => this.needed.fire());
  /** What was last drawn where, so that nothing is drawn twice. */
  private keys = new Map<TextEditor, string>();
  /** An editor came up that nothing was drawn in. */
  readonly onDidNeed = this.needed.event;

  /** Draw these and no others. */
  draw(placed: readonly Placed[]): void {
    const keys = new Map<TextEditor, string>();
    for (const editor of window.visibleTextEditors) {
      const uri = editor.document.uri.toString();
      const here = placed.filter(({ proposal }) => Uri.parse(proposal.uri).toString() === uri);
      const removed = here.flatMap(removedLines);
      const region = here.map(({ where }) => wholeLines(where.first, where.after));
      const head = here.filter(({ proposal }) => isRunning(proposal)).map(headOf);
      const key = JSON.stringify([removed, region, head]);
      keys.set(editor, key);
      if (this.keys.get(editor) !== key && (here.length > 0 || this.keys.has(editor))) {
        editor.setDecorations(this.removed, removed);
        editor.setDecorations(this.region, region);
        editor.setDecorations(this.head, head);
      }
    }
    this.keys = keys;
  }

  dispose(): void {
    for (const part of [this.removed, this.region, this.head, this.needed, this.listening]) {
      part.dispose();
    }
  }
}

function removedLines({ where, rows }: Placed): Range[] {
  return rows
    .filter((row) => row.kind === "old")
    .map(({ line }) => wholeLines(where.first + (line ?? 0), where.first + (line ?? 0) + 1));
}

function wholeLines(first: number, after: number): Range {
  const last = Math.max(first, after - 1);
  return new Range(first, 0, last, Number.MAX_SAFE_INTEGER);
}

function headOf({ proposal, where }: Placed): DecorationOptions {
  const end = new Range(where.first, Number.MAX_SAFE_INTEGER, where.first, Number.MAX_SAFE_INTEGER);
  const contentText = shorten(`${proposal.model} ${progressWords(proposal)}`, WORDS);
  return { range: end, renderOptions: { after: { contentText } } };
}
