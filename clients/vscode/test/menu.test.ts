import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { items } from "../src/menu";

const ALL = { isRunning: true, isStarting: false, canVerify: true, pending: 2, keys: 1 };

function commands(situation: Partial<typeof ALL>): string[] {
  return items({ ...ALL, ...situation }).map(({ command }) => command);
}

describe("the menu of the status bar", () => {
  it("offers what can be done", () => {
    assert.ok(commands({}).includes("festina.ui.verify"));
    assert.equal(items(ALL)[0]?.description, "2 on the way");
    assert.ok(!commands({}).includes("festina.ui.install"));
    assert.ok(!commands({ pending: 0 }).includes("festina.ui.cancelAll"));
    assert.ok(!commands({ canVerify: false }).includes("festina.ui.verify"));
    assert.ok(!commands({ keys: 0 }).includes("festina.ui.clearKey"));
    const without = commands({ isRunning: false });
    assert.equal(without[0], "festina.ui.install");
    const starting = commands({ isRunning: false, isStarting: true });
    assert.ok(!starting.includes("festina.ui.install"));
    assert.ok(starting.includes("festina.ui.restart"));
    assert.ok(!without.includes("festina.ui.verify") && !without.includes("festina.ui.cancelAll"));
  });

  it("offers commands that there are", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8"));
    const ours = manifest.contributes.commands.map((each: { command: string }) => each.command);
    const offered = [...commands({}), ...commands({ isRunning: false })];
    for (const command of offered.filter((each) => each.startsWith("festina."))) {
      assert.ok(ours.includes(command), command);
    }
  });
});
