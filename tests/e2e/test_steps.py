"""The steps of a plan run in an editor without a plugin: lenses, proposals, bounds, ticks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from festina import planner
from support import clamp, desk, ledger
from support.editor import SECONDS, Editor
from support.fake_model import FakeModel
from support.noted import noted, rest
from support.presets import VSCODE
from support.trees import hash_tree

PLAN = """\
# Plan: mind the bounds

- [ ] Return at most `high` from `clamp`.
  - where: `mod.py`, `clamp`
  - must pass: lint, tests, `test_mod.py::test_low`
  - at most: 6 lines
  - leave alone: `test_mod.py`, `double`
- [ ] Look at it with Ann.
- [ ] Double by multiplying.
  - where: `mod.py`, `double`
  - at most: 2 lines
"""
ACCEPT = "Festina: accept"
TOO_SMALL = f"{planner.TOO_SMALL} plan.md stays as it is."
AGAIN = "This step was accepted before everything ended: it is ticked, not run again."
DONE = PLAN.replace("- [ ] Return", "- [x] Return")
BROKEN = clamp.GOOD.replace("    value", "    low = low + 1\n    low = low - 1\n    value")


@pytest.fixture
def source(workspace):
    text = clamp.put(workspace)
    (workspace / "plan.md").write_text(PLAN)
    return text


def titles(lenses):
    return [(lens.range.start.line, lens.command.title) for lens in lenses]


async def lens_of(editor, buffer, line, title):
    """Wait until a line has a lens that begins so, and return it."""
    async with asyncio.timeout(SECONDS):
        while True:
            for lens in await editor.code_lenses(buffer):
                if lens.range.start.line == line and lens.command.title.startswith(title):
                    return lens
            await editor.client.something()


async def ready(editor, buffer):
    await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))


async def test_a_step_is_run_by_its_lens_and_ticked_by_accepting(
    start, source, workspace, tmp_path
):
    with FakeModel(clamp.by_region) as fake:
        before = hash_tree(workspace)
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        plan = await editor.open("plan.md", language="markdown")
        lenses = await editor.code_lenses(plan)
        assert titles(lenses) == [
            *((2, title) for title in ("Festina: run", "skip", "split", "explain")),
            *((7, title) for title in ("skip", "split", "explain")),
            *((8, title) for title in ("Festina: run", "skip", "split", "explain")),
        ]
        answer = await editor.choose(lenses[0].command)
        assert answer == {
            "ok": True,
            "message": "Running step 1 of 3: Return at most `high` from `clamp`.",
        }
        await ready(editor, buffer)
        asked = fake.requests[0]["messages"][-1]["content"]
        assert "mind the bounds" not in asked
        assert "Ann" not in asked
        assert asked.endswith(
            "Instruction: Return at most `high` from `clamp`.\n"
            "Keep to its bounds: change at most 6 lines, removed and added ones counted; leave "
            "`test_mod.py`, `double` as it is."
        )
        assert (buffer.text, plan.text) == (source, PLAN)
        assert hash_tree(workspace) == before
        accept = await lens_of(editor, plan, 2, "Festina: accept")
        await editor.choose(accept.command)
        await editor.until(lambda: plan.text != PLAN)
        assert buffer.text == clamp.GOOD + source[len(clamp.of(source)) :]
        assert plan.text == DONE
        assert titles(await editor.code_lenses(plan))[0] == (7, "skip")
        assert rest(workspace) == before, "nothing is saved but by the person"
        await noted(editor, 1)


async def done_already(editor, plan, line):
    """Wait until a step is not under way any more."""
    place = {"uri": plan.uri, "line": line}
    async with asyncio.timeout(SECONDS):
        while "done already" not in (await editor.execute("festina.acceptStep", place))["message"]:
            await asyncio.sleep(0.02)


async def test_a_tick_that_was_not_saved_is_made_again_and_the_step_is_not(
    source, workspace, tmp_path
):
    home = tmp_path / "home"
    home.mkdir()
    with FakeModel(clamp.by_region) as fake:
        env = desk.config(tmp_path, fake)
        started = Editor.start(VSCODE, workspace, home, env=env)
        editor = await started.__aenter__()
        buffer = await editor.open(clamp.MODULE)
        plan = await editor.open("plan.md", language="markdown")
        await editor.choose((await lens_of(editor, plan, 2, "Festina: run")).command)
        await ready(editor, buffer)
        await editor.choose((await lens_of(editor, plan, 2, ACCEPT)).command)
        await editor.until(lambda: plan.text == DONE)
        editor.save(buffer)
        await done_already(editor, plan, 2)
        # the next one begins once all is written down that there is to write
        await editor.choose((await lens_of(editor, plan, 8, "Festina: run")).command)
        await fake.until(lambda: len(fake.requests) == 2)
        await editor._kill()
        assert (workspace / "plan.md").read_text() == PLAN

        async with Editor.start(VSCODE, workspace, home, env=env) as editor:
            await editor.open(clamp.MODULE)
            plan = await editor.open("plan.md", language="markdown")
            ticked = {"ok": True, "message": AGAIN}
            place = {"uri": plan.uri, "line": 2}
            assert await editor.execute("festina.runStep", place) == ticked
            await editor.until(lambda: plan.text == DONE)
            await done_already(editor, plan, 2)
            editor.save(plan)
            # from here on it is over: to take the tick out is to want it run again
            editor.set_text(plan, PLAN)
            editor.save(plan)
            assert len(fake.requests) == 2
            said = await editor.execute("festina.runStep", place)
            assert said["message"].startswith("Running step 1 of 3")
            await fake.until(lambda: len(fake.requests) > 2)


async def test_an_answer_beyond_the_bounds_is_rejected_with_the_reason_and_repaired(
    start, source, tmp_path
):
    with FakeModel(clamp.fenced(BROKEN), clamp.fenced(clamp.GOOD)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        plan = await editor.open("plan.md", language="markdown")
        await editor.execute("festina.runStep", {"uri": plan.uri, "line": 4})
        await ready(editor, buffer)
        why = (
            "The diff has 8 lines, and the step allows at most 6, removed and added ones together."
        )
        assert why in fake.requests[1]["messages"][-1]["content"]
        assert len(fake.requests) == 2
        assert buffer.text == source


SLOW_STEP = """\
- [ ] Bound `clamp` from above with `min`.
  - where: `mod.py`, `clamp`
  - at most: 10 lines
