"""The real server process after hundreds of proposals and ten thousand keystrokes."""

import os
from pathlib import Path

import pytest

from support import clamp
from support.fake_model import FakeModel
from support.presets import VSCODE, VSCODE_PLUGIN

QUIET: dict[str, object] = {"gates": ["syntax"], "on_save": "off"}
"""Processes of warm tests come and go in the background: ``tests/bench/leaks.py`` counts those."""
CONNECTIONS = 6
"""Connections to the model that may be kept for a while: those of two proposals with three
variations each, one that is being dismissed and the next."""


def resources(pid: int) -> dict[str, int]:
    """Return a process's memory in KiB, its threads, its open files and its sockets."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    files = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]  # noqa: PTH115
    sockets = [file for file in files if file.startswith("socket:")]
    return {
        "memory": int(status["VmRSS"].split()[0]),
        "threads": int(status["Threads"]),
        "files": len(files) - len(sockets),
        "sockets": len(sockets),
    }


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("preset", [VSCODE_PLUGIN, VSCODE], ids=lambda preset: preset.name)
async def test_memory_threads_and_files_stay_as_they_were(start, workspace, tmp_path, preset):
    source = clamp.put(workspace)
    with FakeModel(clamp.by_region) as fake:
        editor = await start(preset, env=clamp.config(tmp_path, fake, **QUIET))
        buffer = await editor.open(clamp.MODULE)

        async def one(number: int) -> None:
            proposal = await clamp.propose(editor, buffer, variations=1 + number % 3)
            if preset.proposals and number % 4:
                await clamp.reach(editor, proposal, "ready")
            for _ in range(17):
                editor.set_text(buffer, "# typed\n" + source)
                editor.set_text(buffer, source)
            await editor.execute("festina.dismiss", {"proposal": proposal})
            editor.proposals.clear()
            editor.client.published.clear()
            editor.client.messages.clear()
            buffer.undo.clear()

        for number in range(60):
            await one(number)
        before = resources(editor.client.process.pid)
        for number in range(300):
            await one(number)
        after = resources(editor.client.process.pid)
    assert after["threads"] <= before["threads"] + 2, "the pool may have grown to its size"
    assert after["files"] <= before["files"] + 2, (before, after)
    assert after["sockets"] <= before["sockets"] + CONNECTIONS, (before, after)
    assert after["memory"] - before["memory"] < 3000, (before, after)
