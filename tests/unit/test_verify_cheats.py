"""Wrong edits that try to look right: none of them may be applicable (`tests/cheats`).

First line of defence: what happened in the run (records, who answers for them, files that changed).
Second: what the edit newly uses (`festina.verify.suspicion`). Code shares its interpreter with its
judge, so both can be deceived by someone who sets out to; the corpus grows with every way found.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from festina.config import VerifySettings
from festina.findings import Status
from festina.verify.base import Candidate, Scope, Snapshot
from festina.verify.engine import Engine
from support import projects

CHEATS = Path(__file__).parents[1] / "cheats"
EDITED = {"known": "calc/core.py", "blind": "shop/calc.py"}
CORPUS = sorted(
    f"{folder}/{file.stem}" for folder in EDITED for file in (CHEATS / folder).glob("*.py")
)
SETTINGS = VerifySettings(
    gates=("tests",), python=sys.executable, tests_args=("--disable-plugin-autoload",)
)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for folder in EDITED:
        made[folder] = tmp_path_factory.mktemp(folder) / "project"
        shutil.copytree(
            CHEATS / folder / "project",
            made[folder],
            ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"),
        )
    return made


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[
        "impacted",  # new code in old functions, where that will do
        pytest.param("full", marks=pytest.mark.slow),  # afresh, too, in warm processes
        pytest.param("cold", marks=pytest.mark.slow),
    ],
)
async def way(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Engine, Scope]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        cache = tmp_path_factory.mktemp("engine") / "baselines"
        verifier = Engine(cache=cache, fast=request.param != "cold")
        yield verifier, "impacted" if request.param == "impacted" else "full"
        await verifier.aclose()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", CORPUS)
async def test_a_cheat(
    request: pytest.FixtureRequest, way: tuple[Engine, Scope], roots: dict[str, Path], name: str
) -> None:
    verifier, scope = way
    way_is_cold = request.node.callspec.params["way"] == "cold"
    folder = name.partition("/")[0]
    root = roots[folder]
    # as bytes: a lone carriage return is one of them
    text = (CHEATS / f"{name}.py").read_bytes().decode()
    old = (root / EDITED[folder]).read_text()
    before = projects.digest(root)
    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate(EDITED[folder], old, text), scope=scope)
    assert verdict.status is not Status.PASSED, verdict.summary()
    wanted = re.search(r"\((failed|unverified)\)$", text.partition("\n")[0])
    if wanted is not None and way_is_cold:  # what is out of sight in a warm process may fail there
        assert verdict.status == wanted[1], verdict.summary()
    assert projects.digest(root) == before


def test_there_are_enough_of_them() -> None:
    assert len(CORPUS) >= 120
    known = [name for name in CORPUS if name.startswith("known/")]
    first = [(CHEATS / f"{name}.py").read_text().partition("\n")[0] for name in known]
    assert all(re.fullmatch(r"# It .+\. \((failed|unverified)\)", line) for line in first)
