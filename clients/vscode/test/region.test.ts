import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Drift, moved, type Change } from "../src/region";

const REGION = { first: 4, after: 7 };

function change(from: [number, number], to: [number, number], text: string): Change {
  return {
    range: {
      start: { line: from[0], character: from[1] },
      end: { line: to[0], character: to[1] },
    },
    text,
  };
}

/** A text after changes that all count in the text before them. */
function edited(text: string, changes: readonly Change[]): string {
  const starts = [0];
  for (const line of text.split("\n")) {
    starts.push((starts.at(-1) ?? 0) + line.length + 1);
  }
  const at = ({ line, character }: { line: number; character: number }) =>
    (starts[line] ?? 0) + character;
  let result = text;
  for (const { range, text: now } of [...changes].sort(
    (a, b) => at(b.range.start) - at(a.range.start),
  )) {
    result = result.slice(0, at(range.start)) + now + result.slice(at(range.end));
  }
  return result;
}

describe("lines of an edited document", () => {
  it("move with lines that come and go above", () => {
    assert.deepEqual(moved(REGION, [change([0, 0], [0, 0], "a\nb\n")]), { first: 6, after: 9 });
    assert.deepEqual(moved(REGION, [change([1, 0], [3, 0], "")]), { first: 2, after: 5 });
    assert.deepEqual(moved(REGION, [change([3, 0], [4, 0], "")]), { first: 3, after: 6 });
    assert.deepEqual(moved(REGION, [change([4, 0], [4, 0], "x\n")]), { first: 5, after: 8 });
    assert.deepEqual(moved(REGION, [change([2, 1], [2, 3], "abc")]), REGION);
  });

  it("stay where something is typed below", () => {
    assert.deepEqual(moved(REGION, [change([7, 0], [7, 0], "x\ny\n")]), REGION);
    assert.deepEqual(moved(REGION, [change([9, 2], [12, 0], "")]), REGION);
  });

  it("are lost where one of them is edited", () => {
    for (const one of [
      change([5, 3], [5, 3], "x"),
      change([4, 0], [4, 0], "x"),
      change([3, 2], [4, 0], ""), // the first line is joined to the one above
      change([6, 0], [7, 0], ""),
      change([2, 0], [9, 0], ""),
      change([6, 8], [6, 8], "\n"),
    ]) {
      assert.equal(moved(REGION, [one]), undefined, JSON.stringify(one));
    }
  });

  it("are found at random edits exactly where their text is", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    const texts = ["", "x", "x\n", "\n", "a\nb", "a\nb\n"];
    let kept = 0;
    for (let round = 0; round < 20_000; round++) {
      const before = Array.from({ length: 12 }, (_, line) => `line ${line}`);
      const one: [number, number] = [random(12), random(7)];
      const two: [number, number] = [random(12), random(7)];
      const isOrdered = one[0] < two[0] || (one[0] === two[0] && one[1] <= two[1]);
      const [from, to] = isOrdered ? [one, two] : [two, one];
      const first = random(11);
      const region = { first, after: first + 1 + random(12 - first) };
      const changes = [change(from, to, texts[random(texts.length)] ?? "")];
      const now = moved(region, changes);
      if (now !== undefined) {
        kept++;
        assert.deepEqual(
          edited(before.join("\n"), changes).split("\n").slice(now.first, now.after),
          before.slice(region.first, region.after),
          JSON.stringify([region, changes]),
        );
      }
    }
    assert.ok(kept > 2000, `${kept} were followed`);
  });
});

describe("what was changed in a document", () => {
  const above = [change([0, 0], [0, 0], "x\n")];

  it("leads from an earlier version to a later one", () => {
    const drift = new Drift();
    drift.note(2, above);
    drift.note(3, above);
    assert.deepEqual(drift.follow(REGION, 1, 3), { first: 6, after: 9 });
    assert.deepEqual(drift.follow(REGION, 2, 3), { first: 5, after: 8 });
    assert.deepEqual(drift.follow(REGION, 3, 3), REGION);
  });

  it("does not guess where versions are missing", () => {
    const drift = new Drift();
    drift.note(5, above);
    assert.equal(drift.follow(REGION, 3, 5), undefined);
    assert.equal(drift.follow(REGION, 5, 6), undefined);
    assert.equal(new Drift().follow(REGION, 1, 2), undefined);
  });

  it("forgets what is long past", () => {
    const drift = new Drift();
    for (let version = 2; version < 1000; version++) {
      drift.note(version, above);
    }
    assert.equal(drift.follow(REGION, 1, 999), undefined);
    assert.deepEqual(drift.follow(REGION, 998, 999), { first: 5, after: 8 });
  });
});
