"""`festina plan --run`: steps one by one, each applied only if the person says so."""

import re
import shutil

import pytest

from festina.commands import apply, running
from festina.commands.base import Exit
from support import ledger
from support.command_line import CommandLine
from support.noted import rest

PLAIN = ledger.PLAN.encode()


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    line = CommandLine(tmp_path, monkeypatch, capsys)
    shutil.rmtree(line.project)
    ledger.put(line.project)
    monkeypatch.chdir(line.project)
    return line


@pytest.fixture
def models():
    return ledger.Models()


@pytest.fixture
def fake(line, models):
    with ledger.fake(models) as model:
        line.config.parent.mkdir(parents=True, exist_ok=True)
        line.config.write_text(ledger.config(model))
        yield model


@pytest.fixture
def at_terminal(line):
    line.monkeypatch.setattr(running, "may_ask", lambda: True)


def plan(line):
    return (line.project / "plan.md").read_text()


def marks(line):
    return "".join(one[3] for one in plan(line).splitlines() if one.startswith("- ["))


def keep(line, *numbers):
    """Leave only some steps in the plan."""
    text = "".join(ledger.STEPS[number - 1] for number in numbers)
    (line.project / "plan.md").write_text(f"# Plan: {ledger.GOAL}\n\n{text}")


def test_without_a_person_it_stops_at_the_first_edit_that_waits(line, fake):
    before = rest(line.project)
    ran = line.run("plan", "--run")
    assert ran.code == Exit.DONE
    assert "step 1 of 6: Let `parse` take refunds" in ran.out
    assert "+    sign = -1 if" in ran.out
    assert "step 1 waits for you: nothing was written." in ran.err
    assert rest(line.project) == before
    assert len(fake.requests) == 2, "the first answer failed the test, and was repaired"


@pytest.mark.slow
def test_a_person_is_asked_and_yes_applies_and_ticks(line, fake, at_terminal):
    keep(line, 1, 2, 3)
    ran = line.run("plan", "--run", stdin=b"d\ny\nn\n")
    assert ran.code == Exit.DONE
    assert ran.err.count("Apply this edit? [y]es, [N]o, [d]iff") == 3
    assert "applied to ledger/money.py; step 1 is done" in ran.out
    assert marks(line) == "x  "
    money = (line.project / "ledger" / "money.py").read_text()
    assert ledger.RIGHT["parse"] in money
    assert ledger.RIGHT["show"] not in money
    assert plan(line) == plan(line).replace("- [x]", "- [ ]", 1).replace("- [ ]", "- [x]", 1)
    total = line.run("report", "--json").json["total"]
    assert (total["accepted"], total["dismissed"], total["others"]) == (1, 1, 0)
    assert total["decision_seconds_median"] is not None
    assert "put away: ledger/money.py, show: " in (line.project / "progress.md").read_text()


@pytest.mark.slow
def test_it_stops_after_the_step_that_was_named(line, fake, at_terminal):
    keep(line, 2, 1)
    ran = line.run("plan", "--run", "--until", "1", stdin=b"y\ny\n")
    assert ran.code == Exit.DONE
    assert "stopped after step 1, as you asked" in ran.err
    assert marks(line) == "x "


@pytest.mark.slow
def test_apply_takes_the_edit_of_one_step(line, fake, models):
    keep(line, 2, 3)
    assert line.run("plan", "--run", "--apply").code == Exit.DONE
    assert marks(line) == "x "
    ran = line.run("plan", "--run", "--apply", "--json")
    assert ran.json["step"] == 2
    assert (ran.json["status"], ran.json["applied"]) == ("passed", True)
    assert [one["path"] for one in ran.json["files"]] == ["ledger/entries.py"]
    assert marks(line) == "xx"
    over = line.run("plan", "--run", "--apply")
    assert (over.code, over.out) == (Exit.DONE, "all 2 steps are done\n")
    assert models.asked == {"show": 1, "read": 2}


def test_a_step_of_more_files_than_may_wait_is_not_run(line, fake):
    keep(line, 5)
    (line.project / "festina.toml").write_text("review.pending = 1\n")
    ran = line.run("plan", "--run", "--apply")
    assert ran.code == Exit.FAILED
    assert "This step makes 2 edits, and at most 1 may wait for you at once" in ran.err
    assert fake.requests == []


