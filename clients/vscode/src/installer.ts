// The server's own environment: made, brought up to date and taken away as the person says.
import { ProgressLocation, window, workspace, type LogOutputChannel, type Uri } from "vscode";
import { Failure, OwnEnvironment, type Wanted } from "./environment";
import type { Interpreters } from "./interpreters";
import { complain, confirm, inform } from "./notices";
import { wanted } from "./packaged";
import { findPython } from "./pythons";

const TITLE = "Festina";
const UPDATE = "Update";
const LATER = "Not Now";
const REMOVE = "Remove";
const LOG = "Show Log";

export class Installer {
  private readonly environment: OwnEnvironment;
  private declined: string | undefined;

  /** `storage` and `extension` are the extension's folders; `requirement` what a setting says. */
  constructor(
    storage: Uri,
    private readonly extension: Uri,
    private readonly interpreters: Interpreters,
    private readonly requirement: () => string,
    private readonly log: LogOutputChannel,
  ) {
    this.environment = new OwnEnvironment(storage.fsPath);
  }

  /** The program that was installed, if one was. */
  get program(): string | undefined {
    return this.environment.program;
  }

  /** What is installed is about to be run. */
  async use(): Promise<void> {
    this.environment.use();
    await this.environment.sweep();
  }

  /** Install what came with this extension, or what the setting says; whether it was done. */
  async install(): Promise<boolean> {
    const what = this.wanted();
    if (what === undefined) {
      return this.fail(
        "this build of the extension carries no server. Name one for pip in the setting " +
          "festina.server.package, or install one yourself.",
      );
    }
    return window.withProgress(
      { location: ProgressLocation.Notification, title: TITLE, cancellable: true },
      async (progress, token) => {
        const control = new AbortController();
        token.onCancellationRequested(() => control.abort());
        try {
          await this.make(what, (message) => progress.report({ message }), control.signal);
          return true;
        } catch (error) {
          const isStopped = error instanceof Failure && error.message === "";
          return isStopped ? false : this.fail(error instanceof Error ? error.message : `${error}`);
        }
      },
    );
  }

  /** Offer the server that came with this extension, where an older one is installed. */
  async offerUpdate(): Promise<boolean> {
    const what = this.wanted();
    if (
      what === undefined ||
      what.identity === this.declined ||
      !this.environment.isOutdated(what)
    ) {
      return false;
    }
    const message = "Festina: this extension comes with another server than the one it installed.";
    const chosen = await inform(message, UPDATE, LATER);
    if (chosen !== UPDATE) {
      this.declined = what.identity; // until the next start of the window
      return false;
    }
    return this.install();
  }

  /** Whether the person really wants the server that was installed here taken away. */
  async confirmRemoval(): Promise<boolean> {
    if (this.program === undefined) {
      void inform("Festina: this extension has installed no server.");
      return false;
    }
    const detail = "Settings, keys and your projects stay as they are.";
    const message = "Remove the server that this extension has installed?";
    return confirm(message, detail, REMOVE);
  }

  /** Take it away. Its server must have ended. */
  async remove(): Promise<void> {
    await this.environment.remove();
    this.log.info("the server that this extension had installed was removed");
  }

  private wanted(): Wanted | undefined {
    return wanted(this.requirement(), `${this.extension.fsPath}/dist`);
  }

  private async make(
    what: Wanted,
    say: (words: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    say("looking for Python");
    const folders = workspace.workspaceFolders ?? [];
    const found = await findPython(
      {
        interpreters: await this.interpreters.selected(),
        path: process.env["PATH"] ?? "",
        distrusted: workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
      },
      this.extension.fsPath,
      signal,
    );
    if (signal.aborted) {
      throw new Failure("");
    }
    if ("problem" in found) {
      throw new Failure(found.problem);
    }
    await this.environment.create(found.python, what, say, (line) => this.log.info(line), signal);
  }

  private fail(reason: string): false {
    this.log.error(reason);
    void complain(`Festina: ${reason}`, LOG).then((chosen) => {
      if (chosen === LOG) {
        this.log.show();
      }
    });
    return false;
  }
}
