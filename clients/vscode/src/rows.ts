// An edit as rows of a diff: lines that go, lines that come, lines that stay. Knows nothing of VS Code.
import { diffArrays } from "diff";
import { lines as linesOf, type Hunk, type Proposal } from "./proposal";

export type Kind = "same" | "old" | "new" | "gap";

export interface Row {
  readonly kind: Kind;
  /** The line without its end. */
  readonly text: string;
  /** Of a line that goes or stays: which of the region's lines it is, from 0. */
  readonly line?: number;
}

/** Lines that differ, for which a comparison is worth its time. */
const MOST = 1000;

/** Lines without their ends; a last line end begins no further line. */
export function split(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") {
    lines.pop();
  }
  return lines;
}

/**
 * Compare the region's lines with the proposed ones.
 *
 * While an answer streams (`whole` is false) its last line may not be, and the old lines that it has
 * not reached stay: else everything below would look removed.
 */
export function compare(old: readonly string[], text: string, whole: boolean): Row[] {
  const lines = split(text);
  const now = whole || lines.length >= old.length ? lines : [...lines, ...old.slice(lines.length)];
  const rows: Row[] = [];
  let line = 0;
  const parts = diffArrays([...old], now, { maxEditLength: MOST }) ?? [
    { added: false, removed: true, value: [...old] },
    { added: true, removed: false, value: now },
  ];
  for (const { added, removed, value } of parts) {
    for (const text of value) {
      rows.push(added ? { kind: "new", text } : { kind: removed ? "old" : "same", text, line });
      line += added ? 0 : 1;
    }
  }
  return rows;
}

/** The rows of an edit that the server has cut into hunks: so each is just what can be accepted. */
export function ofHunks(old: readonly string[], first: number, hunks: readonly Hunk[]): Row[] {
  const rows: Row[] = [];
  let line = 0;
  const take = (kind: Kind, until: number) => {
    for (; line < until && line < old.length; line++) {
      rows.push({ kind, text: old[line] ?? "", line });
    }
  };
  for (const { range, newText } of hunks) {
    const [from, after] = linesOf(range);
    take("same", from - first);
    take("old", after - first);
    for (const text of split(newText)) {
      rows.push({ kind: "new", text }); // one by one: a function takes so many arguments and no more
    }
  }
  take("same", old.length);
  return rows;
}

/** The rows of a proposal whose region has the lines `old` in its own version. */
export function rowsOf(proposal: Proposal, old: readonly string[]): Row[] {
  if (proposal.text === "") {
    return proposal.hunks.length > 0
      ? ofHunks(old, linesOf(proposal.range)[0], proposal.hunks)
      : old.map((text, line) => ({ kind: "same", text, line }));
  }
  return proposal.hunks.length > 0
    ? ofHunks(old, linesOf(proposal.range)[0], proposal.hunks)
    : compare(old, proposal.text, proposal.state !== "streaming");
}

/** Leave out the lines that stay, but for `around` beside each that does not. */
export function near(rows: readonly Row[], around: number): Row[] {
  const isNear = rows.map(() => false);
  rows.forEach((row, index) => {
    if (row.kind !== "same") {
      isNear.fill(true, Math.max(0, index - around), index + around + 1);
    }
  });
  const found: Row[] = [];
  rows.forEach((row, index) => {
    if (isNear[index]) {
      found.push(row);
    } else if (index > 0 && isNear[index - 1] && isNear.indexOf(true, index) > 0) {
      found.push({ kind: "gap", text: "⋯" });
    }
  });
  return found;
}
