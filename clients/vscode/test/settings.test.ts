import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ofTheMachine, ofTheWorkspace, path, type Inspect, type Values } from "../src/settings";

const DECLARED = {
  "festina.server.path": { scope: "machine" },
  "festina.models.fast.baseUrl": { scope: "machine" },
  "festina.models.fast.model": { scope: "machine" },
  "festina.verify.onSave": { scope: "resource" },
  "festina.verify.python": { scope: "resource" },
  "festina.verify.tests.confirmSeconds": { scope: "resource" },
  "festina.context.tokens": { scope: "resource" },
};

function inspect(values: Record<string, Values>): Inspect {
  return (name) => values[name];
}

describe("settings for the server", () => {
  it("have the server's names", () => {
    assert.deepEqual(path("festina.verify.tests.confirmSeconds"), [
      "verify",
      "tests",
      "confirm_seconds",
    ]);
    assert.deepEqual(path("festina.variations"), ["variations"]);
  });

  it("hold nothing that nobody has set", () => {
    assert.deepEqual(ofTheWorkspace(DECLARED, inspect({}), new Set()), {});
    const emptied = {
      "festina.context.tokens": { globalValue: null },
      "festina.verify.python": { globalValue: "" },
      "festina.verify.onSave": { globalValue: "off" },
      "festina.verify.tests.confirmSeconds": { globalValue: 0 },
    };
    assert.deepEqual(ofTheWorkspace(DECLARED, inspect(emptied), new Set()), {
      verify: { on_save: "off", tests: { confirm_seconds: 0 } },
    });
  });

  it("take a model from the person alone, whatever a workspace says", () => {
    const values = {
      "festina.server.path": { globalValue: "/bin/festina" },
      "festina.models.fast.baseUrl": {
        workspaceValue: "https://evil.example",
        workspaceFolderValue: "https://evil.example",
      },
      "festina.models.fast.model": { globalValue: "mine", workspaceValue: "theirs" },
      "festina.verify.onSave": { workspaceValue: "off" },
    };
    assert.deepEqual(ofTheMachine(DECLARED, inspect(values)), {
      models: { fast: { model: "mine" } },
    });
    assert.deepEqual(ofTheWorkspace(DECLARED, inspect(values), new Set()), {
      verify: { on_save: "off" },
    });
  });

  it("take the nearest value, but from a workspace that is not trusted none that names a program", () => {
    const values = {
      "festina.verify.python": { globalValue: "/usr/bin/python3", workspaceValue: "./evil" },
      "festina.verify.onSave": {
        globalValue: "off",
        workspaceValue: "lint",
        workspaceFolderValue: "full",
      },
    };
    assert.deepEqual(ofTheWorkspace(DECLARED, inspect(values), new Set()), {
      verify: { on_save: "full", python: "./evil" },
    });
    const restricted = new Set(["festina.verify.python"]);
    assert.deepEqual(ofTheWorkspace(DECLARED, inspect(values), restricted), {
      verify: { on_save: "full", python: "/usr/bin/python3" },
    });
  });
});
