"""mypy's daemon, kept warm: it says what runs of mypy say, and nothing of a candidate stays."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Finding, Status, Verdict
from festina.verify import types_warm
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects
from support.processes import children_of, wait_until_gone
from support.warm_types import known, warm_of, without_daemons

PROJECT = """
=== pyproject.toml
[tool.mypy]
strict = true
files = ["shop"]
=== shop/__init__.py
=== shop/core.py
from shop.money import Money


def price(count: int) -> Money:
    return Money(count * 3)


def label(count: int) -> str:
    return count
=== shop/money.py
class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents
=== shop/use.py
from shop.core import price

total: int = price(2).cents
"""
SETTINGS = VerifySettings(gates=("types",), python=sys.executable)
SNIPPETS = (
    "x: int = 'a'\n",
    "import os\n",
    "from shop.money import Nothing\n",
    "from shop import use\n",
    "def extra(a: int) -> str:\n    return a\n",
    "def price(count: str) -> int:\n    return 1\n",
    "label = price\n",
    "y = label(1) + 1\n",
    "z = unknown\n",
    "import shop.gone\n",
    "class Money: ...\n",
    "w = price(1).cents  # type: ignore\n",
    "items = []\n",
    "return 1\n",
    "def (\n",
    "# nothing\n",
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return projects.make(tmp_path / "project", PROJECT)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = Engine(cache=tmp_path / "baselines")
    yield engine
    await engine.aclose()


async def judge(engine: Engine, root: Path, new: str, path: str = "shop/core.py") -> Verdict:
    before = projects.digest(root)
    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    candidate = Candidate(path, (root / path).read_text(), new)
    verdict = await engine.verify(snapshot, candidate)
    assert projects.digest(root) == before
    return verdict


def core(root: Path, before: str, after: str) -> str:
    old = (root / "shop/core.py").read_text()
    assert before in old
    return old.replace(before, after)


async def warm(engine: Engine, root: Path) -> None:
    """Judge something, until a daemon is there."""
    await judge(engine, root, core(root, "count * 3", f"count * {random.randrange(10**9)}"))
    assert await known(engine), warm_of(engine)._refused


def places(verdict: Verdict) -> set[tuple[str, int | None, str | None]]:
    return {(one.path, one.line, one.code) for one in verdict.findings}


def daemons() -> set[int]:
    found = set()
    for pid in children_of(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"festina_mypy_daemon" in command and b"python" in command.split(b"\0")[0]:
            found.add(pid)
    return found


async def test_what_it_says(engine: Engine, root: Path) -> None:
    await warm(engine, root)
    asked = warm_of(engine).asked
    fine = await judge(engine, root, core(root, "count * 3", "3 * count"))
    assert fine.status is Status.PASSED  # though `label` is wrong, as it was before
    wrong = await judge(engine, root, core(root, "count * 3", "'three'"))
    assert places(wrong) == {("shop/core.py", 5, "arg-type")}
    other = await judge(engine, root, core(root, "price(count: int)", "price(count: list[int])"))
    assert ("shop/use.py", 3, "arg-type") in places(other)
    # a file that others rest on, and then the first one again: nothing of the candidates is left
    money = "class Money:\n    cents: str\n    def __init__(self, cents: int) -> None: ...\n"
    assert places(await judge(engine, root, money, "shop/money.py")) == {
        ("shop/use.py", 3, "assignment")
    }
    fine = await judge(engine, root, core(root, "count * 3", "count + 3"))
    assert fine.status is Status.PASSED
    assert warm_of(engine).asked == asked + 5
    # what a run cannot go on with is for a run to say
    broken = await judge(engine, root, core(root, "count * 3", "count * ("))
    assert broken.status is Status.UNVERIFIED
    assert warm_of(engine).asked == asked + 5


async def test_texts_of_equal_size_and_second_are_told_apart(engine: Engine, root: Path) -> None:
    await warm(engine, root)
    for _ in range(3):
        for text, status in (("count *  3", Status.PASSED), ("'threes!'", Status.FAILED)):
            verdict = await judge(engine, root, core(root, "count * 3", f"{text:<10}"))
            assert verdict.status is status


async def test_random_edits_are_judged_as_by_runs(
    engine: Engine, root: Path, tmp_path: Path
) -> None:
    plain = Engine(cache=tmp_path / "other")
    without_daemons(plain)
    await warm(engine, root)
    asked, chance, seen = warm_of(engine).asked, random.Random(7), set()
    for _ in range(14):
        path = chance.choice(("shop/core.py", "shop/money.py", "shop/use.py"))
        lines = (root / path).read_text().splitlines(keepends=True)
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randint(0, 1)] = [chance.choice(SNIPPETS)]
        said = await judge(engine, root, "".join(lines), path)
        true = await judge(plain, root, "".join(lines), path)
        assert (said.status, set(said.findings)) == (true.status, set(true.findings)), lines
        seen.add(said.status)
    await plain.aclose()
    assert seen >= {Status.PASSED, Status.FAILED}
    assert warm_of(engine).asked > asked + 5


async def test_a_workspace_that_moves_on(engine: Engine, root: Path) -> None:
    await warm(engine, root)
    pid = daemons()
    asked = warm_of(engine).asked
    # saved texts are laid over: the same daemon
    (root / "shop/use.py").write_text("from shop.core import price\n\ntotal: str = price('a')\n")
    assert (await judge(engine, root, core(root, "count * 3", "3"))).status is Status.PASSED
    fixed = core(root, "count: int) -> Money", "count: str) -> Money")
    assert places(await judge(engine, root, fixed)) == {("shop/core.py", 5, "arg-type")}
    assert warm_of(engine).asked == asked + 2
    assert daemons() == pid
    # another configuration is in force at once, and another daemon's
    file = root / "pyproject.toml"
    file.write_text(file.read_text() + "disable_error_code = ['arg-type']\n")
    wrong = core(root, "count * 3", "'three'")
    assert (await judge(engine, root, wrong)).status is Status.PASSED
    assert await known(engine)
    other = core(root, "count * 3", "'four'")  # what passed once is not asked about again
    assert (await judge(engine, root, other)).status is Status.PASSED
    assert warm_of(engine).asked == asked + 3
    assert len(daemons()) == 1
    assert daemons() != pid
    # a new file is for another copy
    (root / "shop/new.py").write_text("from shop.core import price\n\nprice(1).gone\n")
    assert (await judge(engine, root, core(root, "count * 3", "3"))).status is Status.PASSED
    assert warm_of(engine).asked == asked + 3


async def test_a_killed_daemon_is_replaced(engine: Engine, root: Path) -> None:
    await warm(engine, root)
    wrong = core(root, "count * 3", "'three'")
    for _ in range(2):
        (pid,) = daemons()
        os.kill(pid, 9)
        found = await asyncio.gather(*(judge(engine, root, wrong) for _ in range(3)))
        assert {verdict.status for verdict in found} == {Status.FAILED}
        await known(engine)
        await judge(engine, root, wrong)
        assert await known(engine)
    asked = warm_of(engine).asked
    assert (await judge(engine, root, wrong)).status is Status.FAILED
    assert warm_of(engine).asked == asked + 1
    pids = daemons()
    await engine.aclose()
    assert wait_until_gone(pids) == set()


async def test_cancelled_checks_leave_nothing_of_their_text(engine: Engine, root: Path) -> None:
    await warm(engine, root)
    asked, pid = warm_of(engine).asked, daemons()
    wrong = core(root, "count: int) -> Money", "x: str) -> int")
    for wait in (0.0, 0.004, 0.01, 0.02):
        task = asyncio.create_task(judge(engine, root, wrong))
        await asyncio.sleep(wait)
        task.cancel()
        fine = core(root, "* 3", f"* {wait}".replace("0.", "1"))
        assert (await judge(engine, root, fine)).status is Status.PASSED
        await asyncio.wait([task])
    assert warm_of(engine).asked >= asked + 4
    assert daemons() == pid


async def test_a_daemon_that_says_something_else_is_not_asked(
    engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First it passes a mistake over from the beginning, then only later on."""
    said = types_warm.types_said.findings

    def without(output: str, place: Path, files: frozenset[str]) -> tuple[Finding, ...]:
        found = said(output, place, files)
        return found if not isinstance(files, frozenset) else found[:1]  # as a daemon is read

    wrong = core(root, "count * 3", "'three'")
    with monkeypatch.context() as patch:
        patch.setattr(types_warm.types_said, "findings", without)
        assert (await judge(engine, root, wrong)).status is Status.FAILED
        assert not await known(engine)
        assert "not those of runs" in str(warm_of(engine)._refused)
    warm_of(engine)._refused.clear()
    await warm(engine, root)
    monkeypatch.setattr(types_warm, "_CONFIRMED", 1)
    monkeypatch.setattr(types_warm.types_said, "findings", without)
    assert (
        await judge(engine, root, core(root, "* 3", "* 4") + "\nx: int = ''\n")
    ).status is Status.FAILED
    assert not await known(engine)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("local_partial_types = false", "local.partial.types"),
        ("follow_imports = 'silent'", "follow"),
        ("follow_imports = 'skip'", "follow"),
        ("plugins = ['shop/plugin.py']", "plugins"),
    ],
)
async def test_what_is_nothing_for_a_daemon(
    engine: Engine, root: Path, line: str, why: str
) -> None:
    file = root / "pyproject.toml"
    file.write_text(f"{file.read_text()}{line}\n")
    (root / "shop/plugin.py").write_text(
        "from mypy.plugin import Plugin\n\n\n"
        "def plugin(version: str) -> type[Plugin]:\n    return Plugin\n"
    )
    verdict = await judge(engine, root, core(root, "count * 3", "'three'"))
    assert verdict.status is Status.FAILED
    assert not await known(engine)
    (reason,) = warm_of(engine)._refused.values()
    assert why.replace(".", "_") in reason.replace("-", "_")


async def test_a_daemon_that_does_not_come_back_is_not_asked(
    engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await warm(engine, root)
    said = types_warm.types_said.findings
    calls: list[str] = []

    def forgetful(output: str, place: Path, files: frozenset[str]) -> tuple[Finding, ...]:
        calls.append(output)
        return said(output, place, files)[: -1 if len(calls) == 2 else None]

    monkeypatch.setattr(types_warm.types_said, "findings", forgetful)
    wrong = core(root, "count * 3", "'three'")
    assert (await judge(engine, root, wrong)).status is Status.FAILED
    assert not await known(engine)
    assert "did not come back" in str(warm_of(engine)._refused)
    pids = daemons()
    assert wait_until_gone(pids) == set()


async def test_it_ends_when_it_is_not_used(engine: Engine, root: Path) -> None:
    warm_of(engine)._idle_seconds = 0.5
    await judge(engine, root, core(root, "count * 3", "3"))
    await known(engine)
    async with asyncio.timeout(30):
        while daemons() or warm_of(engine)._kept:
            await asyncio.sleep(0.05)
