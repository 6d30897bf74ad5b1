"""The features of the server on an App in this process: what is listed, what is refused."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from festina.config import Settings
from festina.documents import Document
from festina.edits import Region
from festina.findings import Finding, Gate
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.features import code_action, commands, skilled, sync
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.skill_file import Skill
from festina.text import Text
from support.fakes import passed

URI = "file:///w/a.py"
SOURCE = "def one():\n    '😋'; x = 2\n    return 2\n"
AUTOMATIC, INVOKED = lsp.CodeActionTriggerKind.Automatic, lsp.CodeActionTriggerKind.Invoked


def app_with(source: str = SOURCE, uri: str = URI, **caps) -> App:
    app = App({})
    app.server.caps = Caps(**caps)
    app.server.client = Client(app.server.protocol, app.server.caps)
    app.session.roots = (Path("/w"),)
    path = Path("/w/a.py") if uri == URI else None
    app.session.documents.open(Document(uri, path, "python", 1, Text(source)))
    return app


async def listed(app: App, lines=(0, 3), trigger=AUTOMATIC, uri=URI, diagnostics=()) -> list[str]:
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(uri),
        lsp.Range(lsp.Position(lines[0], 0), lsp.Position(lines[1], 0)),
        lsp.CodeActionContext(list(diagnostics), trigger_kind=trigger),
    )
    return [action.title for action in await code_action.actions(app, params)]


async def test_what_is_left_alone_is_refused_also_before_the_settings_are_read():
    app = app_with()
    app.session.settled.clear()
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    argument = {"uri": URI, "range": where, "instruction": "do"}
    asked = asyncio.ensure_future(commands.run(app, "festina.propose", argument))
    await asyncio.wait([asked], timeout=0.05)
    assert not asked.done()
    assert app.session.proposals == {}
    verify = replace(Settings().verify, leave_alone=("a.py",))
    app.session.settings[None] = replace(Settings(), verify=verify)
    app.session.settled.set()
    answer = await asked
    assert "Your settings say to leave `a.py` alone (edits.leave_alone)" in answer["message"]
    assert app.session.proposals == {}


async def test_an_automatic_request_with_a_selection_lists_one_edit():
    assert await listed(app_with()) == [f"Festina: {code_action.PRESETS[0]}"]


async def test_it_is_the_first_of_the_persons_own_presets():
    app = app_with()
    app.session.settings[None] = Settings(presets=("Make it faster", "Make it shorter"))
    assert await listed(app) == ["Festina: Make it faster"]


async def test_a_comment_of_the_selection_comes_before_the_presets():
    app = app_with(SOURCE + "# festina: mind the gap\n")
    assert await listed(app, (0, 4)) == ["Festina: mind the gap"]
    assert await listed(app, (0, 3)) == [f"Festina: {code_action.PRESETS[0]}"]


async def test_an_automatic_request_without_a_selection_lists_nothing_to_ask_for():
    assert await listed(app_with(), (1, 1)) == []
    assert len(await listed(app_with(), (1, 1), INVOKED)) == len(code_action.PRESETS) + 1


async def test_where_nothing_is_selected_the_titles_name_what_is_meant():
    app = app_with("x = 1\n\n\n" + SOURCE + "    # festina: mind the gap\n    x()\n")
    titles = await listed(app, (5, 5), INVOKED)
    assert titles[0] == "Festina: mind the gap (one)"
    asks = (*code_action.PRESETS, "Explain this code")
    assert titles[1:] == [f"Festina: {preset} (one)" for preset in asks]
    assert await listed(app, (0, 0), INVOKED) == [f"Festina: {preset}" for preset in asks]


async def test_a_comment_that_is_a_question_can_be_answered():
    app = app_with("x = 1\n\n\n" + SOURCE + "    # festina: why the gap?\n    x()\n")
    titles = await listed(app, (5, 5), INVOKED)
    assert titles[:2] == ["Festina: why the gap? (one)", "Festina: answer: why the gap? (one)"]
    assert titles[-1] == "Festina: Explain this code (one)"
    assert not any("answer" in title or "Explain" in title for title in await listed(app, (3, 6)))
    assert "(one)" not in str(await listed(app, (3, 6), INVOKED))


@pytest.mark.parametrize("trigger", [AUTOMATIC, INVOKED])
@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/w/a.ipynb#c1"])
async def test_a_document_without_a_project_can_be_asked_about(uri, trigger):
    assert await listed(app_with(uri=uri), trigger=trigger, uri=uri)


def argument(**more):
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    return {"uri": URI, "range": span, **more}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"skill": "no-such"}, "There is no skill 'no-such'"),
        ({"instruction": "x", "diagnostics": [{}]}, "list of LSP diagnostics"),
        ({"instruction": "x", "diagnostics": [{"message": "m"}]}, "must be an LSP range"),
        ({"instruction": "x", "diagnostics": ["m"]}, "list of LSP diagnostics"),
    ],
)
async def test_what_cannot_be_understood_is_refused_with_a_sentence(more, words):
    refused = await commands.run(app_with(), "festina.propose", argument(**more))
    assert refused["ok"] is False
    assert words in refused["message"]


async def test_diagnostics_to_fix_become_findings_in_characters_and_unknown_fields_are_ignored():
    app = app_with()
    theirs = {
        "range": {"start": {"line": 1, "character": 10}, "end": {"line": 1, "character": 11}},
        "message": "unused `x`",
        "code": "F841",
        "source": "Ruff",
        "severity": 2,
        "tags": [1],
        "x-unknown": {},
    }
    own = {**theirs, "source": "festina"}
    answer = await commands.run(
        app, "festina.propose", argument(diagnostics=[own, theirs], later={"field": 1})
    )
    proposal = app.session.proposals[answer["proposal"]]
    await app.close()
    (finding,) = proposal.resolves
    assert (finding.gate, finding.path, finding.code) == (Gate.LINT, "a.py", "F841")
    assert (finding.line, finding.column, finding.end_column) == (2, 10, 11)
    assert proposal.instruction == "Fix: F841: unused `x`"


def typed(line: int, text: str, version: int = 2) -> lsp.DidChangeTextDocumentParams:
    at = lsp.Position(line, 0)
    change = lsp.TextDocumentContentChangePartial(range=lsp.Range(at, at), text=text)
    return lsp.DidChangeTextDocumentParams(
        lsp.VersionedTextDocumentIdentifier(uri=URI, version=version), [change]
    )


async def proposed_while(app: App, params: lsp.DidChangeTextDocumentParams) -> dict:
    """Type while the definition around the cursor is looked for."""
    cursor = {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 2}}
    run = commands.run(app, "festina.propose", argument(range=cursor, instruction="x"))
    asking = asyncio.create_task(run)
    await asyncio.sleep(0)
    sync.did_change(app, params)
    return await asking


async def test_typing_above_while_the_definition_is_looked_for_moves_the_region():
    app = app_with()
    answer = await proposed_while(app, typed(0, "import os\n"))
    proposal = app.session.proposals[answer["proposal"]]
    await app.close()
    assert proposal.base == app.session.documents.get(URI).text
    assert proposal.version == 2
    assert proposal.base.lines_text(proposal.region.start, proposal.region.end) == SOURCE


async def test_typing_in_the_definition_while_it_is_looked_for_is_told():
    app = app_with()
    answer = await proposed_while(app, typed(1, "    y = 1\n"))
    assert answer["ok"] is False
    assert "Try again" in answer["message"]
    await app.close()


async def test_typing_above_while_a_skill_is_looked_for_moves_the_region(monkeypatch):
    app = app_with()
    skill = Skill("tidy", "Tidies.", "Sort.", "~/.agents/skills/tidy/SKILL.md", in_workspace=False)

    async def named(*_):
        sync.did_change(app, typed(0, "import os\n"))
        return skill

    monkeypatch.setattr(skilled, "named", named)
    answer = await commands.run(app, "festina.propose", argument(skill="tidy"))
    proposal = app.session.proposals[answer["proposal"]]
    await app.close()
    assert (proposal.version, proposal.region) == (2, Region(1, 4))
    assert (proposal.instruction, proposal.skill) == ("Follow the skill tidy", skill)


async def test_a_document_that_is_opened_twice_moves_its_proposals_along():
    app = app_with()
    answer = await commands.run(app, "festina.propose", argument(instruction="x"))
    item = lsp.TextDocumentItem(URI, "python", 7, "import os\n" + SOURCE)
    sync.did_open(app, lsp.DidOpenTextDocumentParams(item))
    proposal = app.session.proposals[answer["proposal"]]
    await app.close()
    assert (proposal.region.start, proposal.region.end) == (1, 4)
    assert (proposal.version, proposal.base.content) == (7, item.text)


async def test_the_actions_of_a_proposal_say_of_which_candidate_they_speak():
    app = app_with(disabled_support=True)
    answer = await commands.run(app, "festina.propose", argument(instruction="x"))
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(URI),
        lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)),
        lsp.CodeActionContext([], trigger_kind=AUTOMATIC),
    )
    found = await code_action.actions(app, params)
    await app.close()
    assert len(found) == 2
    for action in found:
        assert (action.data["proposal"], action.data["candidate"]) == (answer["proposal"], 0)


async def test_what_is_verified_again_and_is_still_ready_is_no_news():
    app, told = app_with(), []
    app.server.client.show_message = lambda words, kind: told.append(words)
    view = CandidateView(0, CandidateStatus.PASSED, SOURCE.replace("2", "1"), passed())
    region = Region(0, 3)
    made = Proposal(
        "p1", URI, 1, Text(SOURCE), region, "x", candidates=(view,), name="one", message="m"
    )
    for state in (State.VERIFYING, State.READY, State.VERIFYING, State.READY):
        app.session.put(replace(made, state=state))
    assert told == ["Festina: one is ready: 3 tests ok"]
    for state in (State.VERIFYING, State.REJECTED, State.STREAMING, State.VERIFYING, State.READY):
        app.session.put(replace(made, state=state))
    await app.close()
    assert len(told) == 3


async def test_settings_that_change_change_for_files_outside_of_every_folder(tmp_path):
    app, told = app_with(), []
    app.server.client.show_message = lambda words, kind: told.append(words)
    app.session.roots = (tmp_path,)
    (tmp_path / "festina.toml").write_text('presets = ["Make it faster"]\nvariations = 0\n')
    await app.load_settings()
    await app.load_settings()
    assert app.session.settings_of(None).presets == ("Make it faster",)
    assert len(told) == 1  # the same problem is not told at each save
    (tmp_path / "festina.toml").write_text('presets = ["Make it shorter"]\n')
    await app.load_settings()
    await app.close()
    assert app.session.settings_of(None).presets == ("Make it shorter",)


@pytest.mark.parametrize("knows", [True, False])
async def test_what_is_said_of_an_accept_action_is_what_the_editor_knows(knows):
    app = app_with(resolve_edit=True, is_preferred=knows)
    view = CandidateView(0, CandidateStatus.PASSED, SOURCE.replace("2", "1"), passed())
    wanted = (Finding(Gate.LINT, "a.py", "x is unused", code="F841"),)
    app.session.put(
        Proposal(
            *("p1", URI, 1, Text(SOURCE), Region(0, 3), "x", State.READY, (view,)), resolves=wanted
        )
    )
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(URI),
        lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)),
        lsp.CodeActionContext([], trigger_kind=AUTOMATIC),
    )
    found = (await code_action.actions(app, params))[0]
    assert "accept" in found.title
    assert found.is_preferred is (True if knows else None)
    assert found.tags is None  # VS Code sorts what a model generated behind all else
