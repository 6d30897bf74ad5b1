"""A project in which one edit passes the tests that it can affect, and fails another: state leaks.

``scoped`` is entered by one test alone. An edit of it that stops cleaning up passes that test, and
fails a later one, which enters no function of the module. The whole suite takes its time, so that
a person can accept before it has ended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import clamp
from support.buffer import Buffer
from support.editor import Editor

MODULE = "registry.py"
SOURCE = """\
KNOWN = {}


def scoped(name, value):
    KNOWN[name] = value
    found = dict(KNOWN)
    del KNOWN[name]
    return found


def double(value):
    return value + value
"""
TESTS = """\
import time

from registry import KNOWN, double, scoped


def test_scoped():
    assert scoped("a", 1) == {"a": 1}


def test_that_takes_long():
    time.sleep(2)


def test_nothing_is_left():
    assert KNOWN == {}


def test_double():
    assert double(2) == 4
"""
SCOPED = (3, 8)
"""The zero-based lines ``[start, end)`` of scoped."""
GOOD = """\
def scoped(name, value):
    KNOWN[name] = value
    found = dict(KNOWN)
    KNOWN.pop(name)
    return found
"""
LEAKS = """\
def scoped(name, value):
    KNOWN[name] = value
    found = dict(KNOWN)
    return found
"""
TEST = "test_registry.py::test_nothing_is_left"


def put(workspace: Path) -> None:
    """Write the project into a folder."""
    (workspace / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (workspace / MODULE).write_text(SOURCE)
    (workspace / "test_registry.py").write_text(TESTS)


async def propose(editor: Editor, buffer: Buffer, **more: Any) -> str:
    """Ask for an edit of ``scoped``; return the proposal's id."""
    return await clamp.propose(editor, buffer, SCOPED, **more)


def scope_of(proposal: dict[str, Any]) -> str:
    """Return what the verdict of a notification rests on."""
    tests = [gate["tests"] for gate in proposal["verdict"]["gates"] if gate["gate"] == "tests"]
    return str(tests[0]["scope"])