def test_several_files_are_one_change_checked_together(line, fake):
    keep(line, 5)
    ran = line.run("plan", "--run", "--apply", "--json")
    assert ran.code == Exit.DONE
    files = ran.json["files"]
    assert [one["path"] for one in files] == ["ledger/report.py", "ledger/cli.py"]
    assert {one["verdict"]["status"] for one in files} == {"passed"}
    assert all("tests" in {gate["gate"] for gate in one["verdict"]["gates"]} for one in files)
    assert ledger.RIGHT["lines"] in (line.project / "ledger" / "report.py").read_text()
    assert ledger.RIGHT["main"] in (line.project / "ledger" / "cli.py").read_text()
    assert marks(line) == "x"
    # each file is known afterwards, not only the last one
    total = line.run("report", "--json").json["total"]
    assert (total["proposals"], total["accepted"], total["requests"]) == (2, 2, 2)
    assert (total["accepted_lines"], total["accepted_lines_standing"]) == (3, 3)
    assert accounts(line) == [
        "accepted: ledger/report.py, lines (syntax, lint, 6 tests)",
        "accepted: ledger/cli.py, main (syntax, lint, 6 tests)",
    ]


def accounts(line):
    """What progress.md says of each file, without the time and the step's words."""
    lines = (line.project / "progress.md").read_text().split("\n")
    said = [re.fullmatch(r"- \S+ (\w+: [^:]+): \".*\" (.*)", one) for one in lines]
    return [" ".join(found.groups()) for found in said if found]


@pytest.mark.slow
def test_a_file_of_a_change_that_breaks_the_others_is_rejected_with_them(line, fake, models):
    keep(line, 5)
    line.monkeypatch.setitem(ledger.RIGHT, "main", ledger.RIGHT["main"].replace("Ledger", "Book"))
    line.config.write_text(line.config.read_text().replace("[models.slow]", "[models.other]"))
    before = rest(line.project)
    ran = line.run("plan", "--run", "--apply")
    assert ran.code == Exit.FAILED
    assert "test_title" in ran.out
    assert rest(line.project) == before
    total = line.run("report", "--json").json["total"]
    assert (total["proposals"], total["rejected_by"]) == (2, {"tests": 2})
    assert [one.partition(" (")[0] for one in accounts(line)] == [
        "rejected: ledger/report.py, lines",
        "rejected: ledger/cli.py, main",
    ]


@pytest.mark.slow
def test_a_step_whose_first_file_fails_is_known_as_well(line, fake):
    keep(line, 5)
    wrong = ledger.RIGHT["lines"].replace("[title,", "[heading,")
    line.monkeypatch.setitem(ledger.RIGHT, "lines", wrong)
    line.config.write_text(line.config.read_text().replace("[models.slow]", "[models.other]"))
    assert line.run("plan", "--run", "--apply").code == Exit.FAILED
    total = line.run("report", "--json").json["total"]
    assert (total["proposals"], total["rejected_by"]) == (1, {"lint": 1})
    (one,) = accounts(line)
    assert one.startswith("rejected: ledger/report.py, lines (lint: F821")


@pytest.mark.slow
def test_a_step_beyond_its_bounds_is_rejected_with_the_reason_and_repaired(line, fake):
    keep(line, 4)
    assert line.run("plan", "--run", "--apply").code == Exit.DONE
    asked = fake.requests[1]["messages"][-1]["content"]
    assert "and the step allows at most 2, removed and added ones together." in asked
    assert ledger.RIGHT["by_category"] in (line.project / "ledger" / "report.py").read_text()


@pytest.mark.slow
def test_a_step_that_fails_for_good_is_planned_anew_once(line, fake, models):
    keep(line, 6)
    ran = line.run("plan", "--run", "--apply")
    assert ran.code == Exit.DONE
    assert models.asked["anew"] == 1
    assert "planned anew: Split off date and amount" in ran.err
    assert plan(line) == f"# Plan: {ledger.GOAL}\n\n{ledger.ANEW.replace('[ ]', '[x]')}"
    assert ledger.RIGHT["read_line"] in (line.project / "ledger" / "entries.py").read_text()


def test_a_step_that_fails_again_is_not_planned_once_more(line, fake, models):
    keep(line, 6)
    line.monkeypatch.setattr(ledger, "ANEW", ledger.ANEW.replace("at most: 4", "at most: 2"))
    before = (line.project / "ledger" / "entries.py").read_text()
    ran = line.run("plan", "--run", "--apply")
    assert ran.code == Exit.FAILED
    assert models.asked["anew"] == 1
    assert "bounds  ledger/entries.py  The diff has 3 lines" in ran.out
    assert "stopped at step 1; nothing of it was written" in ran.err
    assert (line.project / "ledger" / "entries.py").read_text() == before


