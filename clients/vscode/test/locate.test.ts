import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { locate } from "../src/locate";

const home = process.env["HOME"];
let folder: string;

function program(...parts: string[]): string {
  const file = join(folder, ...parts, "festina");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}
function path(...names: string[]): string {
  return names.map((name) => join(folder, name)).join(delimiter);
}
function problem(places: Parameters<typeof locate>[0]): string {
  const located = locate(places);
  assert.ok("problem" in located, JSON.stringify(located));
  return located.problem;
}

describe("locate", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "festina-locate-"));
    process.env["HOME"] = join(folder, "home");
  });
  afterEach(() => {
    process.env["HOME"] = home;
    rmSync(folder, { recursive: true });
  });
  const none = { configured: "", interpreters: [], path: "", own: undefined, distrusted: [] };

  it("takes the first one on the PATH", () => {
    const first = program("one");
    program("two");
    assert.deepEqual(locate({ ...none, path: path("empty", "one", "two") }), {
      command: first,
      isOwn: false,
    });
  });

  it("prefers the setting, with or without the home folder spelled out", () => {
    program("one");
    const chosen = program("home", "tools");
    for (const configured of [chosen, ` ${chosen} `, "~/tools/festina"]) {
      assert.deepEqual(locate({ ...none, configured, path: path("one") }), {
        command: chosen,
        isOwn: false,
      });
    }
  });

  it("prefers the selected environment, named by its interpreter or its folder", () => {
    program("one");
    const selected = program("env", "bin");
    const python = join(folder, "env", "bin", "python");
    writeFileSync(python, "", { mode: 0o755 });
    for (const interpreter of [python, join(folder, "env")]) {
      const places = { ...none, interpreters: ["/nowhere/python", interpreter], path: path("one") };
      assert.deepEqual(locate(places), { command: selected, isOwn: false });
    }
  });

  it("takes the extension's own environment when there is nothing else", () => {
    const own = program("storage");
    assert.deepEqual(locate({ ...none, own }), { command: own, isOwn: true });
    const installed = program("one");
    assert.deepEqual(locate({ ...none, own, path: path("one") }), {
      command: installed,
      isOwn: false,
    });
    problem({ ...none, own: join(folder, "gone", "festina") });
  });

  it("does not fall back when the setting is wrong", () => {
    const path_ = path("one");
    program("one");
    for (const configured of ["/nowhere/festina", "festina", folder]) {
      const said = problem({ ...none, configured, path: path_ });
      assert.ok(said.includes(`"${configured}"`) && said.includes("festina.server.path"), said);
    }
  });

  it("looks where pipx and uv install when the PATH has none", () => {
    const file = program("home", ".local", "bin");
    assert.equal(homedir(), join(folder, "home"));
    assert.deepEqual(locate(none), { command: file, isOwn: false });
  });

  it("passes over what cannot be run, and says how to install", () => {
    chmodSync(program("one"), 0o644);
    mkdirSync(join(folder, "two", "festina"), { recursive: true });
    const said = problem({ ...none, path: path("one", "two") });
    assert.match(said, /pipx install/);
    assert.match(said, /festina\.server\.path/);
  });

  it("never takes a relative entry of the PATH", () => {
    const here = process.cwd();
    program("one");
    process.chdir(folder);
    try {
      problem({ ...none, path: ["one", ".", ""].join(delimiter) });
    } finally {
      process.chdir(here);
    }
  });

  it("does not run what lies in a workspace that is not trusted", () => {
    const theirs = program("work", ".venv", "bin");
    const distrusted = [join(folder, "work")];
    const said = problem({ ...none, path: path("work/.venv/bin"), distrusted });
    assert.ok(said.includes(theirs) && said.includes("Trust the workspace"), said);

    symlinkSync(join(folder, "work", ".venv", "bin"), join(folder, "link"));
    problem({ ...none, path: path("link"), distrusted });

    problem({ ...none, interpreters: [join(folder, "work", ".venv")], distrusted });

    const elsewhere = program("work-tools");
    const both = path("work/.venv/bin", "work-tools");
    assert.deepEqual(locate({ ...none, path: both, distrusted }), {
      command: elsewhere,
      isOwn: false,
    });
    assert.deepEqual(locate({ ...none, path: both }), { command: theirs, isOwn: false });
  });
});
