"""A provider's limits in an editor: a wait is shown with its end, and no proposal is lost."""

import json

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import HELIX, VSCODE_PLUGIN


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_a_refusal_is_waited_out_in_sight_and_counted(start, workspace, tmp_path, editor_is):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    refusal = fake_replies.status(429, retry_after="2")
    with FakeModel(refusal, desk.answer(desk.GOOD, source)) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        words = f"Waiting for {fake.origin.removeprefix('http://')}'s limit until "

        def told():
            if editor_is.proposals:
                return any(each["message"].startswith(words) for each in editor.proposals)
            return any(words in each.message for each in watch.ours())

        await editor.until(told, words)
        await watch.until("ready")
        if editor_is.proposals:
            usage = editor.proposal(proposal)["usage"]
            assert (usage["requests"], usage["prompt_tokens"]) == (1, 100)
            assert usage["completion_tokens"] > 0
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        await editor.close()
    (kept,) = tmp_path.rglob("usage.json")
    assert source[:40] not in kept.read_text()
    ((row,),) = json.loads(kept.read_text())["days"].values()
    assert (row["requests"], row["proposals"], row["accepted"]) == (1, 1, 1)


async def test_at_a_cap_of_ones_own_the_proposal_says_what_to_do(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel("x") as fake:
        environment = desk.config(tmp_path, fake)
        with (tmp_path / "user-config.toml").open("a") as config:
            config.write("[limits]\ntokens_per_day = 10\n")
        editor = await start(VSCODE_PLUGIN, env=environment)
        buffer = await desk.open_with_marker(editor)
        proposal = await desk.ask_for_edit(editor, buffer)
        await editor.until(lambda: (editor.proposal(proposal) or {}).get("state") == "failed")
        message = editor.proposal(proposal)["message"]
        assert "nothing was sent: 0 of 10 tokens are used (limits.tokens_per_day)" in message
        assert fake.requests == []
