// What can be chosen from: variations, hunks, places that speak against an edit. Knows nothing of VS Code.
import { plain } from "./markup";
import { choices, lines, shorten, type Finding, type Hunk, type Proposal } from "./proposal";
import { split } from "./rows";

export interface Item {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
}

/** Characters of a line that are shown; one of a model's can be very long. */
const WIDTH = 120;
/** Characters of it that are looked at for that. */
const MOST = 10 * WIDTH;

const ICONS: ReadonlyMap<string, string> = new Map([
  ["passed", "$(check)"],
  ["failed", "$(error)"],
  ["unverified", "$(question)"],
  ["unusable", "$(circle-slash)"],
  ["streaming", "$(loading~spin)"],
  ["verifying", "$(loading~spin)"],
]);

/** The variations of a proposal: those that can be chosen first, then those that came to nothing. */
export function variations(proposal: Proposal): (Item & { readonly index: number })[] {
  const first = new Set(choices(proposal).map((one) => one.index));
  const order = [...proposal.candidates].filter((one) => one.chosen || first.has(one.index));
  order.sort((one, other) => Number(first.has(other.index)) - Number(first.has(one.index)));
  // counted as they stand here, which is how the head counts those that can be chosen
  return order.map(({ index, status, message }, place) => ({
    index,
    label: `${ICONS.get(status) ?? ""} Variation ${place + 1}`.trim(),
    description: [status, index === proposal.candidate ? "on show" : ""].filter(Boolean).join(", "),
    ...(message === "" ? {} : { detail: plain(message) }),
  }));
}

/** The hunks of the visible candidate. */
export function hunkItems(hunks: readonly Hunk[]): (Item & { readonly id: number })[] {
  return hunks.map((hunk) => {
    const [first, after] = lines(hunk.range);
    const where = after > first + 1 ? `Lines ${first + 1}-${after}` : `Line ${first + 1}`;
    return { id: hunk.id, label: where, description: size(hunk), detail: plain(gist(hunk)) };
  });
}

/** How many lines a hunk adds and takes away. */
export function size({ range, newText }: Hunk): string {
  const [first, after] = lines(range);
  const added = split(newText).length;
  const counts = [added > 0 ? `+${added}` : "", after > first ? `-${after - first}` : ""];
  return counts.filter(Boolean).join(" ");
}

/** The first line that a hunk writes, cut to what can be shown. */
export function gist({ newText }: Hunk): string {
  const line = split(newText).find((each) => each.trim() !== "");
  return line === undefined ? "(removed)" : shorten(line.slice(0, MOST), WIDTH);
}

/** What speaks against an edit, failing tests first, each with its place. */
export function against(findings: readonly Finding[]): (Item & { readonly finding: Finding })[] {
  const order = [...findings].sort(
    (one, other) => Number(other.gate === "tests") - Number(one.gate === "tests"),
  );
  return order.map((finding) => ({
    finding,
    label: plain(finding.message.split("\n")[0] ?? ""),
    description: finding.gate,
    ...(finding.path
      ? { detail: plain(`${finding.path}${finding.line ? `:${finding.line}` : ""}`) }
      : {}),
  }));
}
