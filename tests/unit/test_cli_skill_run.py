"""``festina skill run``: a skill is followed at all places that it is meant for."""

import os
import threading
import time
from contextlib import contextmanager

import pytest

from festina.commands import running
from festina.commands.base import Exit
from festina.models import embedded
from support import loops
from support.clamp import fenced
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.trees import hash_tree

FEW = ("total", "largest", "doubled", "product")
RUN = ("skill", "run", "loop-over-items")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    made = CommandLine(tmp_path, monkeypatch, capsys)
    made.project = tmp_path / "shop"
    loops.put(made.project, FEW)
    (made.project / "festina.toml").write_text('verify.gates = ["syntax", "lint"]\n')
    save(made.project)
    made.trust.trust(made.project)
    monkeypatch.chdir(made.project)
    return made


@pytest.fixture
def fake(line):
    with FakeModel(loops.model) as model:
        line.use(model)
        yield model


def save(project, text=loops.SKILL):
    file = project / ".agents" / "skills" / "loop-over-items" / "SKILL.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def changed(line, name):
    text = (line.project / "shop" / f"{name}.py").read_text()
    assert text in {loops.function(name), loops.converted(loops.function(name))}
    return text != loops.function(name)


def all_changed(line):
    return [name for name in FEW if changed(line, name)]


def at_a_terminal(line, *answers):
    """Have a person answer, at what is no terminal."""
    line.monkeypatch.setattr(running, "may_ask", lambda: True)
    return "\n".join([*answers, ""]).encode()


def test_the_places_are_shown_and_no_model_is_asked(line, fake):
    before = hash_tree(line.project)
    ran = line.run(*RUN, "--places")
    assert ran.code == Exit.DONE
    assert ran.out.splitlines() == [
        *(f"shop/{name}.py:3 {name}" for name in sorted(("numbered", *FEW))),
    ]
    assert "5 places in " in ran.err
    data = line.run(*RUN, "--places", "--json").json
    assert data["places"][0] == {"path": "shop/doubled.py", "name": "doubled", "line": 3}
    assert fake.requests == []
    assert hash_tree(line.project) == before


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["shop"], ["doubled", "largest", "numbered", "product", "total"]),
        (["shop/total.py", "shop/doubled.py"], ["doubled", "total"]),
        (["test_shop.py"], []),
        (["."], ["doubled", "largest", "numbered", "product", "total"]),
    ],
)
def test_paths_say_where_is_looked(line, paths, names):
    data = line.run(*RUN, *paths, "--places", "--json").json
    assert [place["name"] for place in data["places"]] == names


def test_what_is_ignored_is_no_place(line):
    (line.project / ".gitignore").write_text("product.py\n")
    (line.project / ".aiignore").write_text("total.py\n")
    data = line.run(*RUN, "--places", "--json").json
    assert [place["name"] for place in data["places"]] == ["doubled", "largest", "numbered"]


def test_nothing_is_asked_about_what_the_person_wants_left_alone(line, fake):
    toml = line.project / "festina.toml"
    toml.write_text(toml.read_text() + 'edits.leave_alone = ["product.py", "total", "num*.py"]\n')
    ran = line.run(*RUN, "--places")
    assert ran.out.splitlines() == [f"shop/{name}.py:3 {name}" for name in ("doubled", "largest")]
    assert "3 more, which your settings leave alone (edits.leave_alone)" in ran.err
    assert line.run(*RUN, "--places", "--json").json["left_alone"] == 3
    line.run(*RUN, "--apply")
    asked = [loops.asked_region(body).split("(")[0] for body in fake.requests]
    assert asked == ["def doubled", "def largest"]


def test_another_pattern_can_be_looked_for(line):
    data = line.run(*RUN, "--places", "--json", "--find", "sum(...)").json
    assert [place["name"] for place in data["places"]] == ["mean"]


