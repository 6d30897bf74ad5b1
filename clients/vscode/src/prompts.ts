// What is sent to the model, as a page that can be read and not changed, beside the code.
import {
  EventEmitter,
  Uri,
  ViewColumn,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from "vscode";
import { promptTitle } from "./prompt";

const SCHEME = "festina-prompt";

export class Prompts implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly pages = new Map<string, string>();
  /** Before the registration below, which looks at it. */
  readonly onDidChange = this.changed.event;
  private readonly parts: Disposable[] = [
    this.changed,
    workspace.registerTextDocumentContentProvider(SCHEME, this),
  ];

  /** Show the page that the server has written to a private file. */
  async show(file: string): Promise<void> {
    const content = await workspace.fs.readFile(Uri.parse(file));
    const uri = Uri.from({ scheme: SCHEME, path: `/${promptTitle(file)}` });
    this.pages.set(uri.toString(), new TextDecoder().decode(content));
    this.changed.fire(uri);
    await window.showTextDocument(uri, { viewColumn: ViewColumn.Beside, preview: true });
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.pages.get(uri.toString()) ?? "";
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }
}
