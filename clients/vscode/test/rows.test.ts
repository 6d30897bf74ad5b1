import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { read, type Hunk, type Proposal } from "../src/proposal";
import { compare, near, ofHunks, rowsOf, split, type Row } from "../src/rows";

const OLD = ["def f():", "    # old", "    return 1"];

function drawn(rows: readonly Row[]): string[] {
  const marks = { same: " ", old: "-", new: "+", gap: "~" };
  return rows.map(({ kind, text }) => marks[kind] + text);
}

function hunk(first: number, after: number, newText: string): Hunk {
  const start = { line: first, character: 0 };
  return { id: 0, range: { start, end: { line: after, character: 0 } }, newText };
}

describe("the rows of an edit", () => {
  it("are lines that go, come and stay", () => {
    const rows = compare(OLD, "def f():\n    return 2\n", true);
    assert.deepEqual(drawn(rows), [" def f():", "-    # old", "-    return 1", "+    return 2"]);
    assert.deepEqual(
      rows.filter(({ kind }) => kind === "old").map(({ line }) => line),
      [1, 2],
    );
  });

  it("keep the old lines that a streaming answer has not reached", () => {
    const rows = compare(OLD, "def f():\n    # n", false);
    assert.deepEqual(drawn(rows), [" def f():", "-    # old", "+    # n", "     return 1"]);
    assert.deepEqual(
      drawn(compare(OLD, "", false)),
      OLD.map((line) => ` ${line}`),
    );
  });

  it("are just the server's hunks where there are some", () => {
    const rows = ofHunks(OLD, 10, [hunk(11, 12, "    # one\n    # two\n"), hunk(13, 13, "x\n")]);
    const now = [" def f():", "-    # old", "+    # one", "+    # two", "     return 1", "+x"];
    assert.deepEqual(drawn(rows), now);
  });

  it("know an edit that deletes everything from one of which nothing came", () => {
    const range = { start: { line: 10, character: 0 }, end: { line: 13, character: 0 } };
    const base = { proposal: "p", uri: "file:///m.py", range, text: "" };
    const nothing: Proposal = read({ ...base, state: "streaming" });
    assert.deepEqual(
      drawn(rowsOf(nothing, OLD)),
      OLD.map((line) => ` ${line}`),
    );
    const gone: Proposal = read({ ...base, state: "ready", hunks: [hunk(10, 13, "")] });
    assert.deepEqual(
      drawn(rowsOf(gone, OLD)),
      OLD.map((line) => `-${line}`),
    );
  });

  it("leave out what stays far from a change", () => {
    const old = Array.from({ length: 20 }, (_, index) => `${index}`);
    const now = old.map((line) => (line === "3" || line === "15" ? `${line}!` : line));
    const rows = near(compare(old, now.join("\n"), true), 1);
    assert.deepEqual(drawn(rows), [" 2", "-3", "+3!", " 4", "~⋯", " 14", "-15", "+15!", " 16"]);
  });

  it("end where two texts have too little in common to be compared", () => {
    const old = Array.from({ length: 3000 }, (_, index) => `a${index}`);
    const now = old.map((line) => `b${line}`);
    const start = performance.now();
    assert.equal(compare(old, now.join("\n"), true).length, 6000);
    assert.ok(performance.now() - start < 2000);
  });

  it("can be very many", () => {
    const rows = ofHunks(OLD, 10, [hunk(10, 13, "x\n".repeat(300_000))]);
    assert.equal(rows.length, 300_003);
  });

  it("are the same whatever ends a line", () => {
    assert.deepEqual(split("a\r\nb\rc\nd"), ["a", "b", "c", "d"]);
    assert.deepEqual([split(""), split("\n"), split("a\n")], [[], [""], ["a"]]);
  });
});