"""


def with_slow(env, fake):
    """Configure a slow model beside the fast one, at the same address."""
    with Path(env["FESTINA_CONFIG"]).open("a") as config:
        config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
    return env


def by_model(slow, fast):
    """Answer as two models do: ``slow`` and ``fast`` are used up in order, the last one stays."""
    left = {"thinker": list(slow), "fake-coder": list(fast)}

    def answer(body):
        mine = left[body["model"]]
        made = mine.pop(0) if len(mine) > 1 else mine[0]
        return made(body) if callable(made) else made

    return answer


@pytest.mark.slow
async def test_a_step_that_fails_for_good_is_planned_anew_once_and_notes_stay(
    start, source, workspace, tmp_path
):
    annotated = PLAN.replace("  - at most: 6 lines\n", "  - at most: 6 lines\n  - note: ask Ann\n")
    (workspace / "plan.md").write_text(annotated)
    wrong = clamp.fenced(clamp.WRONG)
    answers = by_model(["Use min().", SLOW_STEP], [*[wrong] * 3, clamp.fenced(clamp.GOOD)])
    with FakeModel(answers, models=("fake-coder", "thinker")) as fake:
        env = with_slow(desk.config(tmp_path, fake), fake)
        with Path(env["FESTINA_CONFIG"]).open("a") as config:
            config.write("[repair]\nrounds = 1\ncandidates = 1\n")
        editor = await start(VSCODE, env=env)
        buffer = await editor.open(clamp.MODULE)
        plan = await editor.open("plan.md", language="markdown")
        await editor.execute("festina.runStep", {"uri": plan.uri, "line": 2})
        await editor.until(lambda: "Bound `clamp`" in plan.text)
        assert plan.text == (
            "# Plan: mind the bounds\n\n" + SLOW_STEP + "  - note: ask Ann\n"
            "- [ ] Look at it with Ann.\n" + PLAN.partition("Ann.\n")[2]
        )
        asked = next(b for b in fake.requests if "to be replaced" in str(b["messages"]))
        said = asked["messages"][-1]["content"]
        assert "- [ ] Return at most `high` from `clamp`." in said
        assert "test_mod.py::test_low" in said
        wanted = "it failed and was planned anew; the new step runs now."
        await editor.until(lambda: wanted in str(editor.messages))
        assert buffer.text == source
        await ready(editor, buffer)
        await noted(editor, 1)
        assert len(fake.requests) == 6, "three of the fast model, two of the slow one, one more"


async def test_what_cannot_be_run_is_refused_with_a_sentence(start, source, workspace, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        env = desk.config(tmp_path, fake)
        with Path(env["FESTINA_CONFIG"]).open("a") as config:
            config.write('[models.slow]\ndialect = "embedded"\nmodel = "smollm2-135m"\n')
        editor = await start(VSCODE, env=env)
        plan = await editor.open("plan.md", language="markdown")
        for count, (wish, argument) in enumerate(
            (("splitStep", {"line": 2}), ("plan", {"goal": "mind the bounds", "force": True})), 1
        ):
            assert (await editor.execute(f"festina.{wish}", {"uri": plan.uri, **argument}))["ok"]
            await editor.until(lambda n=count: str(editor.messages).count(TOO_SMALL) == n)
        assert plan.text == PLAN
        for line, words in (
            (0, "There is no step on line 1."),
            (7, "This step names no file (`where`), so it is yours to do."),
        ):
            said = await editor.execute("festina.runStep", {"uri": plan.uri, "line": line})
            assert said["ok"] is False
            assert words in said["message"]
        editor.type(plan, "lint, tests", "lint, typos")
        said = await editor.execute("festina.runStep", {"uri": plan.uri, "line": 2})
        assert said["message"].startswith("There is no gate `typos`, which must pass")
        editor.type(plan, "at most: 6", "at mots: 6")
        await editor.until(lambda: editor.diagnostics(plan))
        (found,) = editor.diagnostics(plan)
        assert found.range.start.line == 5
        assert found.message.startswith("A step has no field `at mots`; did you mean `at most`?")
        assert await editor.code_lenses(plan) == []
        said = await editor.execute("festina.runStep", {"uri": plan.uri, "line": 2})
        assert said["message"].startswith("plan.md, line 6: A step has no field `at mots`")
        editor.type(plan, "at mots: 6", "at most: 6")
        await editor.until(lambda: not editor.diagnostics(plan))
        other = await editor.execute("festina.runStep", {"uri": "file:///x/plan.md", "line": 2})
        assert other["message"].startswith("file:///x/plan.md is no plan.md in the folder of")
        assert fake.requests == []


async def test_a_step_is_explained_skipped_with_a_note_and_split_by_the_slow_model(
    start, source, workspace, tmp_path
):
    halves = SLOW_STEP + SLOW_STEP.replace("Bound", "Then bound")
    with FakeModel("It caps **the result**.", halves, models=("fake-coder", "thinker")) as fake:
        editor = await start(VSCODE, env=with_slow(desk.config(tmp_path, fake), fake))
        plan = await editor.open("plan.md", language="markdown")
        explain = await lens_of(editor, plan, 2, "explain")
        said = await editor.choose(explain.command)
        assert said == {"ok": True, "message": "Asking about it (a1)."}
        async with asyncio.timeout(SECONDS):
            while "thinker answered the question" not in (over := await editor.hover(plan, 2)):
                await asyncio.sleep(0.02)
        assert "It caps **the result**." in over
        await editor.until(lambda: editor.client.shown_documents, "the page")
        page = Path(editor.client.shown_documents[0].uri.removeprefix("file://"))
        assert "It caps **the result**." in page.read_text()
        asked = fake.requests[0]["messages"][-1]["content"]
        assert "Return at most `high` from `clamp`." in asked
        assert clamp.of(source) in asked, "it is told of the code at the step's place"
        assert "Ann" not in asked, "and of nothing else in the plan"
        assert plan.text == PLAN
        skip = await lens_of(editor, plan, 7, "skip")
        assert (await editor.choose(skip.command))["ok"]
        await editor.until(lambda: "skipped" in plan.text)
        ann = "- [ ] Look at it with Ann.\n"
        skipped = "- [x] Look at it with Ann.\n  - note: skipped, not done\n"
        assert plan.text == PLAN.replace(ann, skipped)
        split = await lens_of(editor, plan, 2, "split")
        said = await editor.choose(split.command)
        assert said["ok"], said
        await editor.until(lambda: "Then bound" in plan.text)
        assert plan.text.startswith(f"# Plan: mind the bounds\n\n{halves}{skipped}")
        assert "Take it apart" in fake.requests[1]["messages"][-1]["content"]


async def test_a_plan_is_written_by_the_slow_model_and_shown(start, workspace, tmp_path):
    clamp.put(workspace)
    with FakeModel(SLOW_STEP, models=("fake-coder", "thinker")) as fake:
        editor = await start(VSCODE, env=with_slow(desk.config(tmp_path, fake), fake))
        said = await editor.execute("festina.plan", {"goal": "mind the bounds"})
        assert said == {"ok": True, "message": "Planning: mind the bounds"}
        await editor.until(lambda: "1 step written to plan.md." in str(editor.messages))
        text = f"# Plan: mind the bounds\n\n{SLOW_STEP}"
        assert (workspace / "plan.md").read_text() == text
        editor.expected_tree = hash_tree(workspace)
        await editor.until(lambda: editor.client.shown_documents)
        assert editor.client.shown_documents[0].uri == (workspace / "plan.md").as_uri()
        refused = await editor.execute("festina.plan", {"goal": "more"})
        assert refused["ok"] is False
        assert refused["message"].startswith("There is a plan.md already, and nothing was sent.")
        plan = await editor.open("plan.md", language="markdown")
        fake.script(SLOW_STEP.replace("Bound", "Cap"))
        said = await editor.execute("festina.plan", {"goal": "more", "force": True})
        await editor.until(lambda: str(editor.messages).count("1 step written") == 2)
        assert plan.text == f"# Plan: more\n\n{SLOW_STEP.replace('Bound', 'Cap')}"
        assert (workspace / "plan.md").read_text() == text, "an open plan is changed in the editor"
        fake.script("I cannot.")
        await editor.execute("festina.plan", {"goal": "again", "force": True})
        await editor.until(lambda: "cannot be followed" in str(editor.messages))
        assert plan.text.startswith("# Plan: more")


async def accepted(editor, buffer, line):
    """Accept by a lens, again where the edit is about to be judged anew."""
    while not (await editor.choose((await lens_of(editor, buffer, line, ACCEPT)).command))["ok"]:
        await asyncio.sleep(0.05)


async def in_state(editor, buffer, *states):
    def there():
        return [one for one in editor.diagnostics(buffer) if desk.state_of(one) in states]

    (found,) = await editor.until(there, f"{buffer.path.name} {states}")
    return found


@pytest.mark.slow
async def test_several_files_are_judged_together_and_ticked_when_all_are_accepted(
    start, workspace, tmp_path
):
    ledger.put(workspace)
    (workspace / "plan.md").write_text(ledger.STEPS[4])
    models = ledger.Models()
    with ledger.fake(models) as fake:
        file = tmp_path / "config.toml"
        file.write_text(ledger.config(fake))
        editor = await start(VSCODE, env={"FESTINA_CONFIG": str(file)})
        plan = await editor.open("plan.md", language="markdown")
        report, cli = [await editor.open(f"ledger/{name}.py") for name in ("report", "cli")]
        texts = (report.text, cli.text)
        (run, *_) = await editor.code_lenses(plan)
        await editor.choose(run.command)
        for buffer in (report, cli):
            await in_state(editor, buffer, "ready")
        assert (report.text, cli.text) == texts
        titles = [lens.command.title for lens in await editor.code_lenses(plan)]
        assert [title.partition(" (")[0] for title in titles] == [
            "Festina: accept both files",
            *("Festina: accept ledger/cli.py", "dismiss ledger/cli.py"),
            *("Festina: accept ledger/report.py", "dismiss ledger/report.py"),
        ]
        refused = await editor.execute("festina.runStep", {"uri": plan.uri, "line": 0})
        assert refused["message"].startswith("This step is under way already.")
        # a part of one file is judged with the whole of the other: without the title it fails
        proposal = (await in_state(editor, report, "ready")).data["proposal"]
        part = await editor.execute("festina.accept", {"proposal": proposal, "hunks": [0]})
        assert part == {"ok": True, "message": "Verifying the chosen hunks."}
        await editor.until(lambda: "the chosen hunks alone did not pass" in str(editor.messages))
        assert (report.text, cli.text) == texts
        await in_state(editor, report, "ready")
        accept = await lens_of(editor, report, 16, "Festina: accept")
        await editor.choose(accept.command)
        await editor.until(lambda: report.text != texts[0])
        assert ledger.RIGHT["lines"] in report.text
        assert plan.text == ledger.STEPS[4], "the other file waits"
        await accepted(editor, cli, 5)
        await editor.until(lambda: plan.text != ledger.STEPS[4])
        assert ledger.RIGHT["main"] in cli.text
        assert plan.text == ledger.STEPS[4].replace("[ ]", "[x]")
        assert models.asked == {"lines": 1, "main": 1}
        await noted(editor, 2)


@pytest.mark.slow
async def test_a_file_that_is_put_away_takes_the_others_with_it(start, workspace, tmp_path):
    ledger.put(workspace)
    (workspace / "plan.md").write_text(ledger.STEPS[4])
    with ledger.fake(ledger.Models()) as fake:
        file = tmp_path / "config.toml"
        file.write_text(ledger.config(fake))
        editor = await start(VSCODE, env={"FESTINA_CONFIG": str(file)})
        plan = await editor.open("plan.md", language="markdown")
        report, cli = [await editor.open(f"ledger/{name}.py") for name in ("report", "cli")]
        await editor.execute("festina.runStep", {"uri": plan.uri, "line": 0})
        proposal = (await in_state(editor, report, "ready")).data["proposal"]
        await in_state(editor, cli, "ready")
        await editor.execute("festina.dismiss", {"proposal": proposal})
        rejected = await in_state(editor, cli, "rejected")
        assert "test_runs" in rejected.message
        assert plan.text == ledger.STEPS[4]
        await noted(editor, 2)
