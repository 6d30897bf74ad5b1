"""What a save sets off in the server, with a verifier that answers as the test says."""

import asyncio
from dataclasses import replace

import pytest
from lsprotocol import types as lsp

from festina.config import Settings
from festina.edits import Region
from festina.findings import Finding, Gate, TestCounts
from festina.lsp import convert
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.features import code_action, commands, sync
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from festina.verify.examination import Examination, Place
from support.fakes import ScriptedVerifier, passed

SOURCE = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
TEST = "from mod import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
ID = "test_mod.py::test_add"
RED = Examination(
    (Finding(Gate.TESTS, "test_mod.py", "assert -1 == 3", 5, 5, 5, 26, code=ID, detail="..."),),
    through={ID: Place("mod.py", 2)},
    counts=TestCounts(1, 0, 1, scope="impacted"),
    scope="impacted",
    ran=frozenset([ID]),
)
GREEN = Examination(counts=TestCounts(1, 1), scope="impacted", ran=frozenset([ID]))


class Desk:
    """An editor with one project, as far as saving goes."""

    def __init__(self, root, **caps):
        self.root = root
        (root / "mod.py").write_text(SOURCE)
        (root / "test_mod.py").write_text(TEST)
        self.app = App({})
        self.app.server.caps = Caps(**{"related_information": True, **caps})
        client = self.app.server.client = Client(self.app.server.protocol, self.app.server.caps)
        self.published, self.messages, self.sent = {}, [], []
        client.publish_diagnostics = self._publish
        client.show_message = lambda words, kind=None: self.messages.append(words)
        client.log = lambda words, kind=None: self.messages.append(f"log: {words}")
        client.notify = lambda method, params: self.sent.append((method, params))
        self.app.session.roots = (root,)
        self.app.session.trusted_by_editor = True
        self.verifier = self.app.verifier = ScriptedVerifier(lambda _: passed())
        self.verifier.examination = GREEN
        self.open("mod.py")

    def _publish(self, uri, diagnostics, version):
        self.published[uri.rpartition("/")[2]] = (diagnostics, version)

    def uri(self, name):
        return convert.to_uri(self.root / name)

    def open(self, name):
        item = lsp.TextDocumentItem(self.uri(name), "python", 1, (self.root / name).read_text())
        sync.did_open(self.app, lsp.DidOpenTextDocumentParams(item))

    def type(self, name, text):
        identifier = lsp.VersionedTextDocumentIdentifier(uri=self.uri(name), version=2)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        sync.did_change(self.app, lsp.DidChangeTextDocumentParams(identifier, [change]))

    def save(self, name, text=None):
        if text is not None:
            self.type(name, text)
            (self.root / name).write_text(text)
        identifier = lsp.TextDocumentIdentifier(self.uri(name))
        sync.did_save(self.app, lsp.DidSaveTextDocumentParams(identifier))

    def close(self, name):
        identifier = lsp.TextDocumentIdentifier(self.uri(name))
        sync.did_close(self.app, lsp.DidCloseTextDocumentParams(identifier))

    async def rest(self):
        jobs = self.app.lifecycle.runs.jobs
        while jobs._all:
            await asyncio.wait(jobs._all)

    async def saved(self, name, text=None):
        self.save(name, text)
        await self.rest()

    def shown(self, name):
        return [one.message for one in self.published.get(name, ([],))[0]]


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.app.close()


async def red(desk):
    desk.verifier.examination = RED
    await desk.saved("mod.py", WRONG)


