// Which of the settings below `festina` are the server's.

/**
 * Take the extension's own settings out of what the server is told of section `festina`.
 *
 * `items` are the server's questions; an answer that is not a list (an error) is left alone.
 */
export function withoutOurs<T>(items: readonly { readonly section?: string }[], answers: T): T {
  if (!Array.isArray(answers)) {
    return answers;
  }
  return answers.map((answer: unknown, index) => {
    if (items[index]?.section !== "festina" || typeof answer !== "object" || answer === null) {
      return answer;
    }
    return Object.fromEntries(Object.entries(answer).filter(([key]) => key !== "server"));
  }) as T;
}
