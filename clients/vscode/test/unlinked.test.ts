import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { unlinked } from "../src/unlinked";

/** What VS Code takes for a link in a notification. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

describe("words of others in a notification", () => {
  it("run no command and lead nowhere", () => {
    for (const href of [
      "command:a.b?%5B1%5D",
      "COMMAND:a",
      "https://x.example/?q",
      "file:///etc",
    ]) {
      const words = `assert [click](${href}) == [[x]](${href} "title")`;
      assert.match(words, LINK);
      assert.doesNotMatch(unlinked(words), LINK);
      assert.equal(unlinked(words).replaceAll("] (", "]("), words);
    }
  });

  it("stay as they are where nothing would be a link", () => {
    for (const words of ["rows[0](x)", "a [b] (command:c)", "see https://x.example", "d[k]: (1)"]) {
      assert.equal(unlinked(words), words);
    }
  });

  it("come to a person in one way only", () => {
    const shows = readdirSync("src").filter((name) =>
      /show(?:Information|Warning|Error)Message/.test(readFileSync(`src/${name}`, "utf8")),
    );
    assert.deepEqual(shows, ["notices.ts"]);
  });
});
