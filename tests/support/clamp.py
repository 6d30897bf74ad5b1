"""A project of two functions and four quick tests, for end-to-end tests of the protocol."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from support import desk
from support.buffer import Buffer
from support.editor import Editor

MODULE = "mod.py"
SOURCE = """\
def clamp(value, low, high):
    value = value + 0
    low = low + 0
    high = high + 0
    return max(low, value)


def double(value):
    return value + value
"""
TESTS = """\
from mod import clamp, double


def test_low():
    assert clamp(-1, 0, 9) == 0


def test_inside():
    assert clamp(5, 0, 9) == 5


def test_double():
    assert double(2) == 4


def test_double_of_nothing():
    assert double(0) == 0
"""
CLAMP = (0, 5)
"""The zero-based lines ``[start, end)`` of clamp."""
DOUBLE = (7, 9)
GOOD = """\
def clamp(value, low, high):
    value = value * 1
    low = low + 0
    high = high * 1
    return min(high, max(low, value))
"""
"""Three hunks, each of which passes alone."""
WRONG = GOOD.replace("min(high, max(low, value))", "high")
TWICE = "def double(value):\n    return 2 * value\n"


def put(workspace: Path, source: str = SOURCE, tests: str = TESTS) -> str:
    """Write the project into a folder, and return the module's text."""
    (workspace / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (workspace / MODULE).write_bytes(source.encode())
    (workspace / "test_mod.py").write_text(tests)
    return source


def of(text: str) -> str:
    """Return the source of clamp."""
    return text[: text.index("\n\n\n") + 1]


def fenced(code: str) -> str:
    """Return code as a model answers it."""
    return f"```python\n{code}```\n"


def by_region(body: dict[str, Any]) -> str:
    """Answer for whichever of the two functions is asked for."""
    asked = body["messages"][-1]["content"].split("The region to rewrite:")[1]
    return fenced(TWICE if re.search(r"def double", asked) else GOOD)


def argument(buffer: Buffer, lines: tuple[int, int] = CLAMP, **more: Any) -> dict[str, Any]:
    """Return the argument of ``festina.propose`` for lines ``[start, end)``."""
    start, end = ({"line": line, "character": 0} for line in lines)
    span = {"range": {"start": start, "end": end}}
    return {"uri": buffer.uri, **span, "instruction": "respect the bound", **more}


async def propose(editor: Editor, buffer: Buffer, *lines: tuple[int, int], **more: Any) -> str:
    """Ask for an edit; return the proposal's id."""
    answer = await editor.execute("festina.propose", argument(buffer, *lines, **more))
    assert "proposal" in answer, answer
    return str(answer["proposal"])


async def reach(editor: Editor, proposal: str, *states: str) -> dict[str, Any]:
    """Wait for a state of a proposal, in an editor that takes notifications."""

    def there() -> dict[str, Any] | None:
        seen = editor.proposal(proposal)
        return seen if seen is not None and seen["state"] in states else None

    found = await editor.until(there, f"{proposal} {states}")
    assert found is not None
    return found


config = desk.config
