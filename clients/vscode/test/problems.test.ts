import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listed } from "../src/problems";

describe("what is listed among the problems", () => {
  it("is an edit that is ready, too", () => {
    const [ready, running, others] = listed(
      [
        { source: "festina", severity: 3 },
        { source: "festina", severity: 2 },
        { source: "ruff", severity: 3 },
      ],
      3,
      2,
    );
    assert.deepEqual([ready?.severity, running?.severity, others?.severity], [2, 2, 3]);
  });
});
