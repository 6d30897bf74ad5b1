"""The traced run: what a test enters, wherever it does so, is found."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.verify import sandbox, shadow
from festina.verify.base import Snapshot
from festina.verify.impact import ImpactMap
from festina.verify.impact_build import NotBuilt, build
from festina.verify.interpreter import Environment
from festina.verify.state import States, environment_of_tests
from festina.verify.suite import Bench, install_plugin
from support import projects

PROJECT = """
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== pkg/__init__.py
=== pkg/core.py
import functools


def plain():
    return [helper(n) for n in range(2)]


def helper(n):
    def inner():
        return n

    return inner()


@functools.lru_cache(maxsize=None)
def cached():
    return behind_the_cache()


def behind_the_cache():
    return 1


known = {}


def remembered():
    if "x" not in known:
        known["x"] = behind_a_dictionary()
    return known["x"]


def behind_a_dictionary():
    return 1


def decorate(function):
    return function


@decorate
def decorated():
    return (lambda: 1)()


def wide():
    return 1


def wider():
    return 1


def end_of_wide():
    pass


def numbers():
    yield 1
    yield 2


NUMBERS = numbers()


class Base:
    def method(self):
        return 1


def in_a_thread(stop):
    stop.wait()
=== pkg/shown.py
def source():
    pass
=== pkg/late.py
def registered():
    return 1


VALUE = registered()
=== pkg/work.py
def job(n):
    return n + 1


def main():
    print("ok")


if __name__ == "__main__":
    main()
=== pkg/data.txt
data
=== script.sh
#!/bin/sh
exit 0
=== tests/test_plain.py
import threading

import pytest

from pkg import core

pytestmark = pytest.mark.filterwarnings("error")


def test_plain():
    core.plain()


def test_decorated():
    core.decorated()


def test_method():
    core.Base().method()


def test_cached():
    assert core.cached() == 1


def test_cached_again():
    assert core.cached() == 1


def test_remembered():
    assert core.remembered() == 1


def test_remembered_again():
    assert core.remembered() == 1


def test_first_number():
    assert next(core.NUMBERS) == 1


def test_second_number():
    assert next(core.NUMBERS) == 2


stop = threading.Event()
thread = threading.Thread(target=core.in_a_thread, args=(stop,))


def test_thread_begins():
    thread.start()


def test_thread_goes_on():
    stop.set()
    thread.join()


def test_fails():
    assert core.plain() is None
=== tests/test_fixtures.py
import unittest

import pytest

from pkg import core


@pytest.fixture(scope="session")
def asked_for():
    return core.wider()


@pytest.fixture(scope="module")
def resource(request):
    request.getfixturevalue("asked_for")
    yield core.wide()
    core.end_of_wide()


def test_first_user(resource):
    pass


def test_second_user(resource):
    pass


def test_asks(request):
    request.getfixturevalue("resource")


def test_no_user():
    pass


class TestClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        core.plain()

    def test_one(self):
        pass

    def test_two(self):
        pass
=== tests/test_imports.py
def test_imports():
    from pkg import late

    assert late.VALUE == 1


def test_finds_it_imported():
    from pkg import late

    assert late.VALUE == 1
=== tests/test_files.py
import inspect
import os
from pathlib import Path

from pkg import shown

HERE = Path(__file__).parent


def test_reads():
    assert (HERE.parent / "pkg" / "data.txt").read_text()


def test_lists():
    assert os.listdir(HERE.parent / "pkg")


def test_source():
    assert inspect.getsource(shown.source)


def test_source_again():
    assert inspect.getsource(shown.source)


def test_writes(tmp_path):
    (tmp_path / "data.txt").write_text("")
=== tests/test_processes.py
import asyncio
import concurrent.futures
import multiprocessing
import os
import subprocess
import sys

import pytest

from pkg import core, work


def test_fork():
    child = os.fork()
    if not child:
        core.plain()
        os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_pool(how):
    with multiprocessing.get_context(how).Pool(1) as pool:
        assert pool.map(work.job, [1]) == [2]


def test_executor():
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        assert list(pool.map(work.job, [1])) == [2]


def test_module():
    done = subprocess.run([sys.executable, "-m", "pkg.work"], capture_output=True, check=True)
    assert done.stdout == b"ok\\n"


def test_code():
    code = "import os; from pkg import work; work.job(1); print('PYTHONPATH' in os.environ)"
    said = subprocess.check_output([sys.executable, "-c", code], env={"PATH": os.defpath})
    assert said == b"False\\n"


