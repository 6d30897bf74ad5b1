from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.edits import Region
from festina.events import Completing, Finished, Judged, Parsed, Refused, Repairing, Streaming
from festina.findings import Status
from festina.models.base import ModelError, Trouble
from festina.pipeline import propose
from festina.task import Task
from festina.text import Text
from festina.verify.base import Snapshot
from support.fakes import DirectRunner, ScriptedModel, ScriptedVerifier, failed, passed, unverified

SOURCE = "def one():\n    return 2\n\n\ndef two():\n    return 2\n"
GOOD = "def one():\n    return 1\n"
BAD = "def one():\n    return 3\n"


def task(**changes) -> Task:
    values = {
        "snapshot": Snapshot(Path("/w")),
        "path": "a.py",
        "text": Text(SOURCE),
        "region": Region(0, 2),
        "instruction": "return 1",
    }
    return Task(**{**values, **changes})


async def run(task, answers, judge, runner=None):
    model = ScriptedModel(answers)
    verifier = ScriptedVerifier(judge)
    events = [event async for event in propose(task, model, runner or DirectRunner(), verifier)]
    return events, model, verifier


def by_value(new: str):
    return passed() if "return 1" in new else failed()


async def test_one_candidate_streams_is_parsed_judged_and_wins():
    events, _, verifier = await run(task(), [GOOD], by_value)
    kinds = [type(event) for event in events]
    assert kinds.index(Streaming) < kinds.index(Parsed) < kinds.index(Judged)
    assert isinstance(events[-1], Finished)
    assert (events[-1].best, events[-1].status) == (0, Status.PASSED)
    assert verifier.judged[0].new == GOOD + "\n\ndef two():\n    return 2\n"


async def test_only_the_region_can_change():
    events, _, verifier = await run(task(), [GOOD], by_value)
    assert verifier.judged[0].new.endswith("def two():\n    return 2\n")
    parsed = next(event for event in events if isinstance(event, Parsed))
    assert all(edit.end <= 2 for edit in parsed.edits)


async def test_findings_go_back_to_the_model_until_it_passes():
    events, model, _ = await run(task(rounds=2), [BAD, GOOD], by_value)
    assert [event.round for event in events if isinstance(event, Repairing)] == [1]
    assert "assert 1 == 2" in "".join(m.content for m in model.requests[1].messages)
    assert events[-1].status is Status.PASSED


async def test_repairs_end_after_their_rounds():
    events, model, _ = await run(task(rounds=2), [BAD, BAD.replace("3", "4"), BAD], by_value)
    assert len(model.requests) == 3
    assert (events[-1].best, events[-1].status) == (None, Status.FAILED)


async def test_an_unusable_answer_is_refused_and_repaired():
    events, _, verifier = await run(task(rounds=1), ["I cannot do that.", GOOD], by_value)
    assert any(isinstance(event, (Refused, Parsed)) for event in events)
    assert events[-1].status is Status.PASSED
    assert verifier.judged[-1].new.startswith(GOOD)


async def test_equal_candidates_are_judged_once():
    events, _, verifier = await run(task(count=6, rounds=0), [GOOD], by_value)
    assert len(verifier.judged) == 1
    assert len([event for event in events if isinstance(event, Judged)]) == 6


async def test_of_several_the_whole_suite_runs_for_the_best_one_alone():
    small, large = GOOD, "def one():\n    x = 1\n    return x and 1\n"
    for whole, best, ran in ((lambda _: passed(), 1, 1), (by_length, 0, 2)):
        snapshot = Snapshot(Path("/w"), settings=VerifySettings(tests_scope="full"))
        verifier = ScriptedVerifier(lambda _: passed(), whole)
        given = task(snapshot=snapshot, count=2, rounds=0)
        model = ScriptedModel([large, small])
        events = [event async for event in propose(given, model, DirectRunner(), verifier)]
        assert events[-1].best == best
        assert verifier.scopes == ["impacted"] * 2 + ["full"] * ran
        assert [type(event) for event in events].count(Completing) == ran


def by_length(new):
    return passed() if "x = 1" in new else failed()


async def test_the_first_candidate_goes_ahead():
    runner = DirectRunner()
    events, _, _ = await run(task(count=3, rounds=0), [GOOD], by_value, runner)
    first = next(event for event in events if isinstance(event, Streaming))
    assert first.candidate == 0


async def test_a_model_error_is_not_repaired_and_ends_the_run():
    error = ModelError(Trouble.QUOTA, "The quota is used up.")
    events, model, _ = await run(task(rounds=2), [error], by_value)
    assert len(model.requests) == 1
    assert events[-1].error is error
    assert events[-1].message == "The quota is used up."


@pytest.mark.parametrize("trouble", [Trouble.QUOTA, Trouble.TRUNCATED])
@pytest.mark.parametrize("answer", [BAD, "I cannot do that."], ids=["rejected", "unusable"])
async def test_a_repair_that_the_model_fails_takes_nothing_away(answer, trouble):
    error = ModelError(trouble, "There was no answer.")
    events, model, _ = await run(task(rounds=2, most=75), [answer, error], by_value)
    assert len(model.requests) == 2
    end = events[-1]
    assert (end.best, end.status, end.error) == (None, Status.FAILED, None)
    first, _, last = end.message.partition("; no more came: ")
    assert first
    assert last == "There was no answer."
    refused = [event for event in events if isinstance(event, Refused)][-1]
    assert refused.error is error
    assert refused.earlier.text == (answer if answer == BAD else "")


