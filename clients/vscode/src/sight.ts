// Where to scroll so that an edit is seen as it comes, below its region. Knows nothing of VS Code.
import type { Lines } from "./region";

/** Lines that stay in sight above a region that is brought to the top. */
const ABOVE = 2;

/** A line that is to be seen, and whether in the middle or at the top. */
export interface Place {
  readonly line: number;
  readonly at: "middle" | "top";
}

/**
 * Return what to bring in sight so that there is room below a region; undefined where there is.
 *
 * `seen` are the lines in sight. Half of them is room enough: a longer edit has its end to be
 * scrolled to. A region that is longer than that itself is brought to the top.
 */
export function room(seen: Lines, region: Lines): Place | undefined {
  const half = (seen.after - seen.first) / 2;
  const last = Math.max(region.first, region.after - 1);
  if (region.first < seen.first || region.first >= seen.after || last < seen.first + half) {
    return undefined; // the person looks elsewhere, or sees enough
  }
  if (last - region.first < half) {
    return { line: last, at: "middle" };
  }
  const line = Math.max(0, region.first - ABOVE);
  return line > seen.first ? { line, at: "top" } : undefined;
}
