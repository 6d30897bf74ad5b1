// A proposal as the server tells of it, and what can be said and done about it. Knows nothing of
// VS Code. docs/protocol.md describes `festina/proposal`.

export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface Span {
  readonly start: Place;
  readonly end: Place;
}

export interface Hunk {
  readonly id: number;
  readonly range: Span;
  readonly newText: string;
}

export interface Finding {
  readonly gate: string;
  /** Relative to the workspace. */
  readonly path?: string;
  /** Counts from 1; null where the gate gave no position. */
  readonly line?: number | null;
  readonly column?: number | null;
  readonly severity?: string;
  readonly message: string;
}

export interface Gate {
  readonly gate: string;
  readonly status: string;
  readonly seconds?: number;
  readonly message?: string;
}

export interface Verdict {
  readonly status: string;
  readonly gates: readonly Gate[];
  readonly findings: readonly Finding[];
}

/** What the model and the gates are doing. */
export interface Progress {
  readonly tokens: number;
  readonly tokens_per_second: number | null;
  readonly seconds: number;
  readonly gates: readonly Gate[];
}

export interface Candidate {
  readonly index: number;
  readonly status: string;
  /** One line: on what a verdict rests, or why there is none. */
  readonly message: string;
  /** Whether `festina.next` comes by it: of equal texts one does. */
  readonly chosen: boolean;
}

/** The parameters of `festina/proposal`, as far as they are used. */
export interface Proposal {
  readonly proposal: string;
  readonly uri: string;
  readonly version: number | null;
  readonly range: Span;
  readonly state: string;
  readonly candidate: number;
  readonly candidates: readonly Candidate[];
  readonly text: string;
  readonly hunks: readonly Hunk[];
  readonly verdict: Verdict | null;
  readonly message: string;
  readonly name: string;
  readonly instruction: string;
  /** Of a plan's step: its title. */
  readonly step: string;
  /** The other files of that step that wait with this one: they can be accepted together. */
  readonly beside: readonly string[];
  readonly model: string;
  readonly progress: Progress | null;
  /** A limit of the provider's has ended it: it is worth to ask again for the same. */
  readonly again: boolean;
  /** It is unverified, and the settings let it be applied as such. */
  readonly apply_unverified: boolean;
}

/** The answer to `festina/candidate`. */
export interface Shown {
  readonly index: number;
  readonly status: string;
  readonly text: string;
  readonly hunks: readonly Hunk[];
  readonly verdict: Verdict | null;
  readonly message: string;
}

type Raw = Partial<Proposal> & Pick<Proposal, "proposal" | "uri" | "range" | "state">;

const RUNNING = new Set(["queued", "streaming", "parsed", "verifying"]);
const LIVE = new Set([...RUNNING, "ready", "rejected", "unverified"]);
const DONE = new Set(["passed", "failed", "unverified"]);

/** Read a notification; what an older server does not send is filled in. */
export function read(raw: Raw): Proposal {
  const progress = raw.progress ?? null;
  return {
    proposal: raw.proposal,
    uri: raw.uri,
    version: raw.version ?? null,
    range: raw.range,
    state: raw.state,
    candidate: raw.candidate ?? 0,
    candidates: (raw.candidates ?? []).map((one) => ({
      index: one.index,
      status: one.status,
      message: one.message ?? "",
      chosen: one.chosen ?? DONE.has(one.status),
    })),
    text: raw.text ?? "",
    hunks: raw.hunks ?? [],
    verdict: raw.verdict ?? null,
    message: raw.message ?? "",
    name: raw.name || `lines ${raw.range.start.line + 1}-${Math.max(...lines(raw.range))}`,
    instruction: raw.instruction ?? "",
    step: raw.step ?? "",
    beside: raw.beside ?? [],
    model: raw.model ?? "",
    again: raw.again ?? false,
    apply_unverified: raw.apply_unverified ?? raw.state === "unverified",
    progress: progress && { ...progress, gates: progress.gates ?? [] },
  };
}

