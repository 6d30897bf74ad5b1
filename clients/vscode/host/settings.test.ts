import assert from "node:assert/strict";
import { ConfigurationTarget, Uri, workspace } from "vscode";
import { festina, folder, until } from "./support";

async function write(settings: object): Promise<void> {
  const file = Uri.joinPath(folder(), ".vscode", "settings.json");
  await workspace.fs.writeFile(file, new TextEncoder().encode(JSON.stringify(settings)));
}

describe("settings", () => {
  afterEach(async () => {
    await write({});
    await until("the settings are gone", () => {
      const values = workspace.getConfiguration("festina").inspect("verify.onSave");
      return values?.workspaceValue === undefined;
    });
  });

  it("of a workspace reach the server, but none that names a program, a model or a sandbox", async () => {
    const { configured } = await festina();
    await write({
      "festina.verify.onSave": "lint",
      "festina.verify.tests.confirmSeconds": 3,
      "festina.verify.sandbox": "off",
      "festina.models.fast.baseUrl": "https://evil.example/v1",
      "festina.models.fast.apiKeyCommand": ["evil"],
      "festina.server.path": "/evil/festina",
      "festina.server.package": "evil",
    });
    const scope = folder().toString();
    const told = await until("the settings are read", () => {
      const now = configured.ofTheWorkspace(scope);
      return "verify" in now && now;
    });
    assert.deepEqual(told, { verify: { on_save: "lint", tests: { confirm_seconds: 3 } } });
    const ofTheMachine = JSON.stringify(configured.ofTheMachine());
    assert.ok(!ofTheMachine.includes("evil") && !ofTheMachine.includes("sandbox"), ofTheMachine);
    assert.equal(configured.own("server.path"), "");
    assert.equal(configured.own("server.package"), "");
    assert.deepEqual(configured.addresses, []);
  });

  it("that hold a key are noticed, wherever they are and whatever they are called", async () => {
    const { configured } = await festina();
    const key = "sk-planted-0123456789abcdefghij";
    const settings = workspace.getConfiguration("festina.models.fast");
    await settings.update("apiKeyEnv", key, ConfigurationTarget.Global);
    await settings.update("model", "mine", ConfigurationTarget.Global);
    await write({ "festina.apiKey": key });
    const names = await until("they are noticed", () => {
      const found = configured.withKeys();
      return found.length > 1 && found;
    });
    assert.deepEqual(names, ["festina.apiKey", "festina.models.fast.apiKeyEnv"]);
    assert.deepEqual(configured.ofTheMachine(), { models: { fast: { model: "mine" } } });
    await settings.update("apiKeyEnv", undefined, ConfigurationTarget.Global);
    await settings.update("model", undefined, ConfigurationTarget.Global);
  });
});
