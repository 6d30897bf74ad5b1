"""Accepting: answered at once, applied as one edit, confirmed from the text, whole or in part."""

import asyncio

import pytest

from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import EMACS, NEOVIM_11, VSCODE, VSCODE_PLUGIN


@pytest.fixture
def source(workspace):
    return clamp.put(workspace)


async def ready(start, tmp_path, fake, preset=VSCODE_PLUGIN):
    editor = await start(preset, env=clamp.config(tmp_path, fake))
    buffer = await editor.open(clamp.MODULE)
    proposal = await clamp.propose(editor, buffer)
    await clamp.reach(editor, proposal, "ready")
    return editor, buffer, proposal


async def test_accept_is_answered_before_the_editor_has_done_anything(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor, buffer, proposal = await ready(start, tmp_path, fake)
        other = await clamp.propose(editor, buffer, clamp.DOUBLE)
        await clamp.reach(editor, other, "ready")
        decided = asyncio.Event()

        async def confirm(_):
            await decided.wait()
            return True

        editor.confirm = confirm
        answer = await editor.execute("festina.accept", {"proposal": proposal})
        assert answer == {"ok": True, "message": "Applying the edit."}
        assert buffer.text == source
        # the key was pressed twice
        assert await editor.execute("festina.accept", {"proposal": proposal}) == answer
        # one at a time: another edit of the file would be for another text
        refused = await editor.execute("festina.accept", {"proposal": other})
        assert refused["ok"] is False
        assert "being applied" in refused["message"]
        decided.set()
        await clamp.reach(editor, proposal, "applied")
        assert buffer.text == clamp.GOOD + source[len(clamp.of(source)) :]
        assert len(editor.edits) == 1
        assert editor.messages == []


async def test_an_edit_that_the_person_does_not_confirm_stays_ready(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor, buffer, proposal = await ready(start, tmp_path, fake)

        async def no(_):
            return False

        confirm, editor.confirm = editor.confirm, no
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        message = await editor.until(lambda: next(iter(editor.messages), ""))
        assert message == "Festina: The editor did not apply the edit: not confirmed"
        assert buffer.text == source
        assert editor.proposal(proposal)["state"] == "ready"
        editor.confirm = confirm
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        await clamp.reach(editor, proposal, "applied")


@pytest.mark.parametrize("preset", [NEOVIM_11, EMACS, VSCODE], ids=lambda preset: preset.name)
async def test_an_editor_that_could_not_apply_it_is_not_believed(start, source, tmp_path, preset):
    """Typed between our edit and its arrival: one skips it and says yes, one fails, one says no."""
    with FakeModel(clamp.by_region) as fake:
        editor = await start(preset, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))

        async def typing(_):
            editor.set_text(buffer, "# typed\n" + buffer.text)
            return True

        editor.confirm = typing
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        words = "its text differs" if preset is NEOVIM_11 else "did not apply the edit"
        await editor.until(lambda: any(words in message for message in editor.messages))
        assert buffer.text == "# typed\n" + source
        # it was rebased, and can be accepted for the text as it is now
        await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))


async def test_two_accepts_at_once_apply_one_edit(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor, _, proposal = await ready(start, tmp_path, fake)
        accept = {"proposal": proposal}
        answers = await asyncio.gather(
            editor.execute("festina.accept", accept), editor.execute("festina.accept", accept)
        )
        assert answers == [{"ok": True, "message": "Applying the edit."}] * 2
        await clamp.reach(editor, proposal, "applied")
        assert len(editor.edits) == 1
        assert editor.messages == []
        refused = await editor.execute("festina.accept", accept)
        assert refused == {"ok": False, "message": "That proposal is applied already."}


async def test_hunks_are_verified_alone_and_then_applied(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor, buffer, proposal = await ready(start, tmp_path, fake)
        hunks = editor.proposal(proposal)["hunks"]
        assert [hunk["id"] for hunk in hunks] == [0, 1]
        argument = {"proposal": proposal, "candidate": 0, "hunks": [1]}
        answer = await editor.execute("festina.accept", argument)
        assert answer == {"ok": True, "message": "Verifying the chosen hunks."}
        last = await clamp.reach(editor, proposal, "applied")
        states = [p["state"] for p in editor.proposals]
        assert "verifying" in states[states.index("ready") :]
        statuses = [(one["index"], one["status"]) for one in last["candidates"]]
        assert statuses == [(0, "passed"), (1, "passed")]
        assert last["candidate"] == 1
        assert last["verdict"]["gates"][2]["tests"]["passed"] == 4
        expected = source.replace("high = high + 0", "high = high * 1")
        assert buffer.text == expected.replace("max(low, value)", "min(high, max(low, value))")
        assert len(editor.edits) == 1
        editor.undo(buffer)
        assert buffer.text == source


async def test_hunks_that_fail_alone_are_told_and_nothing_is_applied(start, workspace, tmp_path):
    source = clamp.put(workspace)
    renamed = clamp.GOOD.replace("value = value * 1", "number = value").replace(
        "max(low, value)", "max(low, number)"
    )
    with FakeModel(clamp.fenced(renamed)) as fake:
        editor, buffer, proposal = await ready(start, tmp_path, fake)
        accept = {"proposal": proposal, "hunks": [1]}
        assert (await editor.execute("festina.accept", accept))["ok"]
        message = await editor.until(lambda: next(iter(editor.messages), ""))
        assert "the chosen hunks alone did not pass: " in message
        await clamp.reach(editor, proposal, "ready")
        assert buffer.text == source
        assert editor.edits == []
        for hunks, words in (
            ([1], "not applicable"),
            ([], "No hunk was chosen"),
            ([5], "hunks 0 to 1"),
            ("all", "must be a list"),
            ([True], "must be a list"),
        ):
            refused = await editor.execute("festina.accept", {**accept, "hunks": hunks})
            assert refused["ok"] is False
            assert words in refused["message"]
        assert (await editor.execute("festina.accept", {**accept, "hunks": [0, 1]}))["ok"]
        await clamp.reach(editor, proposal, "applied")
        assert "max(low, number)" in buffer.text


async def test_an_editor_that_never_answers_does_not_block_the_file(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor, buffer, proposal = await ready(start, tmp_path, fake)

        async def never(_):
            await asyncio.Event().wait()

        confirm, editor.confirm = editor.confirm, never
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        await editor.until(lambda: editor.edits)
        assert (await editor.execute("festina.dismiss", {"proposal": proposal}))["ok"]
        editor.confirm = confirm
        again = await clamp.propose(editor, buffer)
        await clamp.reach(editor, again, "ready")
        while not (await editor.execute("festina.accept", {"proposal": again}))["ok"]:
            await asyncio.sleep(0.1)  # the first one is given up soon
        await clamp.reach(editor, again, "applied")
        assert editor.messages == []