async def test_a_failure_is_shown_at_the_assertion_and_at_the_change_until_it_is_mended(desk):
    await red(desk)
    (at_test,), version = desk.published["test_mod.py"]
    assert (at_test.message, at_test.code, at_test.source) == ("assert -1 == 3", ID, "festina")
    assert at_test.severity is lsp.DiagnosticSeverity.Error
    assert at_test.range == lsp.Range(lsp.Position(4, 4), lsp.Position(4, 25))
    assert version is None  # it is not open
    (at_change,), version = desk.published["mod.py"]
    assert (at_change.message, version) == ("test_add fails here: assert -1 == 3", 2)
    assert at_change.range == lsp.Range(lsp.Position(1, 4), lsp.Position(1, 16))
    assert at_change.related_information[0].location.uri == desk.uri("test_mod.py")
    assert at_change.related_information[0].location.range == at_test.range
    assert at_test.related_information[0].location.uri == desk.uri("mod.py")
    ((before, after, paths, scope),) = desk.verifier.examined
    assert (before.buffers, after.buffers) == ({"mod.py": SOURCE}, {})
    assert (paths, scope) == (("mod.py",), "impacted")

    desk.verifier.examination = GREEN
    await desk.saved("mod.py", SOURCE.replace("a + b", "b + a"))
    assert (desk.shown("mod.py"), desk.shown("test_mod.py")) == ([], [])
    assert desk.messages == [
        "log: mod.py: 1 impacted test fails, 0 ms",
        "log: mod.py: 1 impacted test ok, 0 ms",
    ]


async def test_taking_the_change_back_takes_the_failure_away_without_a_run(desk):
    await red(desk)
    await desk.saved("mod.py", SOURCE)
    assert (desk.shown("mod.py"), desk.shown("test_mod.py")) == ([], [])
    assert len(desk.verifier.examined) == 1


async def test_a_save_during_a_run_begins_anew_and_only_the_newest_is_shown(desk):
    desk.verifier.hold = asyncio.Event()
    desk.verifier.examination = RED
    desk.save("mod.py", WRONG)
    await desk.verifier.started.wait()
    desk.verifier.examination = GREEN
    desk.save("mod.py", SOURCE + "\n")
    desk.verifier.hold.set()
    await desk.rest()
    assert desk.verifier.cancelled == 1
    assert len(desk.verifier.examined) == 2
    assert desk.published == {}


async def test_typing_after_the_save_moves_what_is_shown(desk):
    desk.verifier.hold = asyncio.Event()
    desk.verifier.examination = RED
    desk.save("mod.py", WRONG)
    await desk.verifier.started.wait()
    desk.type("mod.py", "import os\n\n" + WRONG)
    desk.verifier.hold.set()
    await desk.rest()
    assert desk.published["mod.py"][0][0].range.start.line == 3


async def test_a_client_without_related_information_reads_the_other_place(tmp_path):
    desk = Desk(tmp_path, related_information=False)
    await red(desk)
    assert desk.shown("mod.py") == ["test_add fails here: assert -1 == 3\ntest_mod.py:5"]
    assert desk.shown("test_mod.py") == ["assert -1 == 3\nmod.py:2"]
    await desk.app.close()


async def test_what_failed_before_is_milder_and_says_so(desk):
    desk.verifier.examination = Examination(
        RED.findings, frozenset([ID]), counts=RED.counts, scope="impacted", ran=RED.ran
    )
    await desk.saved("mod.py", WRONG)
    (diagnostic,), _ = desk.published["test_mod.py"]
    assert diagnostic.severity is lsp.DiagnosticSeverity.Information
    assert diagnostic.message == "assert -1 == 3 (failed before this change, too)"
    assert desk.shown("mod.py") == []


async def test_a_file_that_is_closed_still_fails_and_one_that_is_opened_shows_it(desk):
    await red(desk)
    desk.open("test_mod.py")
    assert desk.shown("test_mod.py") == ["assert -1 == 3"]
    assert desk.published["test_mod.py"][1] == 1
    desk.close("test_mod.py")
    desk.close("mod.py")
    assert desk.shown("mod.py") == ["test_add fails here: assert -1 == 3"]
    assert desk.published["mod.py"][1] is None
    desk.open("mod.py")
    desk.verifier.examination = GREEN
    await desk.saved("mod.py", SOURCE + "#\n")
    assert (desk.shown("mod.py"), desk.shown("test_mod.py")) == ([], [])


