// The item in the status bar: what was saved last, the edits, and a menu.
import { StatusBarAlignment, ThemeColor, window, workspace, type Disposable } from "vscode";
import { Counts, type Counted, type Named } from "./counts";
import { absent, shown, silent, starting, type Shown, type Status } from "./status";

/** Milliseconds that a run may take before the result of the last one is taken away. */
const PATIENCE = 500;
/** Milliseconds after which it is said that a server is still on its way: most are there by then. */
const SLOW = 2_000;
/** Milliseconds between two pictures of what streams: nobody reads faster. */
const REFRESH = 200;

export class StatusBar implements Disposable {
  readonly counts = new Counts();
  private readonly item = window.createStatusBarItem("festina", StatusBarAlignment.Left);
  private readonly statuses = new Map<string, Status>();
  private timer: NodeJS.Timeout | undefined;
  private refresh: NodeJS.Timeout | undefined;
  private problem: string | undefined;
  private isSilent = false;

  constructor() {
    this.item.name = "Festina";
    this.item.command = "festina.ui.menu";
  }

  /** A server is on its way. */
  begin(command: string): void {
    this.stop();
    this.timer = setTimeout(() => this.put(starting(command)), SLOW);
  }

  /** Whether the server that runs answers. */
  silence(isSilent: boolean): void {
    this.isSilent = isSilent;
    this.draw();
  }

  /** A server has started, and knows nothing yet. `model` is what the settings name, if they do. */
  show(model: string): void {
    this.stop();
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

  /** The person trusts the workspace now. */
  trust(): void {
    this.draw();
  }

  /** Which model would be asked. */
  name(named: Named): void {
    this.counts.name(named);
    this.draw();
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
    this.isSilent = false;
    clearTimeout(this.timer);
    clearTimeout(this.refresh);
    this.refresh = undefined;
  }

  private draw(): void {
    if (this.problem !== undefined) {
      this.put(absent(this.problem));
    } else if (this.isSilent) {
      this.put(silent());
    } else {
      this.put(shown([...this.statuses.values()], this.counts.tally, workspace.isTrusted));
    }
  }

  private put(now: Shown): void {
    this.item.text = now.text;
    this.item.tooltip = now.tooltip;
    this.item.backgroundColor = now.failed
      ? new ThemeColor("statusBarItem.errorBackground")
      : undefined;
    this.item.show();
  }
}
