"""Isolated children of a fork server: what they see, what is told of them, how they end."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from festina.verify import limits, marks, process, sandbox, shadow
from support import cells, levels, processes, trees


@pytest.fixture(params=levels.ISOLATING)
def level(request: pytest.FixtureRequest) -> sandbox.Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    if limits.kernel() < (6, 6):
        pytest.skip("cells need Linux 6.6")
    chosen: sandbox.Level = request.param
    return chosen


@pytest.fixture
async def server(tmp_path: Path, level: sandbox.Level) -> AsyncIterator[cells.Server]:
    box = cells.make_box(tmp_path)
    before = trees.hash_tree(box.shadow)
    async with cells.open_server(box, level) as running:
        yield running
    assert trees.hash_tree(box.shadow) == before


async def test_files_are_laid_over_the_workspace(server: cells.Server) -> None:
    files = {"pkg/a.py": "new\n", "fresh/x.py": "made\n", "pkg/b.py": None}
    code = (
        "import os; answer([open('pkg/a.py').read(), open('fresh/x.py').read(), os.listdir('pkg')])"
    )
    said = await server.ask(code, files)
    assert said.answer[:2] == ["new\n", "made\n"]
    assert sorted(said.answer[2]) == ["a.py", "deep"]
    assert said.fate["touched"] == []
    assert said.fate["status"] == 0


async def test_the_next_cell_begins_anew(server: cells.Server) -> None:
    write = "open('/tmp/left', 'w'); open('left', 'w'); open('pkg/a.py', 'w').write('mine')"
    await server.ask(write, {"pkg/b.py": "laid\n"})
    look = (
        "import os; answer([os.listdir('/tmp'), sorted(os.listdir('.')), open('pkg/a.py').read()])"
    )
    said = await server.ask(look)
    assert said.answer[1:] == [[".venv", "data.txt", "pkg"], "old\n"]
    assert "left" not in said.answer[0]


TOUCHES = {
    # what code does -> what is told of it; the same as verify/marks.py finds after a cold run
    "open('data.txt', 'a').write('x')": {"data.txt"},
    "open('pkg/b.py', 'a').write('x')": {"pkg/b.py"},
    "open('new.txt', 'w')": set(),
    "open('pkg/new.txt', 'w')": {"pkg/"},
    "open('new.py', 'w')": {"new.py"},
    "open('pkg/new.py', 'w')": {"pkg/", "pkg/new.py"},
    "open('pkg/new.py', 'w'); os.unlink('pkg/new.py')": {"pkg/"},
    "os.unlink('pkg/b.py')": {"pkg/", "pkg/b.py"},
    "os.unlink('data.txt')": {"data.txt"},
    "shutil.rmtree('pkg/deep')": {"pkg/", "pkg/deep/", "pkg/deep/c.py"},
    "shutil.rmtree('pkg/deep'); os.mkdir('pkg/deep')": {"pkg/", "pkg/deep/", "pkg/deep/c.py"},
    "shutil.rmtree('pkg/deep'); open('pkg/deep', 'w')": {"pkg/", "pkg/deep/", "pkg/deep/c.py"},
    "os.unlink('data.txt'); os.mkdir('data.txt')": {"data.txt"},
    "os.rename('pkg/b.py', 'pkg/x'); os.rename('pkg/x', 'pkg/b.py')": {"pkg/", "pkg/b.py"},
    "os.rename('data.txt', 'pkg/b.py')": {"data.txt", "pkg/", "pkg/b.py"},
    "os.chmod('pkg/b.py', 0o755)": {"pkg/b.py"},
    "t = os.stat('pkg'); os.mkdir('pkg/x'); os.rmdir('pkg/x'); os.utime('pkg', (1, 1))": {"pkg/"},
    "(pathlib.Path('pkg/deep/c.py')).write_text('old\\n')": {"pkg/deep/c.py"},
    # what was laid is known, unless it is changed again
    "open('pkg/a.py').read(); os.listdir('pkg')": set(),
    "open('pkg/a.py', 'a').write('x')": {"pkg/a.py"},
    "os.unlink('pkg/a.py')": {"pkg/", "pkg/a.py"},
    "os.unlink('pkg/laid.py')": {"pkg/", "pkg/laid.py"},
    "open('pkg/gone.py', 'w')": {"pkg/", "pkg/gone.py"},
}
LAID = {"pkg/a.py": "new\n", "pkg/laid.py": "new\n", "pkg/gone.py": None}


@pytest.fixture
def gone(tmp_path: Path, level: sandbox.Level) -> sandbox.Box:
    box = cells.make_box(tmp_path)
    (box.shadow / "pkg" / "gone.py").write_text("to be removed")
    return box


async def test_what_is_touched_is_told_as_after_a_cold_run(
    gone: sandbox.Box, level: sandbox.Level, tmp_path: Path
) -> None:
    """Each thing is done in a cell and in a copy with marks; both tell the same."""
    wrong = {}
    async with cells.open_server(gone, level) as server:
        for number, (code, right) in enumerate(TOUCHES.items()):
            said = await server.ask(f"import os, pathlib, shutil\n{code}", LAID)
            copy = tmp_path / f"copy{number}"
            shadow.clone(gone.shadow, copy)
            for path, text in LAID.items():
                (copy / path).unlink() if text is None else shadow.lay(copy, path, text)
            before = marks.marks(copy, {".venv"})
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", f"import os, pathlib, shutil\n{code}"],
                cwd=copy,
                check=True,
            )
            cold = marks.touched(before, marks.marks(copy, {".venv"}))
            if not set(said.fate.get("touched", ["?"])) == cold == right or said.answers:
                wrong[code] = (said, cold)
    assert wrong == {}


async def test_a_compiled_file_of_before_is_not_taken_for_what_was_laid(
    server: cells.Server,
) -> None:
    shadow_file = server.box.shadow / "pkg" / "b.py"
    await server.ask("import sys; sys.path.insert(0, '.'); import pkg.b")
    code = "import os; answer([os.stat('pkg/b.py').st_mtime, oct(os.stat('pkg/b.py').st_mode)])"
    said = await server.ask(code, {"pkg/b.py": "2\n"})
    assert int(said.answer[0]) != int(shadow_file.stat().st_mtime)
    assert said.answer[1] == oct(shadow_file.stat().st_mode)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("status = 0", 0),
        ("status = 7", 7),
        ("os.abort()", -6),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.kill(os.getpid(), 15)", -15),
        ("ctypes.string_at(0)", -11),
    ],
)
async def test_how_it_ended(server: cells.Server, code: str, status: int) -> None:
    said = await server.ask(f"import ctypes, os; {code}")
    assert (said.answers, said.fate["status"]) == ([], status)
    assert said.fate["cpu"] > 0
    assert said.fate["rss_kib"] > 1000


async def test_a_process_sees_what_it_sees_in_a_cold_run(server: cells.Server) -> None:
    code = """
