// Messages to the person, in VS Code's notifications. Whatever stands in them, none has a link.
import { window, type MessageItem } from "vscode";
import { unlinked } from "./unlinked";

/** Shows a message with buttons; which one was pressed, once that is so or the message is gone. */
export type Notice = <T extends string>(
  words: string,
  ...buttons: readonly T[]
) => Thenable<T | undefined>;

export const inform: Notice = (words, ...buttons) =>
  window.showInformationMessage(unlinked(words), ...buttons);

export const warn: Notice = (words, ...buttons) =>
  window.showWarningMessage(unlinked(words), ...buttons);

export const complain: Notice = (words, ...buttons) =>
  window.showErrorMessage(unlinked(words), ...buttons);

/** Whether the person wants something done: asked in the middle of the window. */
export async function confirm(question: string, detail: string, button: string): Promise<boolean> {
  const options = { modal: true, detail: unlinked(detail) };
  return (await window.showWarningMessage(unlinked(question), options, button)) === button;
}

/** What the server asks by `window/showMessageRequest`, or says by `window/showMessage`. */
export function pass<T extends MessageItem>(
  type: number,
  words: string,
  items: readonly T[] = [],
): Thenable<T | undefined> {
  const all = [window.showErrorMessage, window.showWarningMessage, window.showInformationMessage];
  const show = all[type - 1] ?? window.showInformationMessage; // MessageType counts from 1
  return show<T>(unlinked(words), ...items);
}
