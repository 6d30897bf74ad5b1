"""A baseline of an earlier state, with what changed since run again."""

from festina.verify.carried import affected, carry, disturbs
from festina.verify.record import Outcome, Run

BASE = Run(
    ids=("t/a.py::one", "t/a.py::two", "t/b.py::one", "t/c.py::one"),
    files=frozenset(["t/a.py", "t/b.py", "t/c.py"]),
    outcomes={
        test: Outcome(test, "passed")
        for test in ("t/a.py::one", "t/a.py::two", "t/b.py::one", "t/c.py::one")
    },
    end=0,
)


def run(*outcomes: tuple[str, str]) -> Run:
    ids = tuple(test for test, _ in outcomes)
    return Run(ids=ids, outcomes={test: Outcome(test, status) for test, status in outcomes}, end=0)


def test_what_the_map_does_not_vouch_for_and_changed_test_files_run_again() -> None:
    files = {"pkg/m.py": "", "t/a.py": ""}
    assert affected(BASE, files, {"t/a.py::one", "t/b.py::one"}) == {"t/a.py", "t/b.py::one"}
    assert affected(BASE, {"pkg/m.py": ""}, set()) == frozenset()


def test_new_outcomes_replace_old_ones() -> None:
    again = run(("t/b.py::one", "failed"))
    now = carry(BASE, again, {"t/b.py::one"})
    assert now.ids == BASE.ids
    assert {test for test, one in now.outcomes.items() if one.bad} == {"t/b.py::one"}


def test_a_changed_test_file_brings_its_own_ids() -> None:
    again = run(("t/a.py::two", "passed"), ("t/a.py::three", "skipped"))
    now = carry(BASE, again, {"t/a.py"})
    assert now.ids == ("t/a.py::two", "t/a.py::three", "t/b.py::one", "t/c.py::one")
    assert "t/a.py::one" not in now.outcomes


def test_a_file_that_fails_to_be_collected_now_has_no_tests() -> None:
    again = Run(ids=(), outcomes={"t/a.py": Outcome("t/a.py", "error")}, end=2)
    now = carry(BASE, again, {"t/a.py"})
    assert now.ids == ("t/b.py::one", "t/c.py::one")
    assert now.failing == {"t/a.py"}


def test_what_may_change_other_files_tests_needs_a_baseline_of_its_own() -> None:
    known = {"pkg/m.py", "t/a.py", "t/conftest.py", "data.txt"}
    assert not disturbs({"pkg/m.py": "", "t/a.py": "", "data.txt": "", "new.txt": ""}, known)
    assert disturbs({"t/conftest.py": ""}, known)
    assert disturbs({"pkg/new.py": ""}, known)
    assert disturbs({"pkg/m.py": None}, known)