import os, socket, sys
with socket.create_server(('127.0.0.1', 0)) as listener:
    socket.create_connection(listener.getsockname(), 5).close()
tty = os.openpty()
answer({
    'ids': [os.getpid(), os.getppid(), os.getsid(0), os.getpgid(0)],
    'user': [os.getuid(), os.getgid(), os.geteuid(), os.getegid()],
    'host': socket.gethostname(),
    'interfaces': [name for _, name in socket.if_nameindex()],
    'processes': sorted(int(name) for name in os.listdir('/proc') if name.isdigit()),
    'self': os.readlink('/proc/self'),
    'place': os.getcwd(),
    'venv': open('.venv/marker').read(),
    'descriptors': sorted(map(int, os.listdir('/proc/self/fd')))[:3],
    'null': os.readlink('/proc/self/fd/1'),
    'pts': sorted(os.listdir('/dev/pts')),
    'comm': open('/proc/self/comm', 'w').write('x'),
})
"""
    said = await server.ask(code)
    assert said.answers, said
    assert said.answer == {
        "ids": [2, 1, 2, 2],
        "user": [os.getuid(), os.getgid(), os.geteuid(), os.getegid()],
        "host": socket.gethostname(),
        "interfaces": ["lo"],
        "processes": [1, 2],
        "self": "2",
        "place": str(server.box.workspace),
        "venv": "venv",
        "descriptors": [0, 1, 2],
        "null": "/dev/null",
        "pts": ["0", "ptmx"],
        "comm": 1,
    }


async def test_what_the_fork_server_left_in_private_places_is_seen(
    tmp_path: Path, level: sandbox.Level
) -> None:
    """By every cell in its own copy, beside what is mounted there."""
    box = cells.make_box(tmp_path)
    first = """
