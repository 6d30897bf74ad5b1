import assert from "node:assert/strict";
import { dirname } from "node:path";
import { commands } from "vscode";
import { festina, folder, open, python, until } from "./support";

describe("the server", () => {
  it("is that of the selected Python environment, also when another one is selected", async () => {
    const session = await festina();
    const first = await until("a server runs", () => session.command);
    const selected = process.env["FESTINA_TEST_SELECTED"];
    assert.ok(selected, "the test says which environment to select");
    assert.notEqual(dirname(first), `${selected}/bin`);
    const selector = await python();
    selector.choose(`${selected}/bin/python`);
    await until("the selected one runs", () => session.command === `${selected}/bin/festina`);
    selector.choose("");
    await until("the one on the PATH runs", () => session.command === first);
    selector.choose(`${selected}/bin/python`, folder(1));
    await until("that of the second folder runs", () => session.command?.startsWith(selected));
    selector.choose("", folder(1));
    await until("the one on the PATH runs", () => session.command === first);
  });

  it("is started anew by the command, and told apart from none", async () => {
    const session = await festina();
    await commands.executeCommand("festina.ui.restart");
    assert.equal(session.situation.isRunning, true);
    await session.stop();
    assert.equal(session.situation.isRunning, false);
    await commands.executeCommand("festina.ui.restart");
    assert.equal(session.situation.isRunning, true);
  });

  it("pushes its problems and is never asked for them, so that there is each one once", async () => {
    const session = await festina();
    await open("mod.py");
    const capabilities = session.capabilities;
    assert.ok(capabilities?.textDocumentSync, "a server has answered");
    assert.equal(capabilities.diagnosticProvider, undefined);
  });
});
