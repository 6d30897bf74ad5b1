"""What a person waits for is sent at once; all else comes as often as its rate allows."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from festina.calls import Call, Why
from festina.documents import Document
from festina.edits import Region
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.throttle import Throttle
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support.fakes import passed

URI = "file:///w/a.py"
BASE = Text("def one():\n    return 2\n")
ENDS = [State.READY, State.REJECTED, State.UNVERIFIED, State.FAILED, State.STALE, State.APPLIED]


class Editor:
    """An editor, as far as it shows proposals: each time, how many there were to show."""

    def __init__(self, *, proposals: bool) -> None:
        self.app = app = App({})
        app.server.caps = Caps(proposals=proposals, code_lens_refresh=True)
        client = app.server.client = Client(app.server.protocol, app.server.caps)
        self.payloads, self.shown, self.refreshed = [], [], 0
        client.notify_proposal = self.payloads.append
        client.publish_diagnostics = lambda _, found, __: self.shown.append(list(found))
        client.refresh_lenses = self._refresh
        app.session.roots = (Path("/w"),)
        app.session.documents.open(Document(URI, Path("/w/a.py"), "python", 1, BASE))

    def _refresh(self) -> None:
        self.refreshed += 1

    def put(self, state: State, text: str = "", name: str = "p1") -> None:
        view = CandidateView(0, CandidateStatus.STREAMING, text)
        if state is State.READY:
            view = replace(view, status=CandidateStatus.PASSED, verdict=passed())
        self.app.session.put(Proposal(name, URI, 1, BASE, Region(0, 2), "x", state, (view,)))

    @property
    def last(self) -> tuple[str, str]:
        return self.payloads[-1]["state"], self.payloads[-1]["text"]


@pytest.mark.parametrize("end", ENDS)
async def test_no_rate_holds_the_end_back(end):
    editor = Editor(proposals=True)
    editor.put(State.STREAMING)
    for number in range(1, 9):
        editor.put(State.STREAMING, "words " * number)
    editor.put(State.PARSED, "all")
    editor.put(State.VERIFYING, "all")
    editor.put(end, "all")
    states = [payload["state"] for payload in editor.payloads]
    assert states[-1] == str(end)
    assert sorted(set(states[:-1])) == ["parsed", "streaming", "verifying"], "the last of each"
    editor.app.publisher.close()


async def test_first_words_are_sent_at_once_and_the_next_ones_at_their_rate():
    editor = Editor(proposals=True)
    editor.put(State.QUEUED)
    editor.put(State.STREAMING)
    editor.put(State.STREAMING, "def")
    assert editor.last == ("streaming", "def")
    editor.put(State.STREAMING, "def one")
    assert editor.last == ("streaming", "def")
    editor.put(State.REJECTED, "def one")
    editor.put(State.STREAMING)  # a repair round: asked anew
    editor.put(State.STREAMING, "try")
    assert editor.last == ("streaming", "try")
    editor.app.publisher.close()


@pytest.mark.parametrize("end", ENDS[:3])
async def test_a_plain_editor_sees_the_end_and_its_lens_at_once(end):
    editor = Editor(proposals=False)
    editor.app.client.show_message = lambda *_: None
    editor.put(State.STREAMING)
    editor.put(State.VERIFYING, "all")
    lenses = editor.refreshed
    editor.put(end, "all")
    await asyncio.sleep(0)
    assert editor.shown[-1][0].data["state"] == str(end)
    assert editor.refreshed == lenses + 1
    editor.app.publisher.close()
    editor.app.board.close()


async def test_what_one_keystroke_ends_is_shown_once():
    editor = Editor(proposals=False)
    for name in ("p1", "p2", "p3"):
        editor.put(State.STREAMING, "all", name)
    before = len(editor.shown)
    for name in ("p1", "p2", "p3"):
        editor.put(State.STALE, name=name)
    await asyncio.sleep(0)
    assert editor.shown[before:] == [[]]
    editor.app.publisher.close()
    editor.app.board.close()


async def test_a_call_is_logged_once_and_not_where_it_was_made_before_the_proposal_came():
    editor, logged = Editor(proposals=True), []
    editor.app.client.log = logged.append
    drafted, repair = (Call("fast", why, "m", "o", 1.0) for why in (Why.WRITE, Why.REPAIR))
    one = Proposal("p1", URI, 1, BASE, Region(0, 2), "x", State.VERIFYING, calls=(drafted,))
    editor.app.session.put(one)
    assert logged == []
    editor.app.session.put(replace(one, state=State.STREAMING, calls=(drafted, repair)))
    editor.put(State.QUEUED, name="p2")
    editor.app.session.put(replace(one, id="p2", calls=(drafted,)))
    assert logged == [f"p1: {repair.words}", f"p2: {drafted.words}"]
    editor.app.publisher.close()


async def test_nothing_urgent_is_shown_after_the_end():
    editor = Editor(proposals=False)
    editor.app.client.show_message = lambda *_: None
    editor.put(State.REJECTED)
    before = len(editor.shown)
    editor.app.publisher.close()
    editor.app.board.close()
    await asyncio.sleep(0)
    assert len(editor.shown) == before


async def test_now_takes_the_place_of_what_waits():
    sent = []
    throttle = Throttle[int](0.02, lambda _, value: sent.append(value))
    throttle.offer("a", 1)
    throttle.offer("a", 2)
    throttle.now("a", 3)
    throttle.offer("a", 4)
    assert sent == [1, 3]
    while len(sent) < 3:
        await asyncio.sleep(0.005)
    assert sent == [1, 3, 4]
    throttle.close()
