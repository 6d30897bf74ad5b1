"""Fork servers that stop before the first conftest: their children import everything anew."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from festina.verify.forkserver import ForkServer, NoCell, NoServer
from festina.verify.question import Question
from festina.verify.record import Run
from support import projects
from support.forking import ALONE, Place, digest, place, statuses

CORE = "calc/core.py"
TESTS = "tests/test_core.py"


@pytest.fixture
async def flat(tmp_path: Path) -> Place:
    return await place(tmp_path, projects.FLAT)


async def ask(server: ForkServer, question: Question, **options: object) -> Run:
    return await server.run(question, timeout=60, **options)  # type: ignore[arg-type]


async def test_a_child_reports_what_a_cold_run_reports(flat: Place, tmp_path: Path) -> None:
    question = flat.edit(CORE, ("LIMIT = 10", "LIMIT = 11"))
    async with flat.server("fresh") as server:
        run = await ask(server, question)
        assert server.ready.ids == ()
        assert not server.ready.import_time
    cold = await flat.cold(question, tmp_path / "cold")
    assert {name for name, status in statuses(run).items() if status == "failed"} == {"test_limit"}
    assert run.imported == (digest(question.files[CORE]),)
    names = ("ids", "files", "end", "changed", "executed", "imported", "replaced", "modules")
    for name in names:
        if name == "modules":  # a child has those of the fork server beside its own
            assert cold.modules.items() <= run.modules.items()
        else:
            assert getattr(run, name) == getattr(cold, name), name
    ours, theirs = (each.outcomes[f"{TESTS}::test_limit"] for each in (run, cold))
    assert dataclasses.replace(ours, detail="") == dataclasses.replace(theirs, detail="")
    assert "assert LIMIT == 10" in ours.detail
    assert "_pytest" not in ours.detail


async def test_children_know_nothing_of_each_other(flat: Place) -> None:
    questions = [flat.edit(CORE, ("LIMIT = 10", f"LIMIT = {n}")) for n in (10, 11, 12)]
    questions[0] = Question()
    async with flat.server("fresh") as server:
        asked = [ask(server, each, standby=n == 1) for n, each in enumerate(questions * 2)]
        runs = await asyncio.gather(*asked)
    assert [run.end for run in runs] == [0, 1, 1] * 2


async def test_the_likely_ones_run_first(flat: Place) -> None:
    async with flat.server("fresh") as server:
        ids = [f"{TESTS}::test_{name}" for name in ("inside", "below", "double", "limit")]
        run = await ask(server, Question(first=(ids[3], ids[1])))
        assert list(run.outcomes) == [ids[1], ids[3], ids[0], ids[2]]
        run = await ask(server, Question(first=(ids[3],), only=(ids[2], ids[3])))
        assert run.ids == (ids[3], ids[2])
        assert run.deselected == {ids[0], ids[1]}
        run = await ask(server, Question(only=(ids[2], ids[0])))
        assert run.ids == (ids[2], ids[0])


async def test_whatever_is_laid_over_is_imported(flat: Place) -> None:
    added = "from calc.more import THREE\n\n\ndef test_more():\n    assert THREE == 3\n"
    files = {
        "calc/more.py": "THREE = 3\n",
        "tests/test_more.py": added,
        "tests/conftest.py": "from pathlib import Path\n\nassert not Path('README').exists()\n",
        TESTS: None,
    }
    async with flat.server("fresh") as server:
        run = await ask(server, Question(files))
        assert statuses(run) == {"test_more": "passed"}
        assert run.touched == frozenset()
        assert len((await ask(server, Question())).ids or ()) == 4


async def test_what_breaks_before_the_tests_is_said(flat: Place) -> None:
    files = {"tests/conftest.py": "import nothing_of_this_name\n"}
    async with flat.server("fresh") as server:
        run = await ask(server, Question(files))
    assert (run.started, run.end, run.returncode) == (True, None, 4)
    assert "nothing_of_this_name" in run.output


async def test_what_was_read_before_the_fork_cannot_be_changed(tmp_path: Path) -> None:
    other = "=== config/other.ini\n[pytest]\n"
    args = (*ALONE, "-c", "config/other.ini", "--rootdir", ".")
    project = await place(tmp_path, projects.FLAT + other, args)
    async with project.server("fresh") as server:
        for name in ("pyproject.toml", "pytest.ini", "config/other.ini"):
            assert name in server.ready.read_at_import
            with pytest.raises(NoCell, match=f"{name} was read before the fork"):
                await ask(server, Question({name: ""}))


async def test_a_project_whose_code_is_a_plugin_has_no_server(tmp_path: Path) -> None:
    plugin = '[tool.pytest.ini_options]\naddopts = "-p calc.plugin"\npythonpath = ["."]\n'
    text = f"{projects.FLAT}\n=== calc/plugin.py\n\n=== pyproject.toml\n{plugin}"
    project = await place(tmp_path, text)
    with pytest.raises(NoServer, match=r"calc/\S+\.py is imported before the tests begin"):
        await ForkServer.start(project.bench, project.base, "fresh")
    async with project.server() as server:
        assert (await ask(server, Question())).end == 0


async def test_workers_of_a_plugin_are_left_out(tmp_path: Path) -> None:
    project = await place(tmp_path, projects.FLAT, (*ALONE, "-p", "xdist", "-n", "2"))
    for kind in ("collected", "fresh"):
        async with project.server(kind) as server:  # type: ignore[arg-type]
            run = await ask(server, Question())
            assert set(statuses(run).values()) == {"passed"}


async def test_a_run_that_is_stopped_or_late_ends(flat: Place) -> None:
    slow = flat.edit(CORE, ("LIMIT = 10", "import time\ntime.sleep(600)\nLIMIT = 10"))
    wrong = flat.edit(CORE, ("    if value < low:", "    if value > low:"))
    async with flat.server("fresh") as server:
        run = await server.run(slow, timeout=1)
        assert (run.timed_out, run.end, run.ids) == (True, None, None)
        run = await ask(server, wrong, stop=lambda outcome: outcome.bad)
        assert (run.stopped, run.end, statuses(run)) == (True, None, {"test_inside": "failed"})
