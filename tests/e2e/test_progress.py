"""``progress.md`` beside a plan: through the editor where it is open, else at the file's end."""

import asyncio
import re

import pytest

from festina.memory import Store
from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import MINIMAL, VSCODE, VSCODE_PLUGIN
from support.trees import hash_tree

MINE = "# Progress\n\nMy own words.\n"
BAD = clamp.GOOD.replace("min(high", "smallest(high")
ACCEPTED = r'- \d\d:\d\d:\d\d accepted: mod\.py, clamp: "respect the bound" \(syntax, lint\)'


@pytest.fixture
def source(workspace):
    text = clamp.put(workspace)
    (workspace / "plan.md").write_text("# Plan: mind the bounds\n")
    return text


@pytest.fixture
def file(workspace):
    return workspace / "progress.md"


@pytest.fixture
def fake():
    with FakeModel(clamp.by_region) as model:
        yield model


@pytest.fixture
def env(tmp_path, fake):
    return desk.config(tmp_path, fake, gates=["syntax", "lint"])


async def decided(editor, buffer, what="festina.accept", **more):
    """Ask for an edit of clamp; once it is ready, accept it or put it away."""
    await editor.execute("festina.propose", clamp.argument(buffer, **more))
    watch = desk.Watch(editor, buffer)
    await watch.until("ready")
    if what == "festina.accept":
        (accept,) = [a for a in await editor.code_actions(buffer, (0, 1)) if "accept" in a.title]
        await editor.choose(accept)
    else:
        (action,) = [a for a in await editor.code_actions(buffer, (0, 1)) if "dismiss" in a.title]
        await editor.choose(action)
    await watch.gone()


async def written(file, *patterns):
    """Wait until the last lines of a file are like that; it is the one file that has changed."""
    async with asyncio.timeout(30):
        while True:
            lines = file.read_text().splitlines() if file.exists() else []
            last = lines[-len(patterns) :]
            if len(last) == len(patterns) and all(map(re.fullmatch, patterns, last)):
                return
            await asyncio.sleep(0.02)


def expect(editor, workspace, file):
    """Only this file may differ from what was there when the editor started."""
    now = hash_tree(workspace)
    others = {name: value for name, value in now.items() if name != file.name}
    assert others == {n: v for n, v in editor.expected_tree.items() if n != file.name}
    editor.expected_tree = now


async def test_what_was_decided_is_noted_below_what_a_person_wrote(
    start, source, workspace, file, env, fake
):
    file.write_text(MINE)
    editor = await start(VSCODE, env=env)
    buffer = await editor.open(clamp.MODULE)
    await decided(editor, buffer, "festina.dismiss")
    await written(file, r'- .* put away: mod\.py, clamp: "respect the bound" \(syntax, lint\)')
    fake.script(clamp.fenced(BAD))
    await editor.execute("festina.propose", clamp.argument(buffer, instruction="again"))
    watch = desk.Watch(editor, buffer)
    await watch.until("rejected")
    rejected = r'- .* rejected: mod\.py, clamp: "again" \(lint: F821 \(line 5\)\)'
    await written(file, rejected)
    (action,) = [a for a in await editor.code_actions(buffer, (0, 1)) if "dismiss" in a.title]
    await editor.choose(action)
    await watch.gone()
    fake.script(clamp.by_region)
    await decided(editor, buffer)
    await written(file, ".* put away: .*", rejected, ACCEPTED)
    text = file.read_text()
    assert text.startswith(MINE + "\n## 20")
    assert text.count("\n- ") == 3
    for each in (source + BAD).splitlines():
        assert len(each.strip()) < 12 or each.strip() not in text
    expect(editor, workspace, file)


async def test_where_it_is_open_the_editor_adds_it_and_the_person_saves(
    start, source, workspace, file, env, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home0" / "state"))
    file.write_text(MINE)
    editor = await start(VSCODE_PLUGIN, env=env)
    buffer = await editor.open(clamp.MODULE)
    page = await editor.open(file.name, language="markdown")
    editor.type(page, "My own words.", "My own words, unsaved.")
    await decided(editor, buffer)
    await editor.until(lambda: " accepted: mod.py, clamp" in page.text)
    assert page.text.startswith("# Progress\n\nMy own words, unsaved.\n\n## 20")
    assert file.read_text() == MINE
    editor.undo(page)
    assert page.text == "# Progress\n\nMy own words, unsaved.\n"
    editor.set_text(page, page.text + "\n## Later\n")
    editor.save(page)
    editor.close_buffer(page)
    await written(file, "", ACCEPTED)
    assert file.read_text().startswith("# Progress\n\nMy own words, unsaved.\n\n## Later\n\n## 20")
    async with asyncio.timeout(30):
        while Store(workspace).database.read("SELECT * FROM notes"):
            await asyncio.sleep(0.02)
    expect(editor, workspace, file)


@pytest.mark.slow
async def test_an_editor_that_takes_no_edits_gets_it_when_the_file_is_closed(
    start, source, workspace, file, env
):
    file.write_text(MINE)
    editor = await start(MINIMAL, env=env)
    buffer = await editor.open(clamp.MODULE)
    page = await editor.open(file.name, language="markdown")
    await decided(editor, buffer)
    assert (page.text, file.read_text()) == (MINE, MINE)
    editor.close_buffer(page)
    await written(file, ACCEPTED)
    expect(editor, workspace, file)


@pytest.mark.slow
async def test_without_a_memory_it_is_written_all_the_same(
    start, source, workspace, file, env, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    memory = Store(workspace).file
    memory.parent.mkdir(parents=True)
    memory.write_bytes(b"this is no database, whatever it says " * 40)
    editor = await start(VSCODE, env={**env, "XDG_STATE_HOME": str(tmp_path / "state")})
    buffer = await editor.open(clamp.MODULE)
    await decided(editor, buffer, "festina.dismiss")
    await written(file, r"- .* put away: .*")
    await decided(editor, buffer)
    await written(file, r"- .* put away: .*", ACCEPTED)
    expect(editor, workspace, file)


async def test_without_a_plan_nothing_is_written(start, source, workspace, file, env):
    (workspace / "plan.md").unlink()
    editor = await start(VSCODE, env=env)
    buffer = await editor.open(clamp.MODULE)
    await decided(editor, buffer)
    page = await editor.open("test_mod.py")
    await editor.code_actions(page, (0, 1))
    assert not file.exists()


async def test_what_a_killed_server_was_to_write_is_written_by_the_next(
    start, source, workspace, file, env, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    store = Store(workspace)
    store.notes.begin("- 00:00:01 accepted: x.py")
    store.close()
    editor = await start(VSCODE, env={**env, "XDG_STATE_HOME": str(tmp_path / "state")})
    await written(file, "- 00:00:01 accepted: x.py")
    expect(editor, workspace, file)
