"""An editor session without an editor: documents and proposals, a scripted model and verifier."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from festina.config import ModelSettings, Settings
from festina.documents import Change, Document
from festina.edits import Region
from festina.lifecycle import Lifecycle, Order
from festina.proposals import State
from festina.session import Session
from festina.text import Encoding, Position, Range, Text
from support.fakes import OneModel, ScriptedModel, ScriptedVerifier, failed, passed

URI = "file:///w/a.py"
SOURCE = "import os\n\n\ndef one():\n    return 2\n\n\ndef two():\n    return 2\n"
GOOD = "def one():\n    return 1\n"


class Sitting:
    """A session with one open document, a scripted model and a scripted verifier."""

    def __init__(self, answers=(GOOD,), judge=None, whole=None, *, scope="auto", slow=True) -> None:
        self.session = Session(roots=(Path("/w"),), trusted_by_editor=True)
        self.states: list[State] = []
        self.messages: list[str] = []
        self.session.changed = self._changed
        verify = replace(Settings().verify, tests_scope=scope)
        self.session.settings[None] = replace(Settings(), verify=verify, repair_candidates=1)
        self.verifier = ScriptedVerifier(judge or by_value, whole, slow=slow)
        self.models = OneModel(ScriptedModel(list(answers)))
        self.lifecycle = Lifecycle(self.session, self.verifier, self.models)
        self.session.documents.open(Document(URI, Path("/w/a.py"), "python", 1, Text(SOURCE)))

    def _changed(self, proposal) -> None:
        self.messages.append(proposal.message)
        if not self.states or self.states[-1] is not proposal.state:
            self.states.append(proposal.state)

    def think(self, *answers: str | Exception, **settings) -> ScriptedModel:
        """Configure a slow model that gives these answers."""
        self.models.thinker = ScriptedModel(list(answers), name="thinker")
        slow = ModelSettings(model="thinker")
        self.session.settings[None] = replace(self.session.settings[None], slow=slow, **settings)
        return self.models.thinker

    @property
    def document(self) -> Document:
        document = self.session.documents.get(URI)
        assert document is not None
        return document

    def start(self, **more):
        order = Order(self.document, Region(3, 5), "return 1", **more)
        return self.lifecycle.start(order).id

    def type(self, line: int, column: int, text: str) -> None:
        before = self.document.text
        where = Range(Position(line, column), Position(line, column))
        after = self.session.documents.change(
            URI, self.document.version + 1, [Change(where, text)], Encoding.UTF16
        )
        assert after is not None
        self.lifecycle.document_changed(before, after)

    def replace_all(self, text: str) -> None:
        before = self.document.text
        after = self.session.documents.change(
            URI, self.document.version + 1, [Change(None, text)], Encoding.UTF16
        )
        assert after is not None
        self.lifecycle.document_changed(before, after)

    def state(self, proposal_id: str) -> State:
        return self.session.proposals[proposal_id].state

    def types(self, *changes: tuple[int, int, str]) -> None:
        """Several insertions that reach the server in one message."""
        before = self.document.text
        texts = []
        for line, column, text in changes:
            texts.append(self.document.text)
            where = Range(Position(line, column), Position(line, column))
            self.session.documents.change(URI, 9, [Change(where, text)], Encoding.UTF16)
        self.lifecycle.document_changed(before, self.document, texts[1:])

    async def until(self, proposal_id: str, *states: State):
        async with asyncio.timeout(10):
            while self.state(proposal_id) not in states:
                await asyncio.sleep(0.005)
        return self.session.proposals[proposal_id]


def by_value(new: str):
    return passed() if "return 1" in new else failed()
