"""The format gate: only what the edit touches, as the project's own formatter writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Gate, Status
from festina.verify import format_gate
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects

FORMATTED = (
    "import os\n\n\ndef f(a, b):\n    return os.path.join(a, b)\n\n\ndef g():\n    return 1\n"
)
BAD = FORMATTED.replace("def g():\n    return 1", "def g( ):\n    return [ 1,2 ]")
"""Its ``f`` is formatted, its ``g`` is not."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "w", "=== pyproject.toml\n[tool.ruff]\nline-length = 60\n")


async def check(root: Path, old: str, new: str) -> list[tuple[int | None, int | None]]:
    result = await format_gate.check(Candidate("m.py", old, new), root, None)
    assert result.status is (Status.FAILED if result.findings else Status.PASSED)
    return [(finding.line, finding.end_line) for finding in result.findings]


async def test_what_the_edit_writes_must_be_formatted(root: Path) -> None:
    new = FORMATTED.replace("    return 1", "    return [ 1,\n      2]")
    result = await format_gate.check(Candidate("m.py", FORMATTED, new), root, None)
    (finding,) = result.findings
    assert (result.status, finding.gate) == (Status.FAILED, Gate.FORMAT)
    assert (finding.line, finding.end_line, finding.code) == (9, 10, "format")
    assert finding.message == "ruff format would write these lines differently"
    assert finding.detail == "-    return [ 1,\n-      2]\n+    return [1, 2]"
    assert await check(root, FORMATTED, FORMATTED.replace("return 1", "return 2")) == []


async def test_what_it_does_not_touch_is_not_held_against_it(root: Path) -> None:
    assert await check(root, BAD, BAD.replace("join(a, b)", "join(b, a)")) == []
    assert await check(root, BAD, BAD.replace("join(a, b)", "join( b,a )")) == [(5, 5)]
    assert await check(root, BAD, "# a comment\n" + BAD) == []


async def test_a_line_that_was_no_better_before(root: Path) -> None:
    assert await check(root, BAD, BAD.replace("[ 1,2 ]", "[ 1,2,3 ]")) == []
    assert await check(root, BAD, BAD.replace("[ 1,2 ]", "[1, 2, 3]")) == []
    two = "    x = [ 1,2 ]\n    y = 1\n    z = [ 1,2 ]\n    return [ 1,2 ]"
    assert await check(root, BAD, BAD.replace("    return [ 1,2 ]", two)) == [(11, 12)]


async def test_the_same_fault_elsewhere_excuses_none(root: Path) -> None:
    copied = BAD.replace("\n\n\ndef f", "\n\n\ndef g( ):\n    return [ 1,2 ]\n\n\ndef f")
    assert await check(root, BAD, copied) == [(4, 5)]


async def test_blank_lines_around_the_edit(root: Path) -> None:
    missing = FORMATTED + "def h():\n    return 2\n"
    assert await check(root, FORMATTED, missing) == [(10, 10)]
    assert await check(root, FORMATTED, FORMATTED.replace("b)\n\n\n", "b)\n\n")) == [(7, 7)]
    assert await check(root, missing, missing.replace("return 1", "return 3")) == []


async def test_line_ends_and_the_end_of_the_file(root: Path) -> None:
    windows = FORMATTED.replace("\n", "\r\n")
    assert await check(root, windows, windows.replace("return 1", "return 2")) == []
    assert await check(root, FORMATTED, FORMATTED.rstrip("\n") + "  # end") == [(9, 9)]


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ("=== a.txt\n", Status.SKIPPED, "configures neither ruff nor black"),
        ("=== pyproject.toml\n[tool.black]\n", Status.UNVERIFIED, "is not in its environment"),
        ("=== pyproject.toml\n[tool.black]\n[tool.ruff.format]\n", Status.FAILED, ""),
        ("=== ruff.toml\n[format]\nindent-style = 'tab'\n", Status.FAILED, ""),
        ("=== ruff.toml\nextend-exclude = ['m.py']\n", Status.PASSED, ""),
        ("=== ruff.toml\nline-length = 'x'\n", Status.UNVERIFIED, "could not format m.py"),
    ],
)
async def test_the_projects_configuration_decides(
    tmp_path: Path, files: str, status: Status, words: str
) -> None:
    root = projects.make(tmp_path / "w", files)
    result = await format_gate.check(Candidate("m.py", "x = 1\n", "x = [ 1 ]\n"), root, None)
    assert result.status is status
    assert words in (result.reason or "")


async def test_blacks_own_program(tmp_path: Path) -> None:
    root = projects.make(tmp_path / "w", "=== pyproject.toml\n[tool.black]\n")
    folder = tmp_path / "env"
    folder.mkdir()
    black = folder / "black"
    black.write_text("#!/bin/sh\nsed 's/  *,/,/'\n")
    black.chmod(0o755)
    candidate = Candidate("m.py", "x = 1\n", "x = (1 , 2)\n")
    result = await format_gate.check(candidate, root, folder / "python")
    assert [finding.message for finding in result.findings] == ["black would write: x = (1, 2)"]


async def test_it_is_off_until_it_is_asked_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "format" not in VerifySettings().gates
    verifier = Engine(cache=tmp_path / "baselines")
    settings = VerifySettings(gates=("syntax", "lint", "format"))
    (root / "m.py").write_text("x = 1\n")
    candidate = Candidate("m.py", "x = 1\n", "x = [ 1 ]\n")
    verdict = await verifier.verify(Snapshot(root, settings=settings), candidate)
    assert verdict.summary().startswith("format failed: ruff format would")
    # configuration that is not saved yet counts
    buffers = {"pyproject.toml": "[tool.ruff]\nextend-exclude = ['m.py']\n"}
    unsaved = await verifier.verify(Snapshot(root, buffers, settings=settings), candidate)
    assert unsaved.status is Status.PASSED
    await verifier.aclose()
