"""Words of others lose what a terminal or an editor would obey, wherever they are shown."""

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from festina.clean import stripped, visible
from festina.edits import Region
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.lsp import messages, render
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Encoding, Text
from support.fakes import failed

NASTY = "red \x1b[31mtext\x1b[0m \x9b2J\x07 \u202ereversed\u2066 \x00\x7f\x85 \u200bhidden\ufeff"
OBEYED = [chr(code) for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0))]
OBEYED += list(
    "\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2069\ufeff"
)

texts = st.text(
    alphabet=st.characters() | st.sampled_from([*OBEYED, "\x1b", "[", "]", "3", "m", "\\", "\n"]),
    max_size=200,
)


def is_harmless(text: str) -> bool:
    return not any(char in text for char in OBEYED)


@given(texts)
def test_nothing_that_is_obeyed_is_left(text):
    for clean in (visible(text), stripped(text)):
        assert is_harmless(clean)
        assert not any(unicodedata.category(c) in {"Cs", "Zl", "Zp"} for c in clean)


@given(texts)
def test_cleaning_twice_changes_nothing(text):
    assert visible(visible(text)) == visible(text)
    assert stripped(stripped(text)) == stripped(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=100))
def test_what_is_harmless_stays_as_it_is(text):
    assert visible(text) == text
    assert stripped(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x07", "link"),
        ("\x9b31mred", "red"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b]0;title without an end", "0;title without an end"),
        ("\U0001f469\u200d\U0001f4bb and a\u200db", "\U0001f469\u200d\U0001f4bb and ab"),
        ("tab\tand line\n", "tab\tand line\n"),
    ],
)
def test_whole_escape_sequences_go_and_what_they_frame_stays(text, left):
    assert stripped(text) == left


def test_what_is_to_be_judged_shows_what_it_holds():
    assert visible("x = 1 \u202e# \x1b[0m") == "x = 1 \\u202e# \\x1b[0m"


class Wire:
    """Takes what is sent."""

    def __init__(self):
        self.sent = []
        self.cancel_callbacks = {}

    def notify(self, method, params):
        self.sent.append(params)

    async def send_request_async(self, method, params):
        self.sent.append(params)


async def test_nothing_reaches_an_editor_that_it_would_obey():
    wire = Wire()
    client = Client(wire, Caps(work_done_progress=True, show_message_request=True, apply_edit=True))
    where = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 1))
    place = lsp.Location("file:///a", where)
    related = [lsp.DiagnosticRelatedInformation(place, NASTY)]
    client.publish_diagnostics(
        "file:///a", [lsp.Diagnostic(where, NASTY, related_information=related)]
    )
    client.show_message(NASTY)
    client.log(NASTY)
    progress = client.progress(NASTY, message=NASTY)
    progress.agreed()
    progress.report(NASTY)
    progress.end(NASTY)
    await client.ask(NASTY, ["yes"])
    await client.apply_edit(lsp.WorkspaceEdit(), NASTY)
    words = [words for params in wire.sent for words in strings(params)]
    assert sum("reversed" in word for word in words) == 10
    assert [word for word in words if not is_harmless(word)] == []


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif hasattr(value, "__attrs_attrs__"):
        for field in value.__attrs_attrs__:
            yield from strings(getattr(value, field.name))


def proposal() -> Proposal:
    finding = Finding(Gate.TESTS, "t.py", NASTY, 3, detail=NASTY)
    gate = GateResult(Gate.TESTS, Status.FAILED, findings=(finding,), reason=NASTY)
    verdict = Verdict.of((gate,), seconds=0.1)
    view = CandidateView(0, CandidateStatus.FAILED, f"x = 1  # {NASTY}\n", verdict)
    base = Text("x = 0\n")
    return Proposal(
        "p1", "file:///a.py", 1, base, Region(0, 1), NASTY, State.REJECTED, (view,), message=NASTY
    )


def test_titles_and_notifications_of_a_proposal_are_harmless():
    one = proposal()
    unverified = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=NASTY)
    view = replace(one.candidate, verdict=Verdict.of((unverified,), seconds=0.1))
    for words in (
        render.headline(one),
        render.disabled_reason(one),
        render.unverified_title(one, view),
        render.news(one),
        render.accept_title(one, view),
        render.shorten(NASTY),
    ):
        assert is_harmless(words), words
    payload = messages.proposal_payload(one, Encoding.UTF16)
    assert payload["text"] == one.candidate.text, "code is data: a client shows it as such"
    payload |= {"text": "", "hunks": []}
    for word in plain_strings(json.loads(json.dumps(payload))):
        assert is_harmless(word), word


def plain_strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from plain_strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from plain_strings(item)


def test_a_failing_test_that_prints_colours_is_shown_without_them():
    verdict = failed("\x1b[31massert 1 == 2\x1b[0m")
    data = messages.harmless(verdict.to_json())
    assert data["findings"][0]["message"] == "\\x1b[31massert 1 == 2\\x1b[0m"
    assert data["gates"][0]["tests"] == verdict.to_json()["gates"][0]["tests"]
