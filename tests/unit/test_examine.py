"""How saved files are examined: the logic over scripted tools, then the cold verifier for real."""

import asyncio
import sys

import pytest

from festina.config import VerifySettings
from festina.findings import Finding, Gate
from festina.verify.base import Snapshot
from festina.verify.engine import Engine
from festina.verify.examination import Place
from festina.verify.examine import Asked, Untold, examine
from festina.verify.record import Run
from support import projects
from support.runs import run

A, B, C = "tests/test_mod.py::a", "tests/test_mod.py::b", "tests/test_mod.py::c"


class Scripted:
    """Tools that answer by the state: its buffers' texts name the outcomes."""

    def __init__(self, after, before=None, again=None, impacted=None, lint=()):
        self.answers = {"after": after, "before": before, "again": again or after}
        self.selection = impacted
        self.findings = lint
        self.asked = []

    async def run(self, state, only):
        await asyncio.sleep(0)
        name = "before" if state.buffers.get("mod.py") == "old" else "after"
        if name == "after" and self.asked.count("after"):
            name = "again"
        self.asked.append(name)
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def impacted(self, texts):
        self.texts = texts
        return self.selection

    async def lint(self, candidate):
        self.asked.append(candidate)
        return self.findings


async def look(tools, scope="impacted", before="old", after="new", path="mod.py", workspace=None):
    now = Snapshot(workspace, {path: after}, trusted=True)
    then = Snapshot(workspace, {} if before is None else {path: before}, trusted=True)
    steps = []
    asked = Asked(then, now, (path,), scope, lambda step: steps.append(step.message))
    found = await examine(asked, tools)
    tools.steps = steps
    return found


async def test_green_takes_one_run(tmp_path):
    tools = Scripted(run({A: "passed", B: "passed"}), impacted=frozenset([A, B]))
    found = await look(tools, workspace=tmp_path)
    assert (found.findings, found.scope, found.reason) == ((), "impacted", "")
    assert (found.counts.selected, found.counts.passed) == (2, 2)
    assert found.ran == {A, B}
    assert tools.asked[1:] == ["after"]
    assert tools.texts == {"mod.py": ("old", "new")}
    assert "running 2 impacted tests" in tools.steps


async def test_where_nothing_knows_what_is_impacted_everything_runs(tmp_path):
    tools = Scripted(run({A: "passed"}))
    assert (await look(tools, workspace=tmp_path)).scope == "full"
    assert (await look(Scripted(run({A: "passed"})), "full", workspace=tmp_path)).scope == "full"


async def test_a_suite_that_takes_long_is_not_waited_for_in_the_place_of_what_is_not_known(
    tmp_path, monkeypatch
):
    class Endless(Scripted):
        async def run(self, state, only):
            await asyncio.Event().wait()

    monkeypatch.setattr("festina.verify.examine._WHOLE", 0.01)
    found = await look(Endless(None), workspace=tmp_path)
    assert "not known yet which tests the change can affect" in found.reason
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await look(Endless(None), "full", workspace=tmp_path)


async def test_nothing_runs_where_no_test_is_impacted(tmp_path):
    tools = Scripted(run({}), impacted=frozenset())
    found = await look(tools, workspace=tmp_path)
    assert (found.counts.selected, tools.asked[1:]) == (0, [])


async def test_what_fails_without_the_change_as_well_is_told_apart(tmp_path):
    tools = Scripted(
        after=run({A: "failed", B: "failed", C: "passed"}),
        before=run({A: "passed", B: "failed"}),
    )
    found = await look(tools, workspace=tmp_path)
    assert {one.code for one in found.findings} == {A, B}
    assert found.preexisting == {B}
    assert [one.code for one in found.broken] == [A]
    assert found.through == {A: Place("mod.py", 1, passed=False)}
    assert [one.code for one in found.was] == [B]
    assert sorted(tools.asked[1:]) == ["after", "again", "before"]


