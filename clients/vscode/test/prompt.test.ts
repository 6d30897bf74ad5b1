import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPrompt, promptTitle } from "../src/prompt";

describe("the page of what is sent", () => {
  it("is known by its file, and nothing else is taken for one", () => {
    assert.ok(isPrompt("file:///run/user/0/festina-x1/prompt-next.md"));
    assert.ok(isPrompt("file:///c%3A/Temp/festina-x1/prompt-p12.md"));
    for (const other of [
      "file:///run/user/0/festina-x1/answer-a1.md",
      "https://e.example/prompt-next.md",
      "file:///home/me/prompt-next.md/run",
      "file:///home/me/prompt-next.md.exe",
    ]) {
      assert.ok(!isPrompt(other), other);
    }
  });

  it("has a tab that says whether it was sent", () => {
    assert.equal(promptTitle("file:///t/prompt-next.md"), "What Would Be Sent.md");
    assert.equal(promptTitle("file:///t/prompt-p12.md"), "What Was Sent (p12).md");
  });
});
