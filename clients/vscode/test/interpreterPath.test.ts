import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { interpreterPath } from "../src/interpreterPath";

describe("python.defaultInterpreterPath", () => {
  it("is a path, whatever it is written with", () => {
    const environ = { ENVS: "/envs" };
    for (const [value, path] of [
      ["/usr/bin/python3", "/usr/bin/python3"],
      ["${workspaceFolder}/.venv/bin/python", "/w/.venv/bin/python"],
      ["${env:ENVS}/a/bin/python", "/envs/a/bin/python"],
      ["~/envs/a/bin/python", join(homedir(), "envs/a/bin/python")],
      [".venv/bin/python", "/w/.venv/bin/python"],
    ] as const) {
      assert.equal(interpreterPath(value, "/w", environ), path);
    }
  });

  it("says nothing where it is a bare name, or relative to nothing", () => {
    assert.equal(interpreterPath("python", "/w", {}), undefined);
    assert.equal(interpreterPath("", "/w", {}), undefined);
    assert.equal(interpreterPath(".venv/bin/python", undefined, {}), undefined);
  });
});