async def test_a_test_that_fails_only_once_is_no_failure(tmp_path):
    tools = Scripted(
        after=run({A: "failed", B: "failed"}),
        again=run({A: "passed", B: "failed"}),
        before=run({A: "passed", B: "passed"}),
    )
    found = await look(tools, workspace=tmp_path)
    assert [one.code for one in found.findings] == [B]
    assert (found.counts.flaky, found.counts.passed, found.counts.failed) == (1, 1, 1)


async def test_a_test_that_needs_those_before_it_is_run_with_its_file_and_noted(tmp_path):
    class Dependent(Scripted):
        async def run(self, state, only):
            if only == {"tests/test_mod.py"}:
                return run({A: "passed", B: "passed", C: "failed"})
            return await super().run(state, only)

        def depend(self, tests):
            self.dependent = tests

    failing = run({B: "failed", C: "failed"})
    tools = Dependent(failing, before=failing, impacted=frozenset([B, C]))
    found = await look(tools, workspace=tmp_path)
    assert ([one.code for one in found.tests], found.preexisting) == ([C], {C})
    assert (found.counts.passed, found.counts.failed, tools.dependent) == (1, 1, {B})


@pytest.mark.parametrize("before", [None, "new"], ids=["unknown", "the same"])
async def test_without_another_text_from_before_nothing_is_said_of_then(tmp_path, before):
    tools = Scripted(run({A: "failed"}))
    found = await look(tools, before=before, workspace=tmp_path)
    assert (found.preexisting, len(found.broken)) == (frozenset(), 1)
    assert "before" not in tools.asked


async def test_a_state_from_before_that_does_not_end_excuses_nothing(tmp_path, monkeypatch):
    class Waiting(Scripted):
        async def run(self, state, only):
            if state.buffers["mod.py"] == "old":
                await asyncio.Event().wait()
            return await super().run(state, only)

    monkeypatch.setattr("festina.verify.examine._PATIENCE", 0.01)
    assert len((await look(Waiting(run({A: "failed"})), workspace=tmp_path)).broken) == 1


async def test_nothing_is_laid_at_the_door_of_a_change_beside_files_that_nobody_knows(tmp_path):
    (tmp_path / "mod.py").write_text("new")
    (tmp_path / "other.py").write_text("x")
    now, then = Snapshot(tmp_path, {}), Snapshot(tmp_path, {"mod.py": "old"})
    asked = Asked(then, now, ("mod.py", "other.py"), "impacted")
    found = await examine(asked, Scripted(run({A: "failed"})))
    assert (len(found.broken), found.through) == (1, {})


async def test_a_state_from_before_that_cannot_be_run_excuses_nothing(tmp_path):
    tools = Scripted(run({A: "failed"}), before=Untold("gone"))
    assert len((await look(tools, workspace=tmp_path)).broken) == 1


async def test_a_file_that_cannot_be_collected_is_a_failure(tmp_path):
    broken = run({}, status=2)
    broken.end = None
    broken.add({"kind": "collect_error", "id": "tests/test_x.py", "message": "No module named q"})
    broken.add({"kind": "collected", "ids": [], "files": []})
    broken.end = 2
    found = await look(Scripted(broken, before=run({A: "passed"})), workspace=tmp_path)
    (finding,) = found.broken
    assert (finding.path, finding.code) == ("tests/test_x.py", "tests/test_x.py")
    assert finding.message == "No module named q"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (run({}), "pytest collected no tests"),
        (run({A: ""}, ended=False), "The test process ended without a result"),
        (Run(returncode=1), "pytest could not run: exit code 1. Run pytest in"),
        (Untold("pytest is not installed."), "pytest is not installed."),
    ],
)
async def test_what_tells_nothing_says_why_and_the_lint_findings_stay(tmp_path, answer, words):
    finding = Finding(Gate.LINT, "mod.py", "Undefined name", 1)
    found = await look(Scripted(answer, lint=(finding,)), workspace=tmp_path)
    assert found.findings == (finding,)
    assert words in found.reason
    assert (found.scope, found.counts) == ("lint", None)


