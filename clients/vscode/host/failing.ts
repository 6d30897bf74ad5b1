// Tests of which one fails: whoever runs them has to notice.
import assert from "node:assert/strict";
import { runAll } from "./runner";

export function run(): Promise<void> {
  return runAll(() => {
    describe("of two tests", () => {
      it("one passes", () => undefined);
      it("one fails", () => assert.fail("as it should"));
    });
  });
}
