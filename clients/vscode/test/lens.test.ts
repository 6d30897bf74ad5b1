import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hunkLenses, lenses } from "../src/lens";
import { read, type Proposal } from "../src/proposal";

const RANGE = { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } };
const HUNK = { range: RANGE, newText: "x\n" };

function titles(more: Partial<Proposal>): string[] {
  const base = { proposal: "p1", uri: "file:///m.py", range: RANGE, state: "ready" };
  return lenses(read({ ...base, ...more })).map(({ title }) => title);
}

function candidate(index: number, status: string) {
  return { index, status, message: "", chosen: true };
}

describe("the lenses of a proposal", () => {
  it("do not change while it streams", () => {
    const first = titles({ state: "streaming", text: "a" });
    assert.deepEqual(first, ["Festina: cancel (streaming)", "redirect", "diff"]);
    assert.deepEqual(titles({ state: "streaming", text: "a b", message: "9 tokens" }), first);
  });

  it("accept what has passed, and say on what it rests", () => {
    const found = titles({ message: "syntax ok, ruff ok, 3 tests ok, 84 ms" });
    assert.equal(found[0], "Festina: accept (ruff ok, 3 tests ok, 84 ms)");
    assert.equal(found.at(-1), "dismiss");
    assert.equal(titles({ message: "syntax ok, 2 ms" })[0], "Festina: accept (syntax ok, 2 ms)");
  });

  it("accept a step's other files with it, where some wait", () => {
    assert.equal(titles({ beside: ["a.py"] })[1], "accept both files");
    assert.equal(titles({ beside: ["a.py", "b.py"] })[1], "accept all 3 files");
    assert.ok(!titles({ beside: ["a.py"], state: "rejected" }).includes("accept both files"));
    assert.notEqual(titles({})[1], "accept both files");
  });

  it("show what a test says, where VS Code would draw an icon", () => {
    const message = "test_x: assert '$(check)' == ''";
    const shown = "test_x: assert '\\$(check)' == ''";
    assert.equal(titles({ message })[0], `Festina: accept (${shown})`);
    assert.equal(
      titles({ state: "rejected", message })[0],
      `Festina: dismiss (rejected: ${shown})`,
    );
  });

  it("open the gallery where there are several candidates, also while they come", () => {
    const candidates = [candidate(0, "failed"), candidate(1, "streaming")];
    assert.ok(titles({ candidates }).includes("gallery"));
    assert.ok(titles({ candidates, state: "streaming" }).includes("gallery"));
    assert.ok(!titles({ candidates: candidates.slice(1) }).includes("gallery"));
  });

  it("offer hunks where there are several", () => {
    const hunks = [
      { id: 0, ...HUNK },
      { id: 1, ...HUNK },
    ];
    assert.ok(titles({ hunks }).includes("hunks (2)"));
    assert.ok(!titles({ hunks: hunks.slice(1) }).some((title) => title.startsWith("hunks")));
    assert.ok(!titles({ hunks, state: "rejected" }).some((title) => title.startsWith("hunks")));
  });

  it("accept each change by itself, above its line, where there are a few", () => {
    const at = (line: number, after: number) => ({
      range: { start: { line, character: 0 }, end: { line: after, character: 0 } },
      newText: "x\n",
    });
    const hunks = [
      { id: 0, ...at(4, 5) },
      { id: 1, ...at(7, 7) },
    ];
    const range = { start: { line: 4, character: 0 }, end: { line: 9, character: 0 } };
    const base = { proposal: "p1", uri: "file:///m.py", range, candidate: 2 };
    const found = hunkLenses(read({ ...base, state: "ready", hunks }));
    assert.deepEqual(
      found.map(({ title, line, only }) => [title, line, only]),
      [
        ["accept only this (+1 -1)", 0, { candidate: 2, hunks: [0] }],
        ["accept only this (+1)", 3, { candidate: 2, hunks: [1] }],
      ],
    );
    const three = [...hunks, { id: 2, ...at(8, 9) }];
    assert.deepEqual(
      hunkLenses(read({ ...base, state: "ready", hunks: three }))
        .slice(2, 4)
        .map(({ title, line, only }) => [title, line, only]),
      [
        ["accept only this (+1)", 3, { candidate: 2, hunks: [1] }],
        ["accept all but this", 3, { candidate: 2, hunks: [0, 2] }],
      ],
    );
    assert.deepEqual(hunkLenses(read({ ...base, state: "verifying", hunks })), []);
    assert.deepEqual(hunkLenses(read({ ...base, state: "ready", hunks: hunks.slice(1) })), []);
    const many = Array.from({ length: 11 }, (_, id) => ({ id, ...at(4, 5) }));
    assert.deepEqual(hunkLenses(read({ ...base, state: "ready", hunks: many })), []);
  });

  it("go through the variations where there are several", () => {
    const candidates = [candidate(0, "passed"), candidate(1, "passed")];
    const found = titles({ candidates, candidate: 1 });
    for (const title of ["previous", "next (2 of 2)", "variations", "more"]) {
      assert.ok(found.includes(title), title);
    }
    const alone = titles({ candidates: candidates.slice(1) });
    assert.ok(alone.includes("more") && !alone.includes("variations"));
  });

  it("ask again for what a limit has ended", () => {
    const message = "Groq takes no more requests for now.";
    const found = titles({ state: "rejected", message, again: true });
    assert.deepEqual(found.slice(0, 2), [`Festina: ask again (held back: ${message})`, "dismiss"]);
    const verdict = { status: "failed", gates: [], findings: [] };
    const judged = titles({ state: "rejected", message: "no test passed", again: true, verdict });
    assert.equal(judged[0], "Festina: ask again (rejected: no test passed)");
    assert.equal(
      titles({ state: "rejected", message })[0],
      `Festina: dismiss (rejected: ${message})`,
    );
  });

  it("never accept what did not pass", () => {
    const findings = [{ gate: "tests", message: "no" }];
    const verdict = { status: "failed", gates: [], findings };
    const found = titles({ state: "rejected", message: "tests failed", verdict });
    assert.equal(found[0], "Festina: dismiss (rejected: tests failed)");
    assert.ok(found.includes("show what failed"));
    assert.ok(![...found, ...titles({ state: "unverified" })].some((one) => /accept/.test(one)));
    assert.ok(titles({ state: "unverified" }).includes("apply unverified"));
    const off = titles({ state: "unverified", apply_unverified: false });
    assert.ok(!off.includes("apply unverified"), "the settings have switched it off");
  });
});
