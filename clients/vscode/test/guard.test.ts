import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isThere, refusal } from "../src/guard";

const LINES = ["def f():", "    return 1"];

describe("the last look before an edit is applied", () => {
  it("lets through what was made for this text", () => {
    assert.equal(refusal({ version: 3, old: LINES }, { version: 3, now: [...LINES] }), "");
  });

  it("refuses where a line was edited, came or went", () => {
    const others = [undefined, [], [...LINES, ""], ["def f():", "    return 2"]];
    for (const now of others) {
      assert.match(refusal({ version: 3, old: LINES }, { version: 3, now }), /lines have changed/);
    }
  });

  it("refuses where it is not known what the edit was made for", () => {
    assert.notEqual(refusal({ version: 3, old: undefined }, { version: 3, now: LINES }), "");
  });

  it("refuses another version of the file, though the lines are the same", () => {
    const why = refusal({ version: 3, old: LINES }, { version: 4, now: LINES });
    assert.match(why, /file was edited/);
    assert.notEqual(refusal({ version: null, old: LINES }, { version: 4, now: LINES }), "");
  });
});

describe("an edit that was accepted once", () => {
  const edit = ["def f():", "    return 2"];

  it("stands in the text", () => {
    assert.ok(isThere(edit, LINES, [...edit]));
    assert.ok(isThere(edit, undefined, [...edit]));
  });

  it("does not where something else, or part of it, stands there", () => {
    for (const now of [LINES, [], ["def f():"]]) {
      assert.ok(!isThere(edit, LINES, now));
    }
  });

  it("cannot be told from lines that stood there before", () => {
    assert.ok(!isThere(["def f():"], LINES, ["def f():"]));
    assert.ok(!isThere([], LINES, []));
  });
});