def test_all_that_passed_is_written_when_that_was_asked_for(line, fake):
    (line.project / "plan.md").write_text("# Plan: no more loops\n")
    ran = line.run(*RUN, "--apply")
    assert ran.code == Exit.FAILED
    assert all_changed(line) == list(FEW)
    assert (line.project / "shop" / "numbered.py").read_text() == loops.NUMBERED
    lines = ran.out.splitlines()
    assert sum("passed" in each and "shop/" in each for each in lines) == 4
    assert any("rejected" in each and "shop/numbered.py:3 numbered" in each for each in lines)
    assert "5 places: 4 passed, 4 written, 1 rejected" in ran.out
    (counted,) = line.run("report", "--json").json["skills"]
    assert counted["skill"] == "loop-over-items"
    assert (counted["proposals"], counted["accepted"], counted["rejected"]) == (5, 4, 1)
    assert counted["rejected_by"] == {"lint": 1}
    assert counted["repair_rounds"] == 2
    noted = (line.project / "progress.md").read_text().split("\n- ")[1:]
    assert len(noted) == 5
    for one, name in zip(noted, sorted(("numbered", *FEW)), strict=True):
        what, why = ("rejected", "lint: ") if name == "numbered" else ("accepted", "syntax, lint)")
        place = f'{what}: shop/{name}.py, {name}: "Follow the skill loop-over-items" ({why}'
        assert one.partition(" ")[2].startswith(place)
    # a place that was converted reads otherwise by now
    again = line.run(*RUN, "--places", "--json").json
    assert [place["name"] for place in again["places"]] == ["numbered"]


def test_without_a_person_nothing_is_written_and_no_more_made_than_may_wait(line, fake):
    before = hash_tree(line.project)
    with (line.project / "festina.toml").open("a") as file:
        file.write("review.pending = 2\n")
    before = hash_tree(line.project)
    ran = line.run(*RUN, "--json")
    assert ran.code == Exit.DONE
    assert hash_tree(line.project) == before
    data = ran.json
    assert data["counts"] == {"passed": 2, "unverified": 0, "failed": 0, "left": 0}
    assert len(data["not_tried"]) == 3
    assert len(fake.requests) == 2
    result = data["results"][0]
    assert result["status"] == "passed"
    assert result["written"] is False
    assert result["region"] == {"start": 1, "end": 5}
    assert "+    for item in items:" in result["diff"]
    assert result["verdict"]["status"] == "passed"
    ran = line.run(*RUN)
    assert "5 places: 2 passed, 0 written" in ran.out
    assert "3 places not tried, since 2 edits wait for your review (review.pending)." in ran.out
    assert hash_tree(line.project) == before


def test_a_person_is_asked_about_each(line, fake):
    stdin = at_a_terminal(line, "y", "", "no", "Y")
    ran = line.run(*RUN, stdin=stdin)
    assert all_changed(line) == ["total", "doubled"]
    assert "Write it? [y]es, [N]o, [q]uit" in ran.err
    assert "+    for item in items:" in ran.out
    assert "2 written" in ran.out
    assert ran.out.count("written to shop/") == 2


def test_whoever_has_enough_stops(line, fake):
    ran = line.run(*RUN, stdin=at_a_terminal(line, "y", "q"))
    assert all_changed(line) == ["doubled"]
    assert "3 places not tried; the same command goes on there" in ran.out
    again = line.run(*RUN, stdin=at_a_terminal(line, "n", "y", "y"))
    assert "4 places: 3 passed, 2 written, 1 rejected" in again.out
    assert all_changed(line) == ["total", "doubled", "product"]


@contextmanager
def a_person(line, *steps):
    """A person at a terminal, in a thread: each step says what they type, as soon as it can."""
    at_a_terminal(line)
    read, write = os.pipe()

    def type_all():
        for step in steps:
            os.write(write, f"{step()}\n".encode())

    person = threading.Thread(target=type_all)
    with os.fdopen(read) as stdin, os.fdopen(write, "w"):
        person.start()
        yield stdin
        person.join()


def once(condition, answer, seconds=30):
    def step():
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        return answer if condition() else "quit"

    return step


def pending(line, count):
    with (line.project / "festina.toml").open("a") as file:
        file.write(f"review.pending = {count}\n")


