import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutOurs } from "../src/configuration";

describe("what the server is told of the settings", () => {
  it("is all of them but the extension's own", () => {
    const items = [{ section: "festina" }, { section: "other" }, {}];
    const answers = [{ server: { path: "/x" }, variations: 4 }, { server: 1 }, null];
    assert.deepEqual(withoutOurs(items, answers), [{ variations: 4 }, { server: 1 }, null]);
  });

  it("is what VS Code said where there are no settings, or an error", () => {
    assert.deepEqual(withoutOurs([{ section: "festina" }], [null]), [null]);
    const error = new Error("no");
    assert.equal(withoutOurs<unknown>([], error), error);
  });
});
