// The commands of the palette and of the status bar's menu, but for those that edit.
import { commands, env, window, type Disposable, type LogOutputChannel } from "vscode";
import { ask, chooseSkill, review, showPrompt, verify } from "./asking";
import { items } from "./menu";
import { plan, step } from "./planning";
import { placeOf, unfit } from "./place";
import type { Session } from "./session";
import { openWalkthrough } from "./walkthrough";

const OURS = "@ext:festina.festina";

export function register(session: Session, log: LogOutputChannel): Disposable[] {
  const all: Record<string, (about?: unknown) => unknown> = {
    ask: () => ask(session),
    cancelAll: () => session.cancelAll(),
    clearKey: () => session.clearKey(),
    install: () => session.install(),
    key: () => session.setKey(),
    log: () => log.show(),
    menu: () => menu(session),
    plan: () => plan(session),
    prompt: () => showPrompt(session),
    remove: () => session.remove(),
    restart: () => session.restart(),
    review: () => review(session),
    step: () => step(session),
    settings: (query) => openSettings(typeof query === "string" ? query : OURS),
    skill: () => chooseSkill(session),
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

/**
 * Show the settings that a search finds, on the page where all of ours stand.
 *
 * Those of models and of the server belong to the machine that runs the server. In a remote window the
 * page that VS Code opens by itself, the user's, leaves them out.
 */
async function openSettings(query: string): Promise<void> {
  const page = env.remoteName === undefined ? "openSettings" : "openRemoteSettings";
  await commands.executeCommand(`workbench.action.${page}`, { query });
}
