import assert from "node:assert/strict";
import { languages, window, workspace, WorkspaceEdit } from "vscode";
import { festina, folder, open, until } from "./support";

function problems() {
  const all = languages
    .getDiagnostics()
    .flatMap(([uri, found]) => found.map((problem) => ({ uri, problem })));
  return all.filter(({ problem }) => problem.source === "festina");
}

describe("documents", () => {
  it("of each folder are the server's, verified in their own", async () => {
    const session = await festina();
    for (const [index, says] of [/assert 99 == 9/, /assert 50 == 10/].entries()) {
      const document = await open("mod.py", index);
      assert.ok(await session.ready(window.activeTextEditor), "it is fit");
      const edit = new WorkspaceEdit();
      edit.replace(document.uri, document.lineAt(1).range, "    return max(low, value)");
      assert.ok(await workspace.applyEdit(edit));
      assert.ok(await document.save());
      await until(`the failing test of folder ${index}`, () =>
        problems().some(
          ({ uri, problem }) =>
            uri.fsPath.startsWith(folder(index).fsPath) && says.test(problem.message),
        ),
      );
    }
    await until("each failure at both ends", () => problems().length >= 4);
    const seen = problems().map(
      ({ uri, problem }) => `${uri} ${JSON.stringify(problem.range)} ${problem.message}`,
    );
    assert.equal(seen.length, 4, "and nowhere else");
    assert.equal(new Set(seen).size, seen.length, "each problem is there once");
  });

  it("that are not saved get a sentence", async () => {
    const session = await festina();
    const document = await workspace.openTextDocument({ language: "python", content: "x = 1\n" });
    const editor = await window.showTextDocument(document);
    assert.equal(await session.ready(editor), undefined);
    assert.equal(session.why(editor)?.includes("Save it as a file of the workspace"), true);
  });
});
