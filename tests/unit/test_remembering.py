"""A session's memories: asked and told in order, never waited for by the loop, never needed."""

import asyncio
import threading

import pytest

from festina.memory import Kept, Store, Trouble
from festina.remembering import Remembering
from festina.text import Text


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def test_what_is_posted_is_done_in_order_and_before_what_is_asked_later(tmp_path):
    remembering, seen = Remembering(), []
    remembering.post(tmp_path, lambda store: store.steps.begin("plan.md", "a", "p1"))
    remembering.post(tmp_path, lambda store: seen.append(store.steps.of("p1").number))
    assert await remembering.ask(tmp_path, lambda store: len(store.steps.tries("plan.md")), 0) == 1
    assert seen == [1]
    await remembering.close()


async def test_the_loop_goes_on_while_a_memory_is_waited_for(tmp_path):
    remembering, go = Remembering(), threading.Event()
    remembering.post(tmp_path, lambda _: go.wait())
    asked = asyncio.create_task(remembering.ask(tmp_path, lambda store: store.file.name, ""))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not asked.done()
    go.set()
    assert (await asked).startswith(tmp_path.name[:10])
    await remembering.close()


async def test_closing_waits_for_what_was_posted_and_lets_go_of_the_process(tmp_path):
    remembering = Remembering()
    files = [Kept("a.py", Text(""), Text("a\n"))]
    remembering.post(tmp_path, lambda store: store.journal.begin(files, proposal="p1"))
    session = remembering.session
    await remembering.close()
    assert [entry.session for entry in Store(tmp_path).journal.left()] == [session]


async def test_trouble_is_told_once_and_the_memory_rests(tmp_path, monkeypatch):
    told = []
    remembering = Remembering(told.append)
    calls = []

    def fail(store):
        calls.append(store)
        raise Trouble("It is damaged.")

    assert await remembering.ask(tmp_path, fail, "otherwise") == "otherwise"
    await asyncio.sleep(0)
    assert await remembering.ask(tmp_path, fail, "otherwise") == "otherwise"
    remembering.post(tmp_path, fail)
    assert (told, len(calls)) == (["It is damaged."], 1)
    monkeypatch.setattr("festina.remembering.REST_SECONDS", 0.0)
    remembering._resting.clear()
    await remembering.ask(tmp_path, fail, None)
    await asyncio.sleep(0)
    assert (told, len(calls)) == (["It is damaged."], 2)
    other = tmp_path / "other"
    assert await remembering.ask(other, lambda store: store.records.all(), None) == []
    await remembering.close()


async def test_a_fault_of_ours_fails_no_edit(tmp_path):
    remembering = Remembering()
    assert await remembering.ask(tmp_path, lambda _: 1 // 0, "otherwise") == "otherwise"
    assert await remembering.ask(tmp_path, lambda _: "well", "otherwise") == "well"
    await remembering.close()
    await Remembering().close()
