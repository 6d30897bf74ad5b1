import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shown, type Shown, type Status } from "../src/status";

const FAILED = "1 of 3 impacted tests fails, 89 ms";

function one(state: string, message = "", workspace = "file:///w"): Status {
  return { workspace, state, message, selected: 3 };
}

function say(...statuses: Status[]): Shown {
  const now = shown(statuses);
  assert.ok(now !== undefined);
  return now;
}

describe("the status bar", () => {
  it("claims nothing before anything is known, and after a run was stopped", () => {
    for (const statuses of [[], [one("cancelled")]]) {
      assert.deepEqual([shown(statuses)?.text, shown(statuses)?.failed], ["Festina", false]);
    }
  });

  it("leaves its place to the progress of what runs", () => {
    assert.equal(shown([one("failed", FAILED), one("running", "", "file:///x")]), undefined);
  });

  it("says how what was saved stands", () => {
    const { text, tooltip, failed } = say(one("failed", FAILED));
    assert.deepEqual([text, failed], [`$(error) Festina: ${FAILED}`, true]);
    assert.equal(tooltip, `Festina, of what was last saved: ${FAILED}`);
    const passed = say(one("passed", "3 impacted tests ok, 41 ms"));
    assert.equal(passed.text, "$(check) Festina: 3 impacted tests ok, 41 ms");
    assert.equal(passed.failed, false);
    assert.equal(say(one("unchanged", "as it was")).text, "Festina: as it was");
  });

  it("ticks nothing off where no test ran", () => {
    for (const selected of [0, null]) {
      const words = "no test executes what was changed, 16 ms";
      assert.equal(say({ ...one("passed", words), selected }).text, `Festina: ${words}`);
    }
  });

  it("is short, and the tooltip says all of it", () => {
    const why =
      "tests not run: It is not known yet which tests the change can affect, and all take longer.";
    const { text, tooltip } = say(one("unverified", why));
    assert.ok(text.startsWith("$(question) Festina: tests not run: It is") && text.endsWith("…"));
    assert.ok(text.length < 100);
    assert.ok(tooltip.endsWith(why));
  });

  it("is about the worst of several folders", () => {
    const passed = one("passed", "3 tests ok, 41 ms", "file:///x");
    const { text, tooltip } = say(passed, one("failed", FAILED));
    assert.ok(text.includes(FAILED));
    assert.equal(tooltip.split("\n").length, 2);
  });
});