@pytest.mark.parametrize("useless", ["", GOOD.replace("1", "2")], ids=["empty", "unchanged"])
async def test_a_repair_that_cannot_be_used_takes_nothing_away(useless):
    events, model, _ = await run(task(rounds=2), [BAD, useless, useless], by_value)
    assert len(model.requests) == 3
    refused = [event for event in events if isinstance(event, Refused)]
    assert [(event.error, event.earlier.text) for event in refused] == [(None, BAD)] * 2
    assert all(event.earlier.verdict.findings for event in refused)
    last = [message.content for message in model.requests[2].messages]
    assert BAD in last[-2]
    assert "assert 1 == 2" in last[-1]
    assert f"The answer after this one could not be used: {refused[0].message}" in last[-1]
    first, _, why = events[-1].message.partition("; no better answer came: ")
    assert (first, why) == (failed().summary(), refused[1].message)


async def test_to_take_away_the_comment_that_asked_is_no_edit():
    text = Text("# festina: return 1\n" + SOURCE)
    given = task(text=text, region=Region(0, 3), rounds=0)
    events, _, verifier = await run(given, [GOOD.replace("1", "2")], lambda _: passed())
    assert (events[-1].best, verifier.judged) == (None, [])
    assert events[-1].message == "The model returned the lines unchanged."


async def test_a_repair_that_can_be_used_after_one_that_could_not_stands_for_itself():
    events, _, _ = await run(task(rounds=2), [BAD, "", BAD.replace("3", "4")], by_value)
    assert events[-1].message == failed().summary()
    assert [event.region_text for event in events if isinstance(event, Parsed)][-1].endswith("4\n")


async def test_one_failing_stream_does_not_end_the_others():
    error = ModelError(Trouble.NETWORK, "reset")
    events, _, _ = await run(task(count=2, rounds=0), [error, GOOD], by_value)
    assert (events[-1].best, events[-1].error) == (1, None)


async def test_unverified_wins_over_nothing_but_never_over_passed():
    def judge(new):
        return passed() if "return 1" in new else unverified()

    events, _, _ = await run(task(count=2, rounds=0), [BAD, GOOD], judge)
    assert events[-1].status is Status.PASSED
    events, _, _ = await run(task(rounds=2), [BAD], judge)
    assert (events[-1].status, events[-1].best) == (Status.UNVERIFIED, 0)


async def test_a_festina_comment_never_reaches_a_candidate_even_if_the_model_repeats_it():
    source = "def one():\n    # festina: return 1\n    return 2\n"
    answer = "def one():\n    # festina: return 1\n    return 1\n"
    events, model, verifier = await run(
        task(text=Text(source), region=Region(0, 3)), [answer], by_value
    )
    assert verifier.judged[0].new == "def one():\n    return 1\n"
    assert "# festina" not in "".join(m.content for m in model.requests[0].messages)
    assert events[-1].status is Status.PASSED


async def test_closing_the_generator_stops_the_model_and_the_gates():
    import asyncio

    runner = DirectRunner()
    runner.hold = asyncio.Event()
    stream = propose(task(), ScriptedModel([GOOD]), runner, ScriptedVerifier(by_value))
    await anext(stream)
    await stream.aclose()
    assert runner.cancelled == 1

    verifier = ScriptedVerifier(by_value)
    verifier.hold = asyncio.Event()
    stream = propose(task(), ScriptedModel([GOOD]), DirectRunner(), verifier)
    async for event in stream:
        if isinstance(event, Parsed):
            await verifier.started.wait()
            break
    await stream.aclose()
    assert verifier.cancelled == 1


@pytest.mark.parametrize("answer", ["", "```python\n```", SOURCE.partition("\n\n\n")[0]])
async def test_an_answer_that_changes_nothing_is_refused(answer):
    events, _, verifier = await run(task(rounds=0), [answer], by_value)
    assert isinstance(events[-1], Finished)
    assert events[-1].best is None
    assert verifier.judged == []


async def test_an_edit_that_takes_nothing_away_ranks_before_one_of_the_same_length_that_does():
    doc, more, end = '    """Return it."""\n', "    if x:\n        return 1\n", "    return 2\n"
    source, without, beside = (f"def one():\n{body}{end}" for body in (doc, more, doc + more))
    events, _, _ = await run(
        task(text=Text(source), region=Region(0, 3), count=2, rounds=0), [without, beside], by_value
    )
    assert events[-1].best == 1


async def test_an_answer_without_an_end_does_not_keep_the_others_from_being_repaired():
    endless = ModelError(Trouble.TRUNCATED, "It did not come to an end.")
    events, model, _ = await run(task(count=2, rounds=1), [endless, BAD, GOOD], by_value)
    assert [event.candidate for event in events if isinstance(event, Repairing)] == [1]
    assert (events[-1].best, events[-1].status) == (1, Status.PASSED)
    assert len(model.requests) == 3


async def test_where_no_answer_comes_to_an_end_that_is_said():
    endless = ModelError(Trouble.TRUNCATED, "It did not come to an end.")
    events, model, _ = await run(task(count=2, rounds=1), [endless], by_value)
    assert events[-1].error is endless
    assert len(model.requests) == 2
