import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { Silence } from "../src/silence";

/** A silence of which it is noted what was told, and answers that come when they are told to. */
function quiet() {
  const told: (boolean | string)[] = [];
  const silence = new Silence(
    100,
    (isSilent) => told.push(isSilent),
    () => told.push("awaited"),
  );
  const ask = (isAwaited = false) => {
    let answer: (value: number) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const given = new Promise<number>((resolve, reject) => ([answer, fail] = [resolve, reject]));
    return { asked: silence.watch(given, isAwaited), answer, fail };
  };
  return { told, silence, ask };
}

describe("a server that says nothing", () => {
  it("is noticed, and so is its next answer", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { told, silence, ask } = quiet();
      const first = ask();
      mock.timers.tick(60);
      const second = ask();
      assert.ok(silence.isWaiting);
      mock.timers.tick(60);
      assert.deepEqual(told, [true]);
      mock.timers.tick(60);
      assert.deepEqual(told, [true], "it is told once");
      second.answer(2);
      assert.equal(await second.asked, 2);
      assert.deepEqual(told, [true, false]);
      first.answer(1);
      await first.asked;
      assert.deepEqual(told, [true, false]);
      assert.ok(!silence.isWaiting);
    } finally {
      mock.timers.reset();
    }
  });

  it("is told to somebody who waits, once", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { told, ask } = quiet();
      const all = [ask(), ask(true), ask(true)];
      mock.timers.tick(100);
      assert.deepEqual(told, [true, "awaited"]);
      all.forEach(({ answer }) => answer(0));
      await Promise.all(all.map(({ asked }) => asked));
      const again = ask(true);
      mock.timers.tick(100);
      assert.deepEqual(told, [true, "awaited", false, true, "awaited"]);
      again.fail(new Error("it has ended"));
      await assert.rejects(again.asked);
      assert.equal(told.at(-1), false);
    } finally {
      mock.timers.reset();
    }
  });

  it("is none that answers in time", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { told, ask } = quiet();
      const one = ask(true);
      mock.timers.tick(99);
      one.answer(1);
      await one.asked;
      mock.timers.tick(1000);
      assert.deepEqual(told, []);
    } finally {
      mock.timers.reset();
    }
  });
});
