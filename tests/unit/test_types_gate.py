"""The types gate: the project's own checker, new errors only, nothing written to the workspace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Finding, Gate, Severity, Status, Verdict
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects

PROJECT = """
=== pyproject.toml
[tool.mypy]
strict = true
files = ["shop"]
=== shop/__init__.py
=== shop/core.py
def price(count: int) -> int:
    return count * 3


def label(count: int) -> str:
    return count
=== shop/use.py
from shop.core import price

total: int = price(2)
"""
SETTINGS = VerifySettings(gates=("syntax", "types"), python=sys.executable)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return projects.make(tmp_path / "project", PROJECT)


@pytest.fixture
async def verifier(tmp_path: Path) -> AsyncIterator[Engine]:
    verifier = Engine(cache=tmp_path / "baselines")
    yield verifier
    await verifier.aclose()


async def judge(
    verifier: Engine,
    root: Path,
    before: str,
    after: str,
    *,
    wanted: tuple[Finding, ...] = (),
    settings: VerifySettings = SETTINGS,
    trusted: bool = True,
) -> Verdict:
    old = (root / "shop/core.py").read_text()
    assert before in old
    digest = projects.digest(root)
    snapshot = Snapshot(root, settings=settings, trusted=trusted, consent=True)
    candidate = Candidate("shop/core.py", old, old.replace(before, after), wanted)
    verdict = await verifier.verify(snapshot, candidate)
    assert projects.digest(root) == digest
    return verdict


def wish(**more: object) -> tuple[Finding, ...]:
    """What an editor shows of mypy's error in ``label``."""
    message = 'Incompatible return value type (got "int", expected "str")'
    return (Finding(Gate.TYPES, "shop/core.py", message, line=6, code="return-value", **more),)  # type: ignore[arg-type]


async def test_mypy_on_what_the_project_says(verifier: Engine, root: Path) -> None:
    fine = await judge(verifier, root, "count * 3", "3 * count")
    assert fine.status is Status.PASSED
    assert fine.summary().startswith("syntax ok, mypy ok, ")
    wrong = await judge(verifier, root, "count * 3", '"three"')
    (finding,) = wrong.findings
    assert (finding.gate, finding.path, finding.line) == (Gate.TYPES, "shop/core.py", 2)
    assert (finding.code, finding.severity) == ("return-value", Severity.ERROR)
    # another file no longer fits, and that is found there
    other = await judge(verifier, root, "price(count: int)", "price(count: str)")
    assert {found.path for found in other.findings} == {"shop/core.py", "shop/use.py"}
    assert other.status is Status.FAILED
    # what was to be fixed must be gone
    kept = await judge(verifier, root, "count * 3", "3 * count", wanted=wish())
    assert kept.status is Status.FAILED
    gone = await judge(
        verifier, root, "    return count\n", "    return str(count)\n", wanted=wish()
    )
    assert gone.status is Status.PASSED
    unknown = (replace(wish()[0], code="name-defined", message="x"),)
    verdict = await judge(verifier, root, "count * 3", "3 * count", wanted=unknown)
    assert verdict.status is Status.UNVERIFIED
    assert "mypy does not report 'name-defined' without the edit" in verdict.summary()


async def test_what_cannot_be_told(verifier: Engine, root: Path) -> None:
    untrusted = await judge(verifier, root, "count * 3", "3 * count", trusted=False)
    assert "is not trusted" in untrusted.summary()
    (root / "pyproject.toml").write_text("[tool.mypy]\nfiles = ['nowhere']\n")
    broken = await judge(verifier, root, "count * 3", "3 * count")
    assert "mypy could not check the types" in broken.summary()
    off = replace(SETTINGS, gates=("syntax",))
    asked = await judge(verifier, root, "count * 3", "3 * count", wanted=wish(), settings=off)
    assert asked.status is Status.UNVERIFIED
    assert 'is resolved. Add "types" to verify.gates' in asked.summary()


async def test_no_checker_at_all(
    verifier: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "pyproject.toml").unlink()
    verdict = await judge(verifier, root, "count * 3", "3 * count")
    assert "uses no type checker that is installed" in verdict.summary()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("package", ["ty", "basedpyright"])
async def test_other_checkers(verifier: Engine, root: Path, tmp_path: Path, package: str) -> None:
    """Installed in an environment of the project; without an index, this is skipped."""
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", package]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{package} could not be installed: {done.stderr.strip().splitlines()[-1]}")
    (root / "pyproject.toml").write_text(f"[tool.{package}]\n")
    settings = replace(SETTINGS, python=str(python))
    fine = await judge(verifier, root, "count * 3", "3 * count", settings=settings)
    assert fine.status is Status.PASSED, fine.summary()
    assert f"{package} ok" in fine.summary()
    wrong = await judge(verifier, root, "count * 3", '"three"', settings=settings)
    assert [found.line for found in wrong.findings] == [2]
