// From an edit to what speaks against it: the failing test at its line.
import { Range, Uri, window, workspace } from "vscode";
import { against } from "./choosing";
import type { Diffs } from "./diffs";
import { inform } from "./notices";
import { lines, type Finding, type Proposal } from "./proposal";
import type { Proposals } from "./proposals";

export class Failures {
  constructor(
    private readonly proposals: Proposals,
    private readonly diffs: Diffs,
  ) {}

  /** Go to one finding of the visible candidate, or have the person choose among them. */
  async show(proposal: Proposal, index: number | undefined): Promise<void> {
    const findings = proposal.verdict?.findings ?? [];
    const items = against(findings);
    let finding = index === undefined ? undefined : findings[index];
    if (finding === undefined && items.length > 1) {
      const placeHolder = `What speaks against the edit of ${proposal.name}`;
      const chosen = await window.showQuickPick(items, { placeHolder, matchOnDetail: true });
      if (chosen === undefined) {
        return;
      }
      finding = chosen.finding;
    }
    finding ??= items[0]?.finding;
    if (finding === undefined) {
      void inform(`Festina: nothing speaks against it. ${proposal.message}`);
      return;
    }
    await this.go(proposal, finding);
  }

  private async go(proposal: Proposal, finding: Finding): Promise<void> {
    const file = finding.path ? await resolve(Uri.parse(proposal.uri), finding.path) : undefined;
    if (file === undefined) {
      void inform(`Festina: ${finding.message}`);
      return;
    }
    const line = Math.max(0, (finding.line ?? 1) - 1);
    if (file.toString() === Uri.parse(proposal.uri).toString() && this.isNew(proposal, line)) {
      await this.diffs.open(proposal, line); // a line of the edited text, which no file has
      return;
    }
    const place = new Range(line, 0, line, 0);
    await window.showTextDocument(file, { selection: place, preview: true });
  }

  private isNew(proposal: Proposal, line: number): boolean {
    const first = this.proposals.where(proposal)?.first ?? lines(proposal.range)[0];
    return line >= first;
  }
}

/** A file that is named from the root of the project that a document belongs to. */
async function resolve(document: Uri, path: string): Promise<Uri | undefined> {
  const roots = [workspace.getWorkspaceFolder(document)?.uri];
  for (let folder = Uri.joinPath(document, ".."); folder.path !== "/";) {
    roots.push(folder);
    folder = Uri.joinPath(folder, "..");
  }
  for (const root of roots) {
    if (root !== undefined) {
      const file = Uri.joinPath(root, path);
      try {
        await workspace.fs.stat(file);
        return file;
      } catch {
        continue;
      }
    }
  }
  return undefined;
}