@pytest.mark.slow
def test_a_plan_that_is_edited_by_hand_is_followed_as_it_is(line, fake):
    keep(line, 2, 6)
    line.run("plan", "--run", "--apply")
    by_hand = f"My notes.\n\n{ledger.ANEW}{ledger.STEPS[1].replace('[ ]', '[x]')}"
    (line.project / "plan.md").write_text(by_hand)
    assert line.run("plan", "--run", "--apply").code == Exit.DONE
    assert plan(line) == by_hand.replace("[ ]", "[x]")


@pytest.mark.slow
def test_an_accepted_step_whose_tick_was_lost_is_not_run_again(line, fake, models):
    keep(line, 2, 3)
    write = apply.write

    def dies(path, old, new):
        if path.name == "plan.md":
            raise KeyboardInterrupt
        write(path, old, new)

    line.monkeypatch.setattr(apply, "write", dies)
    assert line.run("plan", "--run", "--apply").code == Exit.INTERRUPTED
    assert marks(line) == "  "
    assert ledger.RIGHT["show"] in (line.project / "ledger" / "money.py").read_text()
    line.monkeypatch.setattr(apply, "write", write)
    ran = line.run("plan", "--run", "--apply")
    assert "step 1 was accepted before; it is ticked now" in ran.err
    assert marks(line) == "xx"
    assert models.asked["show"] == 1


@pytest.mark.slow
def test_a_step_that_was_accepted_and_is_not_written_is_told_of(line, fake, models):
    keep(line, 5)
    write, done = apply.write, []

    def dies(path, old, new):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        write(path, old, new)

    line.monkeypatch.setattr(apply, "write", dies)
    assert line.run("plan", "--run", "--apply").code == Exit.INTERRUPTED
    line.monkeypatch.setattr(apply, "write", write)
    ran = line.run("plan", "--run", "--apply")
    assert ran.code == Exit.FAILED
    assert "is not in its files yet. `festina recover --apply 1`" in ran.err
    assert line.run("recover", "--apply", "1").code == Exit.DONE
    assert ledger.RIGHT["main"] in (line.project / "ledger" / "cli.py").read_text()
    ran = line.run("plan", "--run", "--apply")
    assert "step 1 was accepted before; it is ticked now" in ran.err
    assert "all 1 steps are done" in ran.out
    assert models.asked["lines"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--until", "2"), "--apply and --until go with --run."),
        (("--run", "goal"), "Plan first and read the plan, then run it"),
        (("--run", "--apply", "--until", "2"), "--until has no meaning beside it"),
        ((), "Say what is to be reached"),
    ],
)
def test_what_makes_no_sense_is_refused(line, words, said):
    ran = line.run("plan", *words)
    assert (ran.code, said in ran.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_what_must_pass_is_no_place_of_a_step_by_whatever_name(line, fake, link):
    (line.project / "verify.md").write_text("- [x] types: `true`\n")
    getattr(line.project / "notes.md", link)(line.project / "verify.md")
    (line.project / "plan.md").write_text("- [ ] Loosen it.\n  - where: `notes.md`\n")
    ran = line.run("plan", "--run", "--apply")
    assert (ran.code, "notes.md is not changed by steps: it is yours." in ran.err) == (1, True)
    assert fake.requests == []


def test_what_cannot_be_run_is_refused_before_a_model_is_asked(line, fake):
    (line.project / "plan.md").write_text("- [ ] Ask Ann.\n")
    ran = line.run("plan", "--run")
    assert (ran.code, "Step 1 (Ask Ann.): This step names no file" in ran.err) == (1, True)
    (line.project / "plan.md").write_text("- [ ] Do it.\n  - at mots: 3\n")
    ran = line.run("plan", "--run")
    assert ran.code == Exit.USAGE
    assert "Line 2: A step has no field `at mots`" in ran.err
    (line.project / "plan.md").unlink()
    assert "There is no" in line.run("plan", "--run").err
    line.trust.untrust(line.project)
    assert line.run("plan", "--run").code == Exit.UNVERIFIED
    assert fake.requests == []
