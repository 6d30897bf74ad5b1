"""What code can reach where only Landlock is in force: each attack is made for real."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from festina.verify import process, sandbox, sandbox_landlock, sandbox_view
from festina.verify.sandbox import Level
from support import cells, levels
from support.escaped import REFUSED, attacked

SAYS_NO = {"EACCES", "EPERM", "EAFNOSUPPORT", "ENOENT", "ENOSYS", "EBADF", "EINVAL", "EFBIG"}
SAYS_NO |= {"MemoryError", "ValueError", "bounded", "ends it all"}
# What is otherwise than with namespaces.
KNOWN = {
    "proc_keys": "the names of keys can be seen, like /proc of every process",
    "proc_timer_list": "root can read it, as in /proc of every process",
    "chmod_shown": "it says that it is done; the mode is as before",
    "locked_file": "its mode was not changed, so it can be read",
    "rename_link": "a link in the copy is renamed",
    "file_capability": "file attributes are not supported",
    "stop_first": "the first process here is the machine's",
}


@pytest.fixture(params=["this user", "nobody"])
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    return attacked(Level.LANDLOCK, request.param, "cold")


def test_refused(result: dict[str, Any]) -> None:
    got, names = result["got"], {name for area in REFUSED.values() for name in area}
    wrong = {
        name: got[name] for name in names & got.keys() - KNOWN.keys() if got[name] not in SAYS_NO
    }
    assert wrong == {}
    assert got["locked_file"] == "x"
    assert got["file_capability"] == "ENOTSUP"
    assert got["chmod_shown"] == "OPEN"
    assert got["stop_first"] == "EPERM"


def test_nothing_real_is_changed(result: dict[str, Any]) -> None:
    seen = result["seen"]
    assert seen["marker"] == "venv"
    assert seen["real_files"] == [".venv", "module.py"]
    assert seen["mode"] == 0o644
    assert seen["survivors"] == []


def test_a_project_has_what_it_needs(result: dict[str, Any]) -> None:
    got, seen = result["got"], result["seen"]
    assert got["read_workspace"] == "shadow"
    assert "written" in seen["shadow_files"]
    assert got["read_shown"] == "tool"
    assert got["list_home"] == []
    assert got["identity"] == seen["uid"]
    assert got["descriptors"][:3] == [0, 1, 2]
    assert len(got["descriptors"]) == 4
    assert seen["received"] == "hello from inside"
    assert "PLANTED_SECRET" not in got["environment"]


def test_nothing_of_others_in_proc_is_writable(result: dict[str, Any]) -> None:
    assert result["got"]["writable_proc"] == []
    assert result["got"]["writable_first"] in ([], "EACCES")


@pytest.fixture
def box(tmp_path: Path) -> sandbox.Box:
    if why := levels.missing(Level.LANDLOCK):
        pytest.skip(why)
    return cells.make_box(tmp_path, nested=False)


async def run(box: sandbox.Box, code: str) -> process.Completed:
    argv = [process.interpreter(), "-I", "-S", "-c", code]
    return await sandbox.run(box, argv, level=Level.LANDLOCK, timeout=60)


async def test_usual_work_is_possible(box: sandbox.Box) -> None:
    code = """
import asyncio, os, shutil, subprocess, sys, tempfile
shutil.copy2('data.txt', 'copy.txt')
shutil.copytree('pkg', 'pkg2')
os.replace('copy.txt', 'pkg2/moved.txt')
os.mkdir('new'); os.rename('new', 'pkg2/new'); shutil.rmtree('pkg2')
with tempfile.TemporaryDirectory() as folder: open(folder + '/x', 'w')
open(os.environ['HOME'] + '/.config', 'w')
subprocess.run(['/bin/sh', '-c', 'echo hi > said; cat /etc/hostname'], check=True)
async def wait():
    made = await asyncio.create_subprocess_exec(sys.executable, '-I', '-S', '-c', '')
    return await made.wait()
print(asyncio.run(wait()), open('said').read().strip(), len(os.listdir('/proc/self/fd')) > 2)
"""
    done = await run(box, code)
    assert done.stderr == b""
    assert done.stdout.split()[-3:] == [b"0", b"hi", b"True"]


async def test_private_places_below_what_is_shown_stay_closed(
    box: sandbox.Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("secret")
    monkeypatch.setenv("HOME", str(home))
    rules = sandbox_landlock.rules((), (tmp_path,), {"HOME": str(home)})
    readable = rules["read"]
    assert isinstance(readable, list)
    assert str(tmp_path / "shadow") in readable
    assert not any(str(home).startswith(path) or path.startswith(str(home)) for path in readable)
    assert not set(sandbox_view.PRIVATE_IN_SYSTEM) & set(readable)
    assert "/etc" not in readable
    assert "/usr" in readable


async def test_the_environment_of_a_project_is_read_but_not_written(box: sandbox.Box) -> None:
    (box.shadow / ".venv").rmdir()
    read = await run(box, "print(open('.venv/marker').read())")
    assert read.stdout == b"venv\n"
    write = await run(box, "open('.venv/marker', 'w')")
    assert b"PermissionError" in write.stderr
    assert (box.workspace / ".venv" / "marker").read_text() == "venv"


async def test_signals_reach_nobody_else(box: sandbox.Box) -> None:
    if sandbox_landlock.version() < 6:
        pytest.skip("before Linux 6.12 they do, and `festina doctor` says so")
    victim = await asyncio.create_subprocess_exec("sleep", "600")
    done = await run(box, f"import os; os.kill({victim.pid}, 9)")
    assert b"PermissionError" in done.stderr
    assert victim.returncode is None
    victim.kill()
    await victim.wait()


async def test_a_socket_can_be_waited_at_and_connects_to_nobody(box: sandbox.Box) -> None:
    code = """
import os, socket
def tried(*of, does=lambda one: None):
    try:
        with socket.socket(*of) as one:
            return does(one) or 'OK'
    except OSError as error:
        return error.strerror
def waits(one):
    one.bind('mine'); one.listen()
def connects(one):
    one.connect('mine')
stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
unix, internet = socket.AF_UNIX, socket.AF_INET
print(tried(unix, stream, does=waits), tried(unix, stream, does=connects), sep=', ', end=', ')
print(tried(unix, datagram), tried(unix, socket.SOCK_SEQPACKET), tried(internet), sep=', ')
"""
    no = "Address family not supported by protocol"
    assert (await run(box, code)).stdout.decode().split(", ") == [no, no, no, no, f"{no}\n"]
    waiting = await run(replace(box, waits=True), code)
    assert waiting.stdout.decode().split(", ") == ["OK", no, no, no, f"{no}\n"], waiting.stderr
