// The item in the status bar: what was saved last, the edits, and a menu.
import { StatusBarAlignment, ThemeColor, window, type Disposable } from "vscode";
import { Counts, type Counted } from "./counts";
import { absent, shown, type Shown, type Status } from "./status";

/** Milliseconds that a run may take before the result of the last one is taken away. */
const PATIENCE = 500;
/** Milliseconds between two pictures of what streams: nobody reads faster. */
const REFRESH = 200;

export class StatusBar implements Disposable {
  readonly counts = new Counts();
  private readonly item = window.createStatusBarItem("festina", StatusBarAlignment.Left);
  private readonly statuses = new Map<string, Status>();
  private timer: NodeJS.Timeout | undefined;
  private refresh: NodeJS.Timeout | undefined;
  private problem: string | undefined;

  constructor() {
    this.item.name = "Festina";
    this.item.command = "festina.ui.menu";
  }

  /** A server has started, and knows nothing yet. `model` is what the settings name, if they do. */
  show(model: string): void {
    this.problem = undefined;
    this.statuses.clear();
    this.counts.clear(model);
    this.draw();
  }

  hide(): void {
    this.stop();
    this.item.hide();
  }

  /** There is no server, and why. */
  fail(problem: string): void {
    this.stop();
    this.problem = problem;
    this.draw();
  }

  /** How the saved files of a folder stand. */
  take(status: Status): void {
    this.statuses.set(status.workspace, status);
    clearTimeout(this.timer);
    if (status.state === "running") {
      this.timer = setTimeout(() => this.draw(), PATIENCE); // most runs are shorter: no flicker
    } else {
      this.draw();
    }
  }

  /** The newest value of a proposal. */
  count(proposal: Counted): void {
    this.counts.take(proposal);
    this.refresh ??= setTimeout(() => {
      this.refresh = undefined;
      this.draw();
    }, REFRESH);
  }

  dispose(): void {
    this.stop();
    this.item.dispose();
  }

  private stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.refresh);
    this.refresh = undefined;
  }

  private draw(): void {
    const now: Shown =
      this.problem === undefined
        ? shown([...this.statuses.values()], this.counts.tally)
        : absent(this.problem);
    this.item.text = now.text;
    this.item.tooltip = now.tooltip;
    this.item.backgroundColor = now.failed
      ? new ThemeColor("statusBarItem.errorBackground")
      : undefined;
    this.item.show();
  }
}
