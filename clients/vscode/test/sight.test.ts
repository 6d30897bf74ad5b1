import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { room } from "../src/sight";

const SEEN = { first: 100, after: 140 };

describe("room below a region", () => {
  it("is made where its last line is in the lower half", () => {
    assert.deepEqual(room(SEEN, { first: 130, after: 136 }), { line: 135, at: "middle" });
    assert.deepEqual(room(SEEN, { first: 119, after: 121 }), { line: 120, at: "middle" });
    assert.deepEqual(room(SEEN, { first: 135, after: 150 }), { line: 149, at: "middle" });
  });

  it("is there where its last line is in the upper half", () => {
    assert.equal(room(SEEN, { first: 100, after: 104 }), undefined);
    assert.equal(room(SEEN, { first: 118, after: 120 }), undefined);
  });

  it("is not made in what the person does not look at", () => {
    assert.equal(room(SEEN, { first: 90, after: 138 }), undefined);
    assert.equal(room(SEEN, { first: 140, after: 142 }), undefined);
  });

  it("is as much as can be had where the region is long", () => {
    assert.deepEqual(room(SEEN, { first: 110, after: 135 }), { line: 108, at: "top" });
    assert.equal(room(SEEN, { first: 101, after: 135 }), undefined, "it is there already");
    assert.deepEqual(room({ first: 0, after: 20 }, { first: 1, after: 18 }), undefined);
  });

  it("is made below the place of lines that are only added", () => {
    assert.deepEqual(room(SEEN, { first: 138, after: 138 }), { line: 138, at: "middle" });
  });
});
