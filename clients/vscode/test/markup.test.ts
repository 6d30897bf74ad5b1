import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { body, escape, visible } from "../src/markup";
import { read, type Proposal } from "../src/proposal";
import { compare } from "../src/rows";

const RANGE = { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } };

function one(more: Partial<Proposal>): Proposal {
  return read({ proposal: "p1", uri: "file:///m.py", range: RANGE, state: "ready", ...more });
}

describe("what stands between the lines", () => {
  it("marks lines in the diff editor's own colours", () => {
    const html = body(one({}), compare(["a", "b"], "a\nc\n", true));
    assert.ok(html.includes('removedLineBackground);">- b'));
    assert.ok(html.includes('insertedLineBackground);">+ c'));
  });

  it("shows whatever a model writes as text", () => {
    const evil = '</code></pre><img src=x onerror="y">[run](command:z) **b** `c` $(bug)\u202e';
    const html = body(one({}), compare(["a"], evil, true));
    const inside = html.replace(/<\/?(pre|code)>|<span style="[^"]*">|<\/span>/g, "");
    assert.doesNotMatch(inside, /[<>[\]`*$"()]/);
    assert.doesNotMatch(html, /\u202e/);
    assert.match(html, /u202e/);
  });

  it("shows whatever a test says as text, and leads to its place", () => {
    const findings = [
      { gate: "tests", message: "a <b> [x](command:y)\nmore", path: "t/test_m.py", line: 9 },
    ];
    const verdict = { status: "failed", gates: [], findings };
    const html = body(one({ state: "rejected", verdict }), []);
    const link = /<a href="command:festina\.ui\.failures\?([^"]+)">([^<]+)<\/a>/.exec(html);
    assert.deepEqual(JSON.parse(decodeURIComponent(link?.[1] ?? "")), ["p1", 0]);
    assert.equal(html.split("<a ").length, 2);
    assert.doesNotMatch(html, /<b>|\]\(command/);
    assert.match(html, /^<ul><li>tests: /);
  });

  it("says why nothing could be verified", () => {
    const message = "tests not run: Trust the workspace (Manage Workspace Trust).";
    const html = body(one({ state: "unverified", message }), []);
    assert.match(html, /^<p>tests not run&#58; Trust/);
  });

  it("shows the last lines while they stream, and the first ones of a long edit", () => {
    const many = Array.from({ length: 200 }, (_, index) => `line ${index}`).join("\n");
    const streamed = body(one({ state: "streaming" }), compare([], many, false));
    assert.ok(streamed.includes("line 199") && !streamed.includes("line 100 "));
    assert.equal(streamed.split("\n").length, 15);
    const whole = body(one({}), compare([], many, true));
    assert.ok(whole.includes("line 0 ") && whole.includes("121 more lines"));
  });

  it("is empty where nothing is changed", () => {
    assert.equal(body(one({}), compare(["a"], "a\n", true)), "");
  });

  it("leaves no character unseen", () => {
    assert.equal(visible("a\u200bb\u0007\tc"), "a\\u200bb\\u0007    c");
    assert.equal(escape("<a & b>"), "&#60;a &#38; b&#62;");
  });
});
