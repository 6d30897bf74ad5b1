// Plans: one is written for a goal, and the step under the cursor is run.
import { Uri, window, workspace } from "vscode";
import { PLAN, RUN_STEP } from "./messages";
import { confirm, inform, warn } from "./notices";
import type { Session } from "./session";

const NAME = "plan.md";

/** Have the person say a goal, and a plan written for it. */
export async function plan(session: Session): Promise<void> {
  const client = await session.running();
  const about = window.activeTextEditor?.document.uri;
  const folder = (about && workspace.getWorkspaceFolder(about)) ?? workspace.workspaceFolders?.[0];
  if (client === undefined) {
    return;
  }
  if (folder === undefined) {
    void inform("Festina: Open the project's folder; a plan is of a folder.");
    return;
  }
  const prompt = "What is to be reached? A model writes plan.md; no code is changed.";
  const goal = await window.showInputBox({ title: "Festina: Plan", prompt });
  if (goal === undefined || goal.trim() === "") {
    return;
  }
  const force = await exists(Uri.joinPath(folder.uri, NAME));
  const detail = "It is replaced by the plan that comes.";
  if (force && !(await confirm(`Replace ${NAME}?`, detail, "Replace"))) {
    return;
  }
  await client.order(PLAN, { goal, force, uri: client.uriOf(folder.uri) }, warn);
}

/** Run the step of the plan under the cursor. */
export async function step(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.running();
  if (client === undefined) {
    return;
  }
  if (editor === undefined || !editor.document.uri.path.endsWith(`/${NAME}`)) {
    void inform(`Festina: Open ${NAME} and put the cursor on a step.`);
    return;
  }
  const line = editor.selection.active.line;
  await client.order(RUN_STEP, { uri: client.uriOf(editor.document.uri), line }, warn);
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    return (await workspace.fs.stat(uri)).size > 0;
  } catch {
    return false;
  }
}
