"""All is killed after an accept: the next start tells what is in its file and what is not."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import pytest

from festina.memory import State, Store
from support import clamp, desk
from support.editor import Editor
from support.fake_model import FakeModel
from support.presets import EMACS, HELIX, MINIMAL, NEOVIM_11, VSCODE_PLUGIN

TOLD = "Festina: An edit that you accepted (clamp in mod.py, "


@pytest.fixture
def source(workspace):
    return clamp.put(workspace)


@pytest.fixture
def accepted(source):
    return clamp.GOOD + source[len(clamp.of(source)) :]


@pytest.fixture
def fake():
    with FakeModel(clamp.by_region) as model:
        yield model


@pytest.fixture
def again(workspace, tmp_path, fake, monkeypatch):
    """Start an editor; every one has the same home. Where it is killed, so is its server."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    env = desk.config(tmp_path, fake, gates=["syntax", "lint"])

    @asynccontextmanager
    async def start(preset=VSCODE_PLUGIN, *, kill=False):
        started = Editor.start(preset, workspace, home, env=env)
        editor = await started.__aenter__()
        yield editor
        if kill:
            await editor._kill()
        else:
            await started.__aexit__(None, None, None)

    return start


async def accept(editor, accepted):
    """Ask, wait, accept; the text is in the buffer, and on no disk."""
    buffer = await editor.open(clamp.MODULE)
    argument = clamp.argument(buffer)
    await editor.execute("festina.propose", argument)
    watch = desk.Watch(editor, buffer)
    await watch.until("ready")
    actions = await editor.code_actions(buffer, (0, 1))
    await editor.choose(desk.titled(actions, "accept"))
    await editor.until(lambda: buffer.text == accepted)
    await watch.gone()
    return buffer


def left(workspace):
    """What a process finds that knows nothing."""
    store = Store(workspace)
    found = store.journal.left()
    store.close()
    return found


def stored(workspace):
    """The states of all entries."""
    return [row[0] for row in store_of(workspace, "SELECT state FROM accepts ORDER BY id")]


def store_of(workspace, query):
    """The rows that a query finds in what is kept of a workspace."""
    store = Store(workspace)
    rows = store.database.read(query)
    store.close()
    return rows


async def written(workspace, *states):
    """Wait until it is written down like that."""
    async with asyncio.timeout(30):
        while stored(workspace) != list(states):
            await asyncio.sleep(0.02)


def rarely(preset):
    return pytest.param(preset, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "preset",
    [VSCODE_PLUGIN, *map(rarely, (NEOVIM_11, HELIX, MINIMAL))],
    ids=lambda preset: preset.name,
)
async def test_what_was_accepted_and_never_saved_is_told_once(
    again, workspace, source, accepted, preset
):
    async with again(preset, kill=True) as editor:
        await accept(editor, accepted)
        if preset is MINIMAL:  # it was given the edit with the list: only its text tells
            await written(workspace, "seen")
    assert (workspace / clamp.MODULE).read_text() == source
    (entry,) = left(workspace)
    assert entry.state in (State.ACCEPTED, State.SEEN)
    assert [(k.path, k.before.content, k.after.content) for k in entry.files] == [
        (clamp.MODULE, source, accepted)
    ]
    async with again(preset) as editor:
        await editor.until(lambda: any(m.startswith(TOLD) for m in editor.messages), "the news")
        (told,) = [message for message in editor.messages if message.startswith(TOLD)]
        assert "is not in its file. `festina recover` in the project's folder shows" in told
    assert [entry.told for entry in left(workspace)] == [True]
    assert (workspace / clamp.MODULE).read_text() == source


async def test_what_the_editor_brings_back_is_no_news_and_over_when_it_is_saved(
    again, workspace, accepted
):
    async with again(kill=True) as editor:
        await accept(editor, accepted)
    async with again() as editor:
        buffer = await editor.open(clamp.MODULE, text=accepted)
        await written(workspace, "seen")
        async with asyncio.timeout(30):
            while left(workspace):
                await asyncio.sleep(0.02)
        editor.save(buffer)
    assert stored(workspace) == ["applied"]
    assert not any(TOLD in message for message in editor.messages)
    assert (workspace / clamp.MODULE).read_text() == accepted


