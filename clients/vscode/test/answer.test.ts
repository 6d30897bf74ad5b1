import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { page, title, type Answer } from "../src/answer";

function answer(more: Partial<Answer> = {}): Answer {
  const text = "It is **one**.";
  return { ask: "a1", question: "What?", state: "complete", text, message: "by a model", ...more };
}

describe("the page of an answer", () => {
  it("holds the question and the answer", () => {
    assert.equal(page(answer()), "## What?\n\nIt is **one**.\n");
  });

  it("says how far it is, and why it is not there", () => {
    const coming = page(answer({ state: "streaming", message: "about 3 tokens so far" }));
    assert.equal(coming, "## What?\n\nIt is **one**.\n\n*about 3 tokens so far*\n");
    const failed = page(answer({ state: "failed", text: "", message: "The key is wrong." }));
    assert.equal(failed, "## What?\n\n*The key is wrong\\.*\n");
  });

  it("takes nothing in the question for Markdown", () => {
    const { question } = answer({ question: "a[0] <b> ![x](y) `c`\n# d" });
    const [heading] = page(answer({ question })).split("\n\n");
    assert.equal(heading, "## a\\[0\\] \\<b\\> \\!\\[x\\](y) \\`c\\` \\# d");
  });

  it("has a tab with a name that is a path's part, and its own", () => {
    assert.equal(title(answer()), "What (a1).md");
    assert.equal(title(answer({ question: "../../x/y?" })), "x y (a1).md");
    assert.equal(title(answer({ question: "???" })), "Answer (a1).md");
    assert.ok(title(answer({ question: "why ".repeat(50) })).length < 65);
    assert.notEqual(title(answer()), title(answer({ ask: "a2" })));
  });
});
