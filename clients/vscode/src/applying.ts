// How answers of the server about edits reach VS Code: looked at once more, and shown once.
import { basename } from "node:path";
import {
  CancellationTokenSource,
  CodeAction,
  FileSystemError,
  Uri,
  workspace,
  type CodeLens,
  type Command,
  type TextDocument,
} from "vscode";
import {
  TextDocumentEdit,
  type ApplyWorkspaceEditParams,
  type Middleware,
} from "vscode-languageclient/node";
import { isThere, refusal } from "./guard";
import { warn } from "./notices";
import { textOf, documentOf, type Proposals } from "./proposals";
import { lines, type Proposal } from "./proposal";
import { split } from "./rows";

const OURS = "festina.ui.";
const CLOSED = "The file is not open any more, so the edit was not applied.";
/** For what cannot be cancelled. */
const NEVER = new CancellationTokenSource().token;

/** What the server's code actions carry in `data`. */
interface Data {
  readonly proposal?: string;
  readonly candidate?: number;
  readonly unverified?: boolean;
  readonly step?: boolean;
  readonly static?: boolean;
}

interface Answer {
  readonly ok?: boolean;
  readonly message?: string;
}

/** The middleware of the language client for everything that is about edits. */
export function middleware(proposals: Proposals): Middleware {
  return {
    executeCommand: async (command, args, next) => {
      const answer = (await next(command, args)) as Answer | null;
      if (command.startsWith("festina.") && answer?.ok === false && answer.message) {
        void warn(`Festina: ${answer.message}`);
      }
      return answer;
    },
    provideCodeActions: async (document, range, context, token, next) =>
      (await next(document, range, context, token))?.map(byCommand),
    resolveCodeAction: async (action, token, next) => {
      if (action.command?.command.startsWith(OURS)) {
        return action;
      }
      const resolved = await next(action, token);
      const { proposal } = (Reflect.get(action, "data") ?? {}) as Data;
      const known = proposal === undefined ? undefined : proposals.get(proposal);
      if (resolved?.edit !== undefined && known !== undefined) {
        const why = await reason(proposals, known);
        if (why !== "") {
          void warn(`Festina: ${why}`);
          delete resolved.edit;
        }
      }
      return resolved;
    },
    provideCodeLenses: async (document, token, next) =>
      (await next(document, token))?.filter((lens) => isPlan(document) || !isOfProposal(lens)),
    workspace: {
      handleApplyEdit: async (params, next) => {
        const why = await objection(proposals, params);
        // the server says it to the person, as the editor's reason
        return why === "" ? next(params, NEVER) : { applied: false, failureReason: why };
      },
    },
  };
}

/** Why a proposal may not be applied now; nothing where it may. */
export async function reason(proposals: Proposals, proposal: Proposal): Promise<string> {
  const document = documentOf(proposal);
  if (document === undefined) {
    return CLOSED;
  }
  if (await isGone(document)) {
    return gone(document);
  }
  const where = proposals.where(proposal);
  const now = where && textOf(document, where);
  const { version } = proposal;
  return refusal({ version, old: proposals.old(proposal) }, { version: document.version, now });
}

/** Why the server's edit may not be applied now: compared with the text just before it is. */
async function objection(
  proposals: Proposals,
  { edit }: ApplyWorkspaceEditParams,
): Promise<string> {
  const changes = (edit.documentChanges ?? []).filter((one) => TextDocumentEdit.is(one));
  // first what takes time: nothing may change between the comparison and the edit
  for (const { textDocument } of changes) {
    const document = opened(textDocument.uri);
    if (document !== undefined && (await isGone(document))) {
      return gone(document);
    }
  }
  for (const change of changes) {
    const document = opened(change.textDocument.uri);
    if (document === undefined) {
      return CLOSED; // VS Code would open it, and edit what it finds there now
    }
    const { version } = change.textDocument;
    const touched = change.edits.flatMap((one) => ("range" in one ? [one.range.start.line] : []));
    // an edit says of no proposal that it is its own: it is the one whose lines it changes
    const proposal = proposals.in(document).findLast((one) => {
      const [first, after] = lines(one.range);
      return one.version === version && touched.every((line) => line >= first && line <= after);
    });
    const where = proposal && proposals.where(proposal);
    const now = proposal ? where && textOf(document, where) : [];
    const old = proposal ? proposals.old(proposal) : [];
    const why = refusal({ version, old }, { version: document.version, now });
    if (why !== "") {
      return why;
    }
  }
  return "";
}

/** Whether an edit stands in the text already, in the place of the lines that it was made for. */
export function isApplied(proposals: Proposals, proposal: Proposal): boolean {
  const document = documentOf(proposal);
  if (document === undefined || proposals.where(proposal) !== undefined) {
    return false;
  }
  const [first] = lines(proposal.range);
  const text = split(proposal.text);
  const now = textOf(document, { first, after: first + text.length });
  return isThere(text, proposals.old(proposal), now);
}

/**
 * Whether a document's file is there no more: somebody has deleted it, or moved it away.
 *
 * VS Code keeps its text open, and whoever saves that, or has it saved, brings the file back.
 */
async function isGone({ uri }: TextDocument): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return false;
  } catch (error) {
    return error instanceof FileSystemError && error.code === "FileNotFound";
  }
}

function gone({ fileName }: TextDocument): string {
  return (
    `${basename(fileName)} is not on disk any more, so the edit was not applied. ` +
    "Save the file to have it back, then accept the edit."
  );
}

function opened(uri: string): TextDocument | undefined {
  const key = Uri.parse(uri).toString();
  return workspace.textDocuments.find((document) => document.uri.toString() === key);
}

/**
 * Have an action of the light bulb accept by command.
 *
 * VS Code applies the edit of a code action without comparing the version of the document.
 */
function byCommand(action: Command | CodeAction): Command | CodeAction {
  const data = (Reflect.get(action, "data") ?? {}) as Data;
  if (!(action instanceof CodeAction) || data.proposal === undefined || data.static) {
    return action;
  }
  if (action.disabled !== undefined || action.command !== undefined || action.edit !== undefined) {
    return action;
  }
  const one = data.unverified ? "acceptUnverified" : "accept";
  const command = `${OURS}${data.step ? "acceptStep" : one}`;
  action.command = { title: action.title, command, arguments: [data.proposal] };
  return action;
}

/** In a plan the server says how the edits of its steps stand, wherever those are. */
function isPlan({ uri }: TextDocument): boolean {
  return uri.path.endsWith("/plan.md");
}

/** Lenses of proposals are the extension's own. */
function isOfProposal({ command }: CodeLens): boolean {
  const [argument] = (command?.arguments ?? []) as [{ proposal?: string }?];
  return argument?.proposal !== undefined;
}
