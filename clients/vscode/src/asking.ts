// The commands about the lines or the file on show that edit nothing.
import { window } from "vscode";
import type { Session } from "./session";

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

/** Have the file on show examined as if it had just been saved. */
export async function verify(session: Session): Promise<void> {
  const editor = window.activeTextEditor;
  const client = await session.ready(editor);
  if (editor !== undefined && client !== undefined) {
    await client.verify(editor.document);
  }
}
