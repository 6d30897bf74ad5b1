// Where lines are after the document was edited. Knows nothing of VS Code.
import type { Span } from "./proposal";

/** One change of a text, in the words of VS Code: the range counts in the text before it. */
export interface Change {
  readonly range: Span;
  readonly text: string;
}

/** Whole lines: the first, and the one after the last. Both count from 0. */
export interface Lines {
  readonly first: number;
  readonly after: number;
}

interface Step {
  /** The version of the text that the changes made. */
  readonly version: number;
  readonly changes: readonly Change[];
}

/** Steps that are remembered; whoever is further behind is not found any more. */
const MOST = 500;

/** What was changed in a document lately, so that lines of an earlier version can be found. */
export class Drift {
  private readonly steps: Step[] = [];

  note(version: number, changes: readonly Change[]): void {
    this.steps.push({ version, changes });
    if (this.steps.length > MOST) {
      this.steps.shift();
    }
  }

  /**
   * Return where lines of version `from` are in version `to`.
   *
   * Undefined where one of them was edited, or the versions between are not known.
   */
  follow(lines: Lines, from: number, to: number): Lines | undefined {
    if (from === to) {
      return lines;
    }
    const steps = this.steps.filter(({ version }) => version > from && version <= to);
    const first = steps[0];
    if (first === undefined || first.version > from + 1 || steps.at(-1)?.version !== to) {
      return undefined;
    }
    let now: Lines | undefined = lines;
    for (const { changes } of steps) {
      now = now && moved(now, changes);
    }
    return now;
  }
}

/** Return where lines are after one step's changes; undefined where one of them was edited. */
export function moved(lines: Lines, changes: readonly Change[]): Lines | undefined {
  let by = 0;
  for (const { range, text } of changes) {
    const { start, end } = range;
    if (start.line >= lines.after && lines.after > lines.first) {
      continue; // below
    }
    // above: its end is before the first line, or at its start and leaves a whole line before it
    const isWhole = text === "" ? start.character === 0 : text.endsWith("\n");
    const isAbove =
      end.line < lines.first || (end.line === lines.first && end.character === 0 && isWhole);
    if (!isAbove) {
      return undefined;
    }
    by += text.split("\n").length - 1 - (end.line - start.line);
  }
  return { first: lines.first + by, after: lines.after + by };
}
