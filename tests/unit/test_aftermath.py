"""What an editor is shown of edits that the whole suite withdraws, before and after the accept."""

from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from festina.documents import Document
from festina.edits import Region
from festina.findings import Finding, Gate, GateResult, Rest, Status, TestCounts, Verdict
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.features import code_action, commands, sync
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support.fakes import impacted, passed

URI, TESTS = "file:///w/a.py", "file:///w/tests/test_a.py"
OLD = "x = 1\n\n\ndef one():\n    return 2\n"
NEW = "def one():\n    return 1\n"
ID = "tests/test_a.py::test_leak"
FOUND = Finding(Gate.TESTS, "tests/test_a.py", f"{ID}: assert 1 == 2", 7, code=ID)
FAILED = Verdict.of(
    (GateResult(Gate.TESTS, Status.FAILED, 1.0, (FOUND,), TestCounts(9, 8, 1, 0, 1, 1)),),
    seconds=1.0,
)
PASSED = CandidateView(0, CandidateStatus.PASSED, NEW, impacted(passed(tests=12)), rest=Rest.SILENT)
WITHDRAWN = replace(PASSED, status=CandidateStatus.FAILED, verdict=FAILED, rest=Rest.WITHDRAWN)


class Window:
    """An editor, as far as it shows something."""

    def __init__(self, **caps) -> None:
        self.app = App({})
        self.app.server.caps = Caps(**{"related_information": True, "apply_edit": True, **caps})
        client = self.app.server.client = Client(self.app.server.protocol, self.app.server.caps)
        self.shown, self.messages, self.refreshed = {}, [], 0
        client.publish_diagnostics = self._publish
        client.show_message = lambda words, kind=None: self.messages.append((words, kind))
        client.refresh_lenses = self._refresh
        self.app.session.roots = (Path("/w"),)
        document = Document(URI, Path("/w/a.py"), "python", 1, Text(OLD))
        self.app.session.documents.open(document)
        for throttle in (self.app.board._throttle, self.app.publisher._refresh):
            throttle.offer = throttle.now = throttle._send
        self.app.board.soon = self.app.board.now

    def _publish(self, uri, diagnostics, version):
        self.shown[uri] = list(diagnostics)

    def _refresh(self):
        self.refreshed += 1

    def put(self, state: State, *views: CandidateView, visible: int = 0, message="m") -> Proposal:
        proposal = Proposal("p1", URI, 1, Text(OLD), Region(3, 5), "x", state, views, visible)
        return self.app.session.put(replace(proposal, name="one", message=message))

    def accept(self, name: str = "one") -> None:
        """Have an edit accepted that the whole suite refutes after that."""
        proposal = replace(self.put(State.READY, PASSED), name=name)
        document = self.app.session.documents.get(URI)
        text = Text(OLD.replace("return 2", "return 1"))
        self.app.session.documents.open(replace(document, text=text, version=2))
        self.app.session.put(replace(proposal, state=State.APPLIED))
        self.messages.clear()
        self.app.lifecycle.aftermath.note(proposal, PASSED)
        self.app.lifecycle.aftermath.refuted("p1", FAILED)

    async def actions(self, line: int) -> list[lsp.CodeAction]:
        where = lsp.Position(line, 0)
        params = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(URI),
            lsp.Range(where, where),
            lsp.CodeActionContext([], trigger_kind=lsp.CodeActionTriggerKind.Automatic),
        )
        return await code_action.actions(self.app, params)


@pytest.fixture
async def window():
    opened = []

    def window(**caps):
        opened.append(Window(**caps))
        return opened[-1]

    yield window
    for one in opened:
        await one.app.close()


async def test_an_accepted_edit_that_fails_is_shown_at_the_edit_and_at_the_test(window):
    one = window()
    one.accept()
    (edit,) = one.shown[URI]
    assert edit.message.split("\n") == [
        "Festina: accepted edit of one fails test_leak",
        "The whole suite ran after you had accepted it.",
        f"* {ID}: assert 1 == 2",
    ]
    assert (edit.range.start.line, edit.range.end.line) == (3, 3)
    assert edit.severity is lsp.DiagnosticSeverity.Error
    assert edit.data == {"proposal": "p1", "state": "applied"}
    (test,) = one.shown[TESTS]
    assert test.message == f"Festina: fails since the accepted edit of one\n{ID}: assert 1 == 2"
    assert test.range.start.line == 6
    assert edit.related_information[0].location == lsp.Location(TESTS, test.range)
    assert test.related_information[0].location == lsp.Location(URI, edit.range)
    assert test.related_information[0].message == "the accepted edit of one"
    error = lsp.MessageType.Error
    assert one.messages == [("Festina: accepted one fails test_leak", error)]


@pytest.mark.parametrize("caps", [{"proposals": True}, {"messages_wait": True}])
async def test_every_editor_is_told_for_the_proposal_is_over(window, caps):
    one = window(**caps)
    one.accept()
    assert len(one.shown[URI]) == len(one.shown[TESTS]) == len(one.messages) == 1


