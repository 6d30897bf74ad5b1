import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Counts, type Counted } from "../src/counts";

function one(proposal: string, state: string, speed: number | null = null, model = ""): Counted {
  return { proposal, state, model, progress: speed === null ? null : { tokens_per_second: speed } };
}

describe("the edits that there are", () => {
  it("are counted by how far they are, until they are over", () => {
    const counts = new Counts();
    assert.deepEqual(counts.tally, { model: "", unnamed: "", speed: 0, pending: 0, passed: 0 });
    counts.take(one("p1", "queued"));
    counts.take(one("p1", "streaming", 800.4, "coder-1"));
    counts.take(one("p2", "streaming", 400.2));
    counts.take(one("p3", "verifying", 999));
    counts.take(one("p4", "ready"));
    assert.deepEqual(counts.tally, {
      model: "coder-1",
      unnamed: "",
      speed: 1201,
      pending: 3,
      passed: 1,
    });
    assert.deepEqual(counts.pending, ["p1", "p2", "p3"]);
    for (const [id, state] of [
      ["p1", "rejected"],
      ["p2", "cancelled"],
      ["p3", "unverified"],
      ["p4", "applied"],
    ] as const) {
      counts.take(one(id, state));
    }
    assert.deepEqual(counts.tally, {
      model: "coder-1",
      unnamed: "",
      speed: 0,
      pending: 0,
      passed: 0,
    });
  });

  it("are those of one server", () => {
    const counts = new Counts();
    counts.take(one("p1", "streaming"));
    counts.clear();
    assert.deepEqual([counts.pending, counts.tally.pending], [[], 0]);
  });

  it("are written by the model that the settings name, until another one is seen at work", () => {
    const counts = new Counts();
    counts.clear("coder-0");
    assert.equal(counts.tally.model, "coder-0");
    counts.take(one("p1", "streaming", null, "coder-1"));
    assert.equal(counts.tally.model, "coder-1");
    counts.clear(); // another server, whose settings name none
    assert.equal(counts.tally.model, "");
  });

  it("are written by the model that the server has found, or will look up", () => {
    const counts = new Counts();
    const origin = "http://127.0.0.1:11434";
    counts.name({ model: "coder-2", origin, message: "Ollama answers" });
    assert.deepEqual([counts.tally.model, counts.tally.unnamed], ["coder-2", ""]);
    counts.name({ model: "", origin, message: "its key is set" });
    assert.deepEqual([counts.tally.model, counts.tally.unnamed], ["", `Model: one of ${origin}`]);
    counts.name({ model: "", origin: "", message: "No model was found." });
    assert.equal(counts.tally.unnamed, "No model was found.");
    counts.take(one("p1", "streaming", null, "coder-3"));
    assert.deepEqual([counts.tally.model, counts.tally.unnamed], ["coder-3", ""]);
  });
});
