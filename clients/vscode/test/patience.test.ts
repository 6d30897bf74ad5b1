import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Abandoned, Late, within } from "../src/patience";

const NEVER = new Promise<never>(() => undefined);

describe("waiting for what may never come", () => {
  it("gives what comes in time, and its failure", async () => {
    assert.equal(await within(Promise.resolve(7), 10_000), 7);
    await assert.rejects(within(Promise.reject(new TypeError("no")), 10_000), TypeError);
  });

  it("ends when it takes too long", async () => {
    await assert.rejects(within(NEVER, 5), Late);
  });

  it("ends when it is not wanted any more, before or while it waits", async () => {
    const control = new AbortController();
    const waits = within(NEVER, 10_000, control.signal);
    control.abort();
    await assert.rejects(waits, Abandoned);
    await assert.rejects(within(NEVER, 10_000, control.signal), Abandoned);
  });

  it("leaves a failure that comes later to nobody", async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => (fail = reject));
    await assert.rejects(within(work, 5), Late);
    fail(new Error("too late")); // an unhandled rejection would fail this test
    await new Promise((resolve) => setImmediate(resolve));
  });
});
