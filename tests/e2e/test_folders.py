"""A window with several folders: each has its own settings, and is verified by its own tests."""

import asyncio

import pytest
from lsprotocol import types as lsp

from support import clamp
from support.fake_model import FakeModel
from support.presets import VSCODE_PLUGIN
from support.processes import children_of, running, runs_tests

UNBOUND = "from mod import clamp\n\n\ndef test_unbound():\n    assert clamp(99, 0, 9) == 99\n"


@pytest.fixture
def other(workspace, tmp_path):
    """Another folder than the open one: its tests want another clamp."""
    other = tmp_path / "other"
    other.mkdir()
    clamp.put(workspace)
    clamp.put(other, tests=UNBOUND)
    return other


async def test_each_folder_goes_by_its_own_settings_and_tests(start, other, tmp_path):
    with FakeModel(clamp.fenced(clamp.GOOD)) as fake:
        options = {"trusted": True, "settings": {"repair": {"rounds": 0, "candidates": 1}}}
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake), options=options)
        own = {"festina": {"presets": ["Mind the gap"]}}
        editor.client.set_configuration(own, scope_uri=other.as_uri())
        change(editor, added=[lsp.WorkspaceFolder(other.as_uri(), "other")])
        here = await editor.open(clamp.MODULE)
        there = await editor.open(other / clamp.MODULE)

        async def titles(buffer):
            actions = await editor.code_actions(buffer, clamp.CLAMP)
            return [action.title for action in actions]

        while "Festina: Mind the gap" not in await titles(there):
            await asyncio.sleep(0.05)  # that the settings were read is not said
        assert "Festina: Mind the gap" not in await titles(here)

        passes = await clamp.propose(editor, here)
        await clamp.reach(editor, passes, "ready")
        fails = await clamp.propose(editor, there)
        last = await clamp.reach(editor, fails, "rejected")
        assert "test_unbound" in str(last["verdict"])


async def test_a_folder_that_is_taken_out_takes_its_processes_along(start, other, tmp_path):
    with FakeModel(clamp.fenced(clamp.GOOD)) as fake:
        options = {"trusted": True, "settings": {"repair": {"rounds": 0, "candidates": 1}}}
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake), options=options)
        here = await editor.open(clamp.MODULE)
        folder = lsp.WorkspaceFolder(other.as_uri(), "other")
        change(editor, added=[folder])
        there = await editor.open(other / clamp.MODULE)
        await clamp.reach(editor, await clamp.propose(editor, there), "rejected")
        kept = {one for one in children_of(editor.client.process.pid) if runs_tests(one)}
        assert kept
        change(editor, removed=[folder])
        async with asyncio.timeout(20):
            while any(map(running, kept)):
                await asyncio.sleep(0.05)
        await clamp.reach(editor, await clamp.propose(editor, here), "ready")


def change(editor, added=(), removed=()):
    """Have the editor's window show other folders."""
    event = lsp.WorkspaceFoldersChangeEvent(added=list(added), removed=list(removed))
    editor.client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))