def test_the_next_ones_are_made_while_a_person_reads_and_hold_with_what_was_written(line, fake):
    pending(line, 3)
    asked = []

    def regions():
        return [loops.asked_region(body).split("(")[0][4:] for body in fake.requests]

    def first():  # on show; largest and numbered are made meanwhile, and no more
        once(lambda: len(set(regions())) == 3, "")()
        time.sleep(0.3)
        asked.extend(dict.fromkeys(regions()))
        return "yes"

    second = once(lambda: len(set(regions())) == 4, "yes")
    with a_person(line, first, second, lambda: "yes", lambda: "yes") as stdin:
        ran = line.run(*RUN, stdin=stdin)
    assert sorted(asked) == ["doubled", "largest", "numbered"]
    assert all_changed(line) == list(FEW)
    assert "5 places: 4 passed, 4 written, 1 rejected" in ran.out
    once_each = [name for name in regions() if name != "numbered"]  # which is repaired
    assert sorted(once_each) == sorted(FEW), "no model is asked again for what was made"


def test_two_places_of_one_file_are_reviewed_one_after_the_other(line, fake):
    file = line.project / "shop" / "both.py"
    both = f"{loops.function('total')}\n\n{loops.function('doubled')}"
    file.write_text(both)
    ran = line.run(*RUN, "shop/both.py", stdin=at_a_terminal(line, "y", "y"))
    assert ran.code == Exit.DONE
    assert file.read_text() == loops.converted(both)
    assert len(fake.requests) == 2


def test_an_edit_whose_lines_change_before_its_turn_is_not_offered(line, fake):
    file = line.project / "shop" / "largest.py"
    mine = "def largest(items):\n    return max(items)\n"

    def meanwhile():
        once(lambda: len(fake.requests) == 2, "")()
        time.sleep(0.5)  # it has been judged
        file.write_text(mine)
        return "yes"

    with a_person(line, meanwhile) as stdin:
        ran = line.run(*RUN, "shop/doubled.py", "shop/largest.py", stdin=stdin)
    assert ran.code == Exit.FAILED
    assert "Its lines were changed after the edit was made, so it is not offered." in ran.out
    assert file.read_text() == mine
    assert ran.err.count("Write it?") == 1


def test_what_the_person_decides_is_written_down_for_the_report_and_beside_a_plan(line, fake):
    (line.project / "plan.md").write_text("- [ ] Look at it with Ann.\n")
    ran = line.run(*RUN, stdin=at_a_terminal(line, "y", "n", "q"))
    assert "5 places: 3 passed, 1 written, 1 rejected" in ran.out
    total = line.run("report", "--json").json["total"]
    assert (total["accepted"], total["dismissed"], total["rejected"]) == (1, 1, 1)
    assert total["others"] in (1, 2), "what was on show at the end, and what was made meanwhile"
    assert total["decision_seconds_median"] is not None
    noted = (line.project / "progress.md").read_text().splitlines()
    said = '"Follow the skill loop-over-items"'
    assert [one[11:] for one in noted if one.startswith("- ")] == [
        f"accepted: shop/doubled.py, doubled: {said} (syntax, lint)",
        f"put away: shop/largest.py, largest: {said} (syntax, lint)",
        f"rejected: shop/numbered.py, numbered: {said} (lint: F821 (line 4))",
    ]


def test_where_the_model_sees_nothing_to_do_it_is_left_and_not_urged(line, fake):
    def unchanged(body):
        region = loops.asked_region(body)
        return fenced(region if "largest" in region else loops.converted(region))

    fake.script(unchanged)
    ran = line.run(*RUN, "--apply", "shop/total.py", "shop/largest.py")
    assert ran.code == Exit.DONE
    assert all_changed(line) == ["total"]
    assert "shop/largest.py:3 largest  the model leaves it as it is" in ran.out
    assert "2 places: 1 passed, 1 written, 1 left as it is" in ran.out
    assert len(fake.requests) == 2


