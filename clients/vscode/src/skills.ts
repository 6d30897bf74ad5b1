// What can be done with skills at some lines: code actions of the server. Knows nothing of VS Code.
import { PROPOSE, REVIEW, RUN_SKILL, SAVE_SKILL } from "./messages";

/** A code action, as far as it is looked at. */
export interface Action {
  readonly title: string;
  readonly command?: string | { readonly command: string; readonly arguments?: unknown[] };
}

export interface Item {
  readonly label: string;
  readonly command: string;
  readonly argument: unknown;
}

const ICONS: ReadonlyMap<string, string> = new Map([
  [PROPOSE, "$(mortar-board)"],
  [RUN_SKILL, "$(multiple-windows)"],
  [SAVE_SKILL, "$(save)"],
  [REVIEW, "$(arrow-right)"],
]);

/** Those of the actions that are about skills, in the server's order. */
export function skillItems(actions: readonly Action[]): Item[] {
  return actions.flatMap(({ title, command }) => {
    if (typeof command !== "object") {
      return [];
    }
    const argument = command.arguments?.[0];
    const icon = ICONS.get(command.command);
    if (icon === undefined || (command.command === PROPOSE && !followsSkill(argument))) {
      return [];
    }
    const label = `${icon} ${title.replace(/^Festina: /, "")}`;
    return [{ label, command: command.command, argument }];
  });
}

function followsSkill(argument: unknown): boolean {
  return typeof argument === "object" && argument !== null && "skill" in argument;
}
