// Which documents an edit can be asked for in. Knows nothing of VS Code.

/** Those whose definitions the server finds. The manifest starts us on the same. */
export const LANGUAGES = [
  "python",
  "javascript",
  "javascriptreact",
  "typescript",
  "typescriptreact",
  "go",
  "rust",
  "html",
  "css",
  "scss",
  "less",
  "vue",
  "svelte",
];

/** What is known of a document. */
export interface Place {
  readonly scheme: string;
  readonly languageId: string;
}

/** The place of a document as VS Code has it. */
export function placeOf(
  document: { readonly uri: { readonly scheme: string }; readonly languageId: string } | undefined,
): Place | undefined {
  return document && { scheme: document.uri.scheme, languageId: document.languageId };
}

/** Say why nothing can be asked of a document; undefined where something can. */
export function unfit(document: Place | undefined): string | undefined {
  if (document === undefined) {
    return "Open a file and select lines first.";
  }
  const { scheme, languageId } = document;
  if (scheme === "untitled") {
    return (
      "An unsaved file has no place in a project, so nothing could be checked. " +
      "Save it as a file of the workspace and try again."
    );
  }
  if (scheme === "vscode-notebook-cell") {
    return "A notebook's cells are no file that tests could import. Festina edits files.";
  }
  if (scheme !== "file") {
    return `Festina edits files on a disk, where their tests can be run. This is a page of "${scheme}".`;
  }
  if (!LANGUAGES.includes(languageId)) {
    return `Festina edits Python, JavaScript, TypeScript, Go, Rust and web pages. VS Code takes this file for "${languageId}".`;
  }
  return undefined;
}
