import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answers } from "../src/configuration";

describe("what the server is told when it asks for settings", () => {
  const ours = (scope: string | undefined) => ({ asked_for: scope ?? "all" });

  it("is ours for its own section, by folder, and VS Code's for others", () => {
    const items = [
      { section: "festina" },
      { section: "festina", scopeUri: "file:///w" },
      { section: "other" },
      {},
    ];
    const theirs = [{ server: { path: "/x" }, variations: 4 }, {}, { server: 1 }, null];
    assert.deepEqual(answers(items, theirs, ours), [
      { asked_for: "all" },
      { asked_for: "file:///w" },
      { server: 1 },
      null,
    ]);
  });

  it("is left alone where it is an error", () => {
    const error = new Error("no");
    assert.equal(answers<unknown>([], error, ours), error);
  });
});