async def test_what_was_saved_is_over(again, workspace, accepted):
    async with again(kill=True) as editor:
        buffer = await accept(editor, accepted)
        editor.save(buffer)
        await written(workspace, "applied")
    assert stored(workspace) == ["applied"]
    assert left(workspace) == []


async def test_what_was_taken_back_is_no_news_and_may_be_done_again(
    again, workspace, source, accepted
):
    async with again(kill=True) as editor:
        buffer = await accept(editor, accepted)
        editor.undo(buffer)
        assert buffer.text == source
        await written(workspace, "undone")
        editor.set_text(buffer, accepted)
        await written(workspace, "seen")
        editor.undo(buffer)
        await written(workspace, "undone")
    assert left(workspace) == []


@pytest.mark.slow
async def test_what_was_closed_without_being_saved_is_over(again, workspace, accepted, source):
    async with again(kill=True) as editor:
        buffer = await accept(editor, accepted)
        editor.close_buffer(buffer)
        await written(workspace, "absent")
    assert (workspace / clamp.MODULE).read_text() == source


async def test_it_is_on_the_disk_before_the_editor_gets_the_edit(
    again, workspace, source, accepted
):
    async with again(EMACS, kill=True) as editor:
        seen = []

        async def confirm(_):
            seen.extend(stored(workspace))
            return False

        editor.confirm = confirm
        buffer = await editor.open(clamp.MODULE)
        await editor.execute("festina.propose", clamp.argument(buffer))
        watch = desk.Watch(editor, buffer)
        await watch.until("ready")
        proposal = watch.ours()[0].data["proposal"]
        await editor.execute("festina.accept", {"proposal": proposal})
        await editor.until(lambda: any("did not apply" in m for m in editor.messages))
        assert seen == ["accepted"]
        await written(workspace)
        assert buffer.text == source


@pytest.mark.slow
async def test_killed_while_the_editor_applies_it_is_told(again, workspace, source):
    async with again(kill=True) as editor:
        pid = editor.client.process.pid

        async def confirm(_):
            os.kill(pid, signal.SIGKILL)
            return False

        editor.confirm = confirm
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "ready")
        await editor.execute("festina.accept", {"proposal": proposal})
        await editor.client.process.wait()
    assert stored(workspace) == ["accepted"]
    async with again() as editor:
        await editor.until(lambda: any(TOLD in message for message in editor.messages))


@pytest.mark.slow
@pytest.mark.parametrize("saved", [True, False], ids=["saved", "brought back"])
async def test_killed_before_it_saw_the_edit_it_is_noted_beside_the_plan_once(
    again, workspace, source, accepted, saved
):
    (workspace / "plan.md").write_text("# Plan: mind the bounds\n")
    progress = workspace / "progress.md"
    async with again(kill=True) as editor:
        pid = editor.client.process.pid

        async def confirm(_):
            os.kill(pid, signal.SIGKILL)
            return False

        editor.confirm = confirm
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "ready")
        await editor.execute("festina.accept", {"proposal": proposal})
        await editor.client.process.wait()
    assert stored(workspace) == ["accepted"]
    assert not progress.exists()
    if saved:
        (workspace / clamp.MODULE).write_text(accepted)
    for _ in range(2):
        async with again(kill=True) as editor:
            await editor.open(clamp.MODULE, text=accepted)
            async with asyncio.timeout(30):
                while not progress.exists() or store_of(workspace, "SELECT * FROM notes"):
                    await asyncio.sleep(0.02)
        (line,) = [each for each in progress.read_text().splitlines() if each.startswith("- ")]
        assert ' accepted: mod.py, clamp: "respect the bound" (syntax, lint)' in line


async def test_a_memory_that_cannot_be_used_is_told_once_and_edits_are_accepted(
    again, workspace, source, accepted
):
    file = Store(workspace).file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this is no database, whatever it says " * 40)
    async with again() as editor:
        buffer = await accept(editor, accepted)
        words = "is damaged (file is not a database), so Festina goes on without its memory"
        assert len([message for message in editor.messages if words in message]) == 1
        editor.undo(buffer)
    assert (workspace / clamp.MODULE).read_text() == source
