"""Fork servers that have collected: what their children run, see and leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from festina.verify import executable, forkserver, ways
from festina.verify.forkserver import ForkServer, NoCell, NoServer
from festina.verify.question import Question
from festina.verify.record import Run
from support import processes, projects
from support.forking import ALONE, Place, digest, place, statuses

CORE = "calc/core.py"
TESTS = "tests/test_core.py"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test may leave a process or a descriptor."""
    children, descriptors = processes.children_of(os.getpid()), processes.open_descriptors()
    yield
    assert processes.wait_until_gone(processes.children_of(os.getpid()) - children) == set()
    assert processes.open_descriptors() <= descriptors


@pytest.fixture
async def flat(tmp_path: Path) -> Place:
    return await place(tmp_path, projects.FLAT)


async def ask(server: ForkServer, question: Question, **options: object) -> Run:
    return await server.run(question, timeout=60, **options)  # type: ignore[arg-type]


# --- records


async def test_a_child_reports_what_a_cold_run_reports(flat: Place, tmp_path: Path) -> None:
    question = flat.edit(CORE, ("value * 2", "value * 3"))
    async with flat.server() as server:
        run = await ask(server, question)
    cold = await flat.cold(question, tmp_path / "cold")
    assert statuses(run) == {
        "test_inside": "passed",
        "test_below": "passed",
        "test_double": "failed",
        "test_limit": "passed",
    }
    assert run.imported == (digest(question.files[CORE]),) == cold.imported
    for name in ("ids", "files", "end", "changed", "executed", "code_changed", "place"):
        assert getattr(run, name) == getattr(cold, name), name
    assert run.replaced == cold.replaced
    assert {name: path for name, path in run.modules.items() if name.startswith("calc")} == {
        name: path for name, path in cold.modules.items() if name.startswith("calc")
    }
    ours, theirs = (each.outcomes[f"{TESTS}::test_double"] for each in (run, cold))
    assert dataclasses.replace(ours, detail="") == dataclasses.replace(theirs, detail="")
    assert "assert double(2) == 4" in ours.detail
    assert "_pytest" not in ours.detail
    assert (run.returncode, run.touched, run.timed_out) == (1, frozenset(), False)
    assert run.cpu > 0
    assert run.rss_kib > 0


async def test_children_know_nothing_of_each_other(flat: Place) -> None:
    wrong = flat.edit(CORE, ("value * 2", "value * 3"))
    right = flat.edit(CORE, ("value * 2", "value + value"))
    bare = Question()
    async with flat.server() as server:
        asked = [wrong, right, bare, wrong] * 2
        runs = await asyncio.gather(
            *(ask(server, each, standby=index % 2 == 0) for index, each in enumerate(asked))
        )
        assert [run.end for run in runs] == [1, 0, 0, 1] * 2
        assert runs[2].imported == ()
        assert server.ready.ids == runs[0].ids


async def test_only_what_is_asked_for_runs_and_in_that_order(tmp_path: Path) -> None:
    flat = await place(tmp_path, projects.FLAT + SHARED)
    only = ("tests/test_shared.py::test_one", f"{TESTS}::test_limit", f"{TESTS}::test_below")
    async with flat.server() as server:
        run = await ask(server, Question(only=only))
        assert run.ids == only == tuple(run.outcomes)
        # the module's fixture ended with the last of its tests that ran, and its end failed
        assert run.outcomes[only[0]].status == "error"
        assert "one only" in run.outcomes[only[0]].message
        both = await ask(server, Question(only=(only[0], "tests/test_shared.py::test_two")))
        assert statuses(both) == {"test_one": "passed", "test_two": "passed"}
        unknown = await ask(server, Question(only=(f"{TESTS}::test_gone", f"{TESTS}::test_limit")))
        assert unknown.ids == (f"{TESTS}::test_limit",)


READ = """
=== tests/test_read.py
import linecache
import unittest.case


def test_it():
    assert linecache.cache[__file__][2][0] == "import linecache\\n"
    assert unittest.case.__file__ in linecache.cache
"""


async def test_what_a_failure_shows_was_read_before_the_fork(tmp_path: Path) -> None:
    flat = await place(tmp_path, projects.FLAT + READ)
    async with flat.server() as server:
        run = await ask(server, Question(only=("tests/test_read.py::test_it",)))
    assert statuses(run) == {"test_it": "passed"}


