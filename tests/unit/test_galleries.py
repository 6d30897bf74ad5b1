"""What the server does about a gallery that cannot be opened, and with wishes from its page."""

from dataclasses import replace
from pathlib import Path

import pytest

from festina.documents import Document
from festina.edits import Region
from festina.gallery.site import Wish
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.features import galleries
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support.fakes import passed

GOOD = "def one():\n    return 1\n"
DIGEST = Text(GOOD).digest


def document(name: str) -> Document:
    text = Text("def one():\n    return 2\n")
    return Document(f"file:///w/{name}", Path(f"/w/{name}"), "python", 1, text)


@pytest.fixture
def app():
    one = App({})
    one.server.caps = Caps(apply_edit=True)
    one.server.client = Client(one.server.protocol, one.server.caps)
    one.session.roots = (Path("/w"),)
    one.session.documents.open(document("a.py"))
    view = CandidateView(0, CandidateStatus.PASSED, GOOD, passed())
    base, region = document("a.py").text, Region(0, 2)
    proposal = Proposal("p1", "file:///w/a.py", 1, base, region, "x", State.READY, (view,))
    one.session.proposals["p1"] = proposal
    one.said = []
    one.client.show_message = lambda words, *_: one.said.append(words)
    return one


async def test_a_gallery_that_cannot_be_served_is_told_of(app, monkeypatch):
    class Broken:
        def __init__(self, *_):
            pass

        async def link(self):
            raise OSError(98, "Address already in use")

        async def aclose(self):
            pass

    monkeypatch.setattr(galleries, "Gallery", Broken)
    app.galleries.open(app.session.proposals["p1"])
    await app.lifecycle.runs.jobs.join("gallery p1")
    (said,) = app.said
    assert said.startswith("Festina: the gallery could not be opened: ")
    assert "Address already in use" in said
    await app.galleries.close()


async def test_only_what_was_seen_can_be_wished_for(app):
    grant = app.galleries._grant
    for wish in (
        Wish("accept", 0, "another"),
        Wish("accept", 7, DIGEST),
        Wish("show", None, DIGEST),
    ):
        answer = await grant("p1", wish)
        assert answer["ok"] is False
        assert "has changed since it was drawn" in answer["message"]
    assert (await grant("p1", Wish("show", 0, DIGEST)))["ok"]
    assert app.said == [], "the page says it"


async def test_of_what_is_over_nothing_can_be_wished_for(app):
    over = replace(app.session.proposals["p1"], state=State.APPLIED)
    app.session.proposals["p1"] = over
    answer = await app.galleries._grant("p1", Wish("accept", 0, "another"))
    assert answer == {"ok": False, "message": "That proposal is applied already."}
    assert (await app.galleries._grant("p2", Wish("dismiss")))["ok"] is False


def test_pages_can_be_looked_at_as_they_are_in_open_buffers(app):
    shown = app.galleries._shown(app.session.proposals["p1"])
    assert (shown.files, shown.language, shown.name) == (None, "python", "lines 1-2")
    app.session.documents.open(document("a.html"))
    page = replace(app.session.proposals["p1"], uri="file:///w/a.html")
    shown = app.galleries._shown(page)
    assert shown.file == "a.html"
    assert set(shown.files.buffers) == {"a.html", "a.py"}
