"""Running a command as on a system that is not Linux, as far as Linux can show it."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from festina.verify import process, sandbox
from support import processes


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")


async def run(*argv: str, **options: object) -> process.Completed:
    settings: dict[str, object] = {"cwd": "/", "env": {"PATH": os.defpath}, "timeout": 60}
    return await process.run(argv, **(settings | options))  # type: ignore[arg-type]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def test_status_and_streams() -> None:
    done = await run("sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"in", b"err\n")
    assert (await run("sh", "-c", "kill -15 $$")).returncode == -15


async def test_a_deadline_ends_all_of_it() -> None:
    token = secrets.token_hex(8)
    environ = {"PATH": os.defpath, "TOKEN": token}
    done = await run("sh", "-c", "sleep 600 & sleep 600", env=environ, timeout=0.3)
    assert done.timed_out
    assert done.returncode == -9
    await until(lambda: not processes.with_token(token))


async def test_cancelling_ends_all_of_it() -> None:
    token = secrets.token_hex(8)
    environ = {"PATH": os.defpath, "TOKEN": token}
    task = asyncio.create_task(run("sh", "-c", "sleep 600 & sleep 600", env=environ))
    await until(lambda: bool(processes.with_token(token)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not processes.with_token(token))


async def test_no_such_command() -> None:
    with pytest.raises(FileNotFoundError):
        await run("no-such-command")


async def test_a_descriptor_is_passed() -> None:
    read, write = os.pipe()
    code = f"import os; os.write({write}, b'hello')"
    await run(sys.executable, "-I", "-S", "-c", code, pass_fds=(write,))
    os.close(write)
    assert os.read(read, 10) == b"hello"
    os.close(read)


async def test_a_run_in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    workspace, shadow = tmp_path / "workspace", tmp_path / "shadow"
    workspace.mkdir()
    shadow.mkdir()
    box = sandbox.Box(workspace, shadow, environ={"PATH": os.defpath})
    argv = ["sh", "-c", "pwd; echo $HOME"]
    done = await sandbox.run(box, argv, level=sandbox.Level.NONE, timeout=60)
    place, home = done.stdout.decode().split()
    assert place == str(shadow)
    assert home.startswith(str(tmp_path / "cache"))
