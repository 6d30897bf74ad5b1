"""The server is stopped for longer than its deadlines, or clocks jump: no edit is lost by it."""

import asyncio
import os
import signal
import threading

import pytest

from support import desk, fake_replies, jumping
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE_PLUGIN

DEADLINE = 2
"""Seconds without a token after which an answer is given up."""
ASLEEP = 4


def halves(source: str) -> tuple[fake_replies.Reply, threading.Event]:
    """An answer that stops in the middle until the event is set."""
    go = threading.Event()
    text = desk.answer(desk.GOOD, source)
    reply = fake_replies.text(text)
    place = 1 + len(fake_replies.tokens(text[: text.index("word.split")]))
    steps = (*reply.steps[:place], fake_replies.Until(go), *reply.steps[place:])
    return fake_replies.Reply(steps), go


def config(tmp_path, fake):
    environment = desk.config(tmp_path, fake)
    file = tmp_path / "user-config.toml"
    limits = f"inter_token_seconds = {DEADLINE}\nfirst_content_seconds = {DEADLINE}\n"
    file.write_text(file.read_text().replace("[verify]", f"{limits}[verify]\n"))
    return environment


@pytest.fixture
def source(workspace):
    desk.put_project(workspace)
    return (workspace / desk.MODULE).read_text()


def news(editor) -> int:
    """How much the server has told the editor."""
    published = sum(len(one.diagnostics) for one in editor.client.published)
    return len(editor.proposals) + published + len(editor.messages)


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, NEOVIM_11], ids=lambda one: one.name)
@pytest.mark.parametrize("comes", ["while it sleeps", "after that"])
async def test_a_server_that_was_stopped_goes_on_where_it_was(
    start, source, tmp_path, editor_is, comes
):
    answer, go = halves(source)
    with FakeModel(answer) as fake:
        editor = await start(editor_is, env=config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("streaming")
        fake.wait(lambda: fake.streams == 1)
        await asyncio.sleep(0.5)
        before = news(editor)
        pid = editor.client.process.pid
        os.kill(pid, signal.SIGSTOP)
        if comes == "while it sleeps":
            go.set()
        await asyncio.sleep(ASLEEP)
        os.kill(pid, signal.SIGCONT)
        if comes == "after that":
            await asyncio.sleep(0.5)
            assert watch.state() == "streaming"
            go.set()
        await watch.until("ready")
        assert news(editor) - before < 30, "nobody is flooded"
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)
        assert len(fake.requests) == 1, "the answer was not asked for again"


@pytest.mark.parametrize(
    "jumps",
    [(jumping.DAY, 0), (-jumping.DAY, 0), (jumping.DAY, jumping.DAY)],
    ids=["the wall clock, forwards", "the wall clock, backwards", "both, as after a hibernation"],
)
async def test_a_clock_that_jumps_loses_no_edit(start, source, tmp_path, jumps):
    answer, go = halves(source)
    jumps_of = tmp_path / "jumps"
    program = jumping.program(tmp_path / "festina", jumps_of)
    with FakeModel(answer) as fake:
        environment = config(tmp_path, fake)
        command = (str(program), "server")
        editor = await start(VSCODE_PLUGIN, env=environment, command=command)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("streaming")
        await asyncio.sleep(0.5)
        jumping.jump(jumps_of, *jumps)
        await asyncio.sleep(0.5)
        go.set()
        await watch.until("ready")
        before = news(editor)
        jumping.jump(jumps_of, *(2 * one for one in jumps))
        await asyncio.sleep(1)
        assert news(editor) - before < 10, "nobody is flooded"
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)
        assert len(fake.requests) == 1