SHARED = """
=== tests/test_shared.py
import pytest


@pytest.fixture(scope="module")
def seen():
    names = []
    yield names
    assert len(names) == 2, "one only"


def test_one(seen):
    seen.append(1)


def test_two(seen):
    seen.append(2)
"""


async def test_the_first_new_failure_can_end_a_run(flat: Place) -> None:
    question = flat.edit(CORE, ("return value\n\n\ndef unused", "return -1\n\n\ndef unused"))
    async with flat.server() as server:
        run = await ask(server, question, stop=lambda outcome: outcome.bad)
    assert run.stopped
    assert statuses(run) == {"test_inside": "failed"}
    assert run.end is None


LONG = """
=== calc/core.py
def double(value):
    return value * 2
=== tests/test_core.py
import time

from calc.core import double


def test_double():
    assert double(2) == 4


def test_rest():
    if double(2) != 4:
        time.sleep(100)  # so that whoever waits for the process runs into the time limit
"""


async def test_nobody_waits_for_a_run_that_was_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure is known as soon as it is reported, whatever its process does after that."""
    monkeypatch.setattr(forkserver, "_LAST_WORDS_SECONDS", 60.0)
    long = await place(tmp_path, LONG)
    question = long.edit(CORE, ("value * 2", "value * 3"))
    async with long.server() as server:
        run = await server.run(question, timeout=8, stop=lambda outcome: outcome.bad)
    assert (run.stopped, run.timed_out) == (True, False)


async def test_what_must_run_for_each_line_can_be_known_before(flat: Place) -> None:
    question = flat.edit(CORE, ("value * 2", "value * 3"))
    assert question.watch is not None
    assert question.before is not None
    assert question.after is not None
    needs = executable.analyse(question.before, question.after, question.watch.hunks)
    assert needs
    async with flat.server() as server:
        assert server.ready.tag == ways.TAG  # the tests run by our own interpreter here
        found = [await ask(server, dataclasses.replace(question, needs=n)) for n in (None, needs)]
        none = await ask(server, dataclasses.replace(question, needs={}))
    assert found[0].executed == found[1].executed != ()
    assert found[0].changed == found[1].changed == tuple(needs)
    assert none.changed == ()


async def test_what_was_not_collected_is_known_in_every_run(tmp_path: Path) -> None:
    broken = "=== tests/test_broken.py\nimport nothing_of_this_name\n"
    marked = "=== tests/conftest.py\ndef pytest_collection_modifyitems(config, items):\n"
    marked += "    config.hook.pytest_deselected(items=items[3:])\n    del items[3:]\n"
    project = await place(tmp_path, projects.FLAT + broken + marked)
    async with project.server() as server:
        run = await ask(server, Question(only=(f"{TESTS}::test_below",)))
    assert run.failing == {"tests/test_broken.py"}
    assert "nothing_of_this_name" in run.outcomes["tests/test_broken.py"].detail
    assert run.deselected == {f"{TESTS}::test_limit"}
    assert run.end == 1


# --- how a child is like a process of its own

ORDINARY = """
=== pyproject.toml
[tool.pytest.ini_options]
filterwarnings = ["error"]
testpaths = ["tests"]
=== pkg/__init__.py
=== pkg/mod.py
import random
import tempfile
import os

random.seed(7)
LOG = os.open(os.path.join(os.path.dirname(__file__), "data.txt"), os.O_RDONLY)
FIRST = os.read(LOG, 6)


def value():
    return 1
=== pkg/data.txt
first
second
third
=== tests/test_ordinary.py
import logging
import os
import random
import socket
import subprocess
import sys
import threading

from pkg import mod


def test_value():
    assert mod.value() == 1


def test_seeded():
    assert random.random() == random.Random(7).random()


def test_open_file():
    assert (mod.FIRST, os.read(mod.LOG, 7)) == (b"first\\n", b"second\\n")


def test_relative_path():
    with open("pkg/mod.py") as file:
        assert "def value" in file.read()


