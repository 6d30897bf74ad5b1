import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutSecrets } from "../src/traces";

describe("a trace of messages", () => {
  it("holds no secret, also none that came later, and is the same log in all else", () => {
    const lines: string[] = [];
    const log = Object.freeze({ logLevel: 1, trace: (line: string) => void lines.push(line) });
    const secrets = new Set(["sk-1"]);
    const clean = withoutSecrets(log, secrets);
    clean.trace('Result: {"key": "sk-1"}');
    secrets.add("sk-2");
    clean.trace("sk-2 and sk-1");
    assert.deepEqual(lines, ['Result: {"key": "(secret)"}', "(secret) and (secret)"]);
    assert.equal(clean.logLevel, 1);
  });
});