async def test_what_does_not_compile_is_not_run(tmp_path):
    cancelled = asyncio.Event()

    class Waiting(Scripted):
        async def run(self, state, only):
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async def lint(self, candidate):
            await asyncio.sleep(0.01)
            return self.findings

    finding = Finding(Gate.SYNTAX, "mod.py", "invalid syntax", 1)
    found = await look(Waiting(None, lint=(finding,)), workspace=tmp_path)
    assert (found.findings, found.reason) == ((finding,), "mod.py does not compile.")
    assert (found.counts, found.scope) == (None, "lint")
    assert cancelled.is_set()


@pytest.mark.parametrize(
    ("scope", "path"), [("lint", "mod.py"), ("full", "README.md"), ("impacted", "mod.pyi")]
)
async def test_where_tests_are_not_asked_for_or_do_not_depend_on_it_none_run(tmp_path, scope, path):
    tools = Scripted(run({A: "failed"}))
    found = await look(tools, scope, path=path, workspace=tmp_path)
    assert (found.scope, found.reason, found.counts) == ("lint", "", None)
    assert "after" not in tools.asked


async def test_a_run_that_breaks_off_ends_the_other_one(tmp_path):
    ended = asyncio.Event()

    class Breaking(Scripted):
        async def run(self, state, only):
            if state.buffers["mod.py"] == "old":
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.set()
            if "after" in self.asked:
                raise KeyError("the workspace changed")
            return await super().run(state, only)

    with pytest.raises(KeyError):
        await look(Breaking(run({A: "failed"})), workspace=tmp_path)
    assert ended.is_set()


# --- the cold verifier, on a real project

SETTINGS = VerifySettings(python=sys.executable, tests_args=("--disable-plugin-autoload",))
DOUBLE = "return value * 2"


@pytest.fixture
async def cold(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    verifier = Engine(cache=tmp_path / "baselines")
    yield verifier
    await verifier.aclose()


@pytest.fixture
def project(tmp_path):
    root = projects.make(tmp_path / "project", projects.FLAT)
    test = root / "tests" / "test_core.py"
    test.write_text(test.read_text() + "\n\ndef test_old():\n    assert clamp(50, 0, 10) == 10\n")
    return root


async def saved(verifier, root, old, new, *, trusted=True, path="calc/core.py"):
    file = root / path
    before = file.read_text()
    assert before.count(old) == 1
    file.write_text(before.replace(old, new))
    settled = projects.digest(root)
    after = Snapshot(root, settings=SETTINGS, trusted=trusted, consent=True)
    then = Snapshot(root, {path: before}, SETTINGS, trusted=trusted, consent=True)
    found = await verifier.examine(then, after, [path], scope="impacted")
    assert projects.digest(root) == settled
    return found


async def test_red_and_green_with_the_projects_own_tests(cold, project):
    red = await saved(cold, project, DOUBLE, "if value:\n        raise KeyError(value)")
    assert [one.code for one in red.broken] == ["tests/test_core.py::test_double"]
    assert red.preexisting == {"tests/test_core.py::test_old"}
    at = red.broken[0]
    assert (at.path, at.line, at.column, at.message) == ("tests/test_core.py", 13, 5, "KeyError: 2")
    assert red.through == {"tests/test_core.py::test_double": Place("calc/core.py", 16)}
    assert red.scope == "full"
    green = await saved(cold, project, "if value:\n        raise KeyError(value)", DOUBLE)
    assert (green.broken, green.counts.passed) == ((), 4)


async def test_lint_findings_are_those_that_are_new_and_an_untrusted_project_runs_nothing(
    cold, project
):
    found = await saved(cold, project, DOUBLE, "return valve * 2", trusted=False)
    assert [(one.code, one.line) for one in found.findings] == [("F821", 15)]
    assert "not trusted" in found.reason
    again = await saved(cold, project, "LIMIT = 10", "LIMIT = 11", trusted=False)
    assert again.findings == ()


async def test_what_does_not_compile_is_the_only_finding(cold, project):
    found = await saved(cold, project, DOUBLE, "return (value * 2")
    assert [(str(one.gate), one.path) for one in found.findings] == [("syntax", "calc/core.py")]
    assert found.reason == "calc/core.py does not compile."
