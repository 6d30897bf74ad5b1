"""What a session's edits came to, as `festina report` tells it afterwards."""

import json
import subprocess
import sys

import pytest

from support import clamp, desk
from support.editor import Editor, environment
from support.fake_model import FakeModel
from support.presets import HELIX, VSCODE_PLUGIN


@pytest.mark.parametrize("preset", [HELIX, VSCODE_PLUGIN], ids=lambda preset: preset.name)
async def test_what_became_of_a_sessions_edits(workspace, tmp_path, preset):
    clamp.put(workspace)
    home = tmp_path / "home"
    home.mkdir()
    with FakeModel(*map(clamp.fenced, (clamp.GOOD, clamp.WRONG, clamp.TWICE))) as fake:
        env = desk.config(tmp_path, fake)
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 0\ncandidates = 1\n")
        async with Editor.start(preset, workspace, home, env=env) as editor:
            buffer = await editor.open(clamp.MODULE)
            watch = desk.Watch(editor, buffer)
            await asked(editor, watch, clamp.CLAMP)
            actions = await editor.code_actions(buffer, (0, 1))
            await editor.choose(desk.titled(actions, "accept"))
            await watch.gone()
            editor.save(buffer)
            for lines, state in ((clamp.CLAMP, "rejected"), (clamp.DOUBLE, "ready")):
                proposal = await asked(editor, watch, lines, state)
                await editor.execute("festina.dismiss", {"proposal": proposal})
                await watch.gone()

    def report(*words):
        command = [sys.executable, "-m", "festina", "report", "--workspace", workspace, *words]
        done = subprocess.run(
            command, env=environment(home, env), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(report("--json"))
    total = found["total"]
    assert (total["proposals"], total["accepted"], total["rejected"]) == (3, 1, 1)
    assert (total["dismissed"], total["others"]) == (1, 0)
    assert total["rejected_by"] == {"tests": 1}
    assert (total["tested"], total["failed_tests"]) == (3, 1)
    assert (total["accepted_lines"], total["accepted_lines_standing"]) == (3, 3)
    assert total["decision_seconds_median"] is not None
    assert total["requests"] == len(fake.requests) == 3
    assert [row["model"] for row in found["models"]] == [
        f"fake-coder ({fake.origin.removeprefix('http://')})"
    ]

    # a person writes one of the accepted lines anew
    file = workspace / clamp.MODULE
    file.write_text(file.read_text().replace("high * 1", "high * 2"))
    assert "2 of 3 (67%) accepted lines are as they were accepted" in report()
    page = tmp_path / "report.html"
    report("--html", str(page))
    assert "<td>fake-coder (" in page.read_text()

    kept = b"".join(path.read_bytes() for path in (home / "state").rglob("*") if path.is_file())
    assert b"fake-coder" in kept
    for line in (*clamp.WRONG.splitlines(), clamp.TWICE, "respect the bound"):
        if len(line) > 20:
            assert line.strip().encode() not in kept, "no text is kept"


async def asked(editor, watch, lines, state="ready"):
    """Have an edit that comes to a state; return its id."""
    answer = await editor.execute("festina.propose", clamp.argument(watch.buffer, lines))
    await watch.until(state)
    return answer["proposal"]