/** The whole lines of a range: the first, and the one after the last; both count from 0. */
export function lines({ start, end }: Span): readonly [number, number] {
  return [start.line, end.character > 0 ? end.line + 1 : end.line];
}

/** A model or a gate is at work. */
export function isRunning({ state }: Proposal): boolean {
  return RUNNING.has(state);
}

/** There is something to show; false once it was applied, put away, or overtaken. */
export function isLive({ state }: Proposal): boolean {
  return LIVE.has(state);
}

/** The candidates that `festina.next` goes through. */
export function choices(proposal: Proposal): readonly Candidate[] {
  const chosen = proposal.candidates.filter((one) => one.chosen);
  const passed = chosen.filter((one) => one.status === "passed");
  return passed.length > 0 ? passed : chosen;
}

/** Where the visible candidate stands among the choices: `2 of 3`; nothing where it is the one. */
export function ordinal(proposal: Proposal): string {
  const all = choices(proposal);
  const place = all.findIndex((one) => one.index === proposal.candidate);
  return all.length > 1 && place >= 0 ? `${place + 1} of ${all.length}` : "";
}

/** A proposal with another of its candidates on show, as a person looks through them. */
export function showing(proposal: Proposal, shown: Shown): Proposal {
  const { index, text, hunks, verdict, message } = shown;
  return { ...proposal, candidate: index, text, hunks, verdict, message };
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ["passed", "✓"],
  ["failed", "✗"],
  ["unverified", "?"],
  ["running", "…"],
]);

/** How far it is, in a few words: tokens and their speed, then gate by gate. */
export function progressWords(proposal: Proposal): string {
  const { progress, state, message } = proposal;
  const gates = (progress?.gates ?? []).filter((one) => SIGNS.has(one.status));
  if (gates.length > 0) {
    return `${state}  ${gates.map((one) => `${one.gate} ${SIGNS.get(one.status)}`).join("  ")}`;
  }
  if (state !== "streaming" || !progress || progress.tokens === 0) {
    return message === "" || message === state ? state : `${state}: ${message}`;
  }
  const words = [`${progress.tokens.toLocaleString("en")} tokens`];
  if (progress.tokens_per_second !== null) {
    words.push(`${Math.round(progress.tokens_per_second).toLocaleString("en")} tok/s`);
  }
  // a message says that a provider's limit is waited for
  const waits = message.toLowerCase().startsWith("waiting");
  return `${state}  ${[...words, ...(waits ? [message] : [])].join(" · ")}`;
}

/** The state, and on what it rests or why it is so, in one line. */
export function headline(proposal: Proposal): string {
  if (isRunning(proposal)) {
    return progressWords(proposal);
  }
  const { message } = proposal;
  // no fault of the edit: a limit of the provider's has ended it
  const state = proposal.again && proposal.verdict === null ? "held back" : proposal.state;
  // one that was ready, and that the rest of the suite has refuted since, says so itself
  return message === "" || message.startsWith("withdrawn: ")
    ? message || state
    : `${state}: ${message}`;
}

/** Say that a candidate which was ready has been withdrawn since; nothing where that is not so. */
export function withdrawal(proposal: Proposal, wasReady: number | undefined): string {
  const { name, state, message } = proposal;
  if (proposal.candidates.find(({ index }) => index === wasReady)?.status !== "failed") {
    return "";
  }
  return state === "rejected"
    ? `${name} was withdrawn: ${message.replace(/^withdrawn: /, "")}`
    : `a variation of ${name} was withdrawn`;
}

/** Say why an edit is gone that nobody put away; nothing where that is not so. */
export function overtaken({ name, state, message }: Proposal): string {
  return state === "stale" ? `the edit of ${name} is gone: ${message || "it is stale"}` : "";
}

/** Cut a line to a number of characters, with an ellipsis where something was lost. */
export function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length <= most ? line : `${letters.slice(0, most - 1).join("")}…`;
}