async def test_proposals_and_failures_share_a_document(desk):
    await red(desk)
    proposal = Proposal("p1", desk.uri("mod.py"), 2, Text(WRONG), Region(0, 1), "x")
    desk.app.session.put(proposal)
    desk.app.board.now(desk.uri("mod.py"))
    assert len(desk.shown("mod.py")) == 2
    await desk.saved("mod.py", SOURCE)
    assert [one.code for one in desk.published["mod.py"][0]] == [None]


@pytest.mark.parametrize(("setting", "scope"), [("lint", "lint"), ("full", "full")])
async def test_the_setting_says_what_is_run(desk, setting, scope):
    desk.app.session.settings[None] = Settings(on_save=setting)
    await desk.saved("mod.py", WRONG)
    assert desk.verifier.examined[0][3] == scope


async def test_off_examines_nothing_and_takes_away_what_was_shown(desk):
    await red(desk)
    desk.app.session.settings[None] = Settings(on_save="off")
    desk.app.saving.settings_changed()
    assert (desk.shown("mod.py"), desk.shown("test_mod.py")) == ([], [])
    await desk.saved("mod.py", SOURCE + "#\n")
    assert len(desk.verifier.examined) == 1


async def test_an_untrusted_workspace_is_only_linted_silently(desk):
    await red(desk)
    desk.app.change_trust(trusted=False)
    assert (desk.shown("mod.py"), desk.shown("test_mod.py")) == ([], [])
    desk.verifier.examination = Examination()
    desk.messages.clear()
    await desk.saved("mod.py", SOURCE + "#\n")
    assert desk.verifier.examined[-1][3] == "lint"
    assert desk.messages == ["log: mod.py: ruff ok, 0 ms"]


async def test_other_files_are_none_of_our_business(desk):
    (desk.root / "notes.md").write_text("one\n")
    desk.open("notes.md")
    await desk.saved("notes.md", "two\n")
    assert desk.verifier.examined == []


async def test_why_no_test_can_run_is_said_once_until_one_could(tmp_path):
    desk = Desk(tmp_path, work_done_progress=True)
    desk.verifier.examination = Examination(reason="The workspace holds too much.")
    for text in ("a = 1\n", "a = 2\n"):
        await desk.saved("mod.py", text)
    said = ["Festina: no tests run on save: The workspace holds too much."]
    assert desk.messages == said
    desk.verifier.examination = GREEN
    await desk.saved("mod.py", "a = 3\n")
    desk.verifier.examination = Examination(reason="The workspace holds too much.")
    await desk.saved("mod.py", "a = 4\n")
    assert desk.messages == said * 2
    wrong = Finding(Gate.SYNTAX, "mod.py", "invalid syntax", 1)
    desk.verifier.examination = Examination((wrong,), reason="mod.py does not compile.")
    await desk.saved("mod.py", "(\n")
    assert desk.messages == said * 2
    assert desk.shown("mod.py") == ["invalid syntax"]
    await desk.app.close()


async def test_the_progress_says_what_runs_and_how_it_went(tmp_path):
    desk = Desk(tmp_path, work_done_progress=True)
    ended, cancels = [], []

    class Progress:
        def report(self, message):
            ended.append(message)

        def end(self, message):
            ended.append(message)

    def progress(title, *, on_cancel):
        ended.append(title)
        cancels.append(on_cancel)
        return Progress()

    desk.app.client.progress = progress
    await red(desk)
    words = ["Festina: mod.py", "running the tests", "1 impacted test fails, 0 ms"]
    assert (ended, desk.messages) == (words, [])
    desk.verifier.hold = asyncio.Event()
    desk.verifier.started.clear()
    desk.save("mod.py", SOURCE + "#\n")
    await desk.verifier.started.wait()
    cancels[-1]()
    await desk.rest()
    assert desk.verifier.cancelled == 1
    assert ended[-1] is None
    assert desk.shown("mod.py") == ["test_add fails here: assert -1 == 3"]
    await desk.app.close()


