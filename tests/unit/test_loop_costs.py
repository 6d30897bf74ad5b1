"""What would keep the event loop busy does not run there, or is bounded."""

import threading
from pathlib import Path

from festina import pipeline
from festina.edits import Region, apply, rewrite
from festina.events import Judged, Streaming
from festina.pipeline import propose
from festina.task import Task
from festina.text import Encoding, Position, Range, Text
from festina.verify.base import Snapshot
from support.fakes import Completion, DirectRunner, ScriptedModel, ScriptedVerifier, passed

SOURCE = "def one():\n    return 2\n"
GOOD = "def one():\n    return 1\n"


class ChattyRunner(DirectRunner):
    """Shows every candidate's text a hundred times in no time."""

    async def complete(self, model, request, on_text=None):
        for end in range(1, 101):
            on_text(GOOD[: len(GOOD) * end // 100])
        return Completion(GOOD)


async def events(count=1, runner=None):
    task = Task(Snapshot(Path("/w")), "a.py", Text(SOURCE), Region(0, 2), "x", count=count)
    stream = propose(
        task, ScriptedModel([GOOD]), runner or DirectRunner(), ScriptedVerifier(lambda _: passed())
    )
    return [event async for event in stream]


async def test_answers_are_read_and_compared_in_another_thread(monkeypatch):
    threads = []
    change = pipeline.change

    def noting(*arguments):
        threads.append(threading.current_thread())
        return change(*arguments)

    monkeypatch.setattr(pipeline, "change", noting)
    assert any(isinstance(event, Judged) for event in await events())
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_only_the_first_candidate_is_read_each_time_that_some_of_it_comes():
    shown = [e.candidate for e in await events(3, ChattyRunner()) if isinstance(e, Streaming)]
    assert shown.count(0) == 100
    assert 1 <= shown.count(1) < 10
    assert 1 <= shown.count(2) < 10


def test_hundreds_of_equal_lines_are_compared_without_looking_at_all_pairs():
    """As difflib does it by default, this would take hours."""
    text = Text("head\n" + "a\n" * 4000 + "tail\n")
    new = "a\nb\n" * 2000
    assert apply(text, rewrite(text, Region(1, 4001), new)).content == f"head\n{new}tail\n"


def test_a_change_of_a_large_text_looks_at_the_lines_around_it_alone():
    text = Text("value = 1\n" * 20000)
    where = Range(Position(10000, 3), Position(10000, 3))
    changed = text.replace(where, "x\n", Encoding.UTF16)
    untouched = [
        ours is theirs for ours, theirs in zip(text.lines[:9990], changed.lines[:9990], strict=True)
    ]
    assert all(untouched), "lines that did not change are the same objects"
    assert changed.lines == Text(changed.content).lines
