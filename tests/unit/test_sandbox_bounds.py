"""What no limit of the kernel stops: fork bombs of root, and full disks. For real, and bounded."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from festina.verify import limits, process, sandbox, sandbox_cells
from festina.verify.limits import Limits
from support import cells, levels

MOST = 100
# Each child bombs on, until there have been 1,500 in all: a test must not hurt the machine even
# where what it tests is broken.
BOMB = """
import mmap, os, struct, time
with open({counter!r}, 'w+b') as file:
    file.truncate(8)
    made = mmap.mmap(file.fileno(), 8)
def count(): return struct.unpack('q', made[:])[0]
end = time.monotonic() + 1
while time.monotonic() < end and count() < 1500:
    try:
        if os.fork() != 0: made[:] = struct.pack('q', count() + 1)
    except OSError:
        time.sleep(0.01)
time.sleep(max(0, end - time.monotonic()))
"""


@pytest.fixture(params=list(sandbox.Level))
def level(request: pytest.FixtureRequest) -> sandbox.Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    chosen: sandbox.Level = request.param
    return chosen


@pytest.fixture(params=["bound", "watched"])
def bound(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With what this kernel can do, and as on one that cannot bind user id 0."""
    if request.param == "watched":
        monkeypatch.setattr(sandbox_cells, "pid_max", lambda _: 0)
    return bool(request.param == "bound")


async def test_a_fork_bomb_is_bounded_in_a_cold_run(
    tmp_path: Path, level: sandbox.Level, bound: bool
) -> None:
    box = cells.make_box(tmp_path, nested=False, limits=Limits(processes=MOST, memory_mib=256))
    argv = [process.interpreter(), "-I", "-S", "-c", BOMB.format(counter="made")]
    done = await sandbox.run(box, argv, level=level, timeout=30)
    made = int.from_bytes((box.shadow / "made").read_bytes(), "little")
    # a watcher can come late, but it comes; the kernel is never late
    assert made < 1400 or done.ended
    assert not done.timed_out
    if done.ended:
        assert done.ended == f"it had more than {MOST} processes and threads"
        assert done.returncode == -9


async def test_a_fork_bomb_is_bounded_in_a_cell(
    tmp_path: Path, level: sandbox.Level, bound: bool
) -> None:
    if level not in levels.ISOLATING or limits.kernel() < (6, 6):
        pytest.skip("no cells here")
    code = BOMB.format(counter="/dev/shm/made") + "answer(count())"
    for attempt in range(4):
        box = cells.make_box(tmp_path / str(attempt), limits=Limits(processes=MOST, memory_mib=256))
        # on a busy machine, who watches all the cells can be faster than who watches this one
        with contextlib.suppress(cells.EndedError):
            async with cells.open_server(box, level) as server:
                said = await server.ask(code)
                assert (await server.ask("answer(1)")).answer == 1
                break
    else:
        pytest.fail("nobody watched the cell")
    if "ended" in said.fate:
        assert said.fate["ended"] == f"it had more than {MOST} processes and threads"
    else:
        assert max(said.answers) < 1400


async def test_a_full_disk_is_not_waited_for(tmp_path: Path, level: sandbox.Level) -> None:
    box = cells.make_box(tmp_path, nested=False, limits=Limits(disk_mib=64))
    code = "import time\nfor n in range(300): open(f'x{n}', 'wb').write(bytes(1 << 20))\n"
    argv = [process.interpreter(), "-I", "-S", "-c", code + "time.sleep(60)"]
    done = await sandbox.run(box, argv, level=level, timeout=60)
    assert done.ended == "64 MiB of disk were used up while it ran"
    assert done.returncode == -9
    for path in box.shadow.glob("x*"):
        path.unlink()


async def test_a_cell_fills_only_its_own_space(tmp_path: Path, level: sandbox.Level) -> None:
    if level not in levels.ISOLATING or limits.kernel() < (6, 6):
        pytest.skip("no cells here")
    box = cells.make_box(tmp_path, limits=Limits(scratch_mib=8))
    fill = """
import errno
def fill(name, size):
    try:
        for n in range(4000): open(name % n, 'wb').write(bytes(size))
    except OSError as error: return errno.errorcode[error.errno]
    return n
answer([fill('pkg/x%d', 1 << 16), fill('/tmp/x%d', 1 << 16), fill('/dev/shm/y%d', 0)])
"""
    async with cells.open_server(box, level) as server:
        assert (await server.ask(fill)).answer == ["ENOSPC"] * 3
        assert (await server.ask("answer(open('pkg/y', 'wb').write(bytes(1 << 20)))")).answer
    assert not list(box.shadow.glob("pkg/x*"))


@pytest.mark.slow
async def test_processor_time_ends(tmp_path: Path, level: sandbox.Level) -> None:
    box = cells.make_box(tmp_path, nested=False, limits=Limits(cpu_seconds=1))
    argv = [process.interpreter(), "-I", "-S", "-c", "while True: pass"]
    done = await sandbox.run(box, argv, level=level, timeout=100)
    assert done.returncode < 0
    assert not done.timed_out
    if level in levels.ISOLATING and limits.kernel() >= (6, 6):
        async with cells.open_server(replace(box, nested=True), level) as server:
            assert (await server.ask("while True: pass")).fate["status"] < 0
