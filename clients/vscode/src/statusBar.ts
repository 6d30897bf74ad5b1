// The item in the status bar: there while a server runs, and true of what was saved last.
import { StatusBarAlignment, ThemeColor, window, type Disposable } from "vscode";
import { shown, type Status } from "./status";

/** Milliseconds that a run may take before the result of the last one is taken away. */
const PATIENCE = 500;

export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem("festina", StatusBarAlignment.Left);
  private readonly statuses = new Map<string, Status>();
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    this.item.name = "Festina";
    this.item.command = "workbench.actions.view.problems";
  }

  /** A server has started, and knows nothing yet. */
  show(): void {
    this.statuses.clear();
    this.draw();
  }

  hide(): void {
    clearTimeout(this.timer);
    this.item.hide();
  }

  take(status: Status): void {
    this.statuses.set(status.workspace, status);
    clearTimeout(this.timer);
    if (status.state === "running") {
      this.timer = setTimeout(() => this.draw(), PATIENCE); // most runs are shorter: no flicker
    } else {
      this.draw();
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.item.dispose();
  }

  private draw(): void {
    const now = shown([...this.statuses.values()]);
    if (now === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = now.text;
    this.item.tooltip = now.tooltip;
    this.item.backgroundColor = now.failed
      ? new ThemeColor("statusBarItem.errorBackground")
      : undefined;
    this.item.show();
  }
}
