"""Unusual orders of events, through the real server: nothing hangs, nothing is left behind."""

import asyncio
import shutil

import pytest
from lsprotocol import types as lsp

from festina.trust import TrustStore
from support import clamp, desk, fake_replies
from support.fake_model import FakeModel
from support.presets import EMACS, NEOVIM_11, VSCODE, VSCODE_PLUGIN
from support.processes import children_of, runs_tests, wait_until_gone
from support.trees import hash_tree

FOREVER = "\n\ndef test_for_a_minute():\n    import time\n\n    time.sleep(60)\n"


@pytest.fixture
def source(workspace):
    return clamp.put(workspace)


async def at_work(start, tmp_path, workspace, fake, preset=VSCODE_PLUGIN, env=None, **options):
    """An editor whose proposal runs tests that take a minute."""
    (workspace / "test_mod.py").write_text(clamp.TESTS + FOREVER)
    editor = await start(preset, env={**clamp.config(tmp_path, fake), **(env or {})}, **options)
    buffer = await editor.open(clamp.MODULE)
    proposal = await clamp.propose(editor, buffer)
    await clamp.reach(editor, proposal, "verifying")
    pid = editor.client.process.pid
    async with asyncio.timeout(60):
        while sum(map(runs_tests, children_of(pid))) < 2:  # a run, and a server to fork from
            await asyncio.sleep(0.05)
    return editor, buffer, proposal


async def accept(editor, proposal):
    """Accept an edit, as often as it takes: it may rest on a file that has just changed."""
    while True:
        await clamp.reach(editor, proposal, "ready")
        if (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]:
            break
        await asyncio.sleep(0.05)
    await clamp.reach(editor, proposal, "applied")


async def gone(children):
    left = await asyncio.to_thread(wait_until_gone, children, 30.0)
    assert not left, left


async def test_trust_withdrawn_while_tests_run_ends_them(start, source, tmp_path, workspace):
    with FakeModel(clamp.by_region) as fake:
        editor, buffer, proposal = await at_work(start, tmp_path, workspace, fake)
        children = children_of(editor.client.process.pid)
        editor.client.protocol.notify("festina/trust", {"trusted": False})
        last = await clamp.reach(editor, proposal, "cancelled")
        assert "no longer trusted" in last["message"]
        await gone(children)
        async with asyncio.timeout(30):  # nor does anything stay that was just about to start
            while children_of(editor.client.process.pid):
                await asyncio.sleep(0.01)
        assert ["1 edit was stopped" in message for message in editor.messages] == [True]
        # what is asked for from now on runs nothing of the workspace
        second = await clamp.propose(editor, buffer)
        last = await clamp.reach(editor, second, "unverified")
        assert not last["verdict"]["gates"][2].get("tests")


