// What stands above a proposal's region, to be clicked. Knows nothing of VS Code.
import { gist, size } from "./choosing";
import { plain, visible } from "./markup";
import { choices, headline, isRunning, lines, ordinal, shorten, type Proposal } from "./proposal";

export interface Lens {
  readonly title: string;
  readonly command: string;
  readonly tooltip: string;
}

/** What stands above one change of several. */
export interface HunkLens extends Lens {
  /** Which line of the region it stands above, from 0. */
  readonly line: number;
  readonly only: Only;
}

/** Some of the changes of a candidate. */
export interface Only {
  readonly candidate: number;
  readonly hunks: readonly number[];
}

/** Changes that have a lens each: with more of them the code would drown. */
const MOST_HUNKS = 10;
/** What else can be clicked should be seen beside it. */
const WORDS = 70;

/** The lenses of a proposal. The first word of each is what a click does. */
export function lenses(proposal: Proposal): Lens[] {
  const { state, message, name, hunks, verdict } = proposal;
  const found: Lens[] = [];
  const add = (title: string, command: string, tooltip: string) =>
    found.push({ title, command: `festina.ui.${command}`, tooltip });
  if (isRunning(proposal)) {
    // how far it is stands beside the code: lenses are drawn anew for every letter
    add(`Festina: cancel (${state})`, "dismiss", `Stop the edit of ${name}`);
    add("redirect", "redirect", "Stop, and go on from here with a further instruction");
    add("diff", "diff", "Open the edit in the diff editor, as it comes");
    gallery(proposal, add);
    return found;
  }
  const why = plain(shorten(headline(proposal), WORDS));
  const dismiss = (title: string) => add(title, "dismiss", "Put this edit away");
  if (state === "ready") {
    // what was linted or tested can be compiled: that goes without saying
    const evidence = message.replace(/^syntax ok, (?=.* ok)/, "");
    const title = `Festina: accept (${plain(shorten(evidence, WORDS))})`;
    add(title, "accept", `Apply this edit of ${name}`);
    together(proposal, add);
  } else if (proposal.again) {
    add(`Festina: ask again (${why})`, "again", "Ask for the same, from what came so far");
    dismiss("dismiss");
  } else {
    dismiss(`Festina: dismiss (${why})`);
  }
  if (proposal.apply_unverified) {
    add("apply unverified", "acceptUnverified", "Apply the edit although it was not verified");
  }
  if ((verdict?.findings ?? []).length > 0) {
    const title = state === "rejected" ? "show what failed" : "show remarks";
    add(title, "failures", "Go to the place that speaks against it");
  }
  if (choices(proposal).length > 1) {
    add("previous", "previous", "Show the previous variation");
    add(`next (${ordinal(proposal)})`, "next", "Show the next variation");
    add("variations", "variations", "Choose among the variations");
  }
  gallery(proposal, add);
  add("more", "more", "Have more variations written");
  if (state === "ready" && hunks.length > 1) {
    add(`hunks (${hunks.length})`, "hunks", "Accept some of the changes only");
  }
  add("redirect", "redirect", "Go on from here with a further instruction");
  add("diff", "diff", "Open the edit in the diff editor");
  if (state === "ready") {
    dismiss("dismiss");
  }
  return found;
}

/** Of a plan's step in several files: all of it, as it was checked. */
function together(
  { beside }: Proposal,
  add: (title: string, command: string, tooltip: string) => void,
): void {
  if (beside.length > 0) {
    const files = beside.length === 1 ? "both files" : `all ${beside.length + 1} files`;
    const others = plain(shorten(beside.join(", "), WORDS));
    add(`accept ${files}`, "acceptStep", `Apply it together with the step's edit of ${others}`);
  }
}

/** Several candidates, whatever became of them, can be looked at side by side. */
function gallery(
  { candidates }: Proposal,
  add: (title: string, command: string, tooltip: string) => void,
): void {
  if (candidates.length > 1) {
    add("gallery", "gallery", "Look at all variations side by side, in the browser");
  }
}

/**
 * What stands above each change of an edit, where there are several: to have it alone, or without it.
 *
 * Of two changes, to have one and to leave the other is the same.
 */
export function hunkLenses(proposal: Proposal): HunkLens[] {
  const { state, hunks, candidate, name } = proposal;
  if (state !== "ready" || hunks.length < 2 || hunks.length > MOST_HUNKS) {
    return [];
  }
  const [first] = lines(proposal.range);
  return hunks.flatMap((hunk) => {
    const line = lines(hunk.range)[0] - first;
    const detail = visible(gist(hunk));
    const command = "festina.ui.hunks";
    const alone = {
      title: `accept only this (${size(hunk)})`,
      command,
      tooltip: `Verify this change of ${name} by itself, and apply it if it passes: ${detail}`,
      line,
      only: { candidate, hunks: [hunk.id] },
    };
    const others = hunks.map(({ id }) => id).filter((other) => other !== hunk.id);
    const without = {
      title: "accept all but this",
      command,
      tooltip: `Leave this change out, verify the others, and apply them if they pass: ${detail}`,
      line,
      only: { candidate, hunks: others },
    };
    return others.length > 1 ? [alone, without] : [alone];
  });
}
