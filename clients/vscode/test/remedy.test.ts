import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { remedies } from "../src/remedy";

describe("what is offered where an edit failed", () => {
  it("is to enter a key where one is missing or wrong", () => {
    const missing =
      "https://a.example wants a key (401) and none is configured. Set the variable named by " +
      "api_key_env, or api_key_command or api_key_keyring in models.fast.";
    const wrong =
      "https://a.example refused the key from the editor (401). Check that it is complete, still " +
      "valid, and belongs to this provider.";
    assert.deepEqual(remedies(missing), ["key", "settings"]);
    assert.deepEqual(remedies(wrong), ["key", "settings"]);
  });

  it("is to see the settings where the address or the model is wrong", () => {
    for (const words of [
      "http://127.0.0.1:9 refused the connection. Start the model server, or check the port in base_url.",
      "a does not know the model 'b' (404). Set models.fast.model to one that it offers.",
      "a rejected the request (405). Check the model's settings (model, extra_body).",
    ]) {
      assert.deepEqual(remedies(words), ["settings", "log"], words);
    }
  });

  it("is the log where nothing is known", () => {
    assert.deepEqual(remedies("the answer ended early"), ["log"]);
  });
});