def test_two_places_of_one_file_are_written_one_after_the_other(line, fake):
    file = line.project / "shop" / "both.py"
    file.write_text(f"{loops.function('total')}\n\n{loops.function('doubled')}")
    ran = line.run(*RUN, "--apply", "shop/both.py")
    assert ran.code == Exit.DONE
    assert file.read_text() == loops.converted(
        f"{loops.function('total')}\n\n{loops.function('doubled')}"
    )


def test_a_file_that_changes_while_it_is_checked_is_not_written(line, fake):
    file = line.project / "shop" / "total.py"

    def meanwhile(body):
        file.write_text(loops.function("total") + "# mine\n")
        return loops.model(body)

    fake.script(meanwhile)
    ran = line.run(*RUN, "--apply", "shop/total.py")
    assert ran.code == Exit.FAILED
    assert file.read_text() == loops.function("total") + "# mine\n"
    assert "so nothing was written" in ran.out


def test_what_changes_while_the_person_reads_makes_a_verdict_worthless(line, fake):
    async def meanwhile(*_):
        (line.project / "shop" / "total.py").write_text("def total(items):\n    return None\n")
        return "yes"

    at_a_terminal(line)
    line.monkeypatch.setattr(running, "chosen", meanwhile)
    ran = line.run(*RUN, "shop/largest.py")
    assert ran.code == Exit.FAILED
    assert not changed(line, "largest")
    assert "The workspace changed after the edit was checked, so nothing was written." in ran.out


def test_in_a_workspace_that_is_not_trusted_nothing_is_asked(line, fake, tmp_path):
    home = tmp_path / "home"
    file = home / ".agents" / "skills" / "loop-over-items" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text(loops.SKILL)
    line.trust.untrust(line.project)
    ran = line.run(*RUN, "--apply")
    assert ran.code == Exit.UNVERIFIED
    assert (
        f"is not trusted, so none of its code is run and no edit could pass. If you trust it: "
        f"festina trust {line.project}" in ran.err
    )
    assert fake.requests == []
    assert all_changed(line) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["skill", "run", "nobody"], "There is no skill 'nobody'"),
        ([*RUN, "nowhere.py"], "There is no nowhere.py."),
        ([*RUN, "/"], "/ is outside the workspace"),
        ([*RUN, "--find", "..."], "says too little"),
        ([*RUN, "--places", "--apply"], "not allowed with"),
        ([*RUN, "shop", "--aply", "shop/total.py"], "unrecognized arguments: --aply"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(line, fake, words, said):
    ran = line.run(*words)
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert fake.requests == []


def test_a_skill_that_does_not_say_where_is_told_what_to_add(line, fake):
    head, tail = loops.SKILL.split("  festina-places: |-\n")
    save(line.project, head + tail.split("\n", 1)[1])
    ran = line.run(*RUN)
    assert ran.code == Exit.USAGE
    assert "does not say where it is meant: add `festina-places` to the metadata in .ag" in ran.err


def test_a_budget_that_is_used_up_ends_the_run(line, fake):
    line.use(fake, "[limits]", "tokens_per_day = 1000")
    ran = line.run(*RUN, "--apply")
    assert ran.code == Exit.FAILED
    assert "limits.tokens_per_day" in ran.err
    written = len(all_changed(line))
    assert 0 < written < len(FEW)
    assert f"{written} passed, {written} written" in ran.out
    assert "not tried; the same command goes on there" in ran.out


def test_an_embedded_model_is_refused_before_it_is_started(line, fake):
    async def start(*_):
        pytest.fail("it takes seconds to start, and follows no skill")

    line.monkeypatch.setattr(embedded, "start", start)
    ran = line.run(*RUN, "--apply", "--model", "embedded")
    assert ran.code == Exit.USAGE
    assert "An embedded model is too small to follow a skill, so it was not asked" in ran.err
    assert all_changed(line) == []


def test_a_model_that_fails_ends_the_run(line, fake):
    from support.fake_replies import status

    fake.script(loops.model, status(401, {"error": {"message": "no"}}))
    ran = line.run(*RUN, "--apply")
    assert ran.code == Exit.USAGE
    assert all_changed(line) == ["doubled"]
    assert "4 places not tried" in ran.out
