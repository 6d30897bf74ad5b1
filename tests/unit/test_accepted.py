"""Edits that were accepted are kept for as long as a skill may be made of them, and no longer."""

from dataclasses import replace

import pytest

from festina import accepted
from festina.accepted import AcceptedEdits
from festina.documents import Document
from festina.edits import Region
from festina.findings import Status
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.session import Refusal, Session
from festina.text import Text
from support.fakes import passed

OLD = Text("def f():\n    return 1\n\n\ndef g():\n    return 2\n")
NEW = "def f():\n    x = 1\n    return x\n"


@pytest.fixture
def session(tmp_path):
    made = Session(roots=(tmp_path,))
    made.documents.open(Document("file:///a.py", tmp_path / "a.py", "python", 1, OLD))
    return made


@pytest.fixture
def kept(session):
    return AcceptedEdits(session)


def proposal(session, number=1, words="name it", *, state=State.APPLIED, status=Status.PASSED):
    verdict = replace(passed(), status=status)
    view = CandidateView(0, CandidateStatus(str(status)), NEW, verdict)
    made = Proposal(
        id=f"p{number}",
        uri="file:///a.py",
        version=1,
        base=OLD,
        region=Region(0, 2),
        instruction=words,
        candidates=(view,),
        name="f",
    )
    return session.put(replace(made, state=state))


def test_what_was_before_and_after_is_kept_and_where_it_is(session, kept):
    proposal(session)
    found = kept.find("p1")
    assert (found.path, found.old, found.new) == ("a.py", "def f():\n    return 1\n", NEW)
    assert found.base == OLD
    assert found.place == "a.py, f"
    assert kept.at("file:///a.py", Region(2, 3)) == [found]
    assert kept.at("file:///a.py", Region(3, 4)) == []
    assert session.proposals["p1"].base == Text("")  # of a proposal that is over nothing else is


def test_where_it_is_moves_along_until_somebody_edits_those_lines(session, kept):
    proposal(session)
    now = Text(NEW + OLD.content[OLD.content.index("\n\ndef g") :])
    moved = Text("import os\n" + now.content)
    kept.moved("file:///a.py", (now, moved))
    assert kept.at("file:///a.py", Region(1, 2)) == [kept.find("p1")]
    kept.moved("file:///a.py", (moved, Text(moved.content.replace("x = 1", "x = 3"))))
    assert kept.at("file:///a.py", Region(0, 9)) == []
    assert kept.find("p1").new == NEW


def test_a_closed_document_is_not_followed(session, kept):
    proposal(session)
    kept.closed("file:///a.py")
    assert kept.at("file:///a.py", Region(0, 9)) == []
    assert kept.find("p1").at is None


def test_those_that_were_asked_for_in_the_same_words_belong_together(session, kept):
    for number in (1, 2, 3):
        proposal(session, number)
    proposal(session, 4, "something else")
    assert [one.id for one in kept.alike(kept.find("p2"))] == ["p2", "p1", "p3"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": Status.UNVERIFIED}, "was not verified when it was accepted"),
        ({"state": State.DISMISSED}, "was not accepted; it is dismissed"),
        ({"state": State.READY}, "was not accepted; it is ready"),
    ],
)
def test_others_are_no_examples(session, kept, more, words):
    proposal(session, **more)
    with pytest.raises(Refusal, match=words):
        kept.find("p1")
    with pytest.raises(Refusal, match="is not known any more"):
        kept.find("p99")


def test_one_that_the_whole_suite_has_refuted_since_is_no_example(session, kept):
    for number in (1, 2):
        proposal(session, number)
    kept.refute("p1")
    kept.refute("p99")
    with pytest.raises(Refusal, match="The whole suite has failed with that edit since it was"):
        kept.find("p1")
    assert [one.id for one in kept.at("file:///a.py", Region(0, 9))] == ["p2"]
    assert [one.id for one in kept.alike(kept.find("p2"))] == ["p2"]
    proposal(session, 1)
    assert kept.find("p1"), "it was asked for and accepted anew"


def test_few_are_kept_and_little(session, kept, monkeypatch):
    for number in range(accepted.KEPT + 5):
        proposal(session, number)
    with pytest.raises(Refusal, match="is not known any more"):
        kept.find("p4")
    assert kept.find("p5")
    monkeypatch.setattr(accepted, "KEPT_CHARS", 3 * len(OLD.content) + 3 * len(NEW))
    proposal(session, 90)
    assert [one.id for one in kept.alike(kept.find("p90"))] == ["p90", "p23", "p24"]
    monkeypatch.setattr(accepted, "KEPT_CHARS", 1)
    proposal(session, 91)
    assert kept.find("p91")  # the last one in any case
