import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { initializationOptions } from "../src/trust";

describe("trust at the start", () => {
  it("is what VS Code says of a workspace", () => {
    assert.deepEqual(initializationOptions({ isTrusted: true, folders: 1 }, {}), { trusted: true });
    assert.deepEqual(initializationOptions({ isTrusted: false, folders: 2 }, {}), {
      trusted: false,
    });
  });

  it("comes with the settings of the machine, where there are any", () => {
    const settings = { verify: { sandbox: "off" } };
    const options = { trusted: true, settings };
    assert.deepEqual(initializationOptions({ isTrusted: true, folders: 1 }, settings), options);
    assert.deepEqual(initializationOptions({ isTrusted: true, folders: 0 }, settings), {
      settings,
    });
  });

  it("is left to the person's own list in a window without a folder", () => {
    assert.deepEqual(initializationOptions({ isTrusted: true, folders: 0 }, {}), {});
    assert.deepEqual(initializationOptions({ isTrusted: false, folders: 0 }, {}), {
      trusted: false,
    });
  });
});
