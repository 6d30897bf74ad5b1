import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LANGUAGES, unfit } from "../src/place";

describe("a document", () => {
  it("is fit when it is a file in a language that the server reads", () => {
    for (const languageId of LANGUAGES) {
      assert.equal(unfit({ scheme: "file", languageId }), undefined);
    }
  });

  it("is told why not", () => {
    const python = "python";
    for (const [document, reason] of [
      [undefined, /Open a file/],
      [{ scheme: "untitled", languageId: python }, /Save it as a file of the workspace/],
      [{ scheme: "vscode-notebook-cell", languageId: python }, /notebook/],
      [{ scheme: "git", languageId: python }, /page of "git"/],
      [{ scheme: "file", languageId: "markdown" }, /takes this file for "markdown"/],
    ] as const) {
      assert.match(unfit(document) ?? "", reason);
    }
  });
});
