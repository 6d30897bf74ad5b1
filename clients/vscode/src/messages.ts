// The part of Festina's protocol that this extension speaks itself; docs/protocol.md has all of it.

/** Sent with `initialize`. */
export interface InitializationOptions {
  /** Whether the workspace's own code may be run; where absent, the person's own list decides. */
  readonly trusted?: boolean;
}

/** Notification to the server, with the same `trusted`: the person has decided. */
export const TRUST = "festina/trust";
