"""Wrong edits that try to look right: none of them may be applicable.

First line of defence: what happened in the run (records, who answers for them, files that changed).
Second: what the edit newly uses (`festina.verify.suspicion`). Code shares its interpreter with its
judge, so both can be deceived by someone who sets out to; the cheats marked ``passed`` say where.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import cheats, projects

SETTINGS = VerifySettings(
    gates=("tests",), python=sys.executable, tests_args=("--disable-plugin-autoload",)
)
CORPUS = cheats.corpus()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return projects.make(tmp_path_factory.mktemp("cheats") / "project", cheats.PROJECT)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture
async def verifier(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    verifier = Engine(cache=cache, fast=False)
    yield verifier
    await verifier.aclose()


@pytest.mark.parametrize("name", CORPUS)
async def test_a_cheat(verifier: Engine, root: Path, name: str) -> None:
    text, status = CORPUS[name]
    old = (root / "calc/core.py").read_text()
    before = projects.digest(root)
    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate("calc/core.py", old, text))
    assert verdict.status is status, verdict.summary()
    assert projects.digest(root) == before
