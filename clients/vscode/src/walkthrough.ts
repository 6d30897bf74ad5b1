// The walkthrough: opened by itself once, and what its steps look at.
import { commands, workspace, type Memento } from "vscode";

const WALKTHROUGH = "festina.festina#start";
const SHOWN = "festina.walkthroughShown";

/** What a step of the walkthrough is about. */
type Step = "serverRuns" | "hasKey" | "isTrusted" | "hasEdited";

const done = new Set<Step>();
let isShown = false;

/** Open it, with the steps ticked off that are done. */
export async function openWalkthrough(): Promise<void> {
  await commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false);
  isShown = true;
  done.forEach(tick);
}

/** Open it where the person has never seen it, and wants such things opened. */
export async function welcome(memento: Memento): Promise<void> {
  const setting = "welcomePage.walkthroughs.openOnInstall";
  const isWanted = workspace.getConfiguration("workbench").get(setting, true);
  if (!isWanted || memento.get(SHOWN, false)) {
    return;
  }
  await memento.update(SHOWN, true);
  await openWalkthrough();
}

/** A step is done. It stays so. */
export function note(step: Step): void {
  done.add(step);
  if (isShown) {
    tick(step);
  }
}

/**
 * Have VS Code tick a step off.
 *
 * What is so before VS Code has ever shown the walkthrough is never ticked off by it: it waits for
 * the change, and forgets that it has seen none.
 */
function tick(step: Step): void {
  void commands.executeCommand("setContext", `festina.${step}`, true);
}