async def test_without_related_information_the_message_says_it_all(window):
    one = window(related_information=False)
    one.accept()
    assert one.shown[URI][0].related_information is None
    assert ID in one.shown[URI][0].message


async def test_it_can_be_dismissed_where_it_is(window):
    one = window()
    one.accept()
    assert await one.actions(0) == []
    (action,) = await one.actions(4)
    assert action.title == "Festina: dismiss what failed after accepting one"
    assert action.command.command == "festina.dismiss"
    answer = await commands.run(one.app, "festina.dismiss", *action.command.arguments)
    assert answer == {"ok": True, "message": "Dismissed."}
    assert (one.shown[URI], one.shown[TESTS]) == ([], [])
    assert await one.actions(4) == []
    again = await commands.run(one.app, "festina.dismiss", {"proposal": "p1"})
    assert again["message"] == "That proposal is applied already."


async def test_an_edit_there_takes_it_away(window):
    one = window()
    one.accept()
    change = lsp.TextDocumentContentChangePartial(
        lsp.Range(lsp.Position(4, 4), lsp.Position(4, 4)), "pass; "
    )
    identifier = lsp.VersionedTextDocumentIdentifier(3, URI)
    sync.did_change(one.app, lsp.DidChangeTextDocumentParams(identifier, [change]))
    assert (one.shown[URI], one.shown[TESTS]) == ([], [])


async def test_closing_the_file_takes_it_away(window):
    one = window()
    one.accept()
    sync.did_close(one.app, lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(URI)))
    assert (one.shown[URI], one.shown[TESTS]) == ([], [])


async def test_a_later_run_of_the_whole_suite_takes_its_place(window):
    one = window()
    one.accept()
    one.app.aftermath.superseded(Path("/elsewhere"))
    assert one.shown[URI]
    one.app.aftermath.superseded(Path("/w"))
    assert (one.shown[URI], one.shown[TESTS]) == ([], [])


async def test_where_no_definition_has_a_name_the_lines_are_named(window):
    one = window()
    one.accept(name="")
    assert "accepted edit of lines 4-5 fails" in one.shown[URI][0].message


async def test_a_withdrawn_edit_says_what_failed_and_offers_nothing(window):
    one = window(disabled_support=True)
    one.put(State.READY, PASSED)
    one.messages.clear()
    message = f"withdrawn: {ID} failed in the whole suite"
    one.put(State.REJECTED, WITHDRAWN, message=message)
    (shown,) = one.shown[URI]
    headline, finding, *_ = shown.message.split("\n")
    assert headline == f"Festina: {message}"
    assert finding == f"* {ID}: assert 1 == 2"
    assert one.messages == [
        ("Festina: one was withdrawn: test_leak failed", lsp.MessageType.Warning)
    ]
    accept, _ = await one.actions(3)
    assert accept.disabled.reason == f"rejected: {message}"


async def test_a_long_name_of_a_test_leaves_room_for_what_became_of_it(window):
    one = window()
    test = f"tests/{'deep/' * 9}test_a.py::test_leak"
    gate = replace(FAILED.gates[0], findings=(replace(FOUND, message=test, code=test),))
    one.put(State.REJECTED, replace(WITHDRAWN, verdict=replace(FAILED, gates=(gate,))))
    headline, finding, *_ = one.shown[URI][0].message.split("\n")
    assert headline == "Festina: withdrawn: test_leak failed in the whole suite"
    assert finding == "* tests/test_a.py:7:"
    assert test in one.shown[URI][0].message


async def test_where_another_candidate_takes_its_place_the_person_is_told(window):
    one = window()
    one.put(State.READY, PASSED, replace(PASSED, index=1))
    one.messages.clear()
    now = one.put(State.READY, WITHDRAWN, replace(PASSED, index=1), visible=1)
    one.app.lifecycle.runs.confirming.withdrawn(now, WITHDRAWN)
    words = "Festina: one: candidate 1 was withdrawn"
    assert one.messages == [(words, lsp.MessageType.Warning)]


async def test_where_it_is_rejected_one_message_is_enough(window):
    one = window()
    one.put(State.READY, PASSED)
    now = one.put(State.REJECTED, WITHDRAWN)
    before = list(one.messages)
    one.app.lifecycle.runs.confirming.withdrawn(now, WITHDRAWN)
    assert one.messages == before


async def test_what_is_confirmed_changes_its_title_and_makes_no_noise(window):
    one = window()
    one.put(State.READY, PASSED)
    assert "12 impacted tests ok, the whole suite could not tell" in one.shown[URI][0].message
    said, refreshed = list(one.messages), one.refreshed
    whole = replace(PASSED, verdict=passed(tests=1247), rest=Rest.CONFIRMED)
    one.put(State.READY, whole)
    assert "whole suite: 1,247 tests ok" in one.shown[URI][0].message
    assert (await one.actions(3))[0].title.startswith(
        "Festina: accept edit of one: whole suite: 1,247 tests ok (1 of 1 changed lines executed)"
    )
    assert one.messages == said
    assert one.refreshed == refreshed + 1
