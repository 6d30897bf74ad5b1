"""The order in which tests run: a failure shall show soonest."""

from festina.verify.selection import Failures, in_order

OWN = ("a.py::one", "a.py::two", "b.py::one", "b.py::two", "c.py::one")
SECONDS = {"a.py::one": 1.0, "a.py::two": 0.1, "b.py::one": 0.2, "b.py::two": 0.2, "c.py::one": 3.0}


def test_cheap_files_come_first_and_keep_their_own_order() -> None:
    chosen = in_order(set(OWN), OWN, SECONDS)
    assert chosen == ("b.py::one", "b.py::two", "a.py::one", "a.py::two", "c.py::one")


def test_what_failed_for_a_sibling_comes_before_all() -> None:
    failures = Failures()
    failures.note("m.py", ("f",), ["c.py::one"])
    failures.note("m.py", ("f",), ["c.py::one", "a.py::two", "gone.py::x"])
    failed = failures.of("m.py", ("f",))
    assert failed[0] == "c.py::one"
    assert failures.of("m.py", ("g",)) == []
    chosen = in_order({"a.py::one", "a.py::two", "c.py::one"}, OWN, SECONDS, failed)
    assert chosen == ("c.py::one", "a.py::two", "a.py::one")


def test_only_the_last_edits_are_remembered() -> None:
    failures = Failures()
    for number in range(300):
        failures.note("m.py", (str(number),), ["a.py::one"])
    assert failures.of("m.py", ("0",)) == []
    assert failures.of("m.py", ("299",)) == ["a.py::one"]


def test_tests_of_which_nothing_is_known_run_too() -> None:
    assert set(in_order({"z.py::new", "a.py::one"}, OWN, {})) == {"z.py::new", "a.py::one"}
