"""The cold verifier on small projects: what passes, what fails, and what cannot be told.

Edits that try to deceive their judge are in ``test_verify_cheats.py``.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from festina.config import VerifySettings
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.verify import sandbox, shadow
from festina.verify.base import Candidate, Snapshot, Step, verdict_key
from festina.verify.engine import Engine
from support import projects

ALONE = ("--disable-plugin-autoload",)
"""Our own environment's plugins take a second to load and have no part in these tests."""

SETTINGS = VerifySettings(python=sys.executable, tests_args=ALONE)
CORE = "calc/core.py"
OVER = "    return value\n\n\ndef unused"
"""The end of ``clamp``, whose bug is that it ignores the upper bound."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Baselines are shared by the tests that use the same project."""
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Copies go below the test's own folder, and none may be left there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    left = [path.name for path in (tmp_path / "cache").rglob("*-[0-9]*")]
    assert left == []


@pytest.fixture(params=["cold", "warm"])
async def verifier(cache: Path, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    verifier = Engine(cache=cache, fast=request.param == "warm")
    yield verifier
    await verifier.aclose()


@pytest.fixture
async def cold(cache: Path) -> AsyncIterator[Engine]:
    verifier = Engine(cache=cache, fast=False)
    yield verifier
    await verifier.aclose()


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return projects.make(tmp_path_factory.mktemp("flat") / "project", projects.FLAT)


async def judge(
    verifier: Engine,
    root: Path,
    path: str,
    *pairs: tuple[str, str],
    settings: VerifySettings = SETTINGS,
    resolves: tuple[Finding, ...] = (),
    steps: list[Step] | None = None,
) -> Verdict:
    """Replace text in a file of a project and verify that; the project must stay untouched."""
    old = (root / path).read_bytes().decode()
    new = old
    for before, after in pairs:
        assert new.count(before) == 1
        new = new.replace(before, after)
    before_digest = projects.digest(root)
    snapshot = Snapshot(root, settings=settings, trusted=True, consent=True)
    on_step = None if steps is None else steps.append
    verdict = await verifier.verify(snapshot, Candidate(path, old, new, resolves), on_step)
    assert projects.digest(root) == before_digest
    return verdict


def gate_of(verdict: Verdict) -> GateResult:
    result = verdict.gate(Gate.TESTS)
    assert result is not None
    return result


def reason(verdict: Verdict) -> str:
    assert verdict.status is Status.UNVERIFIED, verdict.summary()
    return gate_of(verdict).reason or ""


# --- what a verdict rests on


async def test_a_right_edit_passes_and_says_on_what(verifier: Engine, flat: Path) -> None:
    steps: list[Step] = []
    fixed = OVER.replace("return value", "return min(value, high)")
    verdict = await judge(verifier, flat, CORE, (OVER, fixed), steps=steps)
    assert verdict.status is Status.PASSED
    assert "4 tests ok (1 of 1 changed lines executed)" in verdict.summary()
    assert [gate.gate for gate in verdict.gates] == [Gate.SYNTAX, Gate.LINT, Gate.TESTS]
    assert gate_of(verdict).sandbox == (await sandbox.probe()).level
    assert steps[0].gates == (Gate.SYNTAX, Gate.LINT, Gate.TESTS)
    assert [step.result for step in steps if step.result] == list(verdict.gates)


async def test_a_wrong_edit_fails_with_the_assertion(verifier: Engine, flat: Path) -> None:
    verdict = await judge(verifier, flat, CORE, ("value * 2", "value * 3"))
    assert verdict.status is Status.FAILED
    (finding,) = verdict.findings
    assert (finding.path, finding.line) == ("tests/test_core.py", 13)
    assert finding.code == "tests/test_core.py::test_double"
    assert "assert 6 == 4" in finding.message
    assert finding.detail is not None


DOCTESTS = """
=== pyproject.toml
[tool.pytest.ini_options]
addopts = "--doctest-modules"
=== shop.py
def half(value):
    '''Halve a value.

    >>> half(0)
    0.0
    >>> half(
    ...     4
    ... )
    2.0
    '''
    return value / 2
"""


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("value / 4", "half( Expected: 2.0 Got: 1.0"),
        ("value and value / 2 or None", "half(0) Expected: 0.0 Got nothing"),
        ("value / 0", "half(0) UNEXPECTED EXCEPTION: ZeroDivisionError('division by zero')"),
    ],
)
async def test_a_doctest_that_fails_says_what_was_expected_and_at_which_line(
    verifier: Engine, tmp_path: Path, new: str, message: str
) -> None:
    root = projects.make(tmp_path / "project", DOCTESTS)
    verdict = await judge(verifier, root, "shop.py", ("return value / 2", f"return {new}"))
    assert verdict.status is Status.FAILED
    (finding,) = verdict.findings
    assert finding.message == f"shop.py::shop.half: {message}"
    assert (finding.path, finding.line) == ("shop.py", 4 if "half(0)" in message else 6)
    assert finding.detail is not None
    assert ">>> half(" in finding.detail


