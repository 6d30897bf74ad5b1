// How the language client is set up: what the server is told, and what of it is shown otherwise.
import { workspace, type LogOutputChannel } from "vscode";
import { RevealOutputChannelOn, type LanguageClientOptions } from "vscode-languageclient/node";
import { answers as settingsOf } from "./configuration";
import type { Configured } from "./configured";
import type { Edits } from "./edits";
import { LANGUAGES } from "./place";
import { isPrompt } from "./prompt";
import type { Prompts } from "./prompts";
import type { LastWords } from "./stderr";
import { initializationOptions } from "./trust";

export function options(
  log: LogOutputChannel,
  lastWords: LastWords,
  prompts: Prompts,
  configured: Configured,
  edits: Edits,
): LanguageClientOptions {
  return {
    documentSelector: [
      ...LANGUAGES.map((language) => ({ scheme: "file", language })),
      { scheme: "file", pattern: "**/{plan,progress,verify}.md" },
    ],
    diagnosticCollectionName: "festina",
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () =>
      initializationOptions(
        {
          isTrusted: workspace.isTrusted,
          folders: workspace.workspaceFolders?.length ?? 0,
        },
        configured.ofTheMachine(),
      ),
    initializationFailedHandler: () => false,
    stdioOptions: {
      stdout: () => undefined, // the protocol's; the client reads it
      stderr: (input) => lastWords.follow(input, (line) => log.info(line)),
    },
    middleware: {
      ...edits.middleware,
      window: {
        showDocument: async (params, token, next) => {
          if (!isPrompt(params.uri)) {
            return next(params, token);
          }
          await prompts.show(params.uri);
          return { success: true };
        },
      },
      workspace: {
        ...edits.middleware.workspace,
        configuration: async (params, token, next) =>
          settingsOf(params.items, await next(params, token), (scope) =>
            configured.ofTheWorkspace(scope),
          ),
        // that they have changed, and not what they are: the server asks for what it may know
        didChangeConfiguration: (_, next) => next(undefined),
      },
    },
  };
}
