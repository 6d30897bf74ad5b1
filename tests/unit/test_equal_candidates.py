"""Candidates that are the same edit are judged once, and are one choice that says how many."""

import asyncio
from pathlib import Path

import pytest

from festina.commands.base import Exit
from festina.earning import Earned, Once
from festina.edits import Region
from festina.events import Judged
from festina.findings import Status
from festina.lsp import messages, render
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.proposals import State
from festina.session import Refusal
from festina.task import Task
from festina.text import Encoding, Text
from festina.verify.base import Snapshot
from support.asking import model_at
from support.command_line import GOOD as RIGHT
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.fakes import DirectRunner, ScriptedModel, ScriptedVerifier, failed, passed
from support.sitting import GOOD, Sitting

SOURCE = "def one():\n    return 2\n\n\ndef two():\n    return 2\n"
OTHER = "def one():\n    return int(1)\n"


def task(count):
    region = Region(0, 2)
    return Task(Snapshot(Path("/w")), "a.py", Text(SOURCE), region, "return 1", count=count)


def by_value(new):
    return passed() if "return 1" in new or "int(1)" in new else failed()


@pytest.mark.parametrize("fails", [False, True])
async def test_four_equal_ones_are_judged_once(fails):
    verifier = ScriptedVerifier(lambda _: failed() if fails else passed())
    stream = propose(task(4), ScriptedModel([GOOD]), DirectRunner(), verifier)
    events = [event async for event in stream]
    judged = [event for event in events if isinstance(event, Judged)]
    assert len(verifier.judged) == 1
    assert sorted({event.candidate for event in judged}) == [0, 1, 2, 3]
    assert all(event.verdict is judged[0].verdict for event in judged), "each has the verdict"
    assert events[-1].status is (Status.FAILED if fails else Status.PASSED)


async def test_a_text_whose_judging_was_broken_off_is_judged_when_it_comes_again():
    once, earned = Once(), Earned(passed())

    async def judge():
        return earned

    lost = asyncio.create_task(once.earned("digest", asyncio.Event().wait))
    await asyncio.sleep(0)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    assert await once.earned("digest", judge) is earned


async def test_those_that_come_while_the_first_is_judged_wait_for_its_verdict():
    verifier = ScriptedVerifier(by_value)
    verifier.hold = asyncio.Event()
    with FakeModel(f"```python\n{GOOD}```\n") as fake:
        model, runner = model_at(fake), Runner()

        async def read():
            return [event async for event in propose(task(4), model, runner, verifier)]

        reading = asyncio.create_task(read())
        await verifier.started.wait()
        await fake.until(lambda: len(fake.requests) == 4 and fake.streams == 0)
        await asyncio.sleep(0.1)
        assert len(verifier.judged) == 1
        verifier.hold.set()
        events = await reading
        await runner.close(model)
        await runner.aclose()
    assert len(verifier.judged) == 1
    assert sum(isinstance(event, Judged) for event in events) == 4


async def test_of_two_edits_each_is_judged_once():
    verifier = ScriptedVerifier(by_value)
    answers = [GOOD, OTHER, GOOD, OTHER]
    stream = propose(task(4), ScriptedModel(answers), DirectRunner(), verifier)
    assert [event async for event in stream][-1].best == 0
    assert sorted(candidate.new.count("int(") for candidate in verifier.judged) == [0, 1]


async def ready(answers, count):
    desk = Sitting(answers, by_value)
    proposal_id = desk.start(variations=count)
    await desk.until(proposal_id, State.READY)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0.005)
    return desk, proposal_id


async def test_equal_ones_are_one_choice_which_says_how_many_wrote_it():
    desk, proposal_id = await ready([GOOD], 4)
    proposal = desk.session.find(proposal_id)
    assert len(proposal.candidates) == 4
    assert [view.index for view in proposal.choices] == [0]
    with pytest.raises(Refusal, match="There is no other candidate"):
        desk.lifecycle.turn(proposal_id, 1)
    words = "; same as 3 others"
    assert words in " ".join(render.diagnostic_message(proposal, "a.py").split())
    assert messages.proposal_payload(proposal, Encoding.UTF16)["message"].endswith(words)
    assert len(desk.verifier.judged) == 1
    await desk.lifecycle.close()


async def test_turning_goes_from_edit_to_edit_and_not_to_the_same_again():
    desk, proposal_id = await ready([GOOD, OTHER, GOOD, OTHER, OTHER], 5)
    seen = []
    for _ in range(3):
        proposal = desk.session.find(proposal_id)
        seen.append(proposal.candidate.text)
        assert len(proposal.choices) == 2
        desk.lifecycle.turn(proposal_id, 1)
    assert seen[0] != seen[1]
    assert seen[0] == seen[2]
    proposal = desk.session.find(proposal_id)
    counts = {proposal.alike(view) for view in proposal.candidates}
    assert counts == {1, 2}
    await desk.lifecycle.close()


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_on_the_command_line_one_verification_is_the_verdict_of_all(line):
    ask = ("edit", "calc/core.py:5", "-m", "cap it", "-n", "4")
    with FakeModel(RIGHT) as fake:
        line.use(fake)
        ran = line.run(*ask, "--json")
        assert (ran.code, len(fake.requests)) == (Exit.DONE, 4)
        candidates = ran.json["candidates"]
        assert len(candidates) == 4
        assert all(one["verdict"] == candidates[0]["verdict"] for one in candidates), (
            "to the microsecond, for it ran once"
        )
        shown = line.run(*ask)
    assert "; same as 3 others" in shown.out
    assert shown.err.count("same as #") == 3
