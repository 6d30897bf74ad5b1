// The page that shows what is sent to the model. Knows nothing of VS Code.

/** Whether a document that the server wants shown is such a page: a file of its own, private. */
export function isPrompt(uri: string): boolean {
  return uri.startsWith("file:") && /\/prompt-[\w-]+\.md$/.test(uri);
}

/** A name for the page's tab. */
export function promptTitle(uri: string): string {
  const proposal = /\/prompt-(p[0-9]+)\.md$/.exec(uri)?.[1];
  return proposal === undefined ? "What Would Be Sent.md" : `What Was Sent (${proposal}).md`;
}
