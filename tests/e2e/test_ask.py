"""``festina.ask`` in editors that can show much, little and nothing."""

import asyncio
import threading
from pathlib import Path

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import EMACS, HELIX, MINIMAL, NEOVIM_11, VSCODE, VSCODE_PLUGIN, Preset
from support.reading import is_harmless

WITH_ANSWERS = Preset("vscode-answers", "visual-studio-code", proposals=True, answers=True)

ANSWER = (
    "It replaces **every** underscore, see [here](https://e.example) ![i](https://e.example/i)\n"
    "<img src=x onerror=y> \x1b[31mand\x1b[0m [run](command:festina.accept) \u202eso.\n\n"
    "```python\ndasherize('a_b')  # 'a-b'\n```\n"
)
CODE = "```python\ndasherize('a_b')  # 'a-b'\n```"
BAD = ("https://", "<img", "command:", "\x1b", "\u202e", "![")


def at(first, last):
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


def question(buffer, **more):
    asked = {"question": "What does it do?", "range": at(desk.FIRST, desk.FIRST)}
    return {"uri": buffer.uri, **asked, **more}


def is_clean(text):
    return is_harmless(text) and not any(bad in text for bad in BAD)


@pytest.mark.parametrize(
    "editor_is",
    [WITH_ANSWERS, VSCODE, NEOVIM_11, EMACS, HELIX, MINIMAL],
    ids=lambda one: one.name,
)
async def test_an_answer_is_shown_as_the_editor_can(start, workspace, tmp_path, editor_is):
    desk.put_project(workspace)
    with FakeModel(fake_replies.text(ANSWER, speed=60)) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        before = buffer.text
        answered = await editor.execute("festina.ask", question(buffer))
        assert answered == {"ask": "a1"}

        await fake.until(lambda: fake.streams == 1)
        partly = ""
        while not (partly.startswith("**What does it do?**") and "every" in partly):
            partly = await editor.hover(buffer, desk.FIRST)
        assert "tokens so far" in partly, "it is read while it comes"
        assert await editor.hover(buffer, desk.FIRST + 1) == ""

        if editor_is.answers:
            await editor.until(
                lambda: editor.client.answers and editor.client.answers[-1]["state"] == "complete"
            )
            last = editor.client.answers[-1]
            assert (last["ask"], last["range"]["start"]["line"]) == ("a1", desk.FIRST)
            assert CODE in last["text"]
            assert is_clean(last["text"])
            assert last["call"]["why"] == "ask"
            assert all(is_harmless(one["text"]) for one in editor.client.answers)
            streamed = [one["text"] for one in editor.client.answers if one["state"] == "streaming"]
            assert len(streamed) > 2
            assert editor.client.shown_documents == []
        elif editor_is.can("window.showDocument"):
            await editor.until(lambda: editor.client.shown_documents, "the page")
            shown = editor.client.shown_documents[0]
            page = Path(shown.uri.removeprefix("file://"))
            assert shown.take_focus is False
            assert page.parent.stat().st_mode & 0o777 == 0o700
            assert page.stat().st_mode & 0o777 == 0o600
            text = page.read_text()
            assert text.startswith("**What does it do?**\n\nIt replaces **every** underscore")
            assert CODE in text
            assert is_clean(text)
        else:
            await editor.until(lambda: editor.messages, "the message")
            assert editor.messages[0].startswith("Festina: It replaces **every** underscore")
            assert is_clean(editor.messages[0])

        over = await editor.hover(buffer, desk.FIRST)
        assert CODE in over
        assert "fake-coder answered the question (100 + " in over
        assert is_clean(over)
        assert buffer.text == before
        assert editor.edits == []
        await editor.close()
        if editor.client.shown_documents:
            assert not page.parent.exists(), "pages go with the server"


async def test_an_answer_can_be_stopped_and_the_connection_is_given_back(
    start, workspace, tmp_path
):
    desk.put_project(workspace)
    with FakeModel(fake_replies.text(ANSWER, speed=5)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        answer = (await editor.execute("festina.ask", question(buffer)))["ask"]
        await fake.until(lambda: fake.streams == 1)
        stopped = await editor.execute("festina.cancel", {"ask": answer})
        assert stopped == {"ok": True, "message": "Cancelled."}
        await fake.until(lambda: fake.streams == 0)
        assert fake.disconnects == 1
        assert (await editor.execute("festina.cancel", {"ask": answer}))["ok"] is False
        assert (await editor.execute("festina.dismiss", {"ask": answer}))["ok"] is True
        assert await editor.hover(buffer, desk.FIRST) == ""

        editor.client.progress_reports.clear()
        await editor.execute("festina.ask", question(buffer))
        await editor.until(lambda: editor.client.progress_reports, "the progress")
        await fake.until(lambda: fake.streams == 1)
        for token in list(editor.client.progress_reports):
            editor.cancel_progress(token)
        await fake.until(lambda: fake.streams == 0)

        await editor.execute("festina.ask", question(buffer))
        await fake.until(lambda: fake.streams == 1)
        editor.close_buffer(buffer)
        await fake.until(lambda: fake.streams == 0)


async def test_what_cannot_be_answered_is_refused_at_once(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel(ANSWER) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        for argument, words in (
            (question(buffer, question=""), "There is no question"),
            (question(buffer, uri="file:///nowhere.py"), "not open in the editor"),
            (question(buffer, range=at(0, 0)), "in no definition"),
            (question(buffer, range=None), "`range` must be"),
        ):
            refused = await editor.execute("festina.ask", argument)
            assert refused["ok"] is False
            assert words in refused["message"]
            assert any(words in message for message in editor.messages)
        assert fake.requests == []


async def test_a_model_that_fails_is_told_of(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel(fake_replies.status(401)) as fake:
        editor = await start(MINIMAL, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        await editor.execute("festina.ask", question(buffer))
        await editor.until(lambda: editor.messages, "the message")
        assert editor.messages[0].startswith("Festina: no answer: ")


async def test_an_answer_that_pauses_goes_on_being_shown(start, workspace, tmp_path):
    desk.put_project(workspace)
    go = threading.Event()
    first = fake_replies.text("It keeps **one**.\n\n", finish=None, done=False)
    second = fake_replies.text("- and two\n")
    steps = (*first.steps[:-1], fake_replies.Until(go), *second.steps[1:])
    with FakeModel(fake_replies.Reply(steps)) as fake:
        editor = await start(WITH_ANSWERS, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        answers = editor.client.answers
        await editor.execute("festina.ask", question(buffer))
        await editor.until(lambda: answers and answers[-1]["text"] == "It keeps **one**.")
        await asyncio.sleep(0.3)  # long enough for the last notification to be behind us
        go.set()
        await editor.until(lambda: answers[-1]["state"] == "complete", "the end")
        assert answers[-1]["text"] == "It keeps **one**.\n\n- and two"
