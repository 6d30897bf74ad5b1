"""The syntax gate."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from festina.findings import Status
from festina.verify import interpreter, lint, process, syntax
from festina.verify.base import Candidate


@pytest.mark.parametrize(
    ("new", "line"),
    [("x = (\n", 1), ("x = 1\nreturn x\n", 2), ("def f():\n  x\n y\n", 3), ("x = '\x00'\n", None)],
)
async def test_errors_fail_with_their_line(new: str, line: int | None) -> None:
    result = await syntax.check(Candidate("m.py", "x = 1\n", new))
    assert result.status is Status.FAILED
    assert line is None or result.findings[0].line == line


@pytest.mark.parametrize("new", ["x = 2\n", "\ufeffx = 2\n", "x = 2\r\ny = 3\r\n", "'\\d'\n"])
async def test_good_files_pass(new: str) -> None:
    assert (await syntax.check(Candidate("m.py", "x = 1\n", new))).status is Status.PASSED


async def test_a_broken_original_is_not_the_candidates_fault() -> None:
    broken = Candidate("m.py", "x = (\n", "x = (\ny = 2\n")
    assert (await syntax.check(broken)).status is Status.SKIPPED
    mended = Candidate("m.py", "x = (\n", "x = ()\n")
    assert (await syntax.check(mended)).status is Status.PASSED


async def test_other_languages_are_skipped() -> None:
    assert (await syntax.check(Candidate("m.js", "", "let x = ("))).status is Status.SKIPPED


async def test_what_only_a_newer_python_knows_is_no_error(tmp_path: Path) -> None:
    newer = tmp_path / "python"
    newer.write_text(f"#!/bin/sh\nexec {sys.executable} -c pass\n")  # accepts everything
    newer.chmod(0o755)
    candidate = Candidate("m.py", "x = 1\n", "x = = 1\n")
    assert (await syntax.check(candidate, newer)).status is Status.PASSED
    assert (await syntax.check(candidate, Path(sys.executable))).status is Status.FAILED


@pytest.mark.parametrize("script", ["kill -9 $$", "exit 127", None])
async def test_a_newer_python_that_does_not_answer_proves_nothing(
    tmp_path: Path, script: str | None
) -> None:
    newer = tmp_path / "python"
    if script is not None:
        newer.write_text(f"#!/bin/sh\n{script}\n")
        newer.chmod(0o755)
    result = await syntax.check(Candidate("m.py", "x = 1\n", "x = = 1\n"), newer)
    assert (result.status, result.findings) == (Status.UNVERIFIED, ())
    assert "Verify again" in (result.reason or "")


async def test_where_no_process_can_be_started_that_is_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "interpreter", lambda: str(tmp_path / "gone"))
    candidate = Candidate("m.py", "x = 1\n", "x = = 1\n")
    binary = Path(sys.executable)
    assert (await syntax.check(candidate, binary)).status is Status.UNVERIFIED
    linted = await lint.check(candidate, lint.Ruff(binary, tmp_path, {}))
    assert linted.status is Status.UNVERIFIED
    assert "could not be started: " in (linted.reason or "")
    assert isinstance(await interpreter.inspect(binary, {}), interpreter.Missing)
