"""What is copied, what is shown, what is left out, and that links are never written through."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from festina.verify import baseline, shadow, state
from festina.verify.base import Snapshot
from festina.verify.baseline import Baselines
from festina.verify.record import Run
from support import projects


def workspace(tmp_path: Path) -> Path:
    root = projects.make(
        tmp_path / "workspace",
        """
        === a.py
        A = 1
        === pkg/b.py
        B = 1
        === .env
        SECRET=1
        === .env.local
        SECRET=1
        === .env.example
        SECRET=
        === env/pyvenv.cfg
        === web/node_modules/x.js
        === .git/HEAD
        === pkg/__pycache__/b.pyc
        === .tox/x
        === target/CACHEDIR.TAG
        === target/debug/large
        """,
    )
    (root / "run.sh").write_text("exit\n")
    (root / "run.sh").chmod(0o755)
    (root / "to_b.py").symlink_to("pkg/b.py")
    (root / "away").symlink_to("/nowhere/at/all")
    os.utime(root / "a.py", ns=(10**18, 10**18 + 7))
    os.mkfifo(root / "pipe")
    return root


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """For root no folder is closed: be somebody else for the while."""
    root = not os.geteuid()
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_is_closed_to_us_is_left_alone() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = projects.make(Path(name), "=== a.py\n=== closed/x\n=== listed/x\n")
        modes = {root: 0o755, root / "closed": 0o000, root / "listed": 0o444}
        for folder, mode in modes.items():
            folder.chmod(mode)
        with as_nobody():
            tree = shadow.survey(root)
        for folder in modes:
            folder.chmod(0o755)
    assert {entry.path for entry in tree.entries} == {"a.py", "closed", "listed"}


def test_a_copy_is_faithful(tmp_path: Path) -> None:
    root = workspace(tmp_path)
    tree = shadow.survey(root)
    assert tree.shown == (".git", "env", "web/node_modules")
    names = {entry.path for entry in tree.entries}
    assert names == {".env.example", "a.py", "away", "pkg", "pkg/b.py", "run.sh", "to_b.py", "web"}
    copy = tmp_path / "copy"
    copy.mkdir()
    shadow.copy(tree, root, copy)
    assert (copy / "a.py").stat().st_mtime_ns == 10**18 + 7
    assert stat.S_IMODE((copy / "run.sh").stat().st_mode) == 0o755
    assert (copy / "to_b.py").readlink() == Path("pkg/b.py")
    assert (copy / "away").readlink() == Path("/nowhere/at/all")
    again = tmp_path / "again"
    shadow.clone(copy, again)
    assert projects.digest(again) == projects.digest(copy)


def test_a_workspace_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    root = workspace(tmp_path)
    tree = shadow.survey(root)
    (root / "pkg/b.py").write_text("B = 22\n")
    (tmp_path / "one").mkdir()
    with pytest.raises(shadow.Changed):
        shadow.copy(tree, root, tmp_path / "one")
    (root / "pkg/b.py").unlink()
    (tmp_path / "two").mkdir()
    with pytest.raises(shadow.Changed):
        shadow.copy(tree, root, tmp_path / "two")


def test_odd_things_in_the_tree_are_left_out_or_kept_as_they_are(tmp_path: Path) -> None:
    root, copy = tmp_path / "project", tmp_path / "copy"
    root.mkdir()
    copy.mkdir()
    (root / "nowhere").symlink_to("/no/such/place")
    (root / "outside").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
    (root / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    (root / ("x" * 255)).write_text("x")
    tree = shadow.survey(root)
    shadow.copy(tree, root, copy)
    found = {os.fsencode(path.name): path.is_symlink() for path in copy.iterdir()}
    links = dict.fromkeys((b"nowhere", b"outside", b"loop"), True)
    assert found == {**links, b"caf\xe9.txt": False, b"x" * 255: False}


@pytest.mark.parametrize("becomes", ["gone", "a folder", "a file in the place of a folder"])
def test_what_changes_its_kind_while_it_is_copied_is_a_change(tmp_path: Path, becomes: str) -> None:
    root, copy = tmp_path / "project", tmp_path / "copy"
    (root / "a").mkdir(parents=True)
    (root / "a" / "b").write_text("x")
    copy.mkdir()
    tree = shadow.survey(root)
    (root / "a" / "b").unlink()
    if becomes == "a folder":
        (root / "a" / "b").mkdir()
    elif becomes != "gone":
        (root / "a").rmdir()
        (root / "a").touch()
    with pytest.raises(shadow.Changed):
        shadow.copy(tree, root, copy)


def test_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "MAX_FILES", 3)
    with pytest.raises(shadow.TooLarge, match="more than 3 files"):
        shadow.survey(workspace(tmp_path))


def test_places_are_real_and_inside(tmp_path: Path) -> None:
    root = workspace(tmp_path)
    assert shadow.locate(root, "to_b.py") == "pkg/b.py"
    assert shadow.locate(root, "new.py") == "new.py"
    for path in ("away", "../outside.py", "pkg/../../x"):
        with pytest.raises(shadow.Outside):
            shadow.locate(root, path)


def test_a_laid_file_has_a_second_of_its_own(tmp_path: Path) -> None:
    """A cached .pyc counts as current when second and size of its source agree."""
    target = tmp_path / "a.py"
    target.write_text("A = 1\n")
    target.chmod(0o640)
    os.link(target, tmp_path / "other")
    before = int(target.stat().st_mtime)
    shadow.lay(tmp_path, "a.py", "A = 2\n\udc80")
    assert int(target.stat().st_mtime) != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes() == b"A = 2\n\xed\xb2\x80"
    assert (tmp_path / "other").read_text() == "A = 1\n"


def test_buffers_equal_to_the_disk_do_not_count(tmp_path: Path) -> None:
    root = workspace(tmp_path)
    buffers = {"a.py": "A = 1\n", "to_b.py": "B = 2\n", "new.py": "N = 1\n", "../x.py": ""}
    assert shadow.overlay(Snapshot(root, buffers)) == {"pkg/b.py": "B = 2\n", "new.py": "N = 1\n"}


async def test_bases_are_shared_and_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = workspace(tmp_path)
    states = state.States()
    for number in range(4):
        (root / "a.py").write_text(f"A = {number}{number}\n")
        current = await states.of(Snapshot(root, {"pkg/b.py": "B = 5\n"}))

        async def use() -> tuple[str, str]:
            async with states.copy(current) as copy:  # noqa: B023
                return (copy / "a.py").read_text(), (copy / "pkg/b.py").read_text()

        texts = await asyncio.gather(use(), use(), use())
        assert set(texts) == {(f"A = {number}{number}\n", "B = 5\n")}
    folders = sorted(path.name.partition("-")[0] for path in (await states.scratch()).iterdir())
    assert folders == ["base", "base"]
    assert states._users == states._making == {}  # a server lives for days
    (root / "a.py").write_text("A = 5\n")  # `current` can no longer be copied
    with pytest.raises(shadow.Changed):
        async with states.copy(dataclasses.replace(current, fingerprint="another")):
            pass
    assert states._users == states._making == {}
    await states.aclose()
    assert list((tmp_path / "cache").rglob("base-*")) == []


# Baselines


def finished() -> Run:
    run = Run(started=True, ids=("t::a",), end=0, seconds=2.0, returncode=0)
    run.add({"kind": "report", "id": "t::a", "when": "call", "outcome": "failed", "part": False})
    return run


async def test_a_baseline_is_made_once_and_kept_on_disk(tmp_path: Path) -> None:
    made = 0
    go = asyncio.Event()

    async def make() -> Run:
        nonlocal made
        made += 1
        await go.wait()
        return finished()

    baselines = Baselines(tmp_path)
    waiting = [asyncio.create_task(baselines.get("key", make)) for _ in range(5)]
    await asyncio.sleep(0)
    go.set()
    runs = await asyncio.gather(*waiting)
    assert made == 1
    later = await Baselines(tmp_path).get("key", make)
    assert made == 1
    assert later == runs[0]
    assert later.failing == {"t::a"}
    await Baselines(tmp_path).get("other", make)
    assert made == 2
    for path in tmp_path.glob("*.json"):
        path.write_text("{}")
    await Baselines(tmp_path).get("key", make)
    assert made == 3


async def test_baselines_that_were_not_used_for_longest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    async def get(baselines: Baselines, key: str) -> None:
        async def make() -> Run:
            made.append(key)
            return finished()

        await baselines.get(key, make)
        for path in tmp_path.glob("*.json"):  # a second older: file times may be coarse
            times = path.stat()
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns - 10**9))

    monkeypatch.setattr(baseline, "_AT_HAND", 2)
    at_hand = Baselines(None)
    for key in ("a", "b", "a", "c", "a", "b"):
        await get(at_hand, key)
    assert made == ["a", "b", "c", "b"]

    made.clear()
    await get(Baselines(tmp_path), "a")
    size = next(tmp_path.glob("*.json")).stat().st_size
    monkeypatch.setattr(baseline, "_KEPT_BYTES", 2 * size)
    for key in ("b", "a", "c", "a", "b"):
        await get(Baselines(tmp_path), key)
    assert made == ["a", "b", "c", "b"]
    assert len(list(tmp_path.glob("*.json"))) == 2


async def test_a_broken_baseline_is_tried_again(tmp_path: Path) -> None:
    made = 0

    async def make() -> Run:
        nonlocal made
        made += 1
        return Run(returncode=1)

    baselines = Baselines(tmp_path)
    await baselines.get("key", make)
    await baselines.get("key", make)
    assert made == 2
    assert list(tmp_path.iterdir()) == []


async def test_the_last_to_lose_interest_ends_a_baseline() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def make() -> Run:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    baselines = Baselines(None)
    one, two = (asyncio.create_task(baselines.get("key", make)) for _ in range(2))
    await begun.wait()
    one.cancel()
    await asyncio.wait([one])
    assert not ended.is_set()
    two.cancel()
    await asyncio.wait([two])
    assert ended.is_set()


async def test_a_baseline_that_is_being_ended_does_not_hide_the_next_one() -> None:
    begun, made = asyncio.Event(), 0

    async def slow() -> Run:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # killing processes takes a while
            await asyncio.sleep(0)
        raise AssertionError

    async def make() -> Run:
        nonlocal made
        made += 1
        for _ in range(10):
            await asyncio.sleep(0)
        return finished()

    baselines = Baselines(None)
    given_up = asyncio.create_task(baselines.get("key", slow))
    await begun.wait()
    given_up.cancel()
    await asyncio.sleep(0)
    one = asyncio.create_task(baselines.get("key", make))
    await asyncio.wait([given_up])
    await baselines.get("key", make)
    await one
    assert made == 1


async def test_half_a_baseline_is_not_left_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make() -> Run:
        return finished()

    def full(data: object, file: IO[str]) -> None:
        file.write("{")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(baseline.json, "dump", full)
        assert (await Baselines(tmp_path).get("key", make)).failing == {"t::a"}
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "killed.json.new").touch()
    os.utime(tmp_path / "killed.json.new", (1, 1))
    monkeypatch.setattr(baseline, "_KEPT", 1)
    await Baselines(tmp_path).get("key", make)
    assert len(list(tmp_path.iterdir())) == 1
