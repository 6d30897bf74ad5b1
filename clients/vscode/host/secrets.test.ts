import assert from "node:assert/strict";
import { festina } from "./support";

const ORIGIN = "https://api.example.com";

describe("keys", () => {
  it("are in the secret store for their origin alone, and listed without themselves", async () => {
    const { keys } = await festina();
    assert.equal(await keys.of(ORIGIN), null);
    await keys.keep(ORIGIN, "planted");
    assert.equal(await keys.of(ORIGIN), "planted");
    assert.equal(await keys.of(`${ORIGIN}:8443`), null);
    assert.deepEqual(keys.origins, [ORIGIN]);
    await keys.forget(ORIGIN);
    assert.equal(await keys.of(ORIGIN), null);
    assert.deepEqual(keys.origins, []);
  });
});
