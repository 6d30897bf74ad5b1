"""A redirect stops the stream within a token, and goes on from what had come."""

import threading
from dataclasses import replace

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import VSCODE, VSCODE_PLUGIN

SPEED = 3
"""Tokens a second: so slow that a server which is not stopped at once is seen to go on."""
OLD = "    # the first try\n" + desk.GOOD
NEW = "    # the second try\n" + desk.GOOD


def of_tokens(content, speed):
    """An answer whose first half is there at once, and whose second half comes token by token."""
    half = content.index("the first try") + len("the first try")
    pieces = fake_replies.tokens(content[half:])
    steps = [fake_replies.data(fake_replies.chunk(content[:half], role="assistant"))]
    for piece in pieces:
        steps += [fake_replies.Pause(1 / speed), fake_replies.data(fake_replies.chunk(piece))]
    steps.append(fake_replies.data(fake_replies.chunk(None, "stop")))
    return fake_replies.stream(*steps, fake_replies.DONE)


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, VSCODE], ids=lambda one: one.name)
async def test_the_stream_stops_within_a_token_and_nothing_of_it_is_shown_after(
    start, workspace, tmp_path, editor_is
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    old = of_tokens(desk.answer(OLD, source), SPEED)
    counted = threading.Event()
    new = fake_replies.text(desk.answer(NEW, source), speed=100)
    new = replace(new, steps=(fake_replies.Until(counted), *new.steps))
    with FakeModel(old, new) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)

        def shown():
            """What the editor has been shown of the edit, time after time."""
            if editor_is.proposals:
                return [payload["text"] for payload in editor.proposals]
            published = editor.client.published
            return [one.message for params in published for one in params.diagnostics]

        await editor.until(lambda: any("the first try" in text for text in shown()), "its text")
        written = fake.written
        argument = {"proposal": proposal, "instruction": "say that it is the second one"}
        assert (await editor.execute("festina.redirect", argument))["ok"]
        before = len(shown())
        await fake.until(lambda: fake.disconnects == 1)
        assert fake.written - written <= 1, "the server was stopped within a token"
        counted.set()

        await watch.until("ready")
        assert fake.disconnects == 1, "the second stream came to its end"
        after = shown()[before:]
        assert any("the second try" in text for text in after)
        assert not any("the first try" in text for text in after)

        asked = fake.requests[1]["messages"][-1]["content"]
        previous = asked.split("Your answer so far:\n")[1].split("Instruction:")[0]
        assert "# the first try" in previous, "it goes on from what had come"
        assert "join" not in previous, "and from no more than that"
        assert f"{desk.ASK}\nsay that it is the second one" in asked
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert "# the second try" in buffer.text
        assert "# the first try" not in buffer.text
        await fake.until(lambda: fake.streams == 0)
