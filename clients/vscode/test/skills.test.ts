import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { skillItems } from "../src/skills";

function action(title: string, command: string, argument: unknown) {
  return { title, command: { title, command, arguments: [argument] } };
}

const PLAIN = action("Festina: Add type hints", "festina.propose", { instruction: "x" });
const FOLLOW = action("Festina: Follow the skill tidy", "festina.propose", { skill: "tidy" });
const RUN = action("Festina: Follow the skill tidy in the whole workspace", "festina.runSkill", {
  skill: "tidy",
});
const SAVE = action("Festina: save as a skill (clamp): x", "festina.saveSkill", { proposal: "p1" });
const REVIEW = action("Festina: go to the next edit to review (a.py)", "festina.review", {});

describe("the list of what can be done with skills", () => {
  it("holds the server's actions that are about skills, in its order", () => {
    const others = [{ title: "Organize imports" }, { title: "x", command: "festina.runSkill" }];
    const items = skillItems([PLAIN, FOLLOW, ...others, RUN, SAVE, REVIEW]);
    assert.deepEqual(
      items.map(({ label }) => label),
      [
        "$(mortar-board) Follow the skill tidy",
        "$(multiple-windows) Follow the skill tidy in the whole workspace",
        "$(save) save as a skill (clamp): x",
        "$(arrow-right) go to the next edit to review (a.py)",
      ],
    );
    assert.deepEqual(items[2], {
      label: "$(save) save as a skill (clamp): x",
      command: "festina.saveSkill",
      argument: { proposal: "p1" },
    });
    assert.deepEqual(skillItems([PLAIN]), []);
  });

  it("has commands in the palette for it", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8"));
    const ours = manifest.contributes.commands.map((each: { command: string }) => each.command);
    assert.ok(ours.includes("festina.ui.skill") && ours.includes("festina.ui.review"));
  });
});
