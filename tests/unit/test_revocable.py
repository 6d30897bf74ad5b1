"""Trust is withdrawn: all that runs ends, and nothing starts of what had begun before."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from festina.config import VerifySettings
from festina.findings import Gate, Status, Verdict
from festina.session import Session
from festina.verify import interpreter, process, sandbox
from festina.verify.base import Candidate
from festina.verify.engine import Engine
from festina.verify.leave import Leave, Withdrawn
from festina.verify.revocable import Revocable
from support import projects
from support.processes import children_of, runs_tests, wait_until_gone

SETTINGS = VerifySettings(
    python=sys.executable, tests_args=("--disable-plugin-autoload",), gates=("syntax", "tests")
)
OLD = "def f():\n    return 1\n"
TESTS = "from mod import f\n\n\ndef test_f():\n    assert f() == 1\n"
FOREVER = TESTS + "\n\ndef test_for_a_minute():\n    import time\n\n    time.sleep(60)\n"
EDIT = Candidate("mod.py", OLD, OLD.replace("1", "0 + 1"))


class Trusted:
    """A verifier of one project whose trust can be withdrawn, and what it starts."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.session = Session(roots=(root,), trusted_by_editor=True)
        self.verifier = Revocable(self.session.as_trusted, lambda: Engine(cache=cache))
        self.started: list[str] = []
        self.before = children_of(os.getpid())

    @property
    def snapshot(self) -> Any:
        """The project as it is frozen now."""
        snapshot = self.session.snapshot(self.root)
        return type(snapshot)(self.root, settings=SETTINGS, trusted=snapshot.trusted)

    def write(self, tests: str) -> None:
        projects.make(self.root, f"=== mod.py\n{OLD}=== test_mod.py\n{tests}=== conftest.py\n")

    def withdraw(self) -> None:
        self.session.trusted_by_editor = False
        self.verifier.revoke()

    def running(self) -> set[int]:
        return children_of(os.getpid()) - self.before

    async def all_gone(self) -> None:
        async with asyncio.timeout(30):
            while self.running():
                await asyncio.sleep(0.01)


@pytest.fixture
async def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trusted]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    await sandbox.probe()
    one = Trusted(tmp_path / "project", tmp_path / "baselines")
    yield one
    await one.verifier.aclose()
    assert not one.running()
    assert not list((tmp_path / "cache").rglob("*-[0-9]*"))
    assert asyncio.all_tasks() == {asyncio.current_task()}


def unrun(verdict: Verdict) -> bool:
    """Whether tests were not run, for want of trust."""
    gate = verdict.gate(Gate.TESTS)
    assert gate is not None
    return verdict.status is Status.UNVERIFIED and "not trusted" in str(gate.reason)


async def test_what_runs_and_what_is_kept_warm_ends_at_once(trusted: Trusted) -> None:
    trusted.write(FOREVER)
    verifier, snapshot = trusted.verifier, trusted.snapshot
    await verifier.prepare(snapshot, "mod.py")
    asked = asyncio.create_task(verifier.verify(snapshot, EDIT))
    async with asyncio.timeout(60):
        while sum(map(runs_tests, trusted.running())) < 2:  # a run, and a server to fork from
            await asyncio.sleep(0.01)
    seen = trusted.running()
    trusted.withdraw()
    assert not await asyncio.to_thread(wait_until_gone, seen, 30.0)
    assert unrun(await asked)
    await trusted.all_gone()


