import { ExtensionMode, window, workspace, type ExtensionContext } from "vscode";
import { register } from "./commands";
import { Session } from "./session";
import { welcome } from "./walkthrough";

let session: Session | undefined;

/** Returns what the tests in the extension host look at; nothing to anybody else. */
export function activate(context: ExtensionContext): Session | undefined {
  const log = window.createOutputChannel("Festina", { log: true });
  const ours = (session = new Session(log, context));
  context.subscriptions.push(
    log,
    ours,
    ...register(ours, log),
    workspace.onDidGrantWorkspaceTrust(() => ours.trusted()),
    workspace.onDidChangeConfiguration((event) => ours.settingsChanged(event)),
  );
  void welcome(context.globalState);
  void ours.restart(); // VS Code runs none of our commands before we return, that one included
  return context.extensionMode === ExtensionMode.Test ? ours : undefined;
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