async def test_a_plugin_is_told_for_its_status_line(tmp_path):
    desk = Desk(tmp_path, plugin=True, status=True)
    await red(desk)
    states = [(params["state"], params["failed"]) for _, params in desk.sent]
    assert states == [("running", None), ("failed", 1)]
    assert desk.sent[0][0] == "festina/status"
    desk.sent.clear()
    await desk.saved("mod.py", SOURCE)  # taken back: nothing runs, and red is no longer true
    (last,) = [params for _, params in desk.sent]
    assert (last["state"], last["message"]) == ("unchanged", "no change left to verify")
    await desk.app.close()


async def test_a_plugin_is_told_what_still_fails_once_a_change_is_taken_back(tmp_path):
    desk = Desk(tmp_path, plugin=True, status=True)
    old = Finding(Gate.TESTS, "test_mod.py", "assert 0", 9, code="test_mod.py::test_old")
    desk.verifier.examination = replace(
        RED, findings=(*RED.findings, old), preexisting=frozenset([str(old.code)])
    )
    await desk.saved("mod.py", WRONG)
    await desk.saved("mod.py", SOURCE)
    assert desk.sent[-1][1]["message"] == "no change left to verify, 1 failed before, too"
    desk.verifier.examination = RED
    await desk.saved("mod.py", WRONG)
    desk.app.session.settings[None] = Settings(on_save="lint")
    await desk.saved("mod.py", SOURCE)
    assert desk.sent[-1][1]["state"] == "failed"  # the test was not run, and is still shown
    await desk.app.close()


async def test_a_plugin_is_told_when_nothing_is_known_any_more(tmp_path):
    desk = Desk(tmp_path, plugin=True, status=True)
    await red(desk)
    desk.app.change_trust(trusted=False)
    assert desk.sent[-1][1]["state"] == "cancelled"
    await desk.app.close()


def proposal(desk, state, status=CandidateStatus.VERIFYING):
    views = (CandidateView(0, status, WRONG),)
    return Proposal("p1", desk.uri("x.py"), 1, Text(SOURCE), Region(0, 2), "x", state, views)


async def test_the_checks_of_a_proposal_go_first(desk):
    desk.verifier.hold = asyncio.Event()
    desk.save("mod.py", WRONG)
    await desk.verifier.started.wait()
    desk.app.session.put(proposal(desk, State.VERIFYING))
    await asyncio.sleep(0.05)
    assert (desk.verifier.cancelled, len(desk.verifier.examined)) == (1, 1)
    desk.verifier.hold.set()
    desk.app.session.put(proposal(desk, State.READY, CandidateStatus.PASSED))
    await desk.rest()
    assert len(desk.verifier.examined) == 2


async def test_files_that_others_change_are_looked_at_with_the_next_save(desk):
    (desk.root / "other.py").write_text("x = 1\n")
    sync.files_changed(desk.app, [desk.uri("other.py"), desk.uri("mod.py")])
    assert desk.verifier.examined == []
    await desk.saved("mod.py", WRONG)
    assert desk.verifier.examined[0][2] == ("mod.py", "other.py")


async def test_each_folder_stands_for_itself(desk, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "b.py").write_text("x = 1\n")
    desk.app.session.roots = (desk.root, other)
    await red(desk)
    item = lsp.TextDocumentItem(convert.to_uri(other / "b.py"), "python", 1, "x = 1\n")
    sync.did_open(desk.app, lsp.DidOpenTextDocumentParams(item))
    desk.verifier.examination = GREEN
    (other / "b.py").write_text("x = 2\n")
    sync.did_save(desk.app, lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(item.uri)))
    await desk.rest()
    assert desk.verifier.examined[-1][1].workspace == other
    assert desk.shown("mod.py") == ["test_add fails here: assert -1 == 3"]
    desk.app.session.roots = (other,)
    desk.app.saving.settings_changed()
    assert desk.shown("mod.py") == []


# --- festina.verify


async def verify(desk, name):
    answer = await commands.run(desk.app, "festina.verify", {"uri": desk.uri(name)})
    await desk.rest()
    return answer


