// What is sent to the model, as a page beside the code.
import { Uri, ViewColumn, window, workspace, type Disposable } from "vscode";
import { Pages } from "./pages";
import { promptTitle } from "./prompt";

export class Prompts implements Disposable {
  private readonly pages = new Pages("festina-prompt");

  /** Show the page that the server has written to a private file. */
  async show(file: string): Promise<void> {
    const content = await workspace.fs.readFile(Uri.parse(file));
    const { uri } = this.pages.write(promptTitle(file), new TextDecoder().decode(content));
    await window.showTextDocument(uri, { viewColumn: ViewColumn.Beside, preview: true });
  }

  dispose(): void {
    this.pages.dispose();
  }
}