@pytest.mark.parametrize("number", range(1, 6))
async def test_nothing_starts_of_what_was_about_to(
    trusted: Trusted, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trust goes in the last moment before a program starts: the first one, the second one..."""
    trusted.write(TESTS)
    launch, withdrawn = process.launch, asyncio.Event()
    asked_for, refused, late = 0, 0, []

    async def last_moment(*arguments: Any, **options: Any) -> Any:
        nonlocal asked_for, refused
        asked_for += 1
        mine = asked_for
        if mine == number:
            trusted.withdraw()
            withdrawn.set()
        try:
            done = await launch(*arguments, **options)
        except Withdrawn:
            refused += 1
            raise
        if mine > number:
            late.append(done)
        return done

    monkeypatch.setattr(process, "launch", last_moment)
    verifier, snapshot = trusted.verifier, trusted.snapshot
    await verifier.prepare(snapshot, "mod.py")
    verdict = await verifier.verify(snapshot, EDIT)
    async with asyncio.timeout(60):
        await withdrawn.wait()  # the last ones are started after the verdict
    await trusted.all_gone()
    assert refused
    assert late == []
    assert unrun(verdict) or (verdict.status is Status.PASSED and number > 3)


async def test_what_was_frozen_before_is_verified_by_the_trust_there_is(trusted: Trusted) -> None:
    trusted.write(TESTS)
    snapshot = trusted.snapshot
    trusted.withdraw()
    await trusted.verifier.prepare(snapshot, "mod.py")
    assert unrun(await trusted.verifier.verify(snapshot, EDIT))
    bare = await trusted.verifier.fingerprint(snapshot)
    assert bare == await trusted.verifier.fingerprint(trusted.snapshot)
    assert not trusted.running()


async def test_whoever_is_trusted_still_is_asked_again_and_notices_nothing(
    trusted: Trusted,
) -> None:
    trusted.write(TESTS)
    asked = asyncio.create_task(trusted.verifier.verify(trusted.snapshot, EDIT))
    async with asyncio.timeout(60):
        while not any(map(runs_tests, trusted.running())):
            await asyncio.sleep(0.01)
    trusted.verifier.revoke()
    assert (await asked).status is Status.PASSED


async def test_a_cancelled_call_ends_what_it_started_before_it_returns(trusted: Trusted) -> None:
    trusted.write(FOREVER)
    asked = asyncio.create_task(trusted.verifier.verify(trusted.snapshot, EDIT))
    async with asyncio.timeout(60):
        while not any(map(runs_tests, trusted.running())):
            await asyncio.sleep(0.01)
    asked.cancel()
    trusted.withdraw()
    await asyncio.wait([asked])
    assert asked.cancelled()
    await trusted.all_gone()


async def test_which_sandbox_there_is_does_not_depend_on_leave() -> None:
    leave = Leave()
    leave.withdraw()
    with leave.in_force():
        there = await sandbox.probe(fresh=True)
        with pytest.raises(Withdrawn, match=r"^The workspace is no longer trusted\.$"):
            await process.run([sys.executable, "-c", ""], cwd="/", env={}, timeout=30)
    assert there.level == (await sandbox.probe(fresh=True)).level


@pytest.mark.parametrize("supervised", [True, False])
async def test_a_program_ends_at_once_when_its_leave_is_withdrawn(
    supervised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not supervised:
        monkeypatch.delattr(os, "memfd_create")
    leave = Leave()

    async def sleep() -> None:
        code = "import time; time.sleep(600)"
        await process.run([sys.executable, "-c", code], cwd="/", env={}, timeout=None)

    before = children_of(os.getpid())
    with leave.in_force():
        asked = asyncio.create_task(sleep())
    async with asyncio.timeout(30):
        while not children_of(os.getpid()) - before:
            await asyncio.sleep(0.01)
        leave.withdraw()
        await asyncio.wait([asked])
    assert children_of(os.getpid()) == before
    with leave.in_force(), pytest.raises(Withdrawn):
        await sleep()


async def test_closing_waits_for_every_look_at_an_interpreter(
    trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted.write(TESTS)
    asked = []

    async def for_ever(*_: object) -> None:
        asked.append(None)
        await asyncio.Event().wait()

    monkeypatch.setattr(interpreter, "inspect", for_ever)
    waiting = [
        asyncio.create_task(trusted.verifier.fingerprint(trusted.snapshot)) for _ in range(3)
    ]
    async with asyncio.timeout(30):
        while len(asked) < 3:
            await asyncio.sleep(0.01)
        await trusted.verifier.aclose()
    await asyncio.gather(*waiting, return_exceptions=True)
