"""A skill made of one accepted edit converts a whole project, each place checked by itself."""

import asyncio
import json
import sys

import pytest
from lsprotocol import types as lsp

from support import desk, loops
from support.clamp import fenced
from support.editor import environment
from support.fake_model import FakeModel
from support.loops import FILE, LINES, accept, told
from support.noted import noted
from support.presets import HELIX, MINIMAL, NEOVIM_10, VSCODE, VSCODE_PLUGIN
from support.trees import hash_tree

CONVERTED = {name: loops.converted(loops.function(name)) for name in loops.NAMES}
OTHERS = tuple(name for name in loops.NAMES if name != "total")


@pytest.fixture
def project(workspace):
    loops.put(workspace)
    return workspace


def states(project):
    """Say of each module whether it was converted; it is nothing else."""
    found = {}
    for name in loops.NAMES:
        text = (project / "shop" / f"{name}.py").read_text()
        before = loops.function(name)
        assert text in {before, loops.converted(before)}, name
        found[name] = text != before
    return found


def editor_env(tmp_path, config):
    """The environment of the first editor's server, for a command."""
    return environment(tmp_path / "home0", config)


async def festina(project, env, *words):
    """Run a command to its end; return its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "festina", *words),
        cwd=project,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.slow
async def test_saved_in_the_editor_and_run_on_the_command_line(start, project, tmp_path):
    assert len(OTHERS) >= 10

    def model(body):
        if loops.writes_skill(body) or "def joined" not in loops.asked_region(body):
            return loops.model(body)
        return fenced(loops.converted(loops.asked_region(body)).replace("+= item", "= item"))

    with FakeModel(model) as fake:
        config = desk.config(tmp_path, fake)
        editor = await start(VSCODE, env=config)
        buffer, proposal = await accept(editor)
        await editor.execute("festina.saveSkill", {"proposal": proposal})
        await told(editor, "the skill loop-over-items was written")
        editor.save(buffer)
        editor.expected_tree = hash_tree(project)
        await editor.close()
        env = editor_env(tmp_path, config)
        assert (await festina(project, env, "trust"))[0] == 0
        before = hash_tree(project)
        code, out, err = await festina(project, env, "skill", "run", "loop-over-items", "--places")
        assert code == 0, err
        assert out.count("\n") == len(OTHERS) + 1
        assert hash_tree(project) == before
        words = ("skill", "run", "loop-over-items", "--apply", "--json")
        code, out, err = await festina(project, env, *words)
        data = json.loads(out)
        assert (code, err) == (1, "")
        assert data["counts"] == {"passed": 10, "unverified": 0, "failed": 2, "left": 0}
        for result in data["results"]:
            passed = result["status"] == "passed"
            assert result["written"] is passed
            tests = [gate for gate in result["verdict"]["gates"] if gate["gate"] == "tests"]
            assert passed is bool(tests and tests[0]["status"] == "passed")
            if passed:
                assert tests[0]["tests"]["changed_lines_executed"] > 0
        assert states(project) == {name: name != "joined" for name in loops.NAMES}
        assert (project / "shop" / "numbered.py").read_text() == loops.NUMBERED
        assert (project / "shop" / "mean.py").read_text() == loops.ALREADY
        after = hash_tree(project)
        assert {name for name in after if after[name] != before.get(name)} == {
            f"shop/{name}.py" for name in OTHERS if name != "joined"
        }
        assert after.keys() == before.keys()
        code, out, _ = await festina(project, env, "skill", "run", "loop-over-items", "--places")
        assert out.splitlines() == ["shop/joined.py:3 joined", "shop/numbered.py:3 numbered"]
        assert FILE in after
        editor.expected_tree = after


QUICK = {"gates": ["syntax", "lint"]}
RUN = {"skill": "loop-over-items"}


@pytest.fixture
def skilled(project):
    file = project / FILE
    file.parent.mkdir(parents=True)
    file.write_text(loops.SKILL)
    return project


def waiting(editor):
    """The files, open or not, for which the editor lists an edit that is ready."""
    return [
        uri.rpartition("/")[2].removesuffix(".py")
        for uri, found in editor.client.diagnostics.items()
        if any(one.source == "festina" and desk.state_of(one) == "ready" for one in found)
    ]


def shown(editor, buffer, kind=lsp.DiagnosticSeverity.Hint):
    """What is shown of edits in a document; what waits for a file to be opened is no hint."""
    return [one for one in editor.diagnostics(buffer) if one.severity is kind]


async def acceptable(editor, buffer, lines=LINES):
    """Wait until the edit of a document can be accepted; return the action."""

    await editor.until(lambda: "ready" in map(desk.state_of, shown(editor, buffer)))
    (action, *_) = await editor.code_actions(buffer, lines)
    assert action.title.startswith("Festina: accept")
    return action


async def test_in_an_editor_edits_wait_where_every_editor_lists_them(start, skilled, tmp_path):
    with FakeModel(loops.model) as fake:
        config = desk.config(tmp_path, fake, **QUICK)
        editor = await start(VSCODE, env=config, configuration={"review": {"pending": 3}})
        before = hash_tree(skilled)
        first = await editor.open("shop/total.py")
        listed = await editor.code_actions(first, LINES)
        title = "Festina: Follow the skill loop-over-items in the whole workspace"
        assert (await editor.choose(desk.titled(listed, title)))["ok"] is True
        done = []
        buffers = {"total": first}
        while len(done) < 10:
            # never more than may wait, however long the person takes
            names = await editor.until(lambda: waiting(editor), "an edit that waits")
            assert len(names) <= 3
            name = names[0]
            if name not in buffers:
                buffers[name] = await editor.open(f"shop/{name}.py")
            buffer = buffers[name]
            await editor.choose(await acceptable(editor, buffer))
            await editor.until(lambda b=buffer, n=name: b.text == CONVERTED[n], name)
            await editor.until(lambda n=name: n not in waiting(editor))
            done.append(name)
        said = await told(editor, "13 places: 12 passed, 1 rejected")
        assert "Rejected: shop/numbered.py:3 numbered (lint: Undefined name `i`)." in said
        assert set(done) <= set(loops.NAMES)
        assert "numbered" not in waiting(editor)
        assert hash_tree(skilled) == before  # nothing was saved
        await editor.close()
        code, out, err = await festina(skilled, editor_env(tmp_path, config), "report", "--json")
        assert code == 0, err
        (counted,) = json.loads(out)["skills"]
        assert (counted["accepted"], counted["rejected"]) == (10, 1)


async def begin(start, fake, tmp_path, preset=NEOVIM_10, pending=5, **more):
    """Start an editor and a run over two places; return the editor."""
    config = desk.config(tmp_path, fake, **QUICK)
    editor = await start(preset, env=config, configuration={"review": {"pending": pending}})
    paths = ["shop/total.py", "shop/largest.py"]
    began = await editor.execute("festina.runSkill", {**RUN, "paths": paths, **more})
    assert began["ok"] is True, began
    return editor


async def test_what_is_closed_undecided_waits_again_and_is_judged_by_what_is_there(
    start, skilled, tmp_path
):
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path)
        await told(editor, "2 places: 2 passed. 2 edits wait for your review.")
        assert sorted(waiting(editor)) == ["largest", "total"]
        found = [one for each in editor.client.diagnostics.values() for one in each]
        assert {one.severity for one in found} == {lsp.DiagnosticSeverity.Information}
        buffer = await editor.open("shop/total.py")
        await acceptable(editor, buffer)
        editor.close_buffer(buffer)
        kind = lsp.DiagnosticSeverity.Information
        (again,) = await editor.until(lambda: shown(editor, buffer, kind))
        assert desk.state_of(again) == "ready"
        # somebody writes above it meanwhile: it moves along, and is verified again
        above = "LIMIT = 3\n\n\n" + loops.function("total")
        buffer = await editor.open("shop/total.py", above)
        (moved,) = await editor.until(
            lambda: [one for one in editor.diagnostics(buffer) if one.range.start.line == 3]
        )
        assert moved.data["proposal"] == again.data["proposal"]
        await acceptable(editor, buffer, (3, 8))
        editor.set_text(buffer, above.replace("result = 0", "result = 1"))
        await editor.until(lambda: not editor.diagnostics(buffer))
        sent = len(fake.requests)
        editor.close_buffer(buffer)
        buffer = await editor.open("shop/largest.py", "gone = True\n")
        await editor.until(lambda: not editor.diagnostics(buffer))
        assert waiting(editor) == []
        assert len(fake.requests) == sent == 2


async def test_two_edits_of_one_file_are_accepted_one_after_the_other(start, skilled, tmp_path):
    both = f"{loops.function('total')}\n\n{loops.function('doubled')}"
    (skilled / "shop" / "both.py").write_text(both)
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, HELIX, paths=["shop/both.py"])
        await told(editor, "2 places: 2 passed. 2 edits wait for your review.")
        buffer = await editor.open("shop/both.py")
        await editor.until(lambda: len(shown(editor, buffer)) == 2)
        await editor.choose(await acceptable(editor, buffer, (7, 12)))
        half = both.replace(loops.function("doubled"), CONVERTED["doubled"])
        await editor.until(lambda: buffer.text == half)
        # the other one was judged without it, and is judged again
        await editor.until(lambda: len(shown(editor, buffer)) == 1)
        await editor.choose(await acceptable(editor, buffer))
        await editor.until(lambda: buffer.text == loops.converted(both))
        await editor.until(lambda: not editor.diagnostics(buffer))
        assert len(fake.requests) == 2


async def test_the_person_is_led_from_one_to_the_next(start, skilled, tmp_path):
    (skilled / "plan.md").write_text("- [ ] Look at it with Ann.\n")
    settings = skilled / "festina.toml"
    settings.write_text('edits.leave_alone = ["product.py"]\n')
    paths = [f"shop/{name}.py" for name in ("total", "largest", "product", "numbered")]
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, VSCODE_PLUGIN, paths=paths)
        said = await told(editor, "3 places: 2 passed, 1 rejected.")
        assert "1 more stays as it is: edits.leave_alone. 2 edits wait for your review" in said
        assert len(fake.requests) >= 3
        assert "def product" not in str(fake.requests)
        (first, *_) = waiting(editor)
        other = await editor.open("shop/mean.py")
        action = desk.titled(await editor.code_actions(other, (0, 2)), "next edit to review")
        assert (await editor.choose(action))["ok"] is True
        shown = await editor.until(lambda: editor.client.shown_documents)
        assert shown[0].uri.endswith(f"shop/{first}.py")
        assert shown[0].selection.start.line == 0
        buffer = await editor.open(f"shop/{first}.py")
        seen = await editor.until(
            lambda: next((one for one in editor.proposals if one["state"] == "ready"), None)
        )
        assert seen["skill"] == "loop-over-items"
        assert seen["name"] == first
        assert "for item in items" in seen["text"]
        answer = await editor.execute("festina.accept", {"proposal": seen["proposal"]})
        assert answer["ok"] is True
        await editor.until(lambda: buffer.text == CONVERTED[first])
        assert editor.messages == [next(one for one in editor.messages if "2 passed" in one)]
        await noted(editor, 2)
        progress = (skilled / "progress.md").read_text()
        words = 'shop/numbered.py, numbered: "Follow the skill loop-over-items" (lint: F821 ('
        assert f" rejected: {words}line 4))\n" in progress
        assert f" accepted: shop/{first}.py, {first}: " in progress


@pytest.mark.slow
async def test_where_files_cannot_be_shown_the_place_is_said(start, skilled, tmp_path):
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, MINIMAL)
        await told(editor, "2 edits wait for your review")
        refused = await editor.execute("festina.review", {})
        assert refused["ok"] is False
        assert refused["message"].startswith("Open shop/")
        for name in waiting(editor):
            await editor.open(f"shop/{name}.py")
        refused = await editor.execute("festina.review", {})
        assert refused["message"] == "No edit waits for your review in a file that is not open."


async def test_a_run_that_rests_can_be_stopped_and_what_waits_stays(start, skilled, tmp_path):
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, VSCODE, pending=1, paths=["shop"])
        await told(editor, "1 edit waits for your review; then it goes on")
        assert len(waiting(editor)) == 1
        (token,) = editor.client.progress_reports
        editor.cancel_progress(token)
        await told(editor, "13 places: 1 passed, 12 not tried. 1 edit waits for your review.")
        assert len(waiting(editor)) == 1
        assert len(fake.requests) == 1


async def test_without_trust_nothing_is_run_and_nothing_waits(start, skilled, tmp_path):
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, VSCODE, pending=1, paths=["shop"])
        await told(editor, "1 edit waits for your review; then it goes on")
        editor.client.protocol.notify("festina/trust", {"trusted": False})
        await editor.until(lambda: waiting(editor) == [])
        await told(editor, "12 not tried")
        refused = await editor.execute("festina.runSkill", RUN)
        assert refused["ok"] is False
        assert "There is no skill 'loop-over-items'" in refused["message"]
        mine = tmp_path / "home0" / FILE
        mine.parent.mkdir(parents=True)
        mine.write_text(loops.SKILL)
        refused = await editor.execute("festina.runSkill", RUN)
        assert "The workspace is not trusted, so none of its code is run" in refused["message"]
        assert len(fake.requests) == 1


async def test_a_folder_that_is_closed_takes_its_run_with_it(start, skilled, tmp_path):
    with FakeModel(loops.model) as fake:
        editor = await begin(start, fake, tmp_path, VSCODE, pending=1, paths=["shop"])
        await told(editor, "1 edit waits for your review; then it goes on")
        folder = lsp.WorkspaceFolder(skilled.as_uri(), "w")
        event = lsp.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
        params = lsp.DidChangeWorkspaceFoldersParams(event)
        editor.client.workspace_did_change_workspace_folders(params)
        await told(editor, "12 not tried")
        await editor.until(lambda: waiting(editor) == [])
        assert len(fake.requests) == 1


async def test_an_embedded_model_is_refused_before_it_is_started(start, skilled, tmp_path):
    config = tmp_path / "user-config.toml"  # no such file: to start that one fails in other words
    config.write_text('[models.fast]\ndialect = "embedded"\nmodel = "/nowhere/small.gguf"\n')
    editor = await start(VSCODE, env={"FESTINA_CONFIG": str(config)})
    assert (await editor.execute("festina.runSkill", RUN))["ok"] is True
    said = await told(editor, "It ended early")
    assert "An embedded model is too small to follow a skill, so it was not asked." in said


async def test_mistakes_are_told_before_anything_is_asked(start, skilled, tmp_path):
    (skilled / FILE).write_text(loops.SKILL.split("  festina-places")[0] + "---\nDo it.\n")
    with FakeModel(loops.model) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake, **QUICK))
        for wrong, words in (
            ({}, "Name the skill"),
            ({"skill": "nobody"}, "There is no skill 'nobody'"),
            (RUN, "does not say where it is meant. Add `festina-places`"),
            ({**RUN, "find": "..."}, "says too little"),
            ({**RUN, "find": "for ...", "paths": "shop"}, "must be a list"),
            ({**RUN, "find": "for ...", "paths": ["../up"]}, "'../up' is no path in the"),
        ):
            refused = await editor.execute("festina.runSkill", wrong)
            assert refused["ok"] is False
            assert words in refused["message"]
        found = {**RUN, "find": "nothing like it"}
        assert (await editor.execute("festina.runSkill", found))["ok"] is True
        await told(editor, "The skill loop-over-items finds no place here.")
        assert fake.requests == []
