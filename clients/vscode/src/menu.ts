// The menu of the status bar. Knows nothing of VS Code.

/** What can be done depends on it. */
export interface Situation {
  /** Whether a server runs. */
  readonly isRunning: boolean;
  /** Whether one is on its way. */
  readonly isStarting: boolean;
  /** Whether the file that is on show can be verified. */
  readonly canVerify: boolean;
  /** How many edits are on their way. */
  readonly pending: number;
  /** How many API keys are kept. */
  readonly keys: number;
}

export interface Item {
  readonly label: string;
  readonly command: string;
  readonly description?: string;
}

/** What is worth offering, most usual first. */
export function items({ isRunning, isStarting, canVerify, pending, keys }: Situation): Item[] {
  const found: (Item | false)[] = [
    !isRunning &&
      !isStarting && {
        label: "$(cloud-download) Install the server",
        command: "festina.ui.install",
        description: "into an environment of its own",
      },
    isRunning &&
      pending > 0 && {
        label: "$(stop-circle) Cancel all edits",
        command: "festina.ui.cancelAll",
        description: `${pending} on the way`,
      },
    isRunning && canVerify && { label: "$(beaker) Verify this file", command: "festina.ui.verify" },
    { label: "$(warning) Show problems", command: "workbench.actions.view.problems" },
    { label: "$(output) Show log", command: "festina.ui.log" },
    { label: "$(key) Set API key", command: "festina.ui.key" },
    keys > 0 && { label: "$(trash) Clear API key", command: "festina.ui.clearKey" },
    { label: "$(gear) Settings", command: "festina.ui.settings" },
    { label: "$(debug-restart) Restart the server", command: "festina.ui.restart" },
    { label: "$(mortar-board) First steps", command: "festina.ui.walkthrough" },
  ];
  return found.filter((item) => item !== false);
}