import os
for top in ('/tmp', '/dev/shm', os.environ['HOME']):
    os.makedirs(top + '/a/b')
    for name in ('f', 'a/f', 'a/b/f'):
        with open(top + '/' + name, 'w') as file: file.write(top)
    os.symlink('f', top + '/link')
"""
    look = """
import os
seen = []
for top in ('/tmp', '/dev/shm', os.environ['HOME']):
    seen += [open(f'{top}/{name}').read() == top for name in ('f', 'a/f', 'a/b/f', 'link')]
    seen.append(os.path.exists(top + '/mine'))
    for name in ('f', 'a/f', 'a/b/f', 'mine'): open(f'{top}/{name}', 'w')
    os.unlink(top + '/a/f')
answer(seen)
"""
    async with cells.open_server(box, level, first=first) as server:
        for _ in range(2):
            assert (await server.ask(look)).answer == [True, True, True, True, False] * 3


async def test_letting_go_of_fate_ends_everything(server: cells.Server) -> None:
    cell = await server.spawn()
    token = secrets.token_hex(8)
    cell.send(
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)']\n"
        f"subprocess.Popen(command, start_new_session=True, env={{'TOKEN': '{token}'}})\n"
        "answer(1)\ntime.sleep(600)"
    )
    assert await cell.line() == 1
    await until(lambda: bool(processes.with_token(token)))
    cell.fate.close()
    assert await cell.line() is None  # the last that held the other end is gone
    await until(lambda: not processes.with_token(token))
    cell.close()
    assert (await server.ask("answer(2)")).answer == 2


async def test_a_cell_nobody_asks_ends_with_the_fork_server(
    tmp_path: Path, level: sandbox.Level
) -> None:
    async with cells.open_server(cells.make_box(tmp_path), level) as server:
        cell = await server.spawn()
        server.control.close()
        assert await cell.end() == cells.Said([], {})


async def test_many_at_once(server: cells.Server) -> None:
    async def one(number: int) -> bool:
        code = "import time; time.sleep(0.01); answer(open('pkg/a.py').read())"
        cell = running[number]
        cell.send(code, {"pkg/a.py": str(number)})
        return (await cell.end()).answer == str(number)

    running = [await server.spawn() for _ in range(12)]
    assert all(await asyncio.gather(*map(one, range(12))))


@pytest.mark.parametrize(
    ("first", "changes", "words"),
    [
        ("", {"base": "/nowhere"}, "/nowhere: No such file or directory"),
        ("", {"locks": {}}, "processor is not known"),
        ("os.mkfifo('/tmp/odd')", {}, "/tmp/odd cannot be given to each test run"),
        ("", {"size": -1}, "mount tmpfs at"),
    ],
)
async def test_where_there_can_be_none_words_say_so(
    tmp_path: Path, level: sandbox.Level, first: str, changes: dict[str, object], words: str
) -> None:
    box = cells.make_box(tmp_path)
    async with cells.open_server(box, level, first=first, **changes) as server:
        said = await server.ask("answer(1)")
    assert said.answers == []
    assert list(said.fate) == ["setup"]
    assert words in said.fate["setup"]


async def test_what_cannot_be_laid_ends_the_cell_with_words(server: cells.Server) -> None:
    said = await server.ask("answer(1)", {"data.txt/x.py": "a file is no folder"})
    assert said.answers == []
    assert "could not be laid: Not a directory" in said.fate["setup"]


def test_only_a_nested_sandbox_has_cells(tmp_path: Path) -> None:
    box = cells.make_box(tmp_path)
    with pytest.raises(ValueError, match="level none"):
        sandbox.cell_plan(box, sandbox.Level.NONE)
    with pytest.raises(ValueError, match="no cells"):
        sandbox.cell_plan(replace(box, nested=False), sandbox.Level.BUBBLEWRAP)


async def test_only_a_sandbox_can_be_nested(tmp_path: Path) -> None:
    with pytest.raises(process.LaunchError):
        await sandbox.run(cells.make_box(tmp_path), ["true"], level=sandbox.Level.NONE, timeout=60)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)
