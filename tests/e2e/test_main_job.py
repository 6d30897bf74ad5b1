"""The main job in every editor: propose, watch, accept, undo in one step."""

import pytest
from lsprotocol import types as lsp

from support import clamp, desk, fake_replies
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN

SLOW = 30
"""Tokens a second of a model that leaves time to look."""


@pytest.mark.timeout(180)
async def test_propose_watch_accept_undo(start, workspace, tmp_path, preset):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    reply = fake_replies.text(desk.answer(desk.GOOD, source), speed=SLOW)
    with FakeModel(reply) as fake:
        editor = await start(preset, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        before = buffer.text
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)

        await watch.until("streaming")
        if not preset.proposals:
            assert watch.ours()[0].severity is lsp.DiagnosticSeverity.Information
        pending = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        accepts = [action for action in pending if "accept" in action.title]
        if preset.can("textDocument.codeAction.disabledSupport") and accepts:
            assert accepts[0].disabled.reason.startswith("streaming")
        else:
            assert accepts == []

        await watch.until("ready")
        assert buffer.text == before
        order = [s for s in watch.states if s in ("streaming", "verifying", "ready")]
        assert order[0] == "streaming"
        assert order[-1] == "ready"
        if not preset.proposals:
            shown = watch.ours()[0]
            news = ["Festina: dasherize is ready: 455 tests ok"]
            # Neovim 0.11 waits for a key after each message
            assert editor.messages == ([] if preset is NEOVIM_11 else news)
            assert shown.severity is lsp.DiagnosticSeverity.Hint
            assert "455 tests ok (1 of 1 changed lines executed)" in shown.message
            assert "+    return '-'.join(word.split('_'))" in shown.message
            assert len(shown.message.splitlines()[0]) <= 80

        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await editor.until(lambda: buffer.text != before, "the edit")
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)
        assert "festina:" not in buffer.text

        editor.undo(buffer)
        assert buffer.text == before


async def test_a_plugin_sees_every_state_and_the_text_stream(start, workspace, tmp_path):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    reply = fake_replies.text(desk.answer(desk.GOOD, source), speed=SLOW)
    with FakeModel(reply) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        assert watch.states == ["queued", "streaming", "parsed", "verifying", "ready"]
        last = editor.proposal(proposal)
        assert last["verdict"]["status"] == "passed"
        assert last["verdict"]["gates"][2]["tests"]["passed"] == 455
        assert last["text"] == desk.region_of(source).replace(desk.OLD, desk.GOOD)
        texts = [p["text"] for p in editor.proposals if p["state"] == "streaming" and p["text"]]
        assert len(texts) > 2
        assert texts == sorted(texts, key=len)
        told = [p["progress"] for p in editor.proposals if p["progress"] is not None]
        assert max(one["tokens_per_second"] or 0 for one in told) > SLOW / 4
        stages = {(gate["gate"], gate["status"]) for one in told for gate in one["gates"]}
        assert {("tests", "waiting"), ("tests", "running"), ("lint", "passed")} <= stages
        assert (last["progress"], last["name"], last["model"]) == (None, "dasherize", "fake-coder")
        asked = {"proposal": proposal, "candidate": 0}
        preview = await editor.request("festina/candidate", asked)
        assert {name: preview[name] for name in ("text", "hunks", "verdict")} == {
            name: last[name] for name in ("text", "hunks", "verdict")
        }
        assert await editor.request("festina/candidate", {**asked, "candidate": 7}) is None
        assert not watch.ours()
        assert editor.messages == []


async def test_a_wrong_edit_is_rejected_and_points_at_the_failing_test(start, workspace, tmp_path):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    with FakeModel(desk.answer(desk.WRONG, source)) as fake:
        environment = desk.config(tmp_path, fake)
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 1\ncandidates = 1\n")
        editor = await start(VSCODE, env=environment)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("rejected")
        shown = watch.ours()[0]
        related = shown.related_information[0]
        assert related.location.uri.endswith("test_inflection.py")
        assert related.location.range.start.line > 0
        assert len(fake.requests) == 2, "one repair round"
        assert "test_inflection.py" in str(fake.requests[1]), "the finding went back"
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        accept = desk.titled(actions, "accept")
        assert accept.disabled.reason.startswith("rejected")
        lenses = await editor.code_lenses(buffer)
        refused = await editor.execute("festina.accept", {"proposal": "p1"})
        assert refused["ok"] is False
        assert all(lens.command.command != "festina.accept" for lens in lenses)
        assert (await editor.execute("festina.dismiss", {"proposal": "p1"}))["ok"]
        await watch.gone()