async def test_the_persons_own_list_is_followed_where_the_editor_says_nothing(
    start, source, tmp_path, workspace, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    trust = TrustStore()
    trust.trust(workspace)
    with FakeModel(clamp.by_region) as fake:
        state = {"XDG_STATE_HOME": str(tmp_path / "state")}
        editor, buffer, proposal = await at_work(
            start, tmp_path, workspace, fake, options={}, env=state
        )
        children = children_of(editor.client.process.pid)
        trust.untrust(workspace)
        last = await clamp.reach(editor, proposal, "cancelled")
        assert "no longer trusted" in last["message"]
        await gone(children)
        second = await clamp.propose(editor, buffer)
        last = await clamp.reach(editor, second, "unverified")
        assert "festina trust" in str(last["verdict"])
        trust.trust(workspace)
        await clamp.reach(editor, second, "verifying")


async def test_shutdown_in_the_middle_leaves_nobody(start, source, tmp_path, workspace):
    with FakeModel(clamp.by_region) as fake:
        editor, _, _ = await at_work(start, tmp_path, workspace, fake)
        children = children_of(editor.client.process.pid)
        await editor.close()
        await gone(children)


async def test_shutdown_while_it_streams_ends_the_stream(start, source, tmp_path):
    with FakeModel(fake_replies.text(clamp.fenced(clamp.GOOD), speed=5)) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await editor.until(lambda: (editor.proposal(proposal) or {}).get("text"))
        await editor.close()
        await fake.until(lambda: fake.live == 0)


@pytest.mark.parametrize("preset", [VSCODE_PLUGIN, VSCODE], ids=lambda preset: preset.name)
async def test_closed_and_opened_again_while_it_streams(start, source, tmp_path, preset):
    with FakeModel(fake_replies.text(clamp.fenced(clamp.GOOD), speed=5)) as fake:
        editor = await start(preset, env=clamp.config(tmp_path, fake, gates=["syntax"]))
        buffer = await editor.open(clamp.MODULE)
        await clamp.propose(editor, buffer)
        await fake.until(lambda: fake.streams == 1)
        editor.close_buffer(buffer)
        buffer = await editor.open(clamp.MODULE)
        await fake.until(lambda: fake.disconnects == 1)
        fake.script(clamp.by_region)
        again = await clamp.propose(editor, buffer)
        if preset.proposals:
            await clamp.reach(editor, "p1", "stale")
            await clamp.reach(editor, again, "ready")
        else:
            await editor.until(
                lambda: [d.data["state"] for d in editor.diagnostics(buffer)] == ["ready"]
            )
        assert (await editor.execute("festina.accept", {"proposal": "p1"}))["ok"] is False


async def test_a_folder_taken_out_while_it_streams(start, source, tmp_path, workspace):
    with FakeModel(fake_replies.text(clamp.fenced(clamp.GOOD), speed=5)) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await fake.until(lambda: fake.streams == 1)
        folder = lsp.WorkspaceFolder(workspace.as_uri(), "w")
        event = lsp.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
        editor.client.workspace_did_change_workspace_folders(
            lsp.DidChangeWorkspaceFoldersParams(event)
        )
        last = await clamp.reach(editor, proposal, "stale")
        assert "taken out of the workspace" in last["message"]
        await fake.until(lambda: fake.disconnects == 1)
        refused = await editor.execute("festina.propose", clamp.argument(buffer))
        assert "outside the workspace" in refused["message"]
        assert await editor.code_actions(buffer, clamp.CLAMP)


async def test_settings_changed_in_the_middle(start, source, tmp_path, workspace):
    with FakeModel(clamp.by_region) as fake:
        env = clamp.config(tmp_path, fake)
        editor = await start(VSCODE_PLUGIN, env=env)
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "verifying")
        file = tmp_path / "user-config.toml"
        file.write_text(file.read_text() + 'gates = ["syntax"]\n')
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))

        # the verdict rested on other settings: it is earned again, by what is set now
        def earned_anew():
            seen = editor.proposal(proposal)
            gates = [gate["gate"] for gate in (seen["verdict"] or {"gates": []})["gates"]]
            return seen["state"] == "ready" and gates == ["syntax"]

        while not earned_anew():
            await clamp.reach(editor, proposal, "ready")
            answer = await editor.execute("festina.accept", {"proposal": proposal})
            assert not answer["ok"] or earned_anew(), answer
            if answer["ok"]:
                break
        await editor.until(lambda: earned_anew() or editor.proposal(proposal)["state"] == "applied")


@pytest.mark.parametrize("how", ["deleted", "renamed"])
async def test_the_file_on_disk_goes_while_it_is_verified(start, source, tmp_path, workspace, how):
    """What counts is what the editor shows; the disk may do what it wants."""
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "verifying")
        if how == "deleted":
            buffer.path.unlink()
        else:
            buffer.path.rename(workspace / "other.py")
        editor.expected_tree = hash_tree(workspace)
        await clamp.reach(editor, proposal, "ready", "unverified", "rejected")
        assert buffer.text == source
        assert (await editor.execute("festina.propose", clamp.argument(buffer)))["proposal"]


async def test_two_editors_on_one_workspace(start, source, tmp_path, workspace):
    with FakeModel(clamp.by_region) as fake:
        env = clamp.config(tmp_path, fake)
        editors = [await start(preset, env=env) for preset in (VSCODE_PLUGIN, VSCODE_PLUGIN)]
        buffers = [await editor.open(clamp.MODULE) for editor in editors]
        proposals = [
            await clamp.propose(editor, buffer)
            for editor, buffer in zip(editors, buffers, strict=True)
        ]
        for editor, proposal in zip(editors, proposals, strict=True):
            await clamp.reach(editor, proposal, "ready")
        one, two = editors
        assert (await one.execute("festina.accept", {"proposal": proposals[0]}))["ok"]
        await clamp.reach(one, proposals[0], "applied")
        one.save(buffers[0])
        two.expected_tree = one.expected_tree
        # the other editor still shows its own buffer: the edit is verified again, and is as good
        await accept(two, proposals[1])
        assert buffers[0].text == buffers[1].text


async def test_overlapping_regions_and_two_files(start, source, tmp_path, workspace):
    shutil.copy(workspace / clamp.MODULE, workspace / "copy.py")
    with FakeModel(clamp.by_region) as fake:
        env = clamp.config(tmp_path, fake, gates=["syntax"])
        editor = await start(VSCODE_PLUGIN, env=env)
        buffer, other = await editor.open(clamp.MODULE), await editor.open("copy.py")
        one = await clamp.propose(editor, buffer)
        two = await clamp.propose(editor, buffer, (0, 4))
        three = await clamp.propose(editor, other)
        for proposal in (one, two, three):
            await clamp.reach(editor, proposal, "ready")
        assert (await editor.execute("festina.accept", {"proposal": one}))["ok"]
        await clamp.reach(editor, one, "applied")
        await clamp.reach(editor, two, "stale")  # its lines are other ones now
        refused = await editor.execute("festina.accept", {"proposal": two})
        assert refused["ok"] is False

        await accept(editor, three)
        assert buffer.text == other.text


