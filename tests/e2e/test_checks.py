"""verify.md in an editor: what is not approved is not run; what a person approved must pass."""

import asyncio

import pytest

from festina.trust import TrustStore
from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN
from support.trees import hash_tree

FILE = "# Must pass\n\n- [x] bound: `grep -q high mod.py`\n- [ ] later: `false`\n"
FIRST = (2, 3)


@pytest.fixture
def source(workspace):
    text = clamp.put(workspace)
    (workspace / "verify.md").write_text(FILE)
    return text


@pytest.fixture
def fake():
    with FakeModel(clamp.by_region) as model:
        yield model


@pytest.fixture
def env(tmp_path, fake):
    return desk.config(tmp_path, fake, gates=["syntax", "lint"])


async def lenses(editor, buffer, count):
    """Wait for so many lenses."""
    async with asyncio.timeout(30):
        while len(found := await editor.code_lenses(buffer)) != count:
            await asyncio.sleep(0.02)
    return found


@pytest.mark.parametrize(
    "preset",
    [VSCODE, pytest.param(NEOVIM_11, marks=pytest.mark.slow)],
    ids=lambda preset: preset.name,
)
async def test_a_command_is_approved_by_a_lens_and_a_question_and_then_must_pass(
    start, source, workspace, env, preset
):
    before = hash_tree(workspace)
    editor = await start(preset, env=env)
    buffer = await editor.open(clamp.MODULE)
    await editor.execute("festina.propose", clamp.argument(buffer))
    watch = desk.Watch(editor, buffer)
    await watch.until("unverified")
    assert "which you have not approved" in watch.ours()[0].message.replace("\n", " ")
    page = await editor.open("verify.md", language="markdown")
    (lens,) = await lenses(editor, page, 1)
    assert (lens.command.title, lens.range.start.line) == ("Festina: approve this command", 2)
    (shown,) = await editor.until(lambda: editor.diagnostics(page))
    assert shown.range.start.line == 2
    assert "`grep -q high mod.py` is not approved" in shown.message
    asked = []

    def answer(request):
        asked.append(request.message)
        return "Not now" if len(asked) == 1 else "Approve"

    editor.answer = answer
    for times in (1, 2):
        said = await editor.execute(lens.command.command, *lens.command.arguments)
        assert said == {"ok": True, "message": "Asking whether the command may be run."}
        await editor.until(lambda n=times: len(asked) == n)
    assert asked[0] == asked[1]
    assert asked[0].startswith(
        "Run `grep -q high mod.py` in the sandbox, without a shell, to check"
    )
    await watch.until("ready")
    assert await lenses(editor, page, 0) == []
    await editor.until(lambda: not editor.diagnostics(page))
    assert "bound ok" in watch.ours()[0].message
    assert hash_tree(workspace) == before
    (accept, *_) = await editor.code_actions(buffer, (0, 1))
    await editor.choose(accept)
    await watch.gone()
    assert buffer.text.startswith(clamp.GOOD)


async def test_what_must_pass_and_does_not_rejects_an_edit(start, source, workspace, env):
    (workspace / "verify.md").write_text("- [x] bound: `sh -c '! grep -q min mod.py'`\n")
    editor = await start(VSCODE_PLUGIN, env=env)
    editor.answer = lambda _: "Approve"
    buffer = await editor.open(clamp.MODULE)
    page = await editor.open("verify.md", language="markdown")
    await lenses(editor, page, 1)
    (action,) = [a for a in await editor.code_actions(page, (0, 1)) if "approve" in a.title]
    assert action.title == "Festina: approve `sh -c '! grep -q min mod.py'`"
    await editor.choose(action)
    await lenses(editor, page, 0)
    proposal = await clamp.propose(editor, buffer)
    seen = await clamp.reach(editor, proposal, "ready", "rejected", "unverified")
    assert seen["state"] == "rejected"
    assert "bound failed" in seen["message"]
    assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"] is False
    assert buffer.text == source


