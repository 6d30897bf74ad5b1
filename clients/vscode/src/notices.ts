// Messages to the person, in VS Code's notifications. Whatever stands in them, none has a link.
import { window, type MessageItem } from "vscode";
import { unlinked } from "./unlinked";

/** Shows a message with buttons; which one was pressed, once that is so or the message is gone. */
export type Notice = <T extends string>(
  words: string,
  ...buttons: readonly T[]
) => Thenable<T | undefined>;

/**
 * Characters that a message has room for. VS Code shows one line of a message without buttons, and
 * cuts off the rest, which is where it says what to do; with a button it shows all.
 */
const LINE = 56;
const OK = "OK";

function legible(show: Notice): Notice {
  return async (words, ...buttons) => {
    const text = unlinked(words);
    if (buttons.length > 0 || text.length <= LINE) {
      return show(text, ...buttons);
    }
    await show(text, OK);
    return undefined;
  };
}

export const inform = legible((words, ...buttons) =>
  window.showInformationMessage(words, ...buttons),
);

export const warn = legible((words, ...buttons) => window.showWarningMessage(words, ...buttons));

export const complain = legible((words, ...buttons) => window.showErrorMessage(words, ...buttons));

/** Whether the person wants something done: asked in the middle of the window. */
export async function confirm(question: string, detail: string, button: string): Promise<boolean> {
  const options = { modal: true, detail: unlinked(detail) };
  return (await window.showWarningMessage(unlinked(question), options, button)) === button;
}

/** What the server asks by `window/showMessageRequest`, or says by `window/showMessage`. */
export async function pass<T extends MessageItem>(
  type: number,
  words: string,
  items: readonly T[] = [],
): Promise<T | undefined> {
  const show = [complain, warn][type - 1] ?? inform; // MessageType counts from 1
  const chosen = await show(words, ...items.map(({ title }) => title));
  return items.find(({ title }) => title === chosen);
}
