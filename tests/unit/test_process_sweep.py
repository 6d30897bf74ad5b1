"""Scratch directories: swept when their process is gone, and never anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from festina.verify import sweep
from support import processes


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def left_behind() -> Path:
    """A scratch directory of a process that has ended."""
    code = "from festina.verify import sweep; print(sweep.new_scratch())"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def test_a_scratch_directory_is_private_and_named_after_the_process() -> None:
    path = sweep.new_scratch()
    assert path.parent == sweep.scratch_root()
    assert path.name.startswith(f"{os.getpid()}-")
    assert path.stat().st_mode & 0o777 == 0o700
    assert sweep.new_scratch() != path


async def test_what_a_dead_process_left_is_removed() -> None:
    mine, theirs = sweep.new_scratch(), left_behind()
    (theirs / "shadow" / "pkg").mkdir(parents=True)
    (theirs / "shadow" / "pkg" / "x.py").write_text("x")
    assert await sweep.sweep() == 1
    assert mine.is_dir()
    assert not theirs.exists()


async def test_nothing_to_sweep() -> None:
    assert await sweep.sweep() == 0


def test_a_reused_process_number_is_told_apart() -> None:
    path = sweep.new_scratch()
    process, started, rest = path.name.split("-")
    other = path.with_name(f"{process}-{int(started) - 1}-{rest}")
    other.mkdir()
    assert sweep.sweep_now() == 1
    assert path.is_dir()
    assert not other.exists()


def test_foreign_names_and_young_ones_of_other_machines_stay() -> None:
    theirs = left_behind()
    process, started, rest = theirs.name.split("-")
    elsewhere = theirs.with_name(f"{process}-{started}-{'0' * 8}{rest[8:]}")
    elsewhere.mkdir()
    keep = [elsewhere, theirs.with_name("notes"), theirs.with_name("1-x-y"), theirs.with_name("9")]
    for path in keep[1:]:
        path.mkdir()
    assert sweep.sweep_now() == 1
    assert all(path.is_dir() for path in keep)
    os.utime(elsewhere, (0, 0))
    assert sweep.sweep_now() == 1
    assert not elsewhere.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o750)
    (outside / "precious").write_text("x")
    theirs = left_behind()
    (theirs / "directory").symlink_to(outside)
    (theirs / "file").symlink_to(outside / "precious")
    (theirs / "hard").hardlink_to(outside / "precious")
    (theirs / "nowhere").symlink_to("missing")
    assert sweep.sweep_now() == 1
    assert (outside / "precious").read_text() == "x"
    assert outside.stat().st_mode & 0o777 == 0o750


def test_an_entry_that_is_a_link_itself_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    theirs = left_behind()
    theirs.rmdir()
    theirs.symlink_to(outside)
    assert sweep.sweep_now() == 0
    assert (outside / "precious").exists()


def test_directories_without_permissions() -> None:
    theirs = left_behind()
    (theirs / "a" / "b" / "c").mkdir(parents=True)
    (theirs / "a" / "b" / "c" / "x").write_text("x")
    for name in ("a/b/c", "a/b", "a", "."):
        (theirs / name).chmod(0)
    assert sweep.sweep_now() == 1


def test_a_tree_deeper_than_paths_and_stacks_can_be() -> None:
    theirs = left_behind()
    here = os.open(theirs, os.O_DIRECTORY)
    for _ in range(1100):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert sweep.sweep_now() == 1
    assert not theirs.exists()


def test_odd_files() -> None:
    theirs = left_behind()
    os.mkfifo(theirs / "pipe")
    Path(os.fsdecode(os.fsencode(theirs) + b"/\xff\n")).write_text("x")
    assert sweep.sweep_now() == 1


def test_removing_what_is_not_there() -> None:
    sweep.remove(sweep.scratch_root() / "missing")


def test_removing_leaves_no_descriptors() -> None:
    path = sweep.new_scratch()
    (path / "a" / "b").mkdir(parents=True)
    before = processes.open_descriptors()
    sweep.remove(path)
    assert processes.open_descriptors() <= before