async def test_a_person_who_asks_is_answered_at_once_and_told_in_one_message(desk):
    desk.app.session.settings[None] = Settings(on_save="off")
    desk.verifier.examination = RED
    desk.type("mod.py", WRONG)
    assert await verify(desk, "mod.py") == {"ok": True, "message": "Verifying mod.py."}
    before, after, paths, scope = desk.verifier.examined[0]
    assert (before.buffers, after.buffers) == ({"mod.py": SOURCE}, {"mod.py": WRONG})
    assert (paths, scope) == (("mod.py",), "impacted")
    assert desk.messages == ["Festina: mod.py: 1 impacted test fails, 0 ms"]
    assert desk.shown("test_mod.py") == ["assert -1 == 3"]


async def test_settings_that_are_read_late_do_not_end_what_was_asked_for(desk):
    await desk.saved("mod.py", WRONG)
    desk.verifier.hold = asyncio.Event()
    desk.verifier.started.clear()
    await commands.run(desk.app, "festina.verify", {"uri": desk.uri("mod.py")})
    await desk.verifier.started.wait()
    desk.app.session.settings[None] = Settings(on_save="off")
    desk.app.saving.settings_changed()
    desk.verifier.hold.set()
    await desk.rest()
    assert desk.messages[-1] == "Festina: mod.py: 1 impacted test ok, 0 ms"


async def test_what_is_run_for_who_asks_is_known_only_once_the_settings_are_read(desk):
    desk.app.session.settled.clear()
    await commands.run(desk.app, "festina.verify", {"uri": desk.uri("mod.py")})
    await asyncio.sleep(0)
    assert desk.verifier.examined == []
    desk.app.session.settings[None] = Settings(on_save="full")
    desk.app.session.settled.set()
    await desk.rest()
    assert [scope for *_, scope in desk.verifier.examined] == ["full"]


async def test_who_asked_is_answered_also_where_a_save_began_anew(desk):
    desk.verifier.hold = asyncio.Event()
    await commands.run(desk.app, "festina.verify", {"uri": desk.uri("mod.py")})
    await desk.verifier.started.wait()
    desk.save("mod.py", WRONG)
    desk.verifier.hold.set()
    await desk.rest()
    assert desk.messages == ["Festina: mod.py: 1 impacted test ok, 0 ms"]


async def test_asking_about_a_file_without_changes_means_all_of_it(desk):
    await verify(desk, "mod.py")
    assert desk.verifier.examined[0][0].buffers == {"mod.py": SOURCE}
    assert desk.verifier.examined[0][2] == ("mod.py",)


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.py", "is not open"), ("notes.md", "no gate that could check .md files")],
)
async def test_what_cannot_be_verified_is_refused_with_a_sentence(desk, name, words):
    if name == "notes.md":
        (desk.root / name).write_text("one\n")
        desk.open(name)
    answer = await verify(desk, name)
    assert answer["ok"] is False
    assert words in answer["message"]


# --- fixing what is shown


async def test_a_failing_test_can_be_asked_to_be_fixed_and_no_finding_twice(desk):
    await red(desk)
    shown = desk.published["mod.py"][0][0]
    lint = lsp.Diagnostic(shown.range, "Undefined name", code="F821", source="festina")
    theirs = lsp.Diagnostic(shown.range, "Undefined name `x`", code="F821", source="Ruff")
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(desk.uri("mod.py")),
        shown.range,
        lsp.CodeActionContext([shown, lint, theirs], only=[lsp.CodeActionKind.QuickFix]),
    )
    found = await code_action.actions(desk.app, params)
    assert [action.title for action in found] == [
        "Festina: fix: Undefined name `x`",
        "Festina: fix: test_add fails here: assert -1 == 3",
    ]
    given = found[1].command.arguments[0]
    answer = await commands.run(desk.app, "festina.propose", given)
    proposed = desk.app.session.proposals[answer["proposal"]]
    assert [(one.gate, one.code) for one in proposed.resolves] == [(Gate.TESTS, ID)]
