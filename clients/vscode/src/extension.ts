import { commands, window, workspace, type ExtensionContext } from "vscode";
import { Session } from "./session";

let session: Session | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Festina", { log: true });
  const ours = (session = new Session(log, context));
  context.subscriptions.push(
    log,
    ours,
    commands.registerCommand("festina.ui.restart", () => ours.restart()),
    commands.registerCommand("festina.ui.ask", () => ours.ask()),
    commands.registerCommand("festina.ui.prompt", () => ours.showPrompt()),
    commands.registerCommand("festina.ui.key", () => ours.setKey()),
    commands.registerCommand("festina.ui.clearKey", () => ours.clearKey()),
    commands.registerCommand("festina.ui.install", () => ours.install()),
    commands.registerCommand("festina.ui.remove", () => ours.remove()),
    commands.registerCommand("festina.ui.log", () => log.show()),
    workspace.onDidGrantWorkspaceTrust(() => ours.trusted()),
    workspace.onDidChangeConfiguration((event) => ours.settingsChanged(event)),
  );
  await ours.restart();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
