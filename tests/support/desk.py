"""What the end-to-end tests have in common: a real project, a scripted model, an editor at work.

The project is the source of inflection 0.5.1 (455 tests, two seconds).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from support import sdists
from support.buffer import Buffer
from support.editor import Editor
from support.fake_model import FakeModel

MODULE = "inflection/__init__.py"
SIGNATURE = "def dasherize(word: str) -> str:\n"
OLD = "    return word.replace('_', '-')\n"
GOOD = "    return '-'.join(word.split('_'))\n"
WRONG = "    return word.replace('_', '+')\n"
ASK = "split and join"
MARKER = f"    # festina: {ASK}\n"
FIRST = 170
"""Zero-based line of dasherize's signature."""
LENGTH = 10


def put_project(workspace: Path) -> None:
    """Copy the project into the (empty) workspace."""
    source = sdists.fetch("inflection", "0.5.1")
    shutil.copytree(source, workspace, dirs_exist_ok=True)


def region_of(text: str) -> str:
    """Return the source of dasherize in a text of the module."""
    start = text.index(SIGNATURE)
    return text[start : text.index("\n\n\n", start) + 1]


def answer(body: str, text: str) -> str:
    """Return what a model would answer: the whole function with another last line."""
    return "```python\n" + region_of(text).replace(MARKER, "").replace(OLD, body) + "```\n"


def config(
    folder: Path, fake: FakeModel, *, dialect: str = "chat", **verify: Any
) -> dict[str, str]:
    """Write a user's configuration for the fake model; return the environment that names it.

    The project's tests do without the plugins that ours are run with: to import those takes six
    times as long as all the rest of a pytest.
    """
    file = folder / "user-config.toml"
    lines = ["[models.fast]", f'base_url = "{fake.base_url}"', f'model = "{fake.model}"']
    lines += [f'dialect = "{dialect}"', "[verify]", f"python = {json.dumps(sys.executable)}"]
    verify = {"tests.args": ["--disable-plugin-autoload"], **verify}
    lines += [f"{key} = {json.dumps(value)}" for key, value in verify.items()]
    file.write_text("\n".join(lines) + "\n")
    return {"FESTINA_CONFIG": str(file)}


class Watch:
    """What an editor shows of proposals, whatever the editor can show."""

    def __init__(self, editor: Editor, buffer: Buffer) -> None:
        self.editor = editor
        self.buffer = buffer

    @property
    def states(self) -> list[str]:
        """Every state so far, without repetitions in a row."""
        if self.editor.preset.proposals:
            states = [payload["state"] for payload in self.editor.proposals]
        else:
            states = [
                state_of(diagnostic)
                for params in self.editor.client.published
                for diagnostic in params.diagnostics
            ]
        return [s for n, s in enumerate(states) if n == 0 or states[n - 1] != s]

    def state(self) -> str:
        """The state now; empty where nothing is shown."""
        if self.editor.preset.proposals:
            return self.states[-1] if self.states else ""
        shown = self.ours()
        return state_of(shown[0]) if shown else ""

    def ours(self) -> list[lsp.Diagnostic]:
        """Our diagnostics that are shown now."""
        return [d for d in self.editor.diagnostics(self.buffer) if d.source == "festina"]

    async def until(self, *states: str) -> str:
        """Wait for one of some states."""
        return await self.editor.until(
            lambda: self.state() if self.state() in states else "", f"one of {states}"
        )

    async def gone(self) -> None:
        """Wait until the proposal is over and nothing of it is shown."""
        over = {"applied", "dismissed", "cancelled", "stale", "failed"}
        if self.editor.preset.proposals:
            await self.until(*over)
        else:
            await self.editor.until(lambda: not self.ours(), "no diagnostic")


def state_of(diagnostic: lsp.Diagnostic) -> str:
    """The state of the proposal that a diagnostic shows."""
    return str(diagnostic.data["state"])


def titled(actions: list[Any], words: str) -> Any:
    """Return the only action whose title has these words."""
    found = [action for action in actions if words in action.title]
    assert len(found) == 1, [action.title for action in actions]
    return found[0]


async def ask_for_edit(
    editor: Editor, buffer: Buffer, lines: tuple[int, int] = (FIRST, FIRST + LENGTH + 1)
) -> str:
    """Ask by the ``festina:`` comment of the region; return the proposal's id."""
    actions = await editor.code_actions(buffer, lines)
    answer = await editor.choose(titled(actions, ASK))
    assert "proposal" in answer, answer
    return str(answer["proposal"])


async def open_with_marker(editor: Editor) -> Buffer:
    """Open the module and write a ``festina:`` comment into dasherize, unsaved."""
    buffer = await editor.open(MODULE)
    editor.set_text(buffer, buffer.text.replace(OLD, MARKER + OLD))
    return buffer
