"""How far a candidate has come: tokens while it streams, then its gates one after the other."""

import asyncio

import pytest

from festina import events
from festina.edits import Region
from festina.findings import Gate, GateResult, Status
from festina.progress import NOTHING_YET, Progress
from festina.proposals import Proposal, State
from festina.reducer import reduce
from festina.session import Refusal
from festina.text import Text
from festina.verify.base import Candidate, Snapshot, Step
from festina.verify.engine import Engine
from support.fakes import failed, passed
from support.sitting import GOOD, Sitting

OTHER = "def one():\n    return int(1)\n"
WRONG = "def one():\n    return 3\n"


def stages(progress):
    return [(gate.gate, gate.status) for gate in progress.gates]


def test_gates_wait_run_and_have_their_result():
    progress = NOTHING_YET.after(Step("starting", gates=("syntax", "lint")))
    assert stages(progress) == [("syntax", "waiting"), ("lint", "waiting")]
    progress = progress.after(Step("checking the syntax", gate="syntax"))
    assert stages(progress) == [("syntax", "running"), ("lint", "waiting")]
    result = GateResult(Gate.SYNTAX, Status.PASSED, 0.25)
    progress = progress.after(Step("syntax: passed", result, "syntax"))
    progress = progress.after(Step("running ruff", gate="lint"))
    progress = progress.after(Step("running ruff once more"))
    assert stages(progress) == [("syntax", "passed"), ("lint", "running")]
    assert progress.gates[0].seconds == 0.25
    assert progress.gates[1].message == "running ruff once more"
    again = progress.after(Step("starting", gates=("syntax",)))
    assert stages(again) == [("syntax", "waiting")], "the next verification begins anew"


@pytest.mark.parametrize(("seconds", "rate"), [(0.0, None), (0.01, None), (2.0, 50.0)])
def test_a_rate_is_told_once_it_says_something(seconds, rate):
    assert Progress(100, seconds).to_json()["tokens_per_second"] == rate


def test_what_was_streamed_stays_known_while_the_gates_run():
    proposal = Proposal("p1", "file:///w/a.py", 1, Text("x = 1\n"), Region(0, 1), "do")
    for event in (
        events.Streaming(0, "x", 40, 0.5),
        events.Parsed(0, "x = 2\n", "x = 2\n", (), "", 0.6),
        events.Step(0, "starting", Step("starting", gates=("lint",))),
        events.Step(0, "running ruff", Step("running ruff", gate="lint")),
    ):
        proposal = reduce(proposal, event)
    assert proposal.candidate.progress.tokens == 40
    assert proposal.candidate.progress.seconds == 0.5
    assert stages(proposal.candidate.progress) == [("lint", "running")]
    proposal = reduce(proposal, events.Streaming(0, "y", 1))
    assert proposal.candidate.progress == Progress(1)


async def test_the_engine_tells_of_each_gate(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    engine = Engine()
    steps = []
    snapshot = Snapshot(tmp_path)
    candidate = Candidate("a.py", "x = 1\n", "x = (\n")
    verdict = await engine.verify(snapshot, candidate, steps.append)
    await engine.aclose()
    progress = NOTHING_YET
    for step in steps:
        progress = progress.after(step)
    assert verdict.status is Status.FAILED
    told = dict(stages(progress))
    assert (told["syntax"], told["lint"]) == ("failed", "waiting")
    assert list(told)[:3] == ["syntax", "lint", "tests"]


async def ready():
    desk = Sitting([GOOD, OTHER, WRONG], lambda new: failed() if "3" in new else passed())
    proposal_id = desk.start(variations=3)
    await desk.until(proposal_id, State.READY)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0)
    return desk, proposal_id


async def test_a_person_may_choose_any_candidate_that_passed():
    desk, proposal_id = await ready()
    other = 1 - desk.lifecycle.alive(proposal_id).visible
    shown = desk.lifecycle.turn(proposal_id, 1, to=other)
    assert (shown.visible, shown.state) == (other, State.READY)
    assert desk.lifecycle.turn(proposal_id, 1, to=other) is shown, "it is on show already"


async def test_what_did_not_pass_is_not_put_in_the_place_of_what_did():
    desk, proposal_id = await ready()
    for index, words in ((2, "others have"), (9, "does not exist")):
        with pytest.raises(Refusal, match=words):
            desk.lifecycle.turn(proposal_id, 1, to=index)
    assert desk.lifecycle.alive(proposal_id).visible in {0, 1}
