"""A plan of six steps over a project of four modules: run, killed in the middle, resumed, finished.

The slow model's plan is recorded, the fast model answers wrongly first in half of the steps, and a
person edits the plan between two of them. The editor has no plugin.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from support import desk, ledger
from support.editor import SECONDS, Editor
from support.noted import noted, rest
from support.presets import VSCODE
from support.trees import hash_tree

FILES = [f"ledger/{name}.py" for name in ("money", "entries", "report", "cli")]


class Desk:
    """A person at an editor who works through the plan."""

    def __init__(self, editor, plan, buffers):
        self.editor, self.plan, self.buffers = editor, plan, buffers
        self.decided = 0

    @classmethod
    async def at(cls, editor):
        plan = await editor.open("plan.md", language="markdown")
        return cls(editor, plan, [await editor.open(name) for name in FILES])

    def line_of(self, words):
        return self.plan.text[: self.plan.text.index(words)].count("\n")

    async def lens(self, words, title):
        async with asyncio.timeout(SECONDS):
            while True:
                for lens in await self.editor.code_lenses(self.plan):
                    here = lens.range.start.line == self.line_of(words)
                    if here and lens.command.title.startswith(title):
                        return lens
                await self.editor.client.something()

    async def run(self, words):
        """Press the lens of a step."""
        lens = await self.lens(words, "Festina: run")
        said = await self.editor.choose(lens.command)
        assert said["ok"], said

    async def accept(self, words, count=1):
        """Accept what a step has come to, once all of it is ready, and save everything."""
        before = rest(self.editor.workspace)
        await self.ready(count)
        lens = await self.lens(words, "Festina: accept")  # of several files: all of them
        assert rest(self.editor.workspace) == before
        while not (await self.editor.choose(lens.command))["ok"]:  # it is judged anew
            await asyncio.sleep(0.05)
            lens = await self.lens(words, "Festina: accept")
        await self.editor.until(lambda: f"- [x] {words}" in self.plan.text)
        for buffer in [self.plan, *self.buffers]:
            self.editor.save(buffer)
        self.decided += count
        await noted(self.editor, self.decided)

    async def ready(self, count):
        def states():
            found = (self.editor.diagnostics(buffer) for buffer in self.buffers)
            return [desk.state_of(each) for some in found for each in some if each.data]

        await self.editor.until(lambda: states().count("ready") == count, f"{count} ready")

    async def do(self, words, count=1):
        await self.run(words)
        await self.accept(words, count)


@pytest.mark.slow
async def test_six_steps_are_run_killed_resumed_and_finished(workspace, tmp_path):
    ledger.put(workspace)
    (workspace / "plan.md").unlink()
    home = tmp_path / "home"
    home.mkdir()
    models = ledger.Models()
    with ledger.fake(models) as fake:
        config = tmp_path / "config.toml"
        config.write_text(ledger.config(fake))
        env = {"FESTINA_CONFIG": str(config)}
        started = Editor.start(VSCODE, workspace, home, env=env)
        editor = await started.__aenter__()
        await editor.execute("festina.plan", {"goal": ledger.GOAL})
        await editor.until(lambda: "6 steps written to plan.md." in str(editor.messages))
        assert (workspace / "plan.md").read_text() == ledger.PLAN
        editor.expected_tree = hash_tree(workspace)
        person = await Desk.at(editor)
        await person.do("Let `parse` take refunds")
        await person.do("Let `show` write the minus")
        # by hand: the third step goes below the fourth, and a note comes between
        third, fourth = ledger.STEPS[2], ledger.STEPS[3]
        editor.set_text(
            person.plan,
            person.plan.text.replace(third + fourth, f"{fourth}\nFirst the order.\n\n{third}"),
        )
        await person.do("Return the categories")
        assert models.asked["by_category"] == 2, "the first answer was beyond the bounds"
        by_hand = person.plan.text
        assert "First the order.\n" in by_hand
        # everything is killed while the fast model writes
        await person.run("Skip empty lines")
        await fake.until(lambda: models.asked["read"] >= 1)
        os.kill(editor.client.process.pid, signal.SIGKILL)
        await editor._kill()
        assert (workspace / "plan.md").read_text() == by_hand
        done = dict(models.asked)

        async with Editor.start(VSCODE, workspace, home, env=env) as editor:
            person, decided = await Desk.at(editor), person.decided
            person.decided = decided
            assert person.plan.text == by_hand
            for words in ("Let `parse` take", "Let `show` write", "Return the categories"):
                assert f"- [x] {words}" in person.plan.text
            await person.do("Skip empty lines")
            await person.do("Begin the report", count=2)
            await person.run("Let categories hold blanks")
            await editor.until(lambda: "Split off date and amount" in person.plan.text)
            person.decided += 1  # that it was rejected is noted as well
            await person.accept("Split off date and amount")
            assert "- [ ]" not in person.plan.text
            assert "First the order.\n" in person.plan.text
        assert models.asked["plan"] == models.asked["anew"] == 1
        for name in ("parse", "show", "by_category"):
            assert models.asked[name] == done[name], "what was accepted is not done again"
    for name, code in ledger.RIGHT.items():
        assert any(code in (workspace / file).read_text() for file in FILES), name
    ran = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=workspace, check=False)
    assert ran.returncode == 0
