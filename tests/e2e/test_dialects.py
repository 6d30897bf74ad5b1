"""The whole path in each dialect: propose, stream, verify, ready, accept."""

import pytest

from support import desk
from support.fake_dialects import DIALECTS
from support.fake_model import FakeModel
from support.presets import VSCODE_PLUGIN

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_from_a_comment_to_an_accepted_edit(start, workspace, tmp_path, dialect):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    reply = DIALECTS[dialect].text(desk.answer(desk.GOOD, source), speed=200)
    with FakeModel(reply) as fake:
        environment = desk.config(
            tmp_path, fake, dialect=dialect, gates=["syntax", "lint", "tests"]
        )
        editor = await start(VSCODE_PLUGIN, env=environment)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        last = editor.proposal(proposal)
        assert last["verdict"]["status"] == "passed"
        assert last["calls"][0]["completion_tokens"] > 0
        texts = [one["text"] for one in editor.proposals if one["state"] == "streaming"]
        assert len({text for text in texts if text}) > 2, "it streamed"
        assert not any("think" in str(text) or "So." in str(text) for text in texts)
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)
        assert {head.target for head in fake.heads if head.method == "POST"} == {PATHS[dialect]}
