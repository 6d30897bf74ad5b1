// What the tests in the extension host share.
import assert from "node:assert/strict";
import { join } from "node:path";
import { extensions, Uri, window, workspace, type TextDocument } from "vscode";
import type { Session } from "../src/session";

/** The stand-in for Microsoft's Python extension, `tests/fixtures/vscode/python`. */
export interface Python {
  /** Select an environment for a folder, as a person would; without one for the first folder. */
  choose(path: string, folder?: Uri): void;
}

/** The extension, running. */
export async function festina(): Promise<Session> {
  const extension = extensions.getExtension<Session>("festina.festina");
  assert.ok(extension, "the extension is there");
  const session = await extension.activate();
  assert.ok(session, "it hands out its session to tests");
  await session.settled();
  return session;
}

export async function python(): Promise<Python> {
  const extension = extensions.getExtension<Python>("ms-python.python");
  assert.ok(extension, "the stand-in is there");
  return extension.activate();
}

/** Wait until something is so; what that is, is said where it never is. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const end = Date.now() + 50_000; ;) {
    const found = await look();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, `it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A folder of the window. */
export function folder(index = 0): Uri {
  const found = workspace.workspaceFolders?.[index];
  assert.ok(found, `there is a folder ${index}`);
  return found.uri;
}

export async function open(name: string, index = 0): Promise<TextDocument> {
  const document = await workspace.openTextDocument(Uri.file(join(folder(index).fsPath, name)));
  await window.showTextDocument(document);
  return document;
}
