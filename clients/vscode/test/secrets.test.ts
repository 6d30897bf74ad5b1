import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pasted, refusal } from "../src/secrets";

const RANDOM = "4f9a0c77b1e24d6d8a3b5c1e9f0d2a6b";

function isRefused(name: string, value: unknown): boolean {
  return pasted([[name, value]]).length === 1;
}

describe("keys in settings", () => {
  it("are noticed wherever they are", () => {
    for (const key of [
      "sk-planted-0123456789abcdefghij",
      "gsk_0123456789abcdefghijKLMN",
      "csk-0123456789abcdefghij",
      " sk-ant-api03-0123456789abcdefghij ",
      RANDOM,
      `Bearer ${RANDOM}`,
    ]) {
      assert.ok(isRefused("festina.models.fast.apiKeyEnv", key), key);
      assert.ok(isRefused("festina.apiKey", key), key);
      assert.ok(isRefused("festina.models.slow.extraBody", { deep: [{ api_key: key }] }), key);
      assert.ok(isRefused("festina.models.fast.apiKeyCommand", ["echo", key]), key);
    }
    const known = "sk-planted-0123456789abcdefghij";
    assert.ok(isRefused("festina.verify.commands", [{ name: "x", run: ["x", `--key=${known}`] }]));
    for (const address of [
      "https://me:secret@api.example.com/v1",
      "https://api.example.com/v1?api_key=abc",
      "https://api.example.com/v1?a=b&access_token=abc",
    ]) {
      assert.ok(isRefused("festina.models.fast.baseUrl", address), address);
    }
  });

  it("are not seen in what is none", () => {
    const values: [string, unknown][] = [
      ["festina.models.fast.apiKeyEnv", "CEREBRAS_API_KEY"],
      ["festina.models.fast.apiKeyEnv", "MY_COMPANY_2_TEAM_KEY_FOR_CEREBRAS"],
      ["festina.models.fast.apiKeyCommand", ["pass", "show", "work/cerebras"]],
      ["festina.models.fast.apiKeyKeyring", "cerebras/me"],
      ["festina.models.fast.baseUrl", "https://api.cerebras.ai/v1"],
      ["festina.models.fast.baseUrl", "http://localhost:11434/v1"],
      ["festina.models.fast.model", "meta-llama/llama-4-maverick-17b-128e-instruct"],
      ["festina.models.fast.model", "qwen-3-coder-480b"],
      ["festina.models.fast.extraBody", { reasoning_effort: "low", top_p: 0.9 }],
      ["festina.server.path", `/nix/store/${RANDOM}-festina/bin/festina`],
      ["festina.verify.python", `/nix/store/${RANDOM}/bin/python`],
      ["festina.verify.sockets", ["/run/postgresql/.s.PGSQL.5432"]],
      ["festina.presets", ["simplify this code as far as it can be simplified 1 2 3"]],
      ["festina.variations", 3],
    ];
    assert.deepEqual(pasted(values), []);
  });

  it("are not repeated in what is said of them", () => {
    const said = refusal(pasted([["festina.models.fast.apiKeyEnv", RANDOM]]));
    assert.match(said, /festina\.models\.fast\.apiKeyEnv holds.*Set API Key/);
    assert.match(said, /keeps copies of them.*revoke it/);
    assert.ok(!said.includes(RANDOM));
    assert.match(refusal(["festina.a", "festina.b"]), /festina\.a and festina\.b hold/);
  });
});