def test_script(tmp_path):
    script = tmp_path / "tool"
    script.write_text(f"#!{sys.executable}\\nfrom pkg import work\\nwork.job(1)\\n")
    script.chmod(0o755)
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    subprocess.run([script], env=environ, check=True)


def test_asyncio():
    async def main():
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "pkg.work")
        assert await process.wait() == 0

    asyncio.run(main())


def test_exec():
    child = os.fork()
    if not child:
        os.execvp(sys.executable, [sys.executable, "-m", "pkg.work"])
    assert os.waitpid(child, 0)[1] == 0


def test_grandchild():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'pkg.work'], check=True)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_shell():
    subprocess.run("exit 0", shell=True, check=True)


def test_system():
    os.system("exit 0")


def test_tool():
    subprocess.run(["env", "true"], check=True)


def test_cat():
    subprocess.run(["cat", "pkg/data.txt"], check=True)


def test_script_of_a_shell():
    subprocess.run(["./script.sh"], check=False)


def test_isolated():
    subprocess.run([sys.executable, "-I", "-c", ""], check=True)


def test_no_site():
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)


def test_child_of_a_child():
    code = "import subprocess; subprocess.run(['env', 'true'])"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def pool():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        yield pool


def test_wakes_the_pool(pool):
    pass


def test_uses_the_pool(pool):
    assert pool.map(work.job, [1]) == [2]
"""
SETTINGS = VerifySettings(
    python=sys.executable, tests_args=("--disable-plugin-autoload",), timeout_seconds=100
)
LEANING = {"second_number", "thread_goes_on"}
"""Tests that pass only after others."""
LOST = {*LEANING, "shell", "system", "tool", "script_of_a_shell", "isolated", "no_site"}
LOST |= {"child_of_a_child"}


@asynccontextmanager
async def opened(
    project: Path, settings: VerifySettings = SETTINGS
) -> AsyncIterator[tuple[Bench, Path]]:
    """Give what a run needs, and a private copy to run in."""
    states = States()
    try:
        snapshot = Snapshot(project, settings=settings, trusted=True, consent=True)
        state = await states.of(snapshot)
        assert isinstance(state.python, Environment)
        plugins = await states.folder("plugins")
        install_plugin(plugins)
        level = (await sandbox.probe()).level
        bench = Bench(
            project.resolve(),
            state.python,
            level,
            settings,
            plugins,
            state.tree.shown,
            environment_of_tests(),
        )
        async with states.copy(state) as root:
            shadow.mount_points(root, bench.workspace, bench.shown)
            yield bench, root
    finally:
        await states.aclose()


def quiet(done: int, total: int) -> None:
    assert done <= total


async def built(project: Path, known: ImpactMap | None = None) -> ImpactMap:
    async with opened(project) as (bench, root):
        return await build(bench, root, import_root=None, say=quiet, known=known)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImpactMap, str, str]:
    """The map of the project, and a hash of its files before and after."""
    root = projects.make(tmp_path_factory.mktemp("impact") / "project", PROJECT)
    (root / "script.sh").chmod(0o755)
    before = projects.digest(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root.parent / "cache"))
        found = asyncio.run(built(root))
    return found, before, projects.digest(root)


@pytest.fixture(scope="module")
def found(whole: tuple[ImpactMap, str, str]) -> ImpactMap:
    return whole[0]


def users(found: ImpactMap, path: str, name: str) -> set[str]:
    """The tests that a change of a function selects, by name, without those that always run."""
    chosen = found.select({path: [name]})
    return {test.rpartition("::test_")[2] for test in chosen.tests - chosen.always}


def test_the_run_is_complete_and_leaves_the_workspace_as_it_was(whole):
    found, before, after = whole
    assert found.complete
    assert not found.loose
    assert before == after
    assert found.seconds.keys() == set(found.tests)
    assert {test for test, outcome in found.outcomes.items() if outcome.bad} == {
        "tests/test_plain.py::test_fails"
    }


def test_what_cannot_be_followed_or_needs_other_tests_always_runs(found):
    always = {test.rpartition("::test_")[2] for test in found.named(found.always)}
    assert always == LOST


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("helper", {"plain", "fails", "fork", "one", "two"}),
        ("decorated", {"decorated"}),
        ("Base.method", {"method"}),
        ("behind_the_cache", {"cached", "cached_again"}),
        ("behind_a_dictionary", {"remembered", "remembered_again"}),
        ("numbers", {"first_number"}),
        ("in_a_thread", {"thread_begins"}),
        ("wide", {"first_user", "second_user", "asks"}),
        ("end_of_wide", {"first_user", "second_user", "asks"}),
        ("wider", {"first_user", "second_user", "asks"}),
    ],
)
def test_who_enters_a_function_is_selected_with_it(found, name, tests):
    assert users(found, "pkg/core.py", name) == tests
    assert not found.select({"pkg/core.py": [name]}).at_import


def test_what_runs_at_import_is_told_apart(found):
    assert found.select({"pkg/core.py": ["decorate"]}).at_import
    assert found.select({"pkg/core.py": ["<module>"]}).at_import


def test_a_module_that_tests_import_is_imported_by_each_of_them(found):
    assert users(found, "pkg/late.py", "registered") == {"imports", "finds_it_imported"}
    assert not found.select({"pkg/late.py": ["registered"]}).at_import


def test_started_and_forked_pythons_are_followed(found):
    assert users(found, "pkg/work.py", "job") == {
        *("pool[fork]", "pool[spawn]", "executor", "code", "script"),
        "uses_the_pool",
    }
    assert users(found, "pkg/work.py", "main") == {"module", "asyncio", "exec", "grandchild"}


def test_who_reads_a_file_is_selected_with_it(found):
    chosen = found.select({"pkg/data.txt": []})
    assert {test.rpartition("::")[2] for test in chosen.tests - chosen.always} == {
        "test_reads",
        "test_cat",
    }
    readers = found.select({"pkg/shown.py": ["source"]})
    # and not the one of which pytest shows a traceback
    assert readers.tests - readers.always == {
        "tests/test_files.py::test_source",
        "tests/test_files.py::test_source_again",
    }
    new = found.select({"pkg/new.txt": []})
    assert new.tests - new.always == {"tests/test_files.py::test_lists"}


SMALL = """
=== mod.py
def f():
    return 1


