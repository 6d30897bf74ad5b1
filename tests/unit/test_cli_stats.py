"""Limits on the command line: waits are told, caps are kept, and `festina stats` sums up."""

import json

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "cap it")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def more(line, text):
    with line.config.open("a") as config:
        config.write(text)


def test_a_wait_is_told_with_its_end_and_nothing_is_lost(line):
    with FakeModel(fake_replies.status(429, retry_after="1.2"), GOOD) as fake:
        line.use(fake)
        ran = line.run(*ASK)
        host = fake.origin.removeprefix("http://")
    assert ran.code == Exit.DONE
    (told,) = [each for each in ran.err.splitlines() if each.startswith("Waiting")]
    assert told.startswith(f"Waiting for {host}'s limit until ")
    assert told.endswith(" (2 s)")
    assert " tokens · fake-coder" in ran.out


def test_a_wait_is_silent_in_the_json_form_which_has_the_usage(line):
    with FakeModel(fake_replies.status(529, retry_after="0.6"), GOOD) as fake:
        line.use(fake)
        more(line, "prompt_price = 1.0\ncompletion_price = 2.0\n")
        ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    assert ran.err == ""
    usage = ran.json["usage"]
    tokens = -(-len(GOOD) // 4)
    assert (usage["requests"], usage["prompt_tokens"]) == (1, 100)
    assert usage["completion_tokens"] == tokens
    assert usage["rejected_prediction_tokens"] == 0
    assert usage["cost"] == pytest.approx((100 + 2 * tokens) / 1e6, abs=1e-6)


def test_a_wait_that_is_too_long_names_the_time(line):
    with FakeModel(fake_replies.status(429, retry_after="7200"), GOOD) as fake:
        line.use(fake)
        ran = line.run(*ASK)
    assert ran.code == Exit.FAILED
    assert "Try again in 2 hours (at " in ran.err


def test_at_a_cap_of_ones_own_nothing_is_sent(line):
    with FakeModel(GOOD) as fake:
        line.use(fake)
        more(line, "[limits]\ntokens_per_proposal = 20\n")
        ran = line.run(*ASK)
        assert fake.requests == []
    assert ran.code == Exit.FAILED
    assert "Your own limit would be passed, so nothing was sent: 0 of 20 tokens" in ran.err
    assert "(limits.tokens_per_proposal). Raise it in your config.toml, or ask for fewer" in ran.err
    assert line.file.read_text() == line.before


def test_repairs_count_towards_the_cap_of_a_proposal(line):
    with FakeModel(UNDEFINED) as fake:
        line.use(fake)
        more(line, "[limits]\ntokens_per_proposal = 740\n")
        ran = line.run(*ASK, "--json")
        assert len(fake.requests) == 2
    assert ran.code == Exit.FAILED
    assert ran.json["candidates"][0]["status"] == "failed"
    assert "; no more came: Your own limit would be passed" in ran.json["message"]
    assert "limits.tokens_per_proposal" in ran.json["message"]


def test_stats_sum_up_by_day_and_model(line):
    assert line.run("stats").out == "Nothing has been asked of a model yet.\n"
    with FakeModel(UNDEFINED, GOOD, UNDEFINED) as fake:
        line.use(fake)
        more(line, "[repair]\nrounds = 1\n")
        assert line.run(*ASK, "--apply").code == Exit.DONE
        assert line.run(*ASK).code == Exit.FAILED
        origin, number = fake.origin, len(fake.requests)
    ran = line.run("stats", "--json")
    assert ran.code == Exit.DONE
    (row,) = ran.json["days"]
    assert (row["origin"], row["model"]) == (origin, "fake-coder")
    assert (row["requests"], row["prompt_tokens"]) == (number, 100 * number)
    assert (row["proposals"], row["accepted"], row["rejected"]) == (2, 1, 1)
    total = {key: row[key] for key in row if key not in {"day", "origin", "model"}}
    assert ran.json["total"] == total
    shown = line.run("stats").out.splitlines()
    assert shown[0].split() == ["day", "model", "requests", "prompt", "cached", "answer", "cost",
                                "edits", "accepted", "rejected"]  # fmt: skip
    assert shown[1].split()[0] == row["day"]
    assert shown[2].startswith("total")
    assert (
        "smallest"
        not in (line.config.parents[2] / "xdg_state_home")
        .joinpath("festina", "usage.json")
        .read_text()
    )
    assert json.loads(line.run("stats", "--days", "1", "--json").out)["total"] == total


def test_tokens_of_predictions_that_did_not_come_true_are_shown(line):
    details = {"accepted_prediction_tokens": 30, "rejected_prediction_tokens": 12}
    usage = {"prompt_tokens": 90, "completion_tokens": 60, "completion_tokens_details": details}
    reply = fake_replies.events(
        fake_replies.chunk(GOOD), fake_replies.chunk(None, "stop"), {"choices": [], "usage": usage}
    )
    with FakeModel(reply) as fake:
        line.use(fake)
        ran = line.run(*ASK, "--json")
        assert ran.json["usage"]["rejected_prediction_tokens"] == 12
        assert ran.json["calls"][0]["rejected_prediction_tokens"] == 12
    assert line.run("stats", "--json").json["total"]["rejected_prediction_tokens"] == 12
    head, row, total = line.run("stats").out.splitlines()
    assert head.split()[5:7] == ["answer", "mispredicted"]
    assert row.split()[6:8] == ["60", "12"]
    assert "12" in total.split()


def test_what_nobody_counted_is_said_to_be_about(line):
    answer = fake_replies.whole(GOOD)  # without a word on what it took
    with FakeModel(answer) as fake:
        line.use(fake)
        ran = line.run(*ASK)
    assert ran.code == Exit.DONE
    assert "· about " in ran.out
    shown = line.run("stats").out
    assert " ~" in shown
    assert "~ about: " in shown.splitlines()[-1]
    assert line.run("stats", "--json").json["total"]["estimated_tokens"] > 0
