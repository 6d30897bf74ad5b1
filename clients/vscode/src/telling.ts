// What is wrong, told with what can be done about it.
import { commands, type LogOutputChannel } from "vscode";
import { complain, type Notice } from "./notices";

/** What a message offers, and the command behind it. */
export const WAYS = {
  again: ["Try Again", "festina.ui.restart"],
  install: ["Install", "festina.ui.install"],
  key: ["Set API Key", "festina.ui.key"],
  log: ["Show Log", "festina.ui.log"],
  restart: ["Restart Server", "festina.ui.restart"],
  settings: ["Open Settings", "festina.ui.settings"],
} as const;

export type Way = keyof typeof WAYS;

/**
 * Say what is wrong, in the log as well. Not waited for: the person may look at it later, or never.
 *
 * `setting` is what "Open Settings" opens; `show` is how it is told.
 */
export function tell(
  log: LogOutputChannel,
  problem: string,
  ways: readonly Way[],
  setting = "festina.server.path",
  show: Notice = complain,
): void {
  log.error(problem);
  offer(show, problem, ways, setting);
}

/** Say what is wrong with what can be done. */
export function offer(show: Notice, problem: string, ways: readonly Way[], setting: string): void {
  const titles = ways.map((way) => WAYS[way][0]);
  void show(problem, ...titles).then((chosen) => {
    const way = ways.find((each) => WAYS[each][0] === chosen);
    if (way !== undefined) {
      void commands.executeCommand(WAYS[way][1], ...(way === "settings" ? [setting] : []));
    }
  });
}
