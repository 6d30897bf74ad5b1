"""Steps whose tick was lost: known from what was accepted, and from the files alone."""

import os
import time

import pytest

from festina import leftovers, tried
from festina.memory import Kept, State, Store
from festina.text import Text


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


class Ended:
    """A process that tried steps, and has ended without another word."""

    def __init__(self, workspace):
        self.workspace, self.store = workspace, Store(workspace)

    def tries(self, step, path, *, accepted=True, written=True, plan=tried.PLAN):
        proposal = f"{step} {path}"
        self.store.steps.begin(plan, step, proposal)
        if accepted:
            kept = Kept(path, Text("a = 1\n"), Text("a = 2\n"))
            self.store.journal.begin([kept], proposal=proposal, state=State.SEEN)
        (self.workspace / path).write_text("a = 2\n" if written else "a = 1\n")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.store.close()


def test_a_step_is_accepted_when_all_of_its_edits_are_in_their_files(workspace):
    with Ended(workspace) as process:
        process.tries("whole", "a.py")
        process.tries("whole", "b.py")
        process.tries("half", "c.py")
        process.tries("half", "d.py", accepted=False)
        process.tries("not written", "e.py", written=False)
        process.tries("not accepted", "f.py", accepted=False)
        process.tries("of another plan", "g.py", plan="other.md")
    store = Store(workspace)
    for _ in range(2):  # until the tick is on the disk
        (lost,) = tried.settle(store)
        assert (lost.step, len(lost.tries)) == ("whole", 2)
    tried.end(store, lost.tries)
    assert tried.settle(store) == []
    assert {one.step: one.outcome for one in store.steps.tries(tried.PLAN)} == {
        "whole": "accepted",
        "half": "broken off",
        "not written": "",
        "not accepted": "broken off",
    }
    # what is brought into its file later was accepted as well
    (workspace / "e.py").write_text("a = 2\n")
    assert [lost.step for lost in tried.settle(store)] == ["not written"]
    store.close()


def test_what_a_process_that_lives_is_about_is_left_alone(workspace):
    with Ended(workspace) as alive:
        alive.tries("one", "a.py")
        other = Store(workspace)
        assert tried.settle(other) == []
        other.close()


def test_what_was_left_beside_the_plan_is_taken_away_once_nobody_can_be_at_it(workspace):
    old, new, mine = (workspace / f".plan.md{end}" for end in (".festina-a", ".festina-b", ".bak"))
    for file in (old, new, mine):
        file.write_text("- [x] ...")
    before = time.time() - leftovers.RESTED_SECONDS - 1
    os.utime(old, (before, before))
    with Ended(workspace) as process:
        assert leftovers.look(process.store) == []
    assert sorted(workspace.iterdir()) == sorted([new, mine])