async def test_undone_asked_for_again_and_accepted_again(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        texts = []
        for _ in range(2):
            proposal = await clamp.propose(editor, buffer)
            await clamp.reach(editor, proposal, "ready")
            assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
            await clamp.reach(editor, proposal, "applied")
            texts.append(buffer.text)
            editor.undo(buffer)
            assert buffer.text == source
            refused = await editor.execute("festina.accept", {"proposal": proposal})
            assert refused == {"ok": False, "message": "That proposal is applied already."}
        assert texts[0] == texts[1] != source
        assert editor.messages == []


@pytest.mark.parametrize("preset", [VSCODE, NEOVIM_11], ids=lambda preset: preset.name)
async def test_typing_between_listing_and_resolving_and_resolving_twice(
    start, source, tmp_path, preset
):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(preset, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        await clamp.propose(editor, buffer)

        async def shown(state):
            await editor.until(
                lambda: [d.data["state"] for d in editor.diagnostics(buffer)] == [state]
            )

        await shown("ready")
        accept = desk.titled(await editor.code_actions(buffer, (0, 1)), "accept")
        editor.set_text(buffer, "# above\n" + buffer.text)
        moved = await editor.ask(editor.client.code_action_resolve_async(accept))
        assert moved.edit is None, "the lines below moved; it is verified again first"
        told = await editor.until(lambda: [m for m in editor.messages if "not applicable" in m])
        assert told[0].startswith("Festina: The edit is not applicable yet: ")
        assert told[0].endswith(". Accept it once it has passed.")
        await shown("verifying")
        await shown("ready")
        first, second = [
            await editor.ask(editor.client.code_action_resolve_async(accept)) for _ in range(2)
        ]
        assert first.edit == second.edit is not None
        editor.apply(first.edit)
        await editor.until(lambda: not editor.diagnostics(buffer))
        assert buffer.text == "# above\n" + clamp.GOOD + source[len(clamp.of(source)) :]
        late = await editor.ask(editor.client.code_action_resolve_async(accept))
        assert late.edit is None
        assert "applied already" in editor.messages[-1]


async def test_an_editor_without_resolve_accepts_by_the_command(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(EMACS, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        await clamp.propose(editor, buffer)
        await editor.until(
            lambda: [d.data["state"] for d in editor.diagnostics(buffer)] == ["ready"]
        )
        accept = desk.titled(await editor.code_actions(buffer, (0, 1)), "accept")
        assert accept.edit is None
        assert accept.command.command == "festina.accept"
        assert (await editor.choose(accept))["ok"]
        await editor.until(lambda: not editor.diagnostics(buffer))
        assert buffer.text.startswith(clamp.GOOD)


async def test_saving_what_was_verified_does_not_outdate_it(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        editor.set_text(buffer, source + "# not saved yet\n")
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "ready")
        editor.save(buffer)
        accepted = await editor.execute("festina.accept", {"proposal": proposal})
        assert accepted["ok"], accepted
        await clamp.reach(editor, proposal, "applied")


async def test_a_file_that_somebody_else_changes_on_disk_withdraws_what_rested_on_it(
    start, source, tmp_path, workspace
):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "ready")
        method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        assert method in [item.method for item in editor.client.registrations]
        (workspace / "test_more.py").write_text(
            "from mod import clamp\n\n\ndef test_unbound():\n    assert clamp(99, 0, 9) == 99\n"
        )
        editor.expected_tree = hash_tree(workspace)
        event = lsp.FileEvent((workspace / "test_more.py").as_uri(), lsp.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        last = await clamp.reach(editor, proposal, "rejected", "failed")
        assert "test_unbound" in str(last["verdict"])


async def test_a_file_opened_without_a_folder_brings_its_projects_settings(
    start, source, tmp_path, workspace
):
    (workspace / "festina.toml").write_text('presets = ["Mind the gap"]\n')
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake), folders=False)
        buffer = await editor.open(clamp.MODULE)
        while True:
            actions = await editor.code_actions(buffer, clamp.CLAMP)
            titles = [action.title for action in actions]
            if titles == ["Festina: Mind the gap", "Festina: Explain this code"]:
                break
            await asyncio.sleep(0.05)  # that the settings were read is not said
