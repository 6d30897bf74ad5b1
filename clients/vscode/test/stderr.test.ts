import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { LastWords, startFailure } from "../src/stderr";

describe("what the server says beside the protocol", () => {
  it("goes to the log line by line, and the last words are kept", async () => {
    const words = new LastWords();
    const lines: string[] = [];
    const input = new PassThrough();
    words.follow(input, (line) => lines.push(line));
    input.end("Traceback\r\n  in main\nFestina needs Python 3.11.\n\n");
    await once(input, "close");
    assert.deepEqual(lines, ["Traceback", "  in main", "Festina needs Python 3.11.", ""]);
    assert.equal(words.text, "Festina needs Python 3.11.");
  });

  it("makes one sentence, from the error where the server was silent", () => {
    const error = new Error("spawn EACCES");
    assert.match(startFailure("/x/festina", "", error), /\/x\/festina said: spawn EACCES$/);
    assert.match(startFailure("/x/festina", "No\n room", error), /said: No room$/);
  });
});
