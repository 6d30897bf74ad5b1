// What the status bar says of the files that were saved. Knows nothing of VS Code.

/** The parameters of `festina/status`, as far as they are shown. */
export interface Status {
  readonly workspace: string;
  readonly state: string;
  readonly message: string;
  /** How many tests were run; null where none were asked for, or nothing is known. */
  readonly selected: number | null;
}

export interface Shown {
  readonly text: string;
  readonly tooltip: string;
  readonly failed: boolean;
}

/** In the order in which they matter, where a window has several folders. */
const ICONS: ReadonlyMap<string, string> = new Map([
  ["failed", "$(error) "],
  ["unverified", "$(question) "],
  ["passed", "$(check) "],
  ["unchanged", ""],
]);
const MOST = 80;
const IDLE = "Festina: what you save is verified";

/**
 * Say how the saved files stand.
 *
 * While something runs there is nothing to say: VS Code shows its progress in the same place.
 */
export function shown(statuses: readonly Status[]): Shown | undefined {
  if (statuses.some(({ state }) => state === "running")) {
    return undefined;
  }
  const order = [...ICONS.keys()];
  const known = statuses
    .filter(({ state }) => ICONS.has(state))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  const [worst] = known;
  if (worst === undefined) {
    return { text: "Festina", tooltip: IDLE, failed: false };
  }
  const words = `Festina: ${worst.message}`;
  return {
    text: icon(worst) + (words.length > MOST ? `${words.slice(0, MOST - 1)}…` : words),
    tooltip: known.map(({ message }) => `Festina, of what was last saved: ${message}`).join("\n"),
    failed: worst.state === "failed",
  };
}

/** Where no test ran nothing is ticked off: a comment was changed, or what no test executes. */
function icon({ state, selected }: Status): string {
  return state === "passed" && !selected ? "" : (ICONS.get(state) ?? "");
}
