import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands, ConfigurationTarget, workspace } from "vscode";
import { festina, until } from "./support";

const PROGRAM = join(tmpdir(), `festina-hanging-${process.pid}`);
const PIDS = `${PROGRAM}.pids`;

/** The processes of the program that were started, whether they still run or not. */
function started(): number[] {
  return existsSync(PIDS) ? readFileSync(PIDS, "utf8").trim().split("\n").map(Number) : [];
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe("a server that runs and never answers", () => {
  before(() => {
    // it does not even end when it is told to
    const lines = ["#!/bin/sh", "trap '' TERM HUP INT", `echo $$ >> ${PIDS}`];
    writeFileSync(PROGRAM, [...lines, "while :; do sleep 1; done", ""].join("\n"));
    chmodSync(PROGRAM, 0o755);
  });

  after(() => {
    for (const pid of started().filter((each) => !isGone(each))) {
      process.kill(pid, "SIGKILL"); // where the test has failed
    }
    rmSync(PROGRAM);
    rmSync(PIDS, { force: true });
  });

  it("can be started anew and given up, and nothing of it is left running", async () => {
    const session = await festina();
    const settings = workspace.getConfiguration("festina.server");
    await settings.update("path", PROGRAM, ConfigurationTarget.Global);
    await until("it is started", () => started().length === 1);
    assert.equal(session.situation.isRunning, false);
    assert.equal(session.situation.isStarting, true);

    void commands.executeCommand("festina.ui.restart");
    await until("another one is started", () => started().length === 2);
    await until("the first is gone", () => isGone(started()[0] ?? 0));
    assert.equal(session.situation.isStarting, true);

    await session.stop();
    assert.deepEqual([session.situation.isRunning, session.situation.isStarting], [false, false]);
    await until("the other is gone", () => started().every(isGone));

    await settings.update("path", undefined, ConfigurationTarget.Global);
    await until("there is a server again", () => session.situation.isRunning);
    assert.equal(started().length, 2);
  });
});
