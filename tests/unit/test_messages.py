"""``docs/protocol.md`` and ``lsp/messages.py`` say the same."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from festina.asking import Answer, Stage
from festina.edits import Region
from festina.findings import Finding, Gate, TestCounts
from festina.lsp import messages
from festina.lsp.features import commands
from festina.models.naming import Named
from festina.progress import GateProgress, Progress
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Encoding, Text
from festina.verify.examination import Examination
from support.fakes import passed

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


def example(section: str) -> dict:
    body = PAGE.split(section, 1)[1]
    return json.loads(re.search(r"```json\n(.*?)```", body, re.DOTALL)[1])


def proposal(text="    return 1\n") -> Proposal:
    return Proposal(
        id="p1",
        uri="file:///w/a.py",
        version=7,
        base=Text("def f():\n    return '😋'\nx = 1\n"),
        region=Region(1, 2),
        instruction="x",
        state=State.READY,
        candidates=(CandidateView(0, CandidateStatus.PASSED, text, passed()),),
        message="ok",
    )


def test_every_command_is_documented_and_no_other():
    documented = re.findall(r"^\| `(festina\.\w+)` \|", PAGE, re.MULTILINE)
    assert documented == list(messages.COMMANDS)
    assert set(commands.HANDLERS) == set(messages.COMMANDS)


def test_every_custom_message_is_documented_and_no_other():
    documented = set(re.findall(r"^### `(festina/\w+)`", PAGE, re.MULTILINE))
    assert documented == {
        messages.PROPOSAL,
        messages.STATUS,
        messages.ANSWER,
        messages.MODEL,
        messages.TRUST,
        messages.KEY,
        messages.CANDIDATE,
    }


@pytest.mark.parametrize(("client", "column"), [("vscode/src", 0), ("neovim/lua", 1)])
def test_our_clients_speak_what_is_documented(client, column):
    folder = Path(__file__).parents[2] / "clients" / client
    sources = [path for path in folder.rglob("*") if path.suffix in (".ts", ".lua")]
    code = " ".join(path.read_text() for path in sources if path.name != "types.lua")
    rows = re.findall(r"^\| `(festina/\w+)` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for name, *uses in rows:
        assert (f'"{name}"' in code) == (uses[column] != "no"), name


def test_the_payload_has_the_documented_fields():
    documented = example("### `festina/proposal`")
    payload = messages.proposal_payload(proposal(), Encoding.UTF16)
    assert list(payload) == list(documented)
    assert list(payload["hunks"][0]) == list(documented["hunks"][0])
    assert list(payload["candidates"][0]) == list(documented["candidates"][0])
    assert set(documented["verdict"]) <= set(payload["verdict"])
    json.dumps(payload)


def test_progress_has_the_documented_fields_while_something_is_at_work():
    documented = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[2])
    gates = tuple(GateProgress(**gate) for gate in documented["gates"])
    view = CandidateView(0, CandidateStatus.VERIFYING, "x\n", progress=Progress(96, 0.0814, gates))
    at_work = replace(proposal(), state=State.VERIFYING, candidates=(view,), message="running ruff")
    payload = messages.proposal_payload(at_work, Encoding.UTF16)["progress"]
    assert payload == {**documented, "tokens_per_second": payload["tokens_per_second"]}
    assert payload["tokens_per_second"] == pytest.approx(96 / 0.0814, rel=0.001)
    over = replace(at_work, state=State.READY)
    assert messages.proposal_payload(over, Encoding.UTF16)["progress"] is None


def test_a_candidate_has_the_documented_fields():
    documented = example("### `festina/candidate`")
    one = proposal()
    payload = messages.candidate_payload(one, one.candidates[0], Encoding.UTF16)
    assert list(payload) == list(documented)
    assert payload["hunks"] == messages.proposal_payload(one, Encoding.UTF16)["hunks"]


def test_the_status_has_the_documented_fields():
    documented = example("### `festina/status`")
    finding = Finding(Gate.TESTS, "t.py", "assert 1 == 2", 1, code="t.py::a")
    counts = TestCounts(12, 11, 1)
    found = Examination((finding,), counts=counts, scope="impacted", seconds=0.21)
    payload = messages.status_payload("file:///w", "failed", found)
    assert payload == documented
    running = messages.status_payload("file:///w", "running", None)
    assert [name for name, value in running.items() if value] == ["workspace", "state"]


def test_an_answer_has_the_documented_fields():
    documented = example("### `festina/answer`")
    question, message = documented["question"], documented["message"]
    answer = Answer("a1", documented["uri"], None, question, "f", Stage.STREAMING, "", message)
    where = lsp.Range(lsp.Position(10, 0), lsp.Position(14, 0))
    assert messages.answer_payload(answer, documented["text"], where) == documented
    for stage in Stage:
        assert f"`{stage}`" in PAGE


def test_the_model_has_the_documented_fields():
    documented = example("### `festina/model`")
    named = Named(documented["model"], documented["origin"], documented["message"])
    assert messages.model_payload(named) == documented


def test_every_state_and_status_is_documented():
    for name in [*State, *CandidateStatus]:
        assert f"`{name}`" in PAGE


def test_kinds_and_source_are_documented():
    assert f"`{messages.REWRITE}`" in PAGE
    assert f"`{messages.QUICKFIX}`" in PAGE
    assert f"source `{messages.SOURCE}`" in PAGE


def test_hunks_are_the_minimal_edit_against_the_version():
    payload = messages.proposal_payload(proposal(), Encoding.UTF16)
    assert payload["hunks"] == [
        {
            "id": 0,
            "range": {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}},
            "newText": "    return 1\n",
        }
    ]
    assert payload["range"]["end"] == {"line": 2, "character": 0}


def test_a_proposal_without_text_has_no_hunks():
    bare = messages.proposal_payload(proposal(text=""), Encoding.UTF8)
    assert (bare["hunks"], bare["text"]) == ([], "")


def test_what_came_of_an_answer_that_could_not_be_used_has_no_hunks():
    came = CandidateView(0, CandidateStatus.UNUSABLE, "    ret")
    payload = messages.proposal_payload(replace(proposal(), candidates=(came,)), Encoding.UTF8)
    assert (payload["hunks"], payload["text"]) == ([], "    ret")
