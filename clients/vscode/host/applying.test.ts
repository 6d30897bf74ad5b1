import assert from "node:assert/strict";
import { Uri, workspace, type TextDocument } from "vscode";
import { middleware } from "../src/applying";
import { Proposals } from "../src/proposals";
import { folder, open } from "./support";

/** The server asks for the first line of a file to be replaced; what it is answered. */
async function apply(file: Uri, version: number, proposals: Proposals): Promise<string> {
  const start = { line: 0, character: 0 };
  const edits = [{ range: { start, end: { line: 1, character: 0 } }, newText: "x = 1\n" }];
  const textDocument = { uri: file.toString(), version };
  const params = { edit: { documentChanges: [{ textDocument, edits }] } };
  const answer = await middleware(proposals).workspace?.handleApplyEdit?.(
    params,
    // what would happen without an objection
    () => Promise.resolve({ applied: true, failureReason: "nothing" }),
  );
  return (answer as { failureReason?: string } | undefined)?.failureReason ?? "";
}

function take(proposals: Proposals, document: TextDocument): void {
  const range = { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } };
  const uri = document.uri.toString();
  proposals.take({ proposal: "p1", uri, range, version: document.version, state: "ready" });
}

async function write(name: string): Promise<Uri> {
  const file = Uri.joinPath(folder(), name);
  await workspace.fs.writeFile(file, new TextEncoder().encode("y = 1\n"));
  return file;
}

describe("an edit of the server's", () => {
  it("is applied to the lines that it was made for", async () => {
    const proposals = new Proposals();
    const document = await open("mod.py");
    take(proposals, document);
    assert.equal(await apply(document.uri, document.version, proposals), "nothing");
    assert.match(
      await apply(document.uri, document.version + 1, proposals),
      /^The file was edited/,
    );
    proposals.dispose();
  });

  it("is not applied to a file that was deleted meanwhile", async () => {
    const proposals = new Proposals();
    const file = await write("deleted.py");
    const document = await open("deleted.py");
    take(proposals, document);
    await workspace.fs.delete(file);
    assert.match(
      await apply(file, document.version, proposals),
      /^deleted.py is not on disk any more/,
    );
    assert.equal(document.getText(), "y = 1\n");
    proposals.dispose();
  });

  it("is not applied to a file that was closed meanwhile", async () => {
    const proposals = new Proposals();
    const file = await write("closed.py");
    assert.match(await apply(file, 1, proposals), /^The file is not open any more/);
    await workspace.fs.delete(file);
    proposals.dispose();
  });
});
