// What the server is told when it asks for settings. Knows nothing of VS Code.
import type { Tables } from "./settings";

interface Item {
  readonly section?: string;
  readonly scopeUri?: string;
}

/**
 * Answer the server's questions: of section `festina` by `ours`, of all others as VS Code does.
 *
 * `items` are the questions; an answer that is not a list (an error) is left alone.
 */
export function answers<T>(
  items: readonly Item[],
  theirs: T,
  ours: (scope: string | undefined) => Tables,
): T {
  if (!Array.isArray(theirs)) {
    return theirs;
  }
  return theirs.map((answer: unknown, index) => {
    const item = items[index];
    return item?.section === "festina" ? ours(item.scopeUri) : answer;
  }) as T;
}
