"""Typing, cancelling, redirecting and killing: nothing stale is applied, nothing is left behind."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from support import desk, fake_replies
from support.editor import Editor
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN


def slow(source: str, speed: float = 30):
    return fake_replies.text(desk.answer(desk.GOOD, source), speed=speed)


@pytest.fixture
def source(workspace):
    desk.put_project(workspace)
    return (workspace / desk.MODULE).read_text()


async def test_an_edit_that_was_listed_before_typing_in_its_region_is_refused(
    start, source, tmp_path
):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(NEOVIM_11, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        accept = desk.titled(actions, "accept")
        editor.type(buffer, "Replace underscores with dashes", "Put dashes for underscores")
        typed = buffer.text
        await watch.gone()
        await editor.choose(accept)
        assert buffer.text == typed
        assert "stale already" in editor.messages[-1]


async def test_typing_elsewhere_rebases_and_the_edit_lands_where_it_belongs(
    start, source, tmp_path
):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        editor.set_text(buffer, "# one more line 😋\n" + buffer.text)
        await watch.until("verifying")
        await watch.until("ready")
        actions = await editor.code_actions(buffer, (desk.FIRST + 1, desk.FIRST + 2))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert buffer.text == "# one more line 😋\n" + source.replace(desk.OLD, desk.GOOD)


async def test_a_broken_test_file_in_another_buffer_withdraws_what_rested_on_it(
    start, source, tmp_path
):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        tests = await editor.open("test_inflection.py")
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        editor.set_text(tests, tests.text + "\n\ndef test_new():\n    assert True\n")
        refused = await editor.execute("festina.accept", {"proposal": proposal})
        assert refused["ok"] is False
        assert "verified again" in refused["message"]
        await editor.until(
            lambda: (
                editor.proposal(proposal)["state"] == "ready"
                and editor.proposal(proposal)["verdict"]["gates"][2]["tests"]["passed"] == 456
            )
        )
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        await watch.gone()


@pytest.mark.parametrize("when", ["streaming", "verifying"])
async def test_the_cancel_button_stops_everything(start, source, tmp_path, when):
    speed = 5 if when == "streaming" else 5000
    with FakeModel(slow(source, speed)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until(when)
        await fake.until(lambda: bool(fake.requests))
        await editor.until(lambda: editor.client.progress_reports)
        (token,) = editor.client.progress_reports
        editor.cancel_progress(token)
        await watch.gone()
        if when == "streaming":
            await fake.until(lambda: fake.disconnects == 1)
        await editor.until(
            lambda: type(editor.client.progress_reports[token][-1]).__name__.endswith("End")
        )
        pid = editor.client.process.pid
        async with asyncio.timeout(60):
            while _at_work(pid):
                await asyncio.sleep(0.05)


async def test_a_redirect_stops_the_stream_and_goes_on_from_it(start, source, tmp_path):
    with FakeModel(slow(source, 10)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await editor.until(
            lambda: (editor.proposal(proposal) or {}).get("text", "").count("\n") > 1
        )
        fake.script(desk.answer(desk.GOOD, source))
        argument = {"proposal": proposal, "instruction": "use the hyphen twice"}
        assert (await editor.execute("festina.redirect", argument))["ok"]
        await watch.until("ready")
        await fake.until(lambda: fake.disconnects == 1)
        sent = str(fake.requests[-1])
        assert "use the hyphen twice" in sent
        assert desk.ASK in sent
        assert "Your answer so far" in sent


async def test_a_rejected_proposal_can_be_redirected(start, source, tmp_path):
    with FakeModel(desk.answer(desk.WRONG, source)) as fake:
        environment_ = desk.config(tmp_path, fake)
        file = tmp_path / "user-config.toml"
        file.write_text(file.read_text() + "[repair]\nrounds = 0\ncandidates = 1\n")
        editor = await start(VSCODE_PLUGIN, env=environment_)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("rejected")
        fake.script(desk.answer(desk.GOOD, source))
        argument = {"proposal": proposal, "instruction": "a dash, not a plus"}
        assert (await editor.execute("festina.redirect", argument))["ok"]
        await watch.until("ready")


def _children_of(pid: int, named: str = "") -> list[int]:
    """Return the processes below ``pid``, as far down as they go."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found: list[int] = []
    for child in parents:
        at = child
        while at in parents and at != pid:
            at = parents[at]
        if at == pid and child != pid:
            found.append(child)
    if not named:
        return found
    return [child for child in found if named in _command_of(child)]


def _at_work(pid: int) -> list[int]:
    """Return the processes below ``pid`` that run tests; not those that are kept warm for some."""
    found = []
    for child in _children_of(pid, named="-m\0pytest"):
        with contextlib.suppress(OSError):
            if (Path("/proc") / str(child) / "comm").read_text() != "festina-warm\n":
                found.append(child)
    return found


def _command_of(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def _gone(processes: set[int]) -> None:
    """Wait until none of some processes is left; says what is, if it takes too long."""
    try:
        async with asyncio.timeout(30):
            while any(map(_alive, processes)):
                await asyncio.sleep(0.05)
    except TimeoutError:
        left = {pid: _command_of(pid).replace("\0", " ") for pid in processes if _alive(pid)}
        raise AssertionError(f"still there: {left}") from None


async def test_killed_in_the_middle_leaves_no_process_and_the_next_start_sweeps(
    source, workspace, tmp_path
):
    home = tmp_path / "home"
    home.mkdir()
    # tests that would run for a minute
    slow_test = workspace / "test_slow.py"
    slow_test.write_text("import time\n\ndef test_slow():\n    time.sleep(60)\n")
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        env = desk.config(tmp_path, fake)
        started = Editor.start(VSCODE, workspace, home, env=env)
        editor = await started.__aenter__()
        buffer = await desk.open_with_marker(editor)
        await desk.ask_for_edit(editor, buffer)
        pid = editor.client.process.pid
        async with asyncio.timeout(60):
            scratch = home / "cache" / "festina" / "scratch"
            while not ((tests := _children_of(pid, named="pytest")) and scratch.exists()):
                await asyncio.sleep(0.05)
        children = _children_of(pid)
        left = list(scratch.iterdir())
        assert left
        os.kill(pid, signal.SIGKILL)
        await _gone({*children, *tests})
        await editor._kill()
        assert all(path.exists() for path in left)
        async with Editor.start(VSCODE, workspace, home, env=env), asyncio.timeout(30):
            while any(path.exists() for path in left):
                await asyncio.sleep(0.05)