def test_another_process():
    command = [sys.executable, "-c", "from pkg.mod import value; print(value())"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "1\\n"


def test_output(capfd):
    print("printed")
    os.system("echo said")
    assert capfd.readouterr().out == "printed\\nsaid\\n"


def test_log(caplog):
    logging.getLogger("x").warning("logged")
    assert caplog.messages == ["logged"]


def test_a_port():
    with socket.create_server(("127.0.0.1", 8765)):
        pass


def test_files(tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "made").write_text("x")


def test_a_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def test_environment():
    assert not {"OPENBLAS_NUM_THREADS", "FESTINA_WITNESS"} & set(os.environ)
    assert not [name for name in sys.path if "plugins" in name]
    assert os.read(0, 10) == b""
"""


async def test_a_child_is_like_a_process_of_its_own(tmp_path: Path) -> None:
    project = await place(tmp_path, ORDINARY)
    question = project.edit("pkg/mod.py", ("return 1", "return 2"))
    async with project.server() as server:
        runs = await asyncio.gather(*(ask(server, Question()) for _ in range(3)))
        for run in runs:
            assert set(statuses(run).values()) == {"passed"}, run.outcomes
            assert run.output.count("[100%]") == 1
        run = await ask(server, question)
    assert {name for name, status in statuses(run).items() if status == "failed"} == {
        "test_value",
        "test_another_process",
    }


async def test_numbers_that_nobody_seeded_differ(tmp_path: Path) -> None:
    test = "=== test_it.py\nimport random\nX = random.random()\n\n\n"
    test += "def test_it():\n    assert random.random() < 0, random.random()\n"
    project = await place(tmp_path, test)
    async with project.server() as server:
        runs = [await ask(server, Question()) for _ in range(2)]
    assert len({run.outcomes["test_it.py::test_it"].message for run in runs}) == 2


async def test_what_tests_print_without_a_line_end_breaks_no_record(tmp_path: Path) -> None:
    test = "=== test_it.py\nimport os\n\n\ndef test_it():\n    os.write(1, b'x' * 300000)\n"
    test += "    print('y' * 300000, end='')\n\n\ndef test_more():\n    assert False\n"
    project = await place(tmp_path, test, (*ALONE, "-s"))
    async with project.server() as server:
        run = await ask(server, Question())
    assert statuses(run) == {"test_it": "passed", "test_more": "failed"}
    assert not run.garbled
    assert len(run.output) < 200_000


async def test_what_is_laid_over_stays_in_its_run(flat: Place) -> None:
    async with flat.server() as server:
        seen = "def test_seen():\n    import os\n    assert os.path.exists('new.txt')\n"
        only = (f"{TESTS}::test_limit",)
        gone = await ask(server, Question({"calc/core.py": None, "new/x.py": seen}, only=only))
        assert gone.end == 0
        assert gone.touched == frozenset()
        assert not (flat.base / "new").exists()


# --- what a child may do to itself


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import os; os._exit(5)", 5),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
    ],
)
async def test_a_child_that_dies_is_told_from_one_that_ends(
    flat: Place, body: str, code: int
) -> None:
    question = flat.edit(CORE, ("return value * 2", body))
    async with flat.server() as server:
        run = await ask(server, question)
        assert (run.end, run.returncode, run.running) == (None, code, f"{TESTS}::test_double")
        assert (await ask(server, Question())).end == 0


async def test_a_run_that_does_not_end_is_ended(flat: Place) -> None:
    many = "import subprocess\n    for _ in range(40):\n        subprocess.Popen(['sleep', '60'])"
    loop = f"{many}\n    subprocess.run(['sleep', '60'])"
    question = flat.edit(CORE, ("return value * 2", loop))
    async with flat.server() as server:
        run = await server.run(question, timeout=1.5)
        assert (run.timed_out, run.end, run.returncode) == (True, None, -9)
        assert run.running == f"{TESTS}::test_double"
        assert (await ask(server, Question())).end == 0


CHEATS = {
    "_pytest.runner.pytest_runtest_makereport": "import _pytest.runner as r;"
    " r.pytest_runtest_makereport = lambda: 1",
    "_pytest.reports.TestReport.from_item_and_call": "from _pytest.reports import TestReport;"
    " TestReport.from_item_and_call = None",
    "builtins.len": "import builtins; builtins.len = lambda of: sum(1 for _ in of)",
    "the module _pytest.terminal": "import sys, types;"
    " sys.modules['_pytest.terminal'] = types.ModuleType('_pytest.terminal')",
    "_Reporter.nonce": "import sys;"
    " sys.modules['festina_witness']._witness.reporter.nonce = '0' * 32",
}


@pytest.mark.parametrize("what", CHEATS)
async def test_replacing_what_judges_is_seen(flat: Place, what: str) -> None:
    question = flat.edit(CORE, ("return value * 2", f"{CHEATS[what]}; return 4"))
    async with flat.server() as server:
        bare = await ask(server, Question())
        assert what not in bare.replaced
        run = await ask(server, question)
    assert run.end is None or what in run.replaced


async def test_files_that_a_run_changes_are_named(flat: Place) -> None:
    body = "open('tests/test_core.py', 'a').write('#'); return 4"
    async with flat.server() as server:
        run = await ask(server, flat.edit(CORE, ("return value * 2", body)))
    assert TESTS in run.touched


async def test_what_cannot_be_swapped_is_handed_down(flat: Place) -> None:
    question = flat.edit(CORE, ("value * 2", "value * 3"))
    swap = {**question.swaps[0], "path": "calc/other.py"}
    async with flat.server() as server:
        with pytest.raises(NoCell):
            await ask(server, dataclasses.replace(question, swaps=(swap,)))
        # laid over, but in nobody's hands: the old code has run, and the run says so
        unused = await ask(server, dataclasses.replace(question, swaps=()))
        assert (unused.end, unused.imported) == (0, ())
        assert question.watch is not None
        target = dataclasses.replace(question.watch.target, path="calc/__init__.py")
        watch = dataclasses.replace(question.watch, target=target)
        other = await ask(server, dataclasses.replace(question, watch=watch))
        assert (other.end, other.imported) == (1, ())
        assert (await ask(server, question)).end == 1


# --- ends


async def until(done: Callable[[], bool], what: str) -> None:
    """Wait for something that comes soon."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.005)


async def test_cancelled_at_any_moment_nothing_is_left(flat: Place) -> None:
    forever = flat.edit(CORE, ("return value * 2", "while True: pass"))
    async with flat.server(standby=0):
        alone = len(processes.children_of(os.getpid()))
    async with flat.server(standby=2) as server:
        await ask(server, Question())
        waiting = alone + 2 * 2  # each child has somebody who watches over it
        await until(lambda: len(processes.children_of(os.getpid())) == waiting, "two stand by")
        descriptors = processes.open_descriptors()
        for index in range(16):
            running = asyncio.create_task(ask(server, forever, standby=index % 2 == 0))
            for _ in range(index * 3):
                await asyncio.sleep(0.001)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert processes.open_descriptors() <= descriptors
        assert (await ask(server, Question())).end == 0
        # those that wait for the next request are others by now
        await until(lambda: len(processes.children_of(os.getpid())) <= waiting, "no more is left")
        assert asyncio.all_tasks() - {asyncio.current_task()} == {server._work}


async def test_children_at_hand_are_used_or_given_back(flat: Place) -> None:
    wrong = flat.edit(CORE, ("value * 2", "value * 3"))
    for wait in (0, 0.001, 0.1):
        async with flat.server() as server:
            for _ in range(3):
                server.expect(2)
                server.expect(1)
                await asyncio.sleep(wait)
                runs = await asyncio.gather(ask(server, wrong), ask(server, Question()))
                assert [run.end for run in runs] == [1, 0]
            server.expect(2)
            await asyncio.sleep(wait)  # on their way, or there, when the server ends
        server.expect(1)  # and nobody minds when it has ended


async def test_a_killed_server_says_so_to_all_who_ask(flat: Place) -> None:
    forever = flat.edit(CORE, ("return value * 2", "while True: pass"))
    async with flat.server() as server:
        seen = asyncio.Event()

        def begun(outcome: object) -> bool:
            seen.set()
            return False

        running = asyncio.create_task(ask(server, forever, stop=begun))
        await seen.wait()
        for process in processes.children_of(os.getpid()):
            with contextlib.suppress(OSError):  # it has gone with another one
                if b"festina_witness" in Path(f"/proc/{process}/cmdline").read_bytes():
                    os.kill(process, signal.SIGKILL)
        with pytest.raises(NoServer):
            await running
        assert not server.alive
        with pytest.raises(NoServer):
            await ask(server, Question())


async def test_starting_can_be_cancelled(flat: Place) -> None:
    for wait in (0, 0.05, 0.2, 0.4):
        starting = asyncio.create_task(ForkServer.start(flat.bench, flat.base, "collected"))
        await asyncio.sleep(wait)
        if starting.done():
            await starting.result().aclose()
            continue
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting


# --- what a server says of the project

IMPORTS = """
=== pkg/__init__.py
=== pkg/mod.py
import functools


def decorate(function):
    return function


@decorate
def used():
    return 1


def later():
    return 2
=== pkg/source.py
def f():
    return 1
=== test_it.py
import inspect
import pathlib

from pkg import mod, source

TEXT = pathlib.Path("pkg/table.txt").read_text()
CODE = inspect.getsource(source.f)


def test_it():
    assert mod.used() == 1
=== pkg/table.txt
1
=== pyproject.toml
"""


CASES = """
=== calc/core.py
def double(value):
    return value * 2
=== tests/test_core.py
import unittest

from calc.core import double


class TestDouble(unittest.TestCase):
    def test_double(self):
        self.assertEqual(double(2), 4)
"""


async def test_a_failure_of_a_test_case_stands_at_its_assertion(
    tmp_path: Path,
) -> None:
    """Not in the standard library, which compares for it; a cold run says the same."""
    cases = await place(tmp_path, CASES)
    question = cases.edit(CORE, ("value * 2", "value * 3"))
    async with cases.server() as server:
        run = await ask(server, question)
    cold = await cases.cold(question, tmp_path / "cold")
    (ours,), (theirs,) = run.outcomes.values(), cold.outcomes.values()
    assert (ours.path, ours.line) == (theirs.path, theirs.line) == (TESTS, 8)
    assert "self.assertEqual(double(2), 4)" in ours.detail
    assert f"{os.sep}unittest{os.sep}" not in ours.detail


DRAWN = """
=== calc/core.py
def known(value):
    return value != 600613
=== tests/test_core.py
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from calc.core import known


@given(st.integers())
def test_drawn(value):
    assert known(value) in (True, False)


def test_values():
    values = [v for v in providers._get_local_constants() if type(v) is int and v // 1000 == 600]
    assert sorted(v % 1000 for v in values) == [613]
"""


async def test_hypothesis_tries_what_new_code_compares_with(tmp_path: Path) -> None:
    """It looks for values in sources once the tests are collected: that is not reading data."""
    args = (*ALONE, "-p", "_hypothesis_pytestplugin")
    drawn = await place(tmp_path, DRAWN, args=args)
    async with drawn.server() as server:
        assert not {CORE, TESTS} & server.ready.read_at_import
        assert statuses(await ask(server, Question())) == {
            "test_drawn": "passed",
            "test_values": "passed",
        }
        run = await ask(server, drawn.edit(CORE, ("600613", "600614")))
    assert statuses(run)["test_values"] == "failed"
    assert "[613, 614]" in run.outcomes[f"{TESTS}::test_values"].message


async def test_a_server_says_what_ran_and_what_was_read(tmp_path: Path) -> None:
    project = await place(tmp_path, IMPORTS)
    async with project.server() as server:
        ready = server.ready
    assert ("pkg/mod.py", 4, "decorate") in ready.import_time
    names = {name for path, _, name in ready.import_time if path == "pkg/mod.py"}
    assert names == {"<module>", "decorate"}
    assert {"pkg/table.txt", "pkg/source.py"} <= ready.read_at_import
    assert not {"pkg/mod.py", "test_it.py"} & ready.read_at_import
    assert ready.complete
    assert not ready.spawned
    assert ready.threads == 1
    assert ready.modules["pkg.mod"] == "pkg/mod.py"


UNFIT = {
    "threads": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True,"
    " name='busy').start()\n",
    "a process": "import subprocess\nSLEEP = subprocess.Popen(['sleep', '600'])\n",
    "open": "import socket\nBOTH = socket.socketpair()\n",
    "to its tests": "raise SystemExit('never')\n",
}


@pytest.mark.parametrize("words", UNFIT)
async def test_a_project_that_cannot_be_forked_has_no_server(tmp_path: Path, words: str) -> None:
    text = f"=== conftest.py\n{UNFIT[words]}\n=== test_it.py\ndef test_it():\n    pass\n"
    project = await place(tmp_path, text)
    with pytest.raises(NoServer, match=words):
        await ForkServer.start(project.bench, project.base, "collected")


async def test_a_process_that_has_ended_is_no_hindrance(tmp_path: Path) -> None:
    text = "=== test_it.py\nimport os\nimport subprocess\n"
    text += "X = subprocess.check_output(['echo', '1'])\nY = subprocess.Popen(['true'])\n"
    text += "os.waitid(os.P_PID, Y.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is there\n"
    text += "\n\ndef test_it():\n    pass\n"
    project = await place(tmp_path, text)
    async with project.server() as server:
        assert server.ready.spawned
        assert (await ask(server, Question())).end == 0


async def test_options_that_pytest_does_not_know_are_said(tmp_path: Path) -> None:
    project = await place(tmp_path, projects.FLAT, (*ALONE, "--no-such-option"))
    with pytest.raises(NoServer, match="no-such-option"):
        await ForkServer.start(project.bench, project.base, "collected")
