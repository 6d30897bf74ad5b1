// The commands about the lines or the file on show that edit nothing.
import { commands, window, type CodeAction } from "vscode";
import { REVIEW } from "./messages";
import { inform } from "./notices";
import { NO_SERVER, type Session } from "./session";
import { skillItems } from "./skills";

const NO_SKILL =
  "No skill fits these lines. Skills are files such as .agents/skills/NAME/SKILL.md; one is made of an " +
  "edit that you accepted: choose this again with the cursor in its lines.";

/** Have the person ask about the selected lines; where none are, about the definition. */
export async function ask(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.ready(editor);
  if (editor === undefined || client === undefined) {
    return;
  }
  const { document, selection } = editor;
  const prompt = "What do you want to know about these lines?";
  const question = await window.showInputBox({ title: "Festina: Ask", prompt });
  if (question !== undefined && question.trim() !== "") {
    await client.ask(document, selection, question);
  }
}

/** Show what would be sent for the selected lines; where none are, for the definition. */
export async function showPrompt(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.ready(editor);
  if (editor !== undefined && client !== undefined) {
    await client.showPrompt(editor.document, editor.selection);
  }
}

/** Have the person choose what is to be done with skills at the selected lines. */
export async function chooseSkill(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.ready(editor);
  if (editor === undefined || client === undefined) {
    return;
  }
  const found = await commands.executeCommand<CodeAction[]>(
    "vscode.executeCodeActionProvider",
    editor.document.uri,
    editor.selection,
    "refactor.rewrite.festina",
  );
  const items = skillItems(found);
  if (items.length === 0) {
    void inform(`Festina: ${NO_SKILL}`);
    return;
  }
  const chosen = await window.showQuickPick(items, { title: "Festina: Skills" });
  if (chosen !== undefined) {
    await commands.executeCommand(chosen.command, chosen.argument);
  }
}

/** Go to the next file in which an edit waits. */
export async function review(session: Session): Promise<void> {
  if (session.command === undefined) {
    void inform(`Festina: ${NO_SERVER}`);
    return;
  }
  await commands.executeCommand(REVIEW, {});
}

/** Have the file on show examined as if it had just been saved. */
export async function verify(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.ready(editor);
  if (editor !== undefined && client !== undefined) {
    await client.verify(editor.document);
  }
}