async def test_an_edit_of_what_an_approved_command_runs_is_not_judged_by_that(
    start, source, workspace, env, tmp_path, monkeypatch
):
    (workspace / "verify.md").write_text("- [x] runs: `python -B mod.py`\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home0" / "state"))
    editor = await start(VSCODE_PLUGIN, env=env)
    buffer = await editor.open(clamp.MODULE)
    page = await editor.open("verify.md", language="markdown")
    await lenses(editor, page, 1)
    TrustStore().approve(workspace, ("python", "-B", "mod.py"))
    await lenses(editor, page, 0)
    proposal = await clamp.propose(editor, buffer)
    seen = await clamp.reach(editor, proposal, "ready", "rejected", "unverified")
    assert seen["state"] == "unverified"
    assert "The edit changes mod.py, which `python -B mod.py` of verify.md runs" in seen["message"]
    refused = await editor.execute("festina.accept", {"proposal": proposal})
    assert refused["ok"] is False
    assert buffer.text == source
    own = await editor.execute("festina.accept", {"proposal": proposal, "unverified": True})
    assert own["ok"] is True
    await editor.until(lambda: buffer.text.startswith(clamp.GOOD))


async def test_it_is_read_again_when_a_person_saves_it_and_approved_in_a_terminal(
    start, source, workspace, env, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home0" / "state"))
    editor = await start(VSCODE_PLUGIN, env=env)
    buffer = await editor.open(clamp.MODULE)
    page = await editor.open("verify.md", language="markdown")
    await lenses(editor, page, 1)
    TrustStore().approve(workspace, ("grep", "-q", "high", "mod.py"))
    await lenses(editor, page, 0)
    proposal = await clamp.propose(editor, buffer)
    await clamp.reach(editor, proposal, "ready")
    editor.type(page, "[ ] later: `false`", "[x] later: `false`")
    (lens,) = await lenses(editor, page, 1)
    assert lens.range.start.line == 3
    editor.save(page)
    state = ""
    while state != "unverified":  # until the file has been read again
        other = await clamp.propose(editor, buffer, clamp.DOUBLE)
        state = (await clamp.reach(editor, other, "ready", "unverified"))["state"]
        await editor.execute("festina.dismiss", {"proposal": other})
    refused = await editor.execute("festina.accept", {"proposal": proposal})
    assert refused["ok"] is False
    await clamp.reach(editor, proposal, "unverified")
    assert buffer.text == source
    editor.type(page, "`false`", "`false | true`")
    await editor.until(lambda: "No shell reads it" in str(editor.diagnostics(page)))
    assert await editor.code_lenses(page) == []


async def test_only_a_person_edits_it(start, source, workspace, env, fake):
    editor = await start(VSCODE, env=env)
    page = await editor.open("verify.md", language="markdown")
    argument = clamp.argument(page, (0, 3))
    refused = await editor.execute("festina.propose", argument)
    assert refused["ok"] is False
    assert refused["message"].startswith("verify.md says what must pass, and only you edit it")
    (workspace / "other.md").symlink_to("verify.md")
    editor.expected_tree = hash_tree(workspace)
    other = await editor.open("other.md", language="markdown")
    refused = await editor.execute("festina.propose", clamp.argument(other, (0, 3)))
    assert refused["ok"] is False
    assert fake.requests == []
    await lenses(editor, page, 1)
    titles = [action.title for action in await editor.code_actions(page, (0, 4))]
    assert titles == ["Festina: approve `grep -q high mod.py`"]
    for line, words in (
        (0, "Line 1 of verify.md names no command."),
        (3, "Line 4 of verify.md names no command."),
    ):
        said = await editor.execute("festina.approve", {"uri": page.uri, "line": line})
        assert (said["ok"], said["message"]) == (False, words)
    said = await editor.execute("festina.approve", {"uri": other.uri, "line": 2})
    assert said == {"ok": False, "message": "verify.md of the workspace is not open."}
    assert page.text == FILE