async def test_a_repair_that_breaks_off_leaves_the_rejected_edit_and_its_findings(
    start, workspace, tmp_path
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    begun = fake_replies.tokens(desk.answer(desk.GOOD, source))[:9]
    pieces = [fake_replies.data(fake_replies.chunk(piece)) for piece in begun]
    broken = fake_replies.stream(*pieces, fake_replies.Reset())
    with FakeModel(desk.answer(desk.WRONG, source), broken) as fake:
        environment = desk.config(tmp_path, fake)
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 2\ncandidates = 75\n")
        editor = await start(VSCODE_PLUGIN, env=environment)
        buffer = await desk.open_with_marker(editor)
        proposal = await desk.ask_for_edit(editor, buffer)
        last = await clamp.reach(editor, proposal, "rejected", "failed")
        assert last["state"] == "rejected"
        assert last["text"] == desk.region_of(source).replace(desk.OLD, desk.WRONG)
        assert "test_inflection.py" in last["verdict"]["findings"][0]["path"]
        assert "; no more came: " in last["message"]
        assert len(fake.requests) == 2
        assert (await editor.execute("festina.dismiss", {"proposal": proposal}))["ok"]


async def test_answers_that_change_nothing_leave_the_rejected_edit_and_its_findings(
    start, workspace, tmp_path
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    unchanged = desk.answer(desk.OLD, source)
    with FakeModel(desk.answer(desk.WRONG, source), unchanged, unchanged) as fake:
        environment = desk.config(tmp_path, fake)
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 2\n")
        editor = await start(VSCODE_PLUGIN, env=environment)
        buffer = await desk.open_with_marker(editor)
        proposal = await desk.ask_for_edit(editor, buffer)
        last = await clamp.reach(editor, proposal, "rejected", "failed")
        assert last["text"] == desk.region_of(source).replace(desk.OLD, desk.WRONG)
        assert "test_inflection.py" in last["verdict"]["findings"][0]["path"]
        assert (last["candidate"], last["message"]) == (0, "None of 4 candidates passed")
        assert [one["status"] for one in last["candidates"]] == ["failed"] + ["unusable"] * 3
        assert len(fake.requests) == 6
        assert (await editor.execute("festina.dismiss", {"proposal": proposal}))["ok"]


async def test_accept_by_lens_is_one_versioned_edit(start, workspace, tmp_path):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        lenses = await editor.code_lenses(buffer)
        accept = next(lens for lens in lenses if lens.command.command == "festina.accept")
        assert accept.data == {"proposal": "p1", "candidate": 0}
        assert "455 tests ok" in accept.command.title
        result = await editor.execute("festina.accept", *accept.command.arguments)
        assert result == {"ok": True, "message": "Applying the edit."}
        await watch.gone()
        assert len(editor.edits) == 1
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)


async def test_two_proposals_at_once(start, workspace, tmp_path):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    other = "def underscore(word: str) -> str:"

    def reply(body):
        asked = body["messages"][-1]["content"]
        region = asked.split("The region to rewrite:")[1]
        if "dasherize" in region.split("Instruction")[0]:
            return desk.answer(desk.GOOD, source)
        start = source.index(other)
        function = source[start : source.index("\n\n\n", start) + 1]
        return f"```python\n{function.replace('return word.lower()', 'return str.lower(word)')}```"

    with FakeModel(reply) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        line = buffer.text[: buffer.text.index(other)].count("\n")
        one = await desk.ask_for_edit(editor, buffer)
        position = {"line": line, "character": 3}
        argument = {
            "uri": buffer.uri,
            "range": {"start": position, "end": position},
            "instruction": "call lower on the class",
        }
        two = (await editor.execute("festina.propose", argument))["proposal"]
        for proposal in (one, two):
            await editor.until(
                lambda proposal=proposal: editor.proposal(proposal)["state"] == "ready"
            )
        assert (await editor.execute("festina.accept", {"proposal": one}))["ok"]
        await editor.until(lambda: editor.proposal(one)["state"] == "applied")
        # the second one is rebased onto the accepted text and earned again

        def again():
            seen = editor.proposal(two)
            return seen["state"] == "ready" and seen["version"] == buffer.version

        await editor.until(again)
        accepted = await editor.execute("festina.accept", {"proposal": two})
        assert accepted["ok"], accepted
        await editor.until(lambda: editor.proposal(two)["state"] == "applied")
        assert "return str.lower(word)" in buffer.text
        assert desk.GOOD in buffer.text