COLOURED = """
=== pyproject.toml
[tool.pytest.ini_options]
addopts = "--color=yes"
pythonpath = ["."]
=== shop.py
def sign(value):
    return "+" if value > 0 else "-"
=== test_shop.py
from shop import sign

def test_sign():
    assert sign(1) == "+", "\\x1b[31mred\\x1b[0m"

def test_signs():
    assert [sign(1), sign(-1)] == ["+", "-"]
"""


async def test_what_a_failed_test_says_has_no_colours(verifier: Engine, tmp_path: Path) -> None:
    """pytest colours what it compares where a project wants that; an editor shows the codes."""
    root = projects.make(tmp_path / "project", COLOURED)
    verdict = await judge(verifier, root, "shop.py", ("value > 0", "value < 0"))
    assert verdict.status is Status.FAILED
    said = [text for one in verdict.findings for text in (one.message, one.detail or "")]
    assert len(said) >= 2
    assert "red" in said[0]
    assert not any("\x1b" in text for text in said), said
    assert all("assert" in text for text in said)


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("LIMIT = 10", "LIMIT = 11", Status.FAILED),
        ("LIMIT = 10", "LIMIT = 5 + 5", Status.PASSED),
        ("LIMIT = 10", "LIMIT = 10  # ten", Status.PASSED),
        ("LIMIT = 10", "LIMIT = 10\nraise RuntimeError", Status.FAILED),
        ("def double(value):", "def double(value, twice):", Status.FAILED),
        ("def double(value):", "def double(value, by=2):", Status.PASSED),
        ("value + 1", "value + 2", Status.UNVERIFIED),
        ("def unused(value):", "def unused(value, by=1):", Status.UNVERIFIED),
    ],
)
async def test_what_runs_decides(
    verifier: Engine, flat: Path, before: str, after: str, status: Status
) -> None:
    assert (await judge(verifier, flat, CORE, (before, after))).status is status


async def test_cheap_gates_come_first_and_stop(verifier: Engine, flat: Path) -> None:
    syntax = await judge(verifier, flat, CORE, ("LIMIT = 10", "LIMIT = ("))
    assert [gate.gate for gate in syntax.gates] == [Gate.SYNTAX]
    lint = await judge(verifier, flat, CORE, ("LIMIT = 10", "import os\n\nLIMIT = 10"))
    assert [gate.gate for gate in lint.gates] == [Gate.SYNTAX, Gate.LINT]
    assert (syntax.status, lint.status) == (Status.FAILED, Status.FAILED)


