import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changed, choices, PROVIDERS } from "../src/origins";

describe("whom a key is for", () => {
  it("is a well-known provider, or who is in the settings, or what is typed", () => {
    const titles = PROVIDERS.map(([title]) => title);
    assert.deepEqual(
      choices("", [], []).map(({ label }) => label),
      titles,
    );
    const [typed, mine, ...rest] = choices(
      "https://llm.corp.example:8443/v1",
      ["https://proxy.corp.example/v1", "http://me:secret@nobody.example", ""],
      [],
    );
    assert.equal(typed?.origin, "https://llm.corp.example:8443");
    assert.equal(mine?.origin, "https://proxy.corp.example");
    assert.equal(rest.length, titles.length);
  });

  it("is each one once, and those with a key say so", () => {
    const origin = "https://api.groq.com";
    const found = choices(`${origin}/openai/v1`, [`${origin}/v1`], [origin, "https://x.example"]);
    assert.equal(found.length, PROVIDERS.length + 1);
    assert.equal(found[0]?.description, `${origin}, has a key`);
    assert.equal(found.at(-1)?.origin, "https://x.example");
    assert.deepEqual(choices("not an addr", [], []).length, PROVIDERS.length);
  });

  it("is remembered as long as there is a key", () => {
    assert.deepEqual(changed(["b"], "a", true), ["a", "b"]);
    assert.deepEqual(changed(["a", "b"], "a", true), ["a", "b"]);
    assert.deepEqual(changed(["a", "b"], "a", false), ["b"]);
  });
});
