import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { absent, shown, silent, starting, type Shown, type Status } from "../src/status";

const NONE = { model: "", unnamed: "", speed: 0, pending: 0, passed: 0 };
const FAILED = "1 of 3 impacted tests fails, 89 ms";

function one(state: string, message = "", workspace = "file:///w"): Status {
  return { workspace, state, message, selected: 3 };
}

function say(...statuses: Status[]): Shown {
  return shown(statuses, NONE);
}

describe("the status bar", () => {
  it("claims nothing before anything is known, and after a run was stopped", () => {
    for (const statuses of [[], [one("cancelled")]]) {
      const { text, failed } = say(...statuses);
      assert.deepEqual([text, failed], ["Festina", false]);
    }
  });

  it("leaves what runs to the progress beside it", () => {
    const { text, failed } = say(one("failed", FAILED), one("running", "", "file:///x"));
    assert.deepEqual([text, failed], ["Festina", false]);
  });

  it("counts edits, with the model and its speed while it writes", () => {
    const streams = { ...NONE, model: "coder-1", speed: 1180, pending: 2, passed: 0 };
    const { text, tooltip } = shown([], streams);
    assert.equal(text, "Festina  $(sync~spin) 2 coder-1 1,180 tok/s");
    assert.match(tooltip, /Model: coder-1\n1,180 tokens a second\n2 edits on the way/);
    const tests = { ...streams, speed: 0, pending: 1, passed: 3 };
    assert.equal(shown([], tests).text, "Festina  $(sync~spin) 1 coder-1  $(pass) 3");
    assert.match(shown([], tests).tooltip, /1 edit on the way\n3 edits passed, to be accepted/);
    assert.equal(shown([], { ...NONE, model: "coder-1" }).text, "Festina");
    const nobody = shown([], { ...NONE, unnamed: "No model was found." });
    assert.match(nobody.tooltip, /\nNo model was found\.\n/);
  });

  it("shows a model's name and a test's words as they are", () => {
    const { text } = shown([one("failed", "test_x: $(check)")], {
      ...NONE,
      model: "$(a)",
      pending: 1,
    });
    assert.match(text, /^\$\(error\) Festina: test_x: \\\$\(check\)  \$\(sync~spin\) 1 \\\$\(a\)$/);
  });

  it("promises nothing in a workspace that is not trusted", () => {
    assert.match(shown([], NONE).tooltip, /^Festina: what you save is verified\n/);
    assert.match(shown([], NONE, false).tooltip, /verified once you trust this workspace\n/);
  });

  it("has room for both", () => {
    const why = "tests not run: It is not known yet which tests the change can affect.";
    const { text } = shown([one("unverified", why)], { ...NONE, passed: 1 });
    assert.match(text, /^\$\(question\) Festina: tests not run: .*…  \$\(pass\) 1$/);
    assert.ok(text.length < 70);
  });

  it("says that there is no server, and why", () => {
    const { text, tooltip } = absent("There is no festina.");
    assert.equal(text, "$(warning) Festina");
    assert.match(tooltip, /^There is no festina\./);
  });

  it("says that a server takes its time, and that one does not answer", () => {
    assert.match(starting("/bin/festina").text, /^\$\(sync~spin\) Festina starts$/);
    assert.match(starting("/bin/festina").tooltip, /is starting\. It is \/bin\/festina\.\n/);
    assert.equal(silent().text, "$(warning) Festina does not answer");
    assert.match(silent().tooltip, /can be started anew\.\nClick for what can be done$/);
  });

  it("says how what was saved stands", () => {
    const { text, tooltip, failed } = say(one("failed", FAILED));
    assert.deepEqual([text, failed], [`$(error) Festina: ${FAILED}`, true]);
    assert.match(tooltip, new RegExp(`^Festina, of what was last saved: ${FAILED}\n`));
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
    assert.ok(tooltip.includes(why));
  });

  it("is about the worst of several folders", () => {
    const passed = one("passed", "3 tests ok, 41 ms", "file:///x");
    const { text, tooltip } = say(passed, one("failed", FAILED));
    assert.ok(text.includes(FAILED));
    assert.equal(tooltip.split("\n").length, 3);
  });
});
