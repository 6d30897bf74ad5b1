// Words of others in a notification. Knows nothing of VS Code.

/**
 * Words that a notification shows as they are.
 *
 * VS Code makes a link of `[label](command:...)` in a message, and runs that command when it is
 * clicked. A model, a test or a tool may have written such a thing.
 */
export function unlinked(words: string): string {
  return words.replace(/\](?=\(\s*[a-z][a-z0-9+.-]*:)/gi, "] ");
}
