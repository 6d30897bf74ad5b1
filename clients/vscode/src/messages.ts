// The part of Festina's protocol that this extension speaks itself; docs/protocol.md has all of it.

/** Sent with `initialize`. */
export interface InitializationOptions {
  /** Whether the workspace's own code may be run; where absent, the person's own list decides. */
  readonly trusted?: boolean;
  /** Of the machine, in the shape of `[tool.festina]`; models, keys and the sandbox among them. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Notification to the server, with the same `trusted`: the person has decided. */
export const TRUST = "festina/trust";

/** Notification from the server: how the saved files stand. */
export const STATUS = "festina/status";

/** Notification from the server: the model that would be asked. */
export const MODEL = "festina/model";

/** Request from the server for the API key of an origin; `null` where none is kept. */
export const KEY = "festina/key";

/** Notification from the server: an answer to a question, so far. */
export const ANSWER = "festina/answer";

/** Notification from the server: the state of a proposal. */
export const PROPOSAL = "festina/proposal";

/** Request to the server for any candidate of a proposal; null where there is none. */
export const CANDIDATE = "festina/candidate";

/** Command of the server: answer a question about a range of a document. */
export const ASK = "festina.ask";

/** Command of the server: examine an open document as if it had just been saved. */
export const VERIFY = "festina.verify";

/** Command of the server: stop the model and the gates of a proposal. */
export const CANCEL = "festina.cancel";

/** Command of the server: show what is sent, or would be, for a range of a document. */
export const SHOW_PROMPT = "festina.showPrompt";

/** Command of the server: begin a proposal on a range of a document. */
export const PROPOSE = "festina.propose";

/** Command of the server: have a skill made of edits that were accepted. */
export const SAVE_SKILL = "festina.saveSkill";

/** Command of the server: follow a skill at all places that it is meant for. */
export const RUN_SKILL = "festina.runSkill";

/** Command of the server: show the next file in which an edit waits. */
export const REVIEW = "festina.review";

/** Command of the server: have plan.md written for a goal. */
export const PLAN = "festina.plan";

/** Command of the server: run the step on a line of plan.md. */
export const RUN_STEP = "festina.runStep";

/** What this extension declares below `experimental.festina`. */
export const CAPABILITIES = { proposals: true, status: true, answers: true, model: true };
