// Answers to questions: each is a page of its own, shown beside the code while it is written.
import {
  commands,
  EventEmitter,
  Uri,
  ViewColumn,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from "vscode";
import { page, title, type Answer } from "./answer";

const SCHEME = "festina-answer";

export class Answers implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly pages = new Map<string, string>();
  /** Before the registration below, which looks at it. */
  readonly onDidChange = this.changed.event;
  private readonly parts: Disposable[] = [
    this.changed,
    workspace.registerTextDocumentContentProvider(SCHEME, this),
  ];

  /** A server has started, and counts its answers from the first. */
  begin(): void {
    this.pages.clear();
  }

  /** Show the newest value of an answer. A page that the person has closed stays closed. */
  take(answer: Answer): void {
    const uri = Uri.from({ scheme: SCHEME, path: `/${title(answer)}` });
    const key = uri.toString();
    const isNew = !this.pages.has(key);
    this.pages.set(key, page(answer));
    this.changed.fire(uri);
    if (isNew) {
      void this.show(uri);
    }
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.pages.get(uri.toString()) ?? "";
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  /** As a preview; as Markdown where VS Code's own Markdown extension is off. */
  private async show(uri: Uri): Promise<void> {
    try {
      await commands.executeCommand("markdown.showPreviewToSide", uri);
    } catch {
      await window.showTextDocument(uri, {
        viewColumn: ViewColumn.Beside,
        preserveFocus: true,
        preview: true,
      });
    }
  }
}
