"""Questions about a region: who answers, how the answer comes, and how it ends."""

import asyncio
from dataclasses import replace

import pytest

from festina.asking import Question, Stage
from festina.documents import Document
from festina.edits import Region
from festina.models.base import ModelError, Trouble
from festina.session import Refusal
from festina.text import Text
from support.advised import Desk
from support.sitting import SOURCE, URI


async def test_an_answer_streams_and_is_complete():
    desk = Desk()
    answer = await desk.over(desk.ask("What  is\nit?"))
    assert (answer.stage, answer.text) == (Stage.COMPLETE, "It returns **2**.")
    stages = [one.stage for one in desk.shown]
    assert stages == sorted(stages, key=list(Stage).index)
    texts = [one.text for one in desk.shown]
    assert texts == sorted(texts, key=len)
    assert len(set(texts)) >= 3, "it was to be seen while it came"
    assert "def one():\n    return 2" in desk.asked()
    assert "Question: What  is\nit?" in desk.asked()
    assert "a.py (python)" in desk.asked()
    assert answer.message == "fast model scripted answered the question (100 + 10 tokens, 10 ms)"
    assert desk.document.text == Text(SOURCE)
    await desk.lifecycle.close()


async def test_the_slow_model_answers_where_there_is_one_and_none_was_named():
    desk = Desk("from the fast one")
    thinker = desk.think("from the slow one")
    assert (await desk.over(desk.ask())).text == "from the slow one"
    assert "Question: What is it?" in desk.asked(thinker)
    named = await desk.over(desk.ask(model="other"))
    assert (named.text, named.call.who) == ("from the fast one", "fast")
    assert desk.models.asked_for == ["slow", "other"]
    await desk.lifecycle.close()


async def test_a_cancelled_answer_keeps_what_came_and_stops_the_model():
    desk = Desk()
    desk.models.runner.hold = asyncio.Event()
    answer_id = desk.ask()
    await desk.models.runner.started.wait()
    desk.asking.cancel(answer_id)
    await desk.lifecycle.runs.jobs.join(f"ask {answer_id}")
    answer = desk.asking.find(answer_id)
    assert answer.stage is Stage.CANCELLED
    assert answer.text == "It retur"
    assert desk.models.runner.cancelled == 1
    with pytest.raises(Refusal, match="cancelled already"):
        desk.asking.cancel(answer_id)
    desk.asking.dismiss(answer_id)
    with pytest.raises(Refusal, match="gone"):
        desk.asking.cancel(answer_id)
    await desk.lifecycle.close()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ModelError(Trouble.NETWORK, "It cannot be reached."), "It cannot be reached."),
        (" \n", "answered nothing"),
    ],
)
async def test_no_answer_says_why(answer, message):
    desk = Desk(answer)
    found = await desk.over(desk.ask())
    assert found.stage is Stage.FAILED
    assert message in found.message
    await desk.lifecycle.close()


async def test_the_answer_is_found_at_the_first_line_wherever_that_moves():
    desk = Desk()
    answer = await desk.over(desk.ask())
    newer = await desk.over(desk.ask("And now?"))
    assert desk.asking.at(URI, 3).id == newer.id
    assert desk.asking.at(URI, 4) is None
    before = desk.document.text
    desk.type(0, 0, "import sys\n")
    desk.asking.moved(URI, (before, desk.document.text))
    assert desk.asking.at(URI, 3) is None
    assert desk.asking.at(URI, 4).id == newer.id
    before = desk.document.text
    desk.type(5, 4, "x")
    desk.asking.moved(URI, (before, desk.document.text))
    assert desk.asking.at(URI, 4) is None, "what it is about is no longer there"
    assert desk.asking.find(answer.id).text
    await desk.lifecycle.close()


async def test_a_closed_document_ends_its_questions():
    desk = Desk()
    desk.models.runner.hold = asyncio.Event()
    answer_id = desk.ask()
    await desk.models.runner.started.wait()
    desk.asking.closed(URI)
    await desk.lifecycle.runs.jobs.join(f"ask {answer_id}")
    assert desk.models.runner.cancelled == 1
    with pytest.raises(Refusal):
        desk.asking.find(answer_id)
    await desk.lifecycle.close()


async def test_what_cannot_be_answered_is_refused_in_a_sentence():
    desk = Desk()
    with pytest.raises(Refusal, match="There is no question"):
        desk.ask(" ")
    outside = replace(desk.document, uri="untitled:1", path=None)
    with pytest.raises(Refusal, match="Save the code"):
        desk.asking.ask(Question(outside, Region(0, 1), "why?"))
    assert desk.shown == []
    await desk.lifecycle.close()


async def test_a_comment_to_festina_is_not_part_of_what_is_asked_about():
    desk = Desk()
    text = Text("def one():\n    # festina: why 2?\n    return 2\n")
    document = Document(URI, desk.document.path, "python", 2, text)
    await desk.over(desk.asking.ask(Question(document, Region(0, 3), "why 2?")).id)
    assert "festina" not in desk.asked()
    await desk.lifecycle.close()
