// Pages that can be read and not changed. Each is known by its name, which is that of its tab.
import {
  EventEmitter,
  Uri,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from "vscode";

export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly texts = new Map<string, string>();
  private readonly parts: Disposable[];
  readonly onDidChange = this.changed.event;

  /** `scheme` is that of the pages' addresses. */
  constructor(private readonly scheme: string) {
    this.parts = [this.changed, workspace.registerTextDocumentContentProvider(scheme, this)];
  }

  /** Write a page, or write it anew; `isNew` says that there was none of that name. */
  write(name: string, text: string): { uri: Uri; isNew: boolean } {
    const uri = Uri.from({ scheme: this.scheme, path: `/${name}` });
    const isNew = !this.texts.has(uri.toString());
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    return { uri, isNew };
  }

  /** Forget all pages. */
  clear(): void {
    this.texts.clear();
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }
}