async def test_what_the_tests_do_ahead_of_their_turn_is_told_when_it_comes(
    verifier: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They begin while ruff runs. The first run may take minutes: it has to be named."""
    root, steps, begun = projects.make(tmp_path / "project", projects.FLAT), [], asyncio.Event()
    whole, check = verifier._benches.whole, verifier._lint.check

    async def begin(*args: Any, **options: Any) -> Any:
        begun.set()
        return await whole(*args, **options)

    async def late(*args: Any, **options: Any) -> Any:
        result = await check(*args, **options)
        await begun.wait()
        return result

    monkeypatch.setattr(verifier._benches, "whole", begin)
    monkeypatch.setattr(verifier._lint, "check", late)
    await judge(verifier, root, CORE, ("value * 2", "value + value"), steps=steps)
    told = [(step.gate, step.message) for step in steps if step.result is None]
    assert (Gate.TESTS, "running the tests once without the edit") in told
    assert (None, "running the tests once without the edit") not in told


async def test_a_new_conftest_lives_only_in_one_copy(verifier: Engine, flat: Path) -> None:
    """Code under test may write into its copy; the next run starts from a fresh one."""
    write = (
        "import pathlib\n\nLIMIT = 11\n"
        "pathlib.Path('conftest.py').write_text('def pytest_collection_modifyitems(items):"
        " items.clear()')"
    )
    first = await judge(verifier, flat, CORE, ("LIMIT = 10", write))
    again = await judge(verifier, flat, CORE, ("LIMIT = 10", "LIMIT = 12"))
    assert (first.status, again.status) == (Status.FAILED, Status.FAILED)
    assert not (flat / "conftest.py").exists()


# --- the baseline


async def test_known_failures_are_subtracted_and_wanted_ones_must_pass(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        projects.FLAT
        + "=== tests/test_above.py\nfrom calc.core import clamp\n\n\n"
        + "def test_above():\n    assert clamp(99, 0, 10) == 10\n\n\n"
        + "def test_other():\n    assert clamp(1, 0, 10) == 2\n",
    )
    wanted = (Finding(Gate.TESTS, "", "", code="tests/test_above.py::test_above"),)
    idle = (OVER, OVER.replace("return value", "return value + 0"))
    unrelated = await judge(verifier, root, CORE, idle)
    assert unrelated.status is Status.PASSED
    assert "4 tests ok" in unrelated.summary()
    assert (await judge(verifier, root, CORE, idle, resolves=wanted)).status is Status.FAILED
    fixed = (OVER, OVER.replace("return value", "return min(value, high)"))
    assert (await judge(verifier, root, CORE, fixed, resolves=wanted)).status is Status.PASSED


async def test_a_test_that_fails_now_and_then_rejects_nothing(
    verifier: Engine, tmp_path: Path
) -> None:
    """It fails in the second run of five, the candidate's, and in the last one, without it."""
    count = tmp_path / "count"
    root = projects.make(
        tmp_path / "project",
        f"""
        === mod.py
        X = 1
        === test_mod.py
        import pathlib

        import mod


        def test_now_and_then():
            count = pathlib.Path({str(count)!r})
            count.open("a").write("x")
            assert mod.X and count.stat().st_size not in (2, 5)


        def test_x():
            assert mod.X < 3
        """,
    )
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, sandbox="off")
    verdict = await judge(verifier, root, "mod.py", ("X = 1", "X = 2"), settings=settings)
    assert verdict.status is Status.PASSED
    assert "2 tests ok, 1 of them only now and then, with and without the edit" in verdict.summary()
    assert count.read_text() == "x" * 5


async def test_ids_that_differ_from_run_to_run_are_not_missing(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        """
        === mod.py
        X = 1
        === test_mod.py
        import os

        import mod
        import pytest


        @pytest.mark.parametrize("name", [os.urandom(8).hex()])
        def test_x(name):
            assert mod.X < 3
        """,
    )
    assert (await judge(verifier, root, "mod.py", ("1", "2"))).status is Status.PASSED
    assert (await judge(verifier, root, "mod.py", ("1", "3"))).status is Status.FAILED


async def test_concurrent_candidates_share_one_baseline(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        "=== mod.py\nX = 1\n=== test_mod.py\nimport mod\n\n\ndef test_x():\n    assert mod.X < 3\n",
    )
    steps: list[Step] = []
    verdicts = await asyncio.gather(
        *(judge(verifier, root, "mod.py", ("1", str(n)), steps=steps) for n in (2, 3, 4))
    )
    assert [verdict.status for verdict in verdicts] == [
        Status.PASSED,
        Status.FAILED,
        Status.FAILED,
    ]
    first = await verifier.fingerprint(
        Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    )
    assert verdicts[0].key == verdict_key("X = 2\n", first)
    (root / "extra.txt").write_text("more")
    second = await verifier.fingerprint(
        Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    )
    assert first != second


async def test_open_buffers_are_part_of_the_shadow(verifier: Engine, flat: Path) -> None:
    old = (flat / CORE).read_text()
    test = (flat / "tests/test_core.py").read_text().replace("== 4", "== 6")
    snapshot = Snapshot(
        flat, {"tests/test_core.py": test, CORE: old}, SETTINGS, trusted=True, consent=True
    )
    candidate = Candidate(CORE, old, old.replace("value * 2", "value * 3"))
    verdict = await verifier.verify(snapshot, candidate)
    assert verdict.status is Status.PASSED
    plain = Snapshot(flat, {CORE: old}, SETTINGS, trusted=True, consent=True)
    assert await verifier.fingerprint(plain) != await verifier.fingerprint(snapshot)
    bare = Snapshot(flat, {}, SETTINGS, trusted=True, consent=True)
    assert await verifier.fingerprint(plain) == await verifier.fingerprint(bare)


