"""`festina edit` with a slow model: its calls, its better instruction, its review."""

from contextlib import contextmanager

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound")
BETTER = "Return min(value, high): there is no function of the name smallest."
REVIEW = "4: WARNING: high may be below low\nThank you.\n"


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def thinker(line):
    """A fast model that errs until it is told better, and a slow one, both on one server."""

    def answer(body):
        asked = body["messages"][-1]["content"]
        if body["model"] == "thinker":
            return REVIEW if "with line numbers" in asked else BETTER
        return GOOD if BETTER in asked or "cap" in asked else UNDEFINED

    with FakeModel(answer, models=("fake-coder", "thinker")) as fake:
        line.use(fake)
        with line.config.open("a") as config:
            config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
        yield fake


def review_too(line) -> None:
    gates = ["syntax", "lint", "review"]
    (line.project / "festina.toml").write_text(f"verify.gates = {gates}\n")


def test_the_calls_are_listed_with_who_why_tokens_and_seconds(line, thinker):
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    calls = ran.json["calls"]
    assert [(call["who"], call["why"]) for call in calls] == [
        ("fast", "write"),
        ("fast", "repair"),
        ("fast", "repair"),
        ("slow", "replan"),
        ("fast", "write"),
    ]
    assert calls[3]["model"] == "thinker"
    assert calls[3]["said"] == BETTER
    assert calls[3]["prompt_tokens"] == 100
    assert all(call["seconds"] > 0 and call["completion_tokens"] > 0 for call in calls)


def test_a_person_reads_what_the_slow_model_said(line, thinker):
    ran = line.run(*ASK)
    assert ran.code == Exit.DONE
    assert "slow model thinker wrote a better instruction (100 + " in ran.out
    assert f": {BETTER}\n" in ran.out


def test_a_review_is_shown_below_an_edit_that_passed(line, thinker):
    review_too(line)
    ran = line.run("edit", "calc/core.py:5", "-m", "cap", "--apply")
    assert ran.code == Exit.DONE
    after = ran.out.split("applied to calc/core.py")[1]
    assert "review  calc/core.py:7  high may be below low" in after
    assert "1 remark: slow model thinker reviewed the edit (100 + " in after
    assert "Thank you" not in ran.out


def test_a_review_stands_in_the_verdict_of_the_json_form(line, thinker):
    review_too(line)
    ran = line.run("edit", "calc/core.py:5", "-m", "cap", "--json")
    assert ran.code == Exit.DONE
    gate = ran.json["verdict"]["gates"][-1]
    assert (gate["gate"], gate["status"]) == ("review", "passed")
    assert gate["findings"][0]["line"] == 7
    assert gate["findings"][0]["severity"] == "warning"
    assert ran.json["calls"][-1]["why"] == "review"
    assert ran.json["candidates"][0]["verdict"]["gates"][-1]["gate"] == "review"


def test_a_reviewer_that_fails_does_not_make_a_passed_edit_any_less(line, thinker):
    review_too(line)
    thinker.script(GOOD, fake_replies.status(401))
    ran = line.run("edit", "calc/core.py:5", "-m", "cap")
    assert ran.code == Exit.DONE
    assert "slow model thinker did not review the edit" in ran.out


def test_nobody_reviews_a_diff_that_a_program_reads(line, thinker):
    review_too(line)
    ran = line.run("edit", "calc/core.py:5", "-m", "cap", "--diff")
    assert ran.code == Exit.DONE
    assert [body["model"] for body in thinker.requests] == ["fake-coder"]


@pytest.mark.parametrize("configured", [True, False])
def test_a_review_is_told_of_only_where_somebody_can_be_asked(
    line, thinker, monkeypatch, configured
):
    if not configured:
        line.use(thinker)
    review_too(line)
    told = []

    @contextmanager
    def progress(_, words):
        told.append(words)
        yield

    monkeypatch.setattr("festina.terminal.Terminal.progress", progress)
    ran = line.run("edit", "calc/core.py:5", "-m", "cap")
    assert ran.code == Exit.DONE
    assert ("asking the slow model for a review" in told) is configured
    assert ("nobody reviews" in ran.out) is not configured
    assert line.file.read_text() == line.before
