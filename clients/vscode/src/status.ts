// What the status bar says: how saved files stand, and what edits are on their way. Knows nothing
// of VS Code.
import type { Tally } from "./counts";
import { plain } from "./markup";

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
/** Characters that the words about saved files may have: alone, and beside counts. */
const MOST = 80;
const MOST_BESIDE = 40;
const IDLE = "Festina: what you save is verified";
const DISTRUSTED = "Festina: what you save is verified once you trust this workspace";
const MENU = "Click for what can be done";

/**
 * Say how the saved files stand, and how many edits there are.
 *
 * Of files that are being examined nothing is said: VS Code shows the progress of that beside us.
 */
export function shown(statuses: readonly Status[], tally: Tally, isTrusted = true): Shown {
  const order = [...ICONS.keys()];
  const known = statuses
    .filter(({ state }) => ICONS.has(state))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  const isRunning = statuses.some(({ state }) => state === "running");
  const worst = isRunning ? undefined : known[0];
  const counts = parts(tally);
  const words = worst === undefined ? "Festina" : `Festina: ${worst.message}`;
  const most = counts.length > 0 ? MOST_BESIDE : MOST;
  const saved =
    isRunning || worst === undefined ? [isTrusted ? IDLE : DISTRUSTED] : known.map(ofSaved);
  return {
    text: [worst ? icon(worst) + plain(cut(words, most)) : words, ...counts].join("  "),
    tooltip: [...saved, ...details(tally), MENU].join("\n"),
    failed: worst?.state === "failed",
  };
}

/** What the status bar says where there is no server. */
export function absent(problem: string): Shown {
  return { text: "$(warning) Festina", tooltip: `${problem}\n${MENU}`, failed: false };
}

/** What it says while a server takes its time to start. */
export function starting(command: string): Shown {
  const tooltip = `Festina's server is starting. It is ${command}.\n${MENU}`;
  return { text: "$(sync~spin) Festina starts", tooltip, failed: false };
}

/** What it says of a server that runs and does not answer. */
export function silent(): Shown {
  const tooltip =
    "Festina's server does not answer: it is stopped, or very busy. It can be started anew.";
  return {
    text: "$(warning) Festina does not answer",
    tooltip: `${tooltip}\n${MENU}`,
    failed: false,
  };
}

/** Where no test ran nothing is ticked off: a comment was changed, or what no test executes. */
function icon({ state, selected }: Status): string {
  return state === "passed" && !selected ? "" : (ICONS.get(state) ?? "");
}

function ofSaved({ message }: Status): string {
  return `Festina, of what was last saved: ${message}`;
}

/** The model and its speed while it writes, then the edits by how far they are. */
function parts({ model, speed, pending, passed }: Tally): string[] {
  const found: string[] = [];
  if (pending > 0) {
    const words = [plain(model), speed > 0 ? `${number(speed)} tok/s` : ""].filter(
      (part) => part !== "",
    );
    found.push(["$(sync~spin)", String(pending), ...words].join(" "));
  }
  if (passed > 0) {
    found.push(`$(pass) ${passed}`);
  }
  return found;
}

function details({ model, unnamed, speed, pending, passed }: Tally): string[] {
  return [
    model === "" ? unnamed : `Model: ${model}`,
    speed === 0 ? "" : `${number(speed)} tokens a second`,
    pending === 0 ? "" : `${edits(pending)} on the way`,
    passed === 0 ? "" : `${edits(passed)} passed, to be accepted`,
  ].filter((line) => line !== "");
}

function edits(count: number): string {
  return count === 1 ? "1 edit" : `${count} edits`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function cut(words: string, most: number): string {
  return words.length > most ? `${words.slice(0, most - 1)}…` : words;
}
