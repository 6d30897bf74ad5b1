import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { LastWords, notAnswering, startFailure } from "../src/stderr";

describe("what the server says beside the protocol", () => {
  it("goes to the log line by line, and the last words are kept", async () => {
    const words = new LastWords();
    const lines: string[] = [];
    const input = new PassThrough();
    words.follow(input, (line) => lines.push(line));
    assert.equal(await words.text(1), ""); // nothing yet, and it goes on talking
    input.end("Traceback\r\n  in main\nFestina needs Python 3.11.\n\n");
    assert.equal(await words.text(), "Festina needs Python 3.11.");
    assert.deepEqual(lines, ["Traceback", "  in main", "Festina needs Python 3.11.", ""]);
  });

  it("is nothing where there was no program to say it", async () => {
    assert.equal(await new LastWords().text(), "");
  });

  it("makes one sentence, from the error where the server was silent", () => {
    const error = new Error("spawn EACCES");
    assert.match(startFailure("/x/festina", "", error), /\/x\/festina said: spawn EACCES$/);
    assert.match(startFailure("/x/festina", "No\n room", error), /said: No room$/);
  });

  it("is waited for, and then said to be missing", () => {
    assert.match(notAnswering("/x/festina", 60), /did not answer within 60 seconds.*\/x\/festina/);
  });
});