BROKEN = {
    "no tests": ("=== mod.py\nX = 1\n", "collected no tests"),
    "conftest": ("=== mod.py\nX = 1\n=== conftest.py\nimport nowhere\n", "nowhere"),
    "addopts": (
        "=== mod.py\nX = 1\n=== pytest.ini\n[pytest]\naddopts = --no-such-option\n",
        "--no-such-option",
    ),
    "all fail": (
        "=== mod.py\nX = 1\n=== test_mod.py\nimport mod\n\n\ndef test_x():\n    assert mod.X > 9\n",
        "Every test fails",
    ),
    "not importable": (
        "=== src/pkg.py\nX = 1\n=== mod.py\nX = 1\n"
        "=== test_pkg.py\nimport pkg\n=== test_other.py\ndef test_x():\n    pass\n",
        "test_pkg.py cannot be collected without it either: ModuleNotFoundError: No module named",
    ),
    "not covered": (
        "=== mod.py\nX = 1\n=== test_other.py\ndef test_x():\n    pass\n",
        "no test imports this file",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_what_proves_nothing_says_why(verifier: Engine, tmp_path: Path, kind: str) -> None:
    text, words = BROKEN[kind]
    root = projects.make(tmp_path / "project", text)
    verdict = await judge(verifier, root, "mod.py", ("X = 1", "X = 2"))
    assert words in reason(verdict)


async def test_a_candidate_may_mend_what_kept_every_test_from_being_collected(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        "=== mod.py\nX = nothing\n"
        "=== test_mod.py\nimport mod\n\n\ndef test_x():\n    assert mod.X\n",
    )
    assert (await judge(verifier, root, "mod.py", ("nothing", "1"))).status is Status.PASSED


async def test_an_endless_loop_is_unverified(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        "=== mod.py\ndef f():\n    return 1\n=== test_mod.py\nimport mod\n\n\n"
        "def test_x():\n    assert mod.f()\n",
    )
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, timeout_seconds=5)
    verdict = await judge(
        verifier, root, "mod.py", ("return 1", "while True: pass"), settings=settings
    )
    assert "test_mod.py::test_x was running" in reason(verdict)


async def test_configuration_above_the_workspace_counts_as_it_does_outside(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "above" / "project",
        """
        === mod.py
        X = 1
        === test_mod.py
        import mod


        def test_x(above):
            assert mod.X < above
        """,
    )
    fixture = "import pytest\n\n\n@pytest.fixture\ndef above():\n    return 3\n"
    (tmp_path / "above" / "conftest.py").write_text(fixture)
    (tmp_path / "above" / "pytest.ini").write_text("[pytest]\n")
    assert (await judge(verifier, root, "mod.py", ("1", "2"))).status is Status.PASSED
    assert (await judge(verifier, root, "mod.py", ("1", "4"))).status is Status.FAILED


@pytest.mark.parametrize("linked", [False, True])
async def test_the_repository_around_the_workspace_is_seen(
    verifier: Engine, tmp_path: Path, linked: bool
) -> None:
    """In a folder of a repository, and in one of a linked worktree."""
    root = projects.make(
        tmp_path / "tree" / "project",
        f"""
        === mod.py
        X = 1
        === test_mod.py
        import pathlib

        import mod


        def test_x():
            at = pathlib.Path(__file__).parents[1] / ".git"
            if {linked}:
                at = pathlib.Path(at.read_text().removeprefix("gitdir: ").strip())
                at = at / (at / "commondir").read_text().strip()
            assert (at / "HEAD").read_text() == "ref"
            assert mod.X
        """,
    )
    repository = tmp_path / "main" / ".git" if linked else tmp_path / "tree" / ".git"
    repository.mkdir(parents=True)
    (repository / "HEAD").write_text("ref")
    if linked:
        own = repository / "worktrees" / "tree"
        own.mkdir(parents=True)
        (own / "commondir").write_text("../..\n")
        (tmp_path / "tree" / ".git").write_text(f"gitdir: {own}\n")
    assert (await judge(verifier, root, "mod.py", ("1", "2"))).status is Status.PASSED


# --- which source was tested


SRC = """
=== src/calc/__init__.py
=== src/calc/core.py
def double(value):
    return value * 2
=== tests/test_core.py
from calc.core import double


def test_double():
    assert double(2) == 4
=== site/calc/__init__.py
=== site/calc/core.py
def double(value):
    return value * 2
"""


async def test_an_installed_copy_is_not_what_gets_tested(
    verifier: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``site`` stands for site-packages with a plain install of the project."""
    root = projects.make(tmp_path / "project", SRC)
    installed = tmp_path / "site-packages"
    (root / "site").rename(installed)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    right = await judge(verifier, root, "src/calc/core.py", ("value * 2", "value + value"))
    assert right.status is Status.PASSED
    wrong = await judge(verifier, root, "src/calc/core.py", ("value * 2", "value * 3"))
    assert wrong.status is Status.FAILED


async def test_where_the_installed_copy_wins_all_the_same_the_remedy_is_named(
    verifier: Engine, tmp_path: Path
) -> None:
    insist = "=== conftest.py\nimport sys\n\nsys.path.insert(0, sys.path[0] + '/../site')\n"
    root = projects.make(tmp_path / "project", SRC + insist)
    (root / "conftest.py").write_text(f"import sys\n\nsys.path.insert(0, {str(root / 'site')!r})\n")
    verdict = await judge(verifier, root, "src/calc/core.py", ("value * 2", "value * 3"))
    assert "pip install -e ." in reason(verdict)


async def test_lines_run_by_threads_and_by_suites_that_trace_count(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        """
        === mod.py
        def threaded():
            return 1


        def traced():
            return 1
        === test_mod.py
        import sys
        import threading

        import mod


        def test_trace():
            sys.settrace(lambda *args: None)
            sys.settrace(None)


        def test_thread():
            found = []
            thread = threading.Thread(target=lambda: found.append(mod.threaded()))
            thread.start()
            thread.join()
            assert found == [1]


        def test_traced():
            assert mod.traced() == 1
        """,
    )
    one = ("def threaded():\n    return 1", "def threaded():\n    return 2 - 1")
    two = ("def traced():\n    return 1", "def traced():\n    return 2 - 1")
    for pair in (one, two):
        assert (await judge(verifier, root, "mod.py", pair)).status is Status.PASSED


async def test_a_strict_suite_does_not_notice_that_it_is_watched(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        """
        === pytest.ini
        [pytest]
        addopts = -x -q -p no:randomly --strict-markers
        filterwarnings = error
        === mod.py
        def f():
            return 1
        === test_mod.py
        import gc
        import os
        import sys

        import mod


        def test_surroundings():
            assert "FESTINA_WITNESS" not in os.environ
            assert "PYTHONPATH" not in os.environ
            assert not any("festina" in name and "plugins" in name for name in sys.path)
            gc.collect()


        def test_fork():
            child = os.fork()
            if child == 0:
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0


        def test_f():
            assert mod.f() == 1
        """,
    )
    verdict = await judge(verifier, root, "mod.py", ("return 1", "return 2 - 1"))
    assert verdict.status is Status.PASSED
    assert "3 tests ok" in verdict.summary()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_file_saved_while_the_workspace_is_copied_makes_it_begin_again_once(
    verifier: Engine, flat: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    copy, saves = shadow.copy, [flat / CORE] * times

    def copy_and_save(*arguments: object) -> None:
        if saves:
            file = saves.pop()
            os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000_000))
        copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shadow, "copy", copy_and_save)
    fixed = OVER.replace("return value", "return min(value, high)")
    verdict = await judge(verifier, flat, CORE, (OVER, fixed))
    if times == 1:
        assert verdict.status is Status.PASSED
    else:
        assert reason(verdict) == (
            f"The workspace changed while it was copied ({CORE}). Verify again."
        )


# --- tests, configuration and other files


async def test_an_edit_of_tests_may_add_but_not_take_away(verifier: Engine, flat: Path) -> None:
    path = "tests/test_core.py"
    added = "\n\ndef test_more():\n    assert double(3) == 6\n"
    more = await judge(verifier, flat, path, ("== 10\n", "== 10\n" + added))
    assert more.status is Status.PASSED
    renamed = await judge(verifier, flat, path, ("def test_double", "def test_twice"))
    assert "takes away" in reason(renamed)
    bad = await judge(verifier, flat, path, ("== 10\n", "== 10\n" + added.replace("6", "7")))
    assert bad.status is Status.FAILED


async def test_other_files_are_unverified(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        projects.FLAT + "=== app.js\nlet x = 1\n=== calc/core.pyi\nLIMIT: int\n",
    )
    script = await judge(verifier, root, "app.js", ("1", "2"))
    assert [gate.status for gate in script.gates[:2]] == [Status.SKIPPED, Status.SKIPPED]
    assert ".js" in reason(script)
    assert "stub" in reason(await judge(verifier, root, "calc/core.pyi", ("int", "float")))
    config = await judge(verifier, root, "pyproject.toml", ('version = "1"', 'version = "2"'))
    assert "nothing shows" in reason(config)


async def test_a_diagnostic_of_another_tool_is_not_proved_gone(
    verifier: Engine, flat: Path
) -> None:
    wanted = (Finding(Gate.TYPES, CORE, "bad type"),)
    verdict = await judge(verifier, flat, CORE, ("value * 2", "2 * value"), resolves=wanted)
    assert verdict.status is Status.UNVERIFIED
    assert "bad type" in (verdict.gates[-1].reason or "")


# --- conditions


async def test_before_trust_nothing_of_the_workspace_runs(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(tmp_path / "project", projects.FLAT)
    ran = tmp_path / "ran"
    for name in ("python", "ruff"):
        program = root / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\ntouch {ran}\n")
        program.chmod(0o755)
    (root / ".venv" / "pyvenv.cfg").touch()
    old = (root / CORE).read_text()
    candidate = Candidate(CORE, old, old.replace("value * 2", "2 * value"))
    verdict = await verifier.verify(Snapshot(root), candidate)
    assert "festina trust" in reason(verdict)
    told = await verifier.verify(Snapshot(root, trust_remedy="Ask Ann."), candidate)
    assert reason(told).endswith("run. Ask Ann.")
    assert [gate.status for gate in verdict.gates[:2]] == [Status.PASSED, Status.PASSED]
    assert not ran.exists()
    wrong = Candidate(CORE, old, old.replace("value * 2", "values * 2"))
    assert (await verifier.verify(Snapshot(root), wrong)).status is Status.FAILED
    await verifier.verify(Snapshot(root, trusted=True), candidate)
    assert ran.exists()  # so the first assertion could have failed


async def test_a_missing_interpreter_and_a_missing_pytest_name_the_remedy(
    verifier: Engine, flat: Path, tmp_path: Path
) -> None:
    pair = ("value * 2", "2 * value")
    nowhere = VerifySettings(python="no/such/python")
    assert "verify.python" in reason(await judge(verifier, flat, CORE, pair, settings=nowhere))
    false = VerifySettings(python="/bin/false")
    assert "does not work" in reason(await judge(verifier, flat, CORE, pair, settings=false))
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    verdict = await judge(verifier, flat, CORE, pair, settings=VerifySettings(python=str(bare)))
    assert "-m pip install pytest" in reason(verdict)


async def test_an_interpreter_that_is_too_old_is_named(
    verifier: Engine, flat: Path, tmp_path: Path
) -> None:
    old = tmp_path / "python3.7"
    said = (
        f'{{"version": [3, 7, 17], "executable": "{old}", "prefixes": [], "path": [],'
        ' "editable": [], "pytest": true}'
    )
    old.write_text(f"#!/bin/sh\necho '{said}'\n")
    old.chmod(0o755)
    settings = VerifySettings(python=str(old))
    verdict = await judge(verifier, flat, CORE, ("value * 2", "2 * value"), settings=settings)
    assert "is Python 3.7, and tests can be watched from 3.8 on" in reason(verdict)


async def test_a_disk_that_is_full_is_said_in_a_sentence(
    flat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path, **_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shadow.shutil, "copy2", full)
    verifier = Engine(cache=tmp_path / "baselines")
    old = (flat / CORE).read_text()
    config = {"pyproject.toml": (flat / "pyproject.toml").read_text().replace("E7", "E9")}
    snapshot = Snapshot(flat, config, SETTINGS, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate(CORE, old, old.replace("10", "5 + 5")))
    await verifier.aclose()
    words = [gate.reason or "" for gate in verdict.gates if gate.status is Status.UNVERIFIED]
    assert len(words) == 2  # ruff needs a copy too, since its configuration is not saved
    assert all(word.endswith("No space left on device.") for word in words)
    assert "Errno" not in "".join(words)


@pytest.mark.parametrize(
    ("unsaved", "code"),
    [
        ({}, "E501"),
        ({"pyproject.toml": "[project]\nname = 'y'\n"}, "E501"),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = ['E741']\n"}, "E741"),
        ({"ruff.toml": "lint.select = ['E741']\n"}, "E741"),
    ],
)
async def test_ruffs_configuration_is_that_of_the_editor(
    verifier: Engine, tmp_path: Path, unsaved: dict[str, str], code: str
) -> None:
    top = projects.make(tmp_path / "top", "=== ruff.toml\nlint.select = ['E501']\n")
    root = projects.make(top / "package", "=== pyproject.toml\n=== m.py\n")
    settings = VerifySettings(gates=("lint",))
    candidate = Candidate("m.py", "", f"l = '{'a' * 99}'\n")
    verdict = await verifier.verify(Snapshot(root, unsaved, settings), candidate)
    assert [finding.code for finding in verdict.findings] == [code]


async def test_a_cache_that_cannot_be_written_is_said(
    flat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    verifier = Engine(cache=tmp_path / "baselines")
    verdict = await judge(verifier, flat, CORE, ("value * 2", "2 * value"))
    await verifier.aclose()
    assert reason(verdict) == (
        f"The tests could not be run: {tmp_path / 'file' / 'festina' / 'scratch'}: Not a directory."
    )


async def test_without_a_sandbox_tests_run_only_after_consent(
    verifier: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none() -> sandbox.Probe:
        return sandbox.Probe(sandbox.Level.NONE, "No namespaces.", "Install bubblewrap.")

    monkeypatch.setattr(sandbox, "probe", none)
    root = projects.make(tmp_path / "project", projects.FLAT)
    old = (root / CORE).read_text()
    candidate = Candidate(CORE, old, old.replace("value * 2", "2 * value"))
    refused = await verifier.verify(Snapshot(root, settings=SETTINGS, trusted=True), candidate)
    assert "Install bubblewrap." in reason(refused)
    verdict = await judge(verifier, root, CORE, ("value * 2", "2 * value"))
    assert verdict.status is Status.PASSED
    assert gate_of(verdict).sandbox == "none"
    wrong = await judge(verifier, root, CORE, ("value * 2", "3 * value"))
    assert wrong.findings[0].path == "tests/test_core.py"


async def test_without_a_sandbox_the_repository_is_out_of_reach(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(
        tmp_path / "project",
        """
        === mod.py
        X = 1
        === .git/HEAD
        ref
        === node_modules/x.js
        y
        === test_mod.py
        import pathlib

        import mod


        def test_x():
            here = pathlib.Path(__file__).parent
            assert not (here / ".git").exists()
            assert (here / "node_modules/x.js").exists()
            assert mod.X
        """,
    )
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, sandbox="off")
    verdict = await judge(verifier, root, "mod.py", ("1", "2"), settings=settings)
    assert verdict.status is Status.PASSED


async def test_a_link_out_of_the_workspace_is_never_written_through(
    verifier: Engine, tmp_path: Path
) -> None:
    root = projects.make(tmp_path / "project", projects.FLAT)
    outside = tmp_path / "outside.py"
    outside.write_text("X = 1\n")
    (root / "linked.py").symlink_to(outside)
    (root / "alias.py").symlink_to(root / CORE)
    assert "outside the workspace" in reason(
        await judge(verifier, root, "linked.py", ("X = 1", "X = 2"))
    )
    assert outside.read_text() == "X = 1\n"
    inside = await judge(verifier, root, "alias.py", ("value * 2", "value * 3"))
    assert inside.status is Status.FAILED


async def test_secrets_and_caches_are_not_copied(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        """
        === .env
        TOKEN=secret
        === __pycache__/mod.cpython-311.pyc
        stale
        === mod.py
        X = 1
        === .git/config
        [core]
        === test_mod.py
        import os

        import mod


        def test_view():
            assert not os.path.exists(".env")
            assert os.path.exists(".git/config")
            assert mod.X < 3
        """,
    )
    assert (await judge(verifier, root, "mod.py", ("1", "2"))).status is Status.PASSED


async def test_cancelling_removes_what_it_made(verifier: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        "=== mod.py\nX = 1\n=== test_mod.py\nimport time\n\n\ndef test_x():\n    time.sleep(600)\n",
    )
    running = asyncio.Event()

    def on_step(step: Step) -> None:
        if step.message == "running the tests once without the edit":
            running.set()

    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    work = asyncio.create_task(
        verifier.verify(snapshot, Candidate("mod.py", "X = 1\n", "X = 2\n"), on_step)
    )
    await asyncio.wait_for(running.wait(), 60)
    scratch = tmp_path / "cache"
    async with asyncio.timeout(60):
        while not list(scratch.rglob("shadow-*/test_mod.py")):
            await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert list(scratch.rglob("shadow-*")) == []


async def test_cancelling_twice_leaves_nothing_running(cold: Engine, tmp_path: Path) -> None:
    root = projects.make(
        tmp_path / "project",
        "=== mod.py\nX = 1\n=== test_mod.py\nimport time\n\nimport mod\n\n\ndef test_x():\n"
        "    open('begun', 'w')\n    time.sleep(600 if mod.X == 2 else 0)\n",
    )
    snapshot = Snapshot(root, settings=SETTINGS, trusted=True, consent=True)
    first = await cold.verify(snapshot, Candidate("mod.py", "X = 1\n", "X = 3\n"))
    assert first.status is Status.PASSED
    before = asyncio.all_tasks()
    work = asyncio.create_task(cold.verify(snapshot, Candidate("mod.py", "X = 1\n", "X = 2\n")))
    async with asyncio.timeout(60):
        while not list((tmp_path / "cache").rglob("shadow-*/begun")):
            await asyncio.sleep(0.01)
    for _ in range(2):
        work.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await work
    assert asyncio.all_tasks() == before


async def mapped(
    verifier: Engine, root: Path, path: str, code: str, settings: VerifySettings
) -> tuple[str, Verdict]:
    """Wait until it is known which tests execute what: edits that say the same get to tier 1."""
    async with asyncio.timeout(100):
        for number in range(1000):
            new = f"{code} + 0 * {number}"
            verdict = await judge(verifier, root, path, (code, new), settings=settings)
            if gate_of(verdict).tier == 1:
                break
            await asyncio.sleep(0.2)
    return new, verdict


async def test_equal_code_is_tested_once_and_what_it_looks_like_is_not(tmp_path: Path) -> None:
    root = projects.make(tmp_path / "project", projects.FLAT)
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, tests_scope="impacted")
    verifier = Engine(cache=tmp_path / "baselines")

    async def tried(body: str) -> tuple[Verdict, GateResult]:
        verdict = await judge(verifier, root, CORE, ("value * 2", body), settings=settings)
        return verdict, gate_of(verdict)

    try:
        code, known = await mapped(verifier, root, CORE, "value * 2", settings)
        first = gate_of(known)
        verdict, gate = await tried(f"{code}  # so")
        assert (verdict.status, gate.tier, gate.tests) == (Status.PASSED, 0, first.tests)
        verdict, _ = await tried(f"{code}  # noqa")
        assert verdict.status is Status.UNVERIFIED, "what silences a check is judged each time"
        verdict, gate = await tried("value * 3")
        assert (verdict.status, gate.tier) == (Status.FAILED, 1)
        verdict, gate = await tried("(value * 3)")
        assert (verdict.status, gate.tier) == (Status.FAILED, 0)
    finally:
        await verifier.aclose()


async def test_where_all_affected_tests_fail_anyway_the_whole_suite_is_asked(
    tmp_path: Path,
) -> None:
    text = (
        "=== mod.py\ndef f():\n    return 1\n\n\ndef g():\n    return 4\n"
        "=== test_mod.py\nfrom mod import f, g\n\n\ndef test_f():\n    assert f() > 9\n\n\n"
        "def test_g():\n    assert g() == 4\n"
    )
    root = projects.make(tmp_path / "project", text)
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, tests_scope="impacted")
    verifier = Engine(cache=tmp_path / "baselines")
    try:
        await mapped(verifier, root, "mod.py", "return 4", settings)
        verdict = await judge(verifier, root, "mod.py", ("return 1", "return 2"), settings=settings)
    finally:
        await verifier.aclose()
    tests = gate_of(verdict).tests
    assert tests is not None
    assert (verdict.status, tests.scope, tests.selected) == (Status.PASSED, "full", 2)


async def test_what_fails_in_another_order_anyway_is_not_held_against_an_edit(
    tmp_path: Path,
) -> None:
    """What failed with the last edit runs first with the next one; here another test minds."""
    text = (
        "=== mod.py\ndef f():\n    return 4\n"
        "=== test_mod.py\nfrom mod import f\n\nseen = []\n\n\n"
        "def test_first():\n    assert f() > 3\n    assert not seen\n\n\n"
        "def test_second():\n    seen.append(f())\n    assert f() == 4\n"
    )
    root = projects.make(tmp_path / "project", text)
    settings = VerifySettings(python=sys.executable, tests_args=ALONE, tests_scope="impacted")
    verifier = Engine(cache=tmp_path / "baselines")
    try:
        await mapped(verifier, root, "mod.py", "return 4", settings)
        verdict = await judge(verifier, root, "mod.py", ("return 4", "return 5"), settings=settings)
        assert verdict.status is Status.FAILED
        verdict = await judge(
            verifier, root, "mod.py", ("return 4", "return 2 + 2"), settings=settings
        )
    finally:
        await verifier.aclose()
    tests = gate_of(verdict).tests
    assert tests is not None
    assert (verdict.status, tests.scope, tests.flaky) == (Status.PASSED, "impacted", 1)
