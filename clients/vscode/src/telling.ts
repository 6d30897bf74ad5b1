// What is wrong, told with what can be done about it.
import { commands, type LogOutputChannel } from "vscode";
import { complain } from "./notices";

/** What a message offers, and the command behind it. */
export const WAYS = {
  again: ["Try Again", "festina.ui.restart"],
  install: ["Install", "festina.ui.install"],
  key: ["Set API Key", "festina.ui.key"],
  log: ["Show Log", "festina.ui.log"],
  settings: ["Open Settings", "workbench.action.openSettings"],
} as const;

/**
 * Say what is wrong, in the log as well. Not waited for: the person may look at it later, or never.
 *
 * `setting` is what "Open Settings" opens.
 */
export function tell(
  log: LogOutputChannel,
  problem: string,
  ways: readonly (keyof typeof WAYS)[],
  setting = "festina.server.path",
): void {
  log.error(problem);
  const titles = ways.map((way) => WAYS[way][0]);
  void complain(problem, ...titles).then((chosen) => {
    const way = ways.find((each) => WAYS[each][0] === chosen);
    if (way !== undefined) {
      void commands.executeCommand(WAYS[way][1], ...(way === "settings" ? [setting] : []));
    }
  });
}