def g():
    return 2
=== test_f.py
import mod


def test_f():
    assert mod.f() == 1
=== test_g.py
import mod


def test_g():
    assert mod.g() == 2
"""


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


async def test_only_what_is_unknown_runs_again(tmp_path):
    root = projects.make(tmp_path / "project", SMALL)
    first = await built(root)
    new = (root / "mod.py").read_text().replace("return 2", "return f() + 1")
    (root / "mod.py").write_text(new)
    added = (root / "test_f.py").read_text() + "\n\ndef test_new():\n    assert mod.f()\n"
    (root / "test_f.py").write_text(added)
    known = first.rebased({"mod.py": new, "test_f.py": added})
    assert known.named(known.unknown) == {"test_f.py::test_f", "test_g.py::test_g"}
    known = dataclasses.replace(known, unknown=known.unknown & ~1)  # as if it were known
    second = await built(root, known)
    assert second.complete
    assert second.tests == ("test_f.py::test_f", "test_f.py::test_new", "test_g.py::test_g")
    assert users(second, "mod.py", "f") == {"f", "new", "g"}
    assert second.seconds["test_f.py::test_f"] == first.seconds["test_f.py::test_f"]


async def test_a_test_that_ends_the_process_always_runs_and_the_others_are_known(tmp_path):
    crash = SMALL + "=== test_d.py\nimport os\n\n\ndef test_crash():\n    os._exit(3)\n"
    found = await built(projects.make(tmp_path / "project", crash))
    assert found.complete
    assert found.named(found.always) == {"test_d.py::test_crash"}
    assert users(found, "mod.py", "g") == {"g"}


async def test_a_test_that_only_fails_when_traced_always_runs(tmp_path):
    odd = SMALL + "=== test_odd.py\nimport sys\n\n\ndef test_odd():\n"
    odd += "    assert 'festina_trail' not in sys.modules\n"
    found = await built(projects.make(tmp_path / "project", odd))
    assert found.named(found.always) == {"test_odd.py::test_odd"}
    assert found.outcomes["test_odd.py::test_odd"].status == "passed"


async def test_what_cannot_be_collected_gives_no_map(tmp_path):
    root = projects.make(tmp_path / "project", "=== conftest.py\nraise ValueError('no')\n")
    with pytest.raises(NotBuilt, match="pytest could not run"):
        await built(root)


async def test_cancelled_it_hands_on_what_it_has(tmp_path):
    slow = SMALL + "=== test_slow.py\nimport time\n\n\ndef test_slow():\n    time.sleep(60)\n"
    root = projects.make(tmp_path / "project", slow)
    kept: list[ImpactMap] = []
    async with opened(root) as (bench, copy):
        half = asyncio.Event()

        def say(done: int, total: int) -> None:
            if done == 2:
                half.set()

        task = asyncio.create_task(build(bench, copy, import_root=None, say=say, keep=kept.append))
        await half.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (found,) = kept
    assert found.named(found.unknown) == {"test_slow.py::test_slow"}
    assert users(found, "mod.py", "g") == {"g"}
