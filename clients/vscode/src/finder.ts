// Where this window's server comes from.
import { workspace, type ExtensionContext, type LogOutputChannel } from "vscode";
import type { Configured } from "./configured";
import { Installer } from "./installer";
import { Interpreters } from "./interpreters";
import { locate, type Located } from "./locate";

export class Finder {
  readonly interpreters = new Interpreters();
  readonly installer: Installer;

  constructor(
    private readonly configured: Configured,
    context: ExtensionContext,
    log: LogOutputChannel,
  ) {
    this.installer = new Installer(
      context.globalStorageUri,
      context.extensionUri,
      this.interpreters,
      () => configured.own("server.package"),
      log,
    );
  }

  /** Look for it as things are now. */
  async find(): Promise<Located> {
    const configured = this.configured.own("server.path");
    const folders = workspace.workspaceFolders ?? [];
    return locate({
      configured,
      // other extensions are not started for what is not asked of them
      interpreters: configured.trim() === "" ? await this.interpreters.selected() : [],
      path: process.env["PATH"] ?? "",
      own: this.installer.program,
      distrusted: workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
    });
  }
}
