// The commands of the palette and of the status bar's menu, but for those that edit.
import { commands, window, type Disposable, type LogOutputChannel } from "vscode";
import { ask, showPrompt, verify } from "./asking";
import { items } from "./menu";
import { placeOf, unfit } from "./place";
import type { Session } from "./session";
import { openWalkthrough } from "./walkthrough";

export function register(session: Session, log: LogOutputChannel): Disposable[] {
  const all: Record<string, () => unknown> = {
    ask: () => ask(session),
    cancelAll: () => session.cancelAll(),
    clearKey: () => session.clearKey(),
    install: () => session.install(),
    key: () => session.setKey(),
    log: () => log.show(),
    menu: () => menu(session),
    prompt: () => showPrompt(session),
    remove: () => session.remove(),
    restart: () => session.restart(),
    settings: () =>
      commands.executeCommand("workbench.action.openSettings", "@ext:festina.festina"),
    verify: () => verify(session),
    walkthrough: () => openWalkthrough(),
  };
  return Object.entries(all).map(([name, run]) =>
    commands.registerCommand(`festina.ui.${name}`, run),
  );
}

async function menu(session: Session): Promise<void> {
  const canVerify = unfit(placeOf(window.activeTextEditor?.document)) === undefined;
  const offered = items({ ...session.situation, canVerify });
  const chosen = await window.showQuickPick(offered, { title: "Festina" });
  if (chosen !== undefined) {
    await commands.executeCommand(chosen.command);
  }
}
