"""Four candidates that are one and the same edit, in an editor: one verification, one choice."""

import pytest

from support import desk
from support.fake_model import FakeModel
from support.presets import HELIX, VSCODE_PLUGIN


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_four_of_four_are_equal(start, workspace, tmp_path, editor_is):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        where = {
            "start": {"line": desk.FIRST, "character": 0},
            "end": {"line": desk.FIRST + desk.LENGTH + 1, "character": 0},
        }
        asked = {"uri": buffer.uri, "range": where, "variations": 4}
        proposal = (await editor.execute("festina.propose", asked))["proposal"]
        await watch.until("ready")
        words = "same as 3 others"
        if editor_is.proposals:

            def passed():
                payload = editor.proposal(proposal)
                statuses = [one["status"] for one in payload["candidates"]]
                return statuses == ["passed"] * 4 and words in payload["message"]

            await editor.until(passed, words)
            # each verification says anew for how long it ran: there was one
            seconds = {
                payload["verdict"]["seconds"]
                for payload in editor.proposals
                if payload["verdict"] is not None
            }
            assert len(seconds) == 1
        else:
            shown = lambda: " ".join(watch.ours()[0].message.split())  # noqa: E731
            await editor.until(lambda: words in shown(), words)
        assert len(fake.requests) == 4
        refused = await editor.execute("festina.next", {"proposal": proposal})
        assert refused["ok"] is False
        assert "no other candidate" in refused["message"]
        lenses = await editor.code_lenses(buffer)
        assert not [lens for lens in lenses if lens.command.title == "next"]
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        await editor.close()
