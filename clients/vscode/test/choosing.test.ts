import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { against, hunkItems, variations } from "../src/choosing";
import { asked, offered, remember } from "../src/history";
import { read } from "../src/proposal";

const RANGE = { start: { line: 3, character: 0 }, end: { line: 6, character: 0 } };

describe("what can be chosen from", () => {
  it("are variations with their verdicts, those that passed first", () => {
    const candidates = [
      { index: 0, status: "failed", message: "tests failed: test_low", chosen: true },
      { index: 1, status: "passed", message: "3 tests ok", chosen: true },
      { index: 2, status: "passed", message: "3 tests ok", chosen: false },
    ];
    const base = { proposal: "p", uri: "file:///m.py", range: RANGE, state: "ready", candidate: 1 };
    const found = variations(read({ ...base, candidates }));
    assert.deepEqual(
      found.map(({ index, label, description, detail }) => [index, label, description, detail]),
      [
        [1, "$(check) Variation 1", "passed, on show", "3 tests ok"],
        [0, "$(error) Variation 2", "failed", "tests failed: test_low"],
      ],
    );
  });

  it("are hunks with their lines", () => {
    const found = hunkItems([
      { id: 4, range: RANGE, newText: "\n    x = 1\n" },
      { id: 5, range: { start: RANGE.end, end: RANGE.end }, newText: "y\n" },
      { id: 6, range: RANGE, newText: "" },
    ]);
    assert.deepEqual(
      found.map(({ id, label, description, detail }) => [id, label, description, detail]),
      [
        [4, "Lines 4-6", "+2 -3", "x = 1"],
        [5, "Line 7", "+1", "y"],
        [6, "Lines 4-6", "-3", "(removed)"],
      ],
    );
  });

  it("are hunks whose lines show what is in them, and not all of a very long one", () => {
    const [odd, long] = hunkItems([
      { id: 0, range: RANGE, newText: "x = 1 \u202e# odd\n" },
      { id: 1, range: RANGE, newText: `${"y".repeat(1_000_000)}\n` },
    ]);
    assert.equal(odd?.detail, "x = 1 \\u202e# odd");
    assert.equal(long?.detail, `${"y".repeat(119)}…`);
  });

  it("are places that speak against it, tests first", () => {
    const found = against([
      { gate: "lint", message: "F821 x", path: "m.py", line: 3 },
      { gate: "tests", message: "assert\nmore", path: "t.py", line: 9 },
    ]);
    assert.deepEqual(
      found.map(({ label, description, detail }) => [label, description, detail]),
      [
        ["assert", "tests", "t.py:9"],
        ["F821 x", "lint", "m.py:3"],
      ],
    );
  });

  it("are shown as they are, where VS Code would draw icons", () => {
    const base = { proposal: "p", uri: "file:///m.js", range: RANGE, state: "ready" };
    const message = "expected $(check) or $(loading~spin), not $(x y) or \\$(gear)";
    const candidates = [{ index: 0, status: "failed", message, chosen: true }];
    const [variation] = variations(read({ ...base, candidates }));
    const literally = "expected \\$(check) or \\$(loading~spin), not $(x y) or \\\\$(gear)";
    assert.equal(variation?.detail, literally);
    assert.equal(against([{ gate: "tests", message }])[0]?.label, literally);
    const [hunk] = hunkItems([{ id: 0, range: RANGE, newText: "$(document).ready(go)\n" }]);
    assert.equal(hunk?.detail, "\\$(document).ready(go)");
  });

  it("are instructions: the one that is typed first, each once", () => {
    const earlier = remember(remember(remember([], "one"), "two"), "one");
    assert.deepEqual(earlier, ["one", "two"]);
    assert.deepEqual(offered(earlier, ""), ["one", "two"]);
    assert.deepEqual(offered(earlier, " TW "), ["TW", "two"]);
    assert.deepEqual(offered(earlier, "two"), ["two"]);
    const many = Array.from({ length: 80 }, (_, index) => String(index));
    assert.equal(many.reduce(remember, [] as string[]).length, 50);
  });

  it("is what a comment in the code asks for", () => {
    assert.equal(asked(["x = 1", "    # festina: respect the bound "]), "respect the bound");
    assert.equal(asked(["  // Festina: be quick", "/* festina: no */"]), "be quick");
    assert.equal(asked(["/* festina: be quick */"]), "be quick");
    assert.equal(asked(["x = 'festina: no'", "# festina:"]), "");
  });
});
