"""The network of the machine, for suites that need a database: only where a person allowed it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from festina import config
from festina.commands import checkup
from festina.config import Layer, Settings, VerifySettings
from festina.verify import isolation, limits, process, sandbox, sandbox_cells, sandbox_landlock
from festina.verify.base import Snapshot
from festina.verify.sandbox import Level
from support import cells, levels

ASK = """
import errno, json, socket
def reach(family, address):
    try:
        with socket.socket(family) as one:
            one.settimeout(5)
            one.connect(address)
    except OSError as error: return errno.errorcode.get(error.errno, str(error))
    return 'reached'
found = {'tcp': reach(socket.AF_INET, ('127.0.0.1', %d))}
for name, path in %r.items(): found[name] = reach(socket.AF_UNIX, path)
"""


@pytest.fixture(params=[*levels.ISOLATING, Level.LANDLOCK])
def level(request: pytest.FixtureRequest) -> Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    chosen: Level = request.param
    return chosen


@pytest.fixture
def question(tmp_path: Path) -> Iterator[str]:
    """Python that tries to reach a port, two sockets on disk and an abstract one."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        places = {name: str(tmp_path / name) for name in ("named", "other")}
        places["abstract"] = f"\0festina-{secrets.token_hex(8)}"
        for place in places.values():
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(place)
            listener.listen()
        yield ASK % (server.getsockname()[1], places)


async def ask(box: sandbox.Box, level: Level, question: str) -> dict[str, str]:
    argv = [process.interpreter(), "-I", "-S", "-c", question + "print(json.dumps(found))"]
    done = await sandbox.run(box, argv, level=level, timeout=60)
    found: dict[str, str] = json.loads(done.stdout)
    return found


async def test_nothing_is_reached_without_being_asked_for(
    tmp_path: Path, level: Level, question: str
) -> None:
    box = cells.make_box(tmp_path, nested=False, sockets=(tmp_path / "named",))
    found = await ask(box, level, question)
    assert "reached" not in found.values()


async def test_what_is_allowed_is_reached_and_no_other_socket(
    tmp_path: Path, level: Level, question: str
) -> None:
    sockets = (tmp_path / "named", tmp_path / "missing")
    box = cells.make_box(tmp_path, nested=False, network="local", sockets=sockets)
    found = await ask(box, level, question)
    assert found.pop("tcp") == "reached"
    if sandbox_landlock.version() < 6:  # `festina doctor` says that the network is open
        found.pop("abstract")
    reached = {name for name, how in found.items() if how == "reached"}
    assert reached == (set() if level is Level.LANDLOCK else {"named"})


async def test_the_same_in_a_cell(tmp_path: Path, level: Level, question: str) -> None:
    if level is Level.LANDLOCK or limits.kernel() < (6, 6):
        pytest.skip("no cells here")
    box = cells.make_box(tmp_path, sockets=(tmp_path / "named",))
    async with cells.open_server(box, level) as server:
        shut = (await server.ask(question + "answer(found)")).answer
    tools = tmp_path / "tools2"
    tools.mkdir()
    box = replace(box, network="local", read_only=(tools,))
    async with cells.open_server(box, level) as server:
        found = (await server.ask(question + "answer(found)")).answer
    assert "reached" not in shut.values()
    if sandbox_landlock.version() < 6:
        found.pop("abstract")
    assert {name for name, how in found.items() if how == "reached"} == {"tcp", "named"}


def test_only_the_person_can_allow_it() -> None:
    given = {"verify": {"network": "local", "sockets": ["/run/x.sock"]}}
    settings, problems = config.load([Layer("theirs", given, user=False)])
    assert settings.verify == VerifySettings()
    assert len(problems) == 2
    settings, problems = config.load([Layer("mine", given, user=True)])
    assert (settings.verify.network, settings.verify.sockets) == ("local", ("/run/x.sock",))
    assert problems == ()


def test_a_socket_is_named_by_its_whole_path() -> None:
    given = {"verify": {"sockets": ["postgres.sock"]}}
    settings, problems = config.load([Layer("mine", given, user=True)])
    assert settings.verify.sockets == ()
    assert "absolute" in str(problems[0])


def test_the_verdict_and_the_doctor_say_that_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = VerifySettings(network="local")
    snapshot = Snapshot(tmp_path, settings=settings)
    assert isolation.named(Level.NAMESPACES, snapshot) == "namespaces, with the network open"
    assert isolation.named(Level.NONE, snapshot) == "none"
    assert isolation.named(None, snapshot) is None
    assert isolation.named(Level.NAMESPACES, Snapshot(tmp_path)) == "namespaces"

    async def works(**_: object) -> sandbox.Probe:
        return sandbox.Probe(Level.BUBBLEWRAP, "It works.")

    monkeypatch.setattr(sandbox, "probe", works)
    line = asyncio.run(checkup._sandbox(Settings(verify=settings)))
    assert "verify.network" in line.detail
    assert "whatever you can" in line.detail


def test_the_doctor_says_where_each_run_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_cells, "kernel", lambda: (6, 1))
    assert "Linux 6.6" in sandbox_cells.slow(Level.BUBBLEWRAP)
    assert "namespaces" in sandbox_cells.slow(Level.LANDLOCK)
    monkeypatch.setattr(sandbox_cells, "kernel", lambda: (6, 6))
    assert sandbox_cells.slow(Level.NAMESPACES) == ""


async def test_a_socket_that_is_opened_later_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running sandbox cannot hide it any more; unless it lies where nothing is seen anyway."""
    now = [0.0]
    monkeypatch.setattr(sandbox_cells.time, "monotonic", lambda: now[0])
    plan = {"workspace": [], "private": [str(tmp_path / "covered")]}
    (tmp_path / "covered").mkdir()
    with contextlib.ExitStack() as stack:

        def listen(path: Path) -> None:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
            listener.listen()

        listen(tmp_path / "before")
        exposure = sandbox_cells.Exposure(plan)
        listen(tmp_path / "covered" / "later")
        assert await exposure.found() == ""
        listen(tmp_path / "later")
        assert await exposure.found() == ""  # looked a moment ago
        now[0] += 10
        assert await exposure.found() == str(tmp_path / "later")
