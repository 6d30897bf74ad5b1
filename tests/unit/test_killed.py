"""Killed at each thing that it does to the disk, an accept is neither lost nor done twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support import killed

ABSENT = [{"fate": "absent", "torn": False}]
TORN = [{"fate": "partial", "torn": True}]


def outcomes(case, folder):
    """Run it; return what was found after each kill, then after the run that was not killed."""
    done = subprocess.run(
        [sys.executable, killed.__file__, case, str(folder)],
        cwd=Path(killed.__file__).parents[1],
        env={"PYTHONPATH": str(Path(killed.__file__).parents[1]), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rarely(case):
    return pytest.param(case, marks=pytest.mark.slow)


@pytest.mark.parametrize("case", ["plain", "linked-shorter", rarely("linked"), rarely("shorter")])
def test_an_accept_that_was_killed_is_told_by_the_file_and_finished_once(tmp_path, case):
    *cut, whole = outcomes(case, tmp_path / "there")
    assert (whole["content"], whole["known"], whole["left"]) == ("after", 1, [])
    assert len(cut) > 50
    seen = []
    for found in cut:
        left = {"before": ABSENT, "other": TORN, "after": []}[found["content"]]
        if not found["known"]:  # nothing was accepted yet as far as anybody was told
            assert found["content"] == found["finally"] == "before"
        else:
            assert found["left"] == left
            assert found["finally"] == "after"
        assert found["recovered"] is bool(found["left"])
        assert found["again"] is False
        assert found["files"] == (["a.py", "b.py"] if "linked" in case else ["a.py"])
        assert found.get("one file", True)
        seen.append((found["known"], found["content"]))
    order = [(0, "before"), (1, "before"), (1, "other"), (1, "after")]
    expected = order if "linked" in case else [*order[:2], order[3]]
    assert list(dict.fromkeys(seen)) == expected
    assert seen == sorted(seen, key=expected.index)


@pytest.mark.parametrize("case", [rarely("recover-linked"), rarely("recover")])
def test_what_is_finished_later_may_be_killed_as_well(tmp_path, case):
    *cut, whole = outcomes(case, tmp_path / "there")
    assert whole["content"] == "after"
    assert {found["content"] for found in cut} >= {"before", "after"}
    for found in cut:
        assert found["known"] == 1
        assert found["finally"] == "after"
        assert found["again"] is False
        assert found["files"] == (["a.py", "b.py"] if "linked" in case else ["a.py"])


def test_a_line_of_progress_is_written_once_and_nothing_else_is_touched(tmp_path):
    *cut, whole = outcomes("note", tmp_path / "there")
    assert (whole["mine"], whole["written"], whole["finally"], whole["left"]) == (True, 1, 1, False)
    assert len(cut) > 40
    for found in cut:
        assert found["mine"]
        assert found["finally"] == (1 if found["left"] or found["written"] else 0)
        assert found["again"] is False
    assert {(found["left"], found["written"]) for found in cut} == {
        (False, 0),
        (True, 0),
        (True, 1),
        (False, 1),
    }


@pytest.mark.parametrize("case", ["noted", rarely("noted-recover")])
def test_the_line_of_an_accept_is_written_once_and_of_nothing_else(tmp_path, case):
    *cut, whole = outcomes(case, tmp_path / "there")
    assert (whole["content"], whole["written"], whole["once"]) == ("after", 1, 1)
    assert len(cut) > 60
    for found in cut:
        assert found["mine"]
        there = int(found["content"] == "after")
        assert found["written"] <= found["started"] == there, "not before the edit is in its file"
        assert found["finally"] == found["once"] == found["known"]
        assert found["again"] is False
    assert {(found["known"], found["content"], found["written"]) for found in cut} >= {
        (1, "before", 0),
        (1, "after", 0),
        (1, "after", 1),
    }


def test_a_plan_is_there_as_a_whole_or_not_at_all(tmp_path):
    *cut, whole = outcomes("plan", tmp_path / "there")
    assert (whole["plan"], whole["files"]) == ("ticked", ["a.py", "plan.md"])
    assert len(cut) > 20
    order = ["none", "empty", "whole", "ticked"]
    seen = [found["plan"] for found in cut]
    assert list(dict.fromkeys(seen)) == order[order.index(seen[0]) :]
    for found in cut:
        assert found["files"] == (["a.py"] if found["plan"] == "none" else ["a.py", "plan.md"])
