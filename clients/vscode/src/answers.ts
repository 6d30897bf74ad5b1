// Answers to questions: each is a page of its own, shown beside the code while it is written.
import { commands, ViewColumn, window, type Disposable, type Uri } from "vscode";
import { page, title, type Answer } from "./answer";
import { Pages } from "./pages";

export class Answers implements Disposable {
  private readonly pages = new Pages("festina-answer");

  /** A server has started, and counts its answers from the first. */
  begin(): void {
    this.pages.clear();
  }

  /** Show the newest value of an answer. A page that the person has closed stays closed. */
  take(answer: Answer): void {
    const { uri, isNew } = this.pages.write(title(answer), page(answer));
    if (isNew) {
      void this.show(uri);
    }
  }

  dispose(): void {
    this.pages.dispose();
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
