import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  choices,
  headline,
  isLive,
  isRunning,
  lines,
  ordinal,
  overtaken,
  progressWords,
  read,
  shorten,
  showing,
  withdrawal,
  type Proposal,
} from "../src/proposal";

const RANGE = { start: { line: 3, character: 0 }, end: { line: 7, character: 0 } };
const OLD_SERVER = { proposal: "p1", uri: "file:///w/mod.py", range: RANGE, state: "streaming" };

function one(more: Partial<Proposal>): Proposal {
  return read({ ...OLD_SERVER, ...more });
}

function candidate(index: number, status: string, chosen = true) {
  return { index, status, message: "", chosen };
}

describe("a proposal", () => {
  it("is read from a server that says no more than it did at first", () => {
    const proposal = read(OLD_SERVER);
    assert.deepEqual([proposal.name, proposal.progress, proposal.hunks], ["lines 4-7", null, []]);
    const { candidates } = one({
      candidates: [
        { index: 0, status: "passed" },
        { index: 1, status: "unusable" },
      ] as unknown as Proposal["candidates"],
    });
    assert.deepEqual(
      candidates.map(({ chosen }) => chosen),
      [true, false],
    );
  });

  it("is live until it was applied, put away or overtaken", () => {
    const states = ["queued", "ready", "rejected", "applied", "stale", "failed", "new one"];
    const live = states.filter((state) => isLive(one({ state })));
    assert.deepEqual(live, ["queued", "ready", "rejected"]);
    assert.deepEqual(
      states.filter((state) => isRunning(one({ state }))),
      ["queued"],
    );
  });

  it("says why it is gone where nobody has put it away", () => {
    const stale = { name: "clamp", state: "stale" };
    const why = "the edit of clamp is gone: its lines have changed";
    assert.equal(overtaken(one({ ...stale, message: "its lines have changed" })), why);
    assert.equal(overtaken(one(stale)), "the edit of clamp is gone: it is stale");
    assert.equal(overtaken(one({ ...stale, state: "dismissed", message: "dismissed" })), "");
  });

  it("says how far it is: tokens, then gate by gate", () => {
    const progress = { tokens: 1096, tokens_per_second: 1180.4, seconds: 0.4, gates: [] };
    assert.equal(progressWords(one({ progress })), "streaming  1,096 tokens · 1,180 tok/s");
    const first = { ...progress, tokens_per_second: null };
    assert.equal(progressWords(one({ progress: first })), "streaming  1,096 tokens");
    const gates = [
      { gate: "syntax", status: "passed" },
      { gate: "lint", status: "running" },
      { gate: "tests", status: "waiting" },
      { gate: "types", status: "skipped" },
    ];
    const words = progressWords(one({ state: "verifying", progress: { ...progress, gates } }));
    assert.equal(words, "verifying  syntax ✓  lint …");
  });

  it("says that a provider's limit is waited for", () => {
    const progress = { tokens: 12, tokens_per_second: null, seconds: 1, gates: [] };
    const message = "Waiting for Groq's limit until 16:42:10 (34 s)";
    assert.ok(progressWords(one({ progress, message })).endsWith(message));
    assert.equal(progressWords(one({ message })), `streaming: ${message}`);
  });

  it("says its state, and on what that rests", () => {
    assert.equal(headline(one({ state: "ready", message: "3 tests ok" })), "ready: 3 tests ok");
    assert.equal(headline(one({ state: "queued" })), "queued");
    const message = "withdrawn: test_a failed in the whole suite";
    assert.equal(headline(one({ state: "rejected", message })), message);
  });

  it("says once that what was ready has been withdrawn", () => {
    const message = "withdrawn: test_a failed in the whole suite";
    const candidates = [candidate(0, "failed"), candidate(1, "passed")];
    const rejected = one({ state: "rejected", name: "clamp", message, candidates });
    assert.equal(withdrawal(rejected, 0), "clamp was withdrawn: test_a failed in the whole suite");
    const other = one({ state: "ready", name: "clamp", candidate: 1, candidates });
    assert.equal(withdrawal(other, 0), "a variation of clamp was withdrawn");
    assert.equal(withdrawal(rejected, undefined), ""); // it never was ready
    assert.equal(withdrawal(other, 1), "");
  });

  it("has choices: those that passed, or all where none did", () => {
    const candidates = [
      candidate(0, "failed"),
      candidate(1, "passed"),
      candidate(2, "passed", false),
      candidate(3, "passed"),
    ];
    const proposal = one({ state: "ready", candidate: 3, candidates });
    assert.deepEqual(
      choices(proposal).map(({ index }) => index),
      [1, 3],
    );
    assert.equal(ordinal(proposal), "2 of 2");
    assert.equal(ordinal(one({ candidates: [candidate(0, "passed")] })), "");
    assert.equal(choices(one({ candidates: candidates.slice(0, 1) })).length, 1);
  });

  it("shows another candidate without being changed", () => {
    const proposal = one({ text: "a\n" });
    const shown = {
      index: 2,
      status: "failed",
      text: "b\n",
      hunks: [],
      verdict: null,
      message: "",
    };
    assert.deepEqual(
      [showing(proposal, shown).text, showing(proposal, shown).candidate, proposal.text],
      ["b\n", 2, "a\n"],
    );
  });

  it("counts whole lines", () => {
    assert.deepEqual(lines(RANGE), [3, 7]);
    assert.deepEqual(lines({ ...RANGE, end: { line: 7, character: 5 } }), [3, 8]);
  });

  it("is told in short lines", () => {
    assert.equal(shorten("a\n  b", 10), "a b");
    assert.equal(shorten("🙂🙂🙂🙂", 3), "🙂🙂…");
  });
});
