"""Waits for a provider's limits: who is asked, until when, and that they count down."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from festina.calls import Wait, counted_down, told_of
from festina.commands.outcome import Outcome
from festina.events import Finished, Planning, Streaming, Waiting
from festina.findings import Status
from festina.lsp.features import progressing
from festina.models.pacer import here
from festina.proposals import State
from festina.reducer import ASKING, WAITING, reduce
from support.advised import Desk, reviewed, reviewing
from support.fakes import DirectRunner
from support.sitting import Sitting

UNTIL = datetime(2026, 3, 1, 16, 42, 10).astimezone()
WAIT = Wait("Groq", UNTIL, 33.4)
WORDS = "aiting for Groq's limit until 16:42:10 (34 s)"


def test_a_message_counts_down_as_long_as_it_tells_of_the_wait():
    assert str(WAIT) == f"W{WORDS}"
    for message in (f"W{WORDS}", f"slow model: w{WORDS}"):
        assert told_of(message, WAIT) is WAIT
        later = counted_down(message, WAIT, UNTIL - timedelta(seconds=8.5))
        assert later == message.replace("34 s", "9 s")
        assert counted_down(message, WAIT, UNTIL + timedelta(hours=1)).endswith("(0 s)")
    assert counted_down("running the tests", WAIT, UNTIL) == "running the tests"
    assert told_of("running the tests", WAIT) is None
    assert counted_down(f"W{WORDS}", None, UNTIL) == f"W{WORDS}"


class Held(DirectRunner):
    """Keeps every request back for a while, as a provider's limits do."""

    def __init__(self, only="") -> None:
        super().__init__()
        self.only = only
        self.waits = asyncio.Event()
        self.go_on = asyncio.Event()

    async def complete(self, model, request, on_text=None):
        if request.on_wait is not None and model.name.startswith(self.only):
            request.on_wait(WAIT)
            self.waits.set()
            await self.go_on.wait()
            request.on_wait(None)
        return await super().complete(model, request, on_text)


async def turns():
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_wait_of_one_whose_loop_is_closed_is_told_to_nobody():
    async def told():
        return here(lambda wait: None)

    asyncio.run(told())(None)


async def test_a_question_that_waits_says_until_when():
    desk = Desk()
    runner = desk.models.runner = Held()
    answer_id = desk.ask()
    await runner.waits.wait()
    await turns()
    answer = desk.asking.find(answer_id)
    assert (answer.message, answer.held) == (f"W{WORDS}", WAIT)
    runner.go_on.set()
    await desk.over(answer_id)
    assert "waiting for the model" in [one.message for one in desk.shown][2:]
    assert desk.asking.find(answer_id).held is None
    await desk.lifecycle.close()


async def test_the_slow_model_that_waits_says_so_while_a_better_instruction_is_asked_for():
    desk = Sitting(["def one():\n    return 3\n"])
    runner = desk.models.runner = Held("thinker")
    desk.think("Return the number 1.", repair_rounds=0)
    proposal_id = desk.start()
    await runner.waits.wait()
    await turns()
    proposal = desk.session.find(proposal_id)
    assert (proposal.state, proposal.message) == (State.STREAMING, f"slow model: w{WORDS}")
    assert proposal.held is WAIT
    runner.go_on.set()
    await desk.until(proposal_id, State.REJECTED)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0.005)
    told = desk.messages.index(f"slow model: w{WORDS}")
    assert ASKING in desk.messages[told:]
    assert desk.session.find(proposal_id).held is None
    await desk.lifecycle.close()


async def test_a_review_that_waits_says_so_and_then_no_longer():
    desk, _ = reviewing("OK")
    runner = desk.models.runner = Held("thinker")
    proposal = await desk.until(desk.start(), State.READY)
    words = proposal.candidate.words
    await runner.waits.wait()
    await turns()
    proposal = desk.session.find(proposal.id)
    assert (proposal.state, proposal.message) == (State.READY, f"{words}; review: w{WORDS}")
    assert proposal.held is WAIT
    runner.go_on.set()
    proposal = await reviewed(desk, proposal.id)
    assert words in desk.messages[desk.messages.index(f"{words}; review: w{WORDS}") :]
    assert proposal.held is None
    await desk.lifecycle.close()


async def test_what_waits_for_a_candidate_that_is_not_on_show_is_not_said():
    desk = Sitting()
    desk.models.runner.hold = asyncio.Event()
    proposal = await desk.until(desk.start(), State.STREAMING)
    proposal = reduce(proposal, Streaming(0, "def", 1))
    assert reduce(proposal, Waiting(3, WAIT)) == proposal
    assert reduce(reduce(proposal, Waiting(0, WAIT)), Waiting(0, None)).message == WAITING
    await desk.lifecycle.close()


def test_on_the_command_line_the_status_counts_down():
    outcome = Outcome(1)
    outcome.fold(Waiting(0, WAIT))
    assert outcome.status() == f"W{WORDS}"
    assert outcome.status(UNTIL - timedelta(seconds=2)).endswith("(2 s)")
    outcome.fold(Planning(0))
    assert outcome.status(UNTIL).endswith(
        "asking the slow model for a better instruction · "
        "Waiting for Groq's limit until 16:42:10 (0 s)"
    )
    outcome.fold(Waiting(0, None, "slow"))
    assert outcome.status(UNTIL) == "rejected: asking the slow model for a better instruction"
    outcome.fold(Finished(None, Status.FAILED, "", 0, 0))


class Display:
    def __init__(self) -> None:
        self.reports = []
        self.ended = False

    def report(self, message):
        self.reports.append(message)

    def end(self, message):
        self.ended = True


@pytest.mark.parametrize("messages", [False, True])
async def test_progress_counts_down_where_a_report_is_not_a_message(monkeypatch, messages):
    monkeypatch.setattr(progressing, "COUNTS_SECONDS", 0.05)
    monkeypatch.setattr(progressing, "REPORTS_PER_SECOND", 100)
    display = Display()
    client = SimpleNamespace(progress=lambda title, on_cancel: display)
    caps = SimpleNamespace(progress_messages=messages)
    progresses = progressing.Progresses(SimpleNamespace(client=client, caps=caps))
    until = datetime.now().astimezone() + timedelta(seconds=60)
    wait = Wait("Groq", until, 60)

    def show(message):
        held = told_of(message, wait)
        progresses.show("p1", "an edit", lambda now: counted_down(message, wait, now), held)

    show(str(wait))
    await asyncio.sleep(0.3)
    assert len(display.reports) == 1 if messages else len(display.reports) >= 3
    assert display.reports[0].startswith("Waiting for Groq's limit until ")
    show("running the tests")
    await asyncio.sleep(0.1)
    assert display.reports[-1] == "running the tests"
    count = len(display.reports)
    await asyncio.sleep(0.15)
    assert len(display.reports) == count, "nothing to count any more"
    progresses.end("p1", "done")
    assert display.ended
    progresses.close()
