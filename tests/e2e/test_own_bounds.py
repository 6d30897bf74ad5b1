"""Bounds that a person sets for every edit, in an editor."""

import pytest

from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import HELIX, VSCODE_PLUGIN


@pytest.mark.parametrize("preset", [HELIX, VSCODE_PLUGIN], ids=lambda preset: preset.name)
async def test_what_is_to_be_left_alone(start, workspace, tmp_path, preset):
    clamp.put(workspace)
    (workspace / "festina.toml").write_text('edits.leave_alone = ["double", "test_*.py"]\n')
    with FakeModel(clamp.by_region) as fake:
        env = desk.config(tmp_path, fake, gates=["syntax", "lint"])
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 0\ncandidates = 1\n")
        editor = await start(preset, env=env)
        buffer = await editor.open(clamp.MODULE)
        watch = desk.Watch(editor, buffer)
        answer = await editor.execute("festina.propose", clamp.argument(buffer, clamp.DOUBLE))
        await watch.until("rejected")
        if preset.proposals:
            said = editor.proposal(answer["proposal"])["message"]
        else:
            said = watch.ours()[0].message
        assert "It touches `double` in mod.py, and edits.leave_alone says" in said
        await editor.execute("festina.dismiss", {"proposal": answer["proposal"]})
        await watch.gone()
        await clamp.propose(editor, buffer)
        await watch.until("ready")

        asked = len(fake.requests)
        tests = await editor.open("test_mod.py")
        answer = await editor.execute("festina.propose", clamp.argument(tests))
        assert not answer["ok"]
        assert "say to leave `test_*.py` alone (edits.leave_alone)" in answer["message"]
        assert len(fake.requests) == asked
