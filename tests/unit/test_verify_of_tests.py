"""Edits of tests, and of what prepares or configures them, judged by the tests as edited."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from festina.config import VerifySettings
from festina.findings import Status, TestCounts
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects

PROJECT = """
=== pyproject.toml
[tool.pytest.ini_options]
addopts = []
=== calc.py
def double(value):
    return value * 2
=== tests/conftest.py
import pytest


@pytest.fixture
def two():
    return 2
=== tests/helpers.py
def check(value, wanted):
    assert value == wanted
=== tests/test_calc.py
from calc import double
from helpers import check


def test_double(two):
    check(double(two), 4)


def test_zero():
    assert double(0) == 0
"""

TESTS = "tests/test_calc.py"
SETTINGS = VerifySettings(
    gates=("tests",), python=sys.executable, tests_args=("--disable-plugin-autoload",)
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return projects.make(tmp_path_factory.mktemp("of_tests") / "project", PROJECT)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def verifier(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        engine = Engine(cache=tmp_path_factory.mktemp("engine") / "baselines")
        yield engine
        await engine.aclose()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("path", "old", "new", "status", "said"),
    [
        (TESTS, "(0) == 0\n", "(0) == 0\n    assert double(1) == 2\n", Status.PASSED, ""),
        (TESTS, "(0) == 0\n", "(0) == 0\n\n\ndef test_new():\n    assert 1\n", Status.PASSED, ""),
        (TESTS, "(0) == 0\n", "(0) == 0\n\n\ndef test_new():\n    assert 0\n", Status.FAILED, ""),
        (TESTS, "def test_zero", "def test_none", Status.UNVERIFIED, "test_zero is missing"),
        (TESTS, "def test_zero", "def zero", Status.UNVERIFIED, "test_zero is missing"),
        (
            TESTS,
            "    assert double(0) == 0\n",
            "    import pytest\n\n    pytest.skip()\n",
            Status.UNVERIFIED,
            "test_zero is skipped now",
        ),
        (
            TESTS,
            "    assert double(0) == 0\n",
            "    import pytest\n\n    if double(0):\n        pytest.skip()\n",
            Status.UNVERIFIED,
            "`skip` (line 13)",
        ),
        (TESTS, "(0) == 0", "(0) == 1", Status.FAILED, ""),
        (
            "tests/conftest.py",
            "    return 2\n",
            "    return 2\n\n\ndef pytest_collection_modifyitems(items):\n    del items[0]\n",
            Status.UNVERIFIED,
            "test_double is missing",
        ),
        ("tests/conftest.py", "return 2", "return 1 + 1", Status.PASSED, ""),
        ("tests/conftest.py", "return 2", "return 3", Status.FAILED, ""),
        ("tests/helpers.py", "assert value == wanted", "assert wanted == value", Status.PASSED, ""),
        ("pyproject.toml", "[]", '["-k", "zero"]', Status.UNVERIFIED, "test_double is"),
        ("pyproject.toml", "[]", '["-q"]', Status.UNVERIFIED, "nothing shows"),
    ],
)
async def test_an_edit_of_tests(
    verifier: Engine, root: Path, path: str, old: str, new: str, status: Status, said: str
) -> None:
    text = (root / path).read_text()
    assert text.count(old) == 1
    before = projects.digest(root)
    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate(path, text, text.replace(old, new)))
    assert verdict.status is status, verdict.summary()
    (gate,) = verdict.gates
    assert isinstance(gate.tests, TestCounts)
    assert gate.tests.edited
    assert gate.tests.added == ("def test_new" in new or "def test_none" in new)
    assert said in (gate.reason or "")
    assert ("the edit is of the tests themselves" in verdict.summary()) == (status is Status.PASSED)
    assert projects.digest(root) == before
