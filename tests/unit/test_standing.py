"""What counts as verified, what is examined at a save, and what stays on show."""

from dataclasses import replace

import pytest

from festina.config import Settings, VerifySettings
from festina.findings import Finding, Gate, TestCounts
from festina.standing import Standing, scope_of
from festina.verify.base import Snapshot
from festina.verify.examination import Examination

A, B = "tests/test_a.py::a", "tests/test_b.py::b"


def failing(*ids, old=(), ran=None, scope="impacted", lint=()):
    findings = tuple(
        Finding(Gate.TESTS, one.partition("::")[0], "assert", 3, code=one) for one in ids
    )
    return Examination(
        (*lint, *findings),
        frozenset(old),
        counts=TestCounts(5, 5 - len(ids), len(ids)),
        scope=scope,
        ran=frozenset(ids if ran is None else ran),
    )


GREEN = failing()


class Desk:
    def __init__(self, root):
        self.root = root
        self.standing = Standing(root)

    def open(self, path, text):
        (self.root / path).write_text(text)
        self.standing.seen(path, text)

    def save(self, path, text, scope="impacted"):
        (self.root / path).write_text(text)
        self.standing.saved([path])
        return self.ask(scope)

    def ask(self, scope="impacted", whole=None):
        texts = self.standing.read({})
        question = self.standing.question(Snapshot(self.root), texts, scope, whole)
        if question is None:
            self.standing.unchanged(texts, scope)
        return question

    def take(self, question, found):
        self.standing.take(question, found)
        return {one.code: one.code in self.standing.shown.preexisting for one in self.shown}

    @property
    def shown(self):
        return self.standing.shown.findings


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    desk.open("a.py", "one\n")
    desk.open("b.py", "one\n")
    return desk


def test_a_save_is_compared_with_what_was_opened_then_with_what_was_green(desk):
    question = desk.save("a.py", "two\n")
    assert (dict(question.before.buffers), dict(question.texts)) == (
        {"a.py": "one\n"},
        {"a.py": "two\n"},
    )
    assert question.after.buffers == {}
    desk.take(question, GREEN)
    assert desk.save("a.py", "three\n").before.buffers == {"a.py": "two\n"}


def test_unsaved_text_that_an_editor_brings_back_was_not_verified(desk):
    (desk.root / "new.py").write_text("on disk\n")
    desk.standing.seen("new.py", "unsaved\n")
    desk.standing.opened("new.py", "unsaved\n", desk.standing.text("new.py"))
    desk.standing.opened("a.py", "an older one\n", "one\n")
    assert desk.save("new.py", "unsaved\n").before.buffers == {"new.py": "on disk\n"}


def test_a_save_that_overtakes_the_look_at_the_disk_is_examined(desk):
    desk.open("new.py", "one\n")
    (desk.root / "new.py").write_text("two\n")  # edited and saved, before it was looked at
    desk.standing.opened("new.py", "one\n", desk.standing.text("new.py"))
    assert desk.save("new.py", "two\n").before.buffers == {"new.py": "one\n"}
    desk.take(desk.save("new.py", "two\n"), GREEN)
    assert desk.save("new.py", "two\n") is None
    assert desk.save("new.py", "three\n").before.buffers == {"new.py": "two\n"}


def test_what_was_on_disk_at_the_start_is_forgotten_with_the_file(desk):
    (desk.root / "new.py").write_text("on disk\n")
    desk.standing.seen("new.py", "unsaved\n")
    desk.standing.opened("new.py", "unsaved\n", "on disk\n")
    desk.standing.forget("new.py")
    desk.open("new.py", "on disk\n")
    assert desk.save("new.py", "on disk\n") is None


@pytest.mark.parametrize(
    ("settings", "scope"),
    [
        (Settings(), "impacted"),
        (Settings(on_save="off"), None),
        (Settings(on_save="full"), "full"),
        (Settings(on_save="full", verify=VerifySettings(gates=("syntax", "lint"))), "lint"),
    ],
)
def test_the_settings_say_what_runs_and_no_gate_that_the_project_has_not(settings, scope):
    assert scope_of(settings) == scope


def test_while_it_is_red_everything_since_green_is_examined(desk):
    assert desk.take(desk.save("a.py", "two\n"), failing(A)) == {A: False}
    question = desk.save("b.py", "two\n")
    assert dict(question.before.buffers) == {"a.py": "one\n", "b.py": "one\n"}
    assert desk.take(question, failing(A)) == {A: False}
    # the file is mended: both count as verified
    assert desk.take(desk.save("a.py", "three\n"), GREEN) == {}
    assert desk.save("b.py", "three\n").texts == {"b.py": "three\n"}


def test_taking_a_change_back_needs_no_run(desk):
    desk.take(desk.save("a.py", "two\n"), failing(A))
    assert desk.save("a.py", "one\n") is None
    assert desk.shown == ()
    assert desk.save("b.py", "two\n").texts == {"b.py": "two\n"}


def test_a_save_that_was_not_examined_to_its_end_is_examined_with_the_next(desk):
    desk.save("a.py", "two\n")
    assert set(desk.save("b.py", "two\n").texts) == {"a.py", "b.py"}


def test_what_failed_before_stays_on_show_until_it_is_run_and_passes(desk):
    found = failing(A, B, old=[A, B])
    assert desk.take(desk.save("a.py", "two\n"), found) == {A: True, B: True}
    assert desk.take(desk.save("b.py", "two\n"), failing(ran=["x"])) == {A: True, B: True}
    assert desk.take(desk.save("a.py", "three\n"), failing(ran=[A])) == {B: True}
    assert desk.take(desk.save("a.py", "four\n"), failing(scope="full")) == {}


def test_a_test_that_is_gone_is_no_longer_on_show(desk):
    (desk.root / "tests").mkdir()
    desk.take(desk.save("a.py", "two\n"), failing(A, B, old=[A, B]))
    assert desk.take(desk.save("tests/test_a.py", "two\n"), GREEN) == {B: True}


def test_what_a_person_broke_stays_theirs_while_no_test_can_run(desk):
    desk.take(desk.save("a.py", "two\n"), failing(A))
    wrong = Finding(Gate.SYNTAX, "a.py", "invalid syntax", 1)
    found = Examination((wrong,), reason="a.py does not compile.")
    question = desk.save("a.py", "(\n")
    assert desk.take(question, found) == {None: False, A: False}
    assert desk.standing.shown.reason == "a.py does not compile."
    assert desk.save("a.py", "two\n").before.buffers == {"a.py": "one\n"}


def test_what_failed_before_says_what_it_said_then_once_the_change_is_taken_back(desk):
    def said(words):
        return Finding(Gate.TESTS, "tests/test_a.py", words, 3, code=A)

    found = failing(B, old=[A], ran=[A, B])
    found = replace(found, findings=(*found.findings, said("now")), was=(said("then"),))
    desk.take(desk.save("a.py", "two\n"), found)
    assert [one.message for one in desk.shown] == ["assert", "now"]
    assert desk.save("a.py", "one\n") is None
    assert [one.message for one in desk.shown] == ["then"]
    # what was green is what a change is taken back to from then on
    green = replace(failing(A, old=[A]), findings=(said("green"),))
    desk.take(desk.save("a.py", "three\n"), green)
    desk.take(desk.save("a.py", "four\n"), replace(found, was=()))
    assert desk.save("a.py", "three\n") is None
    assert [one.message for one in desk.shown] == ["green"]


LINT = Finding(Gate.LINT, "a.py", "unused", 1, code="F401")


def test_a_new_lint_finding_stays_until_it_is_gone_though_the_tests_pass(desk):
    desk.take(desk.save("a.py", "two\n"), failing(lint=[LINT]))
    question = desk.save("b.py", "two\n")
    assert dict(question.before.buffers) == {"a.py": "one\n", "b.py": "one\n"}
    assert desk.take(question, failing(lint=[LINT])) == {"F401": False}
    assert desk.take(desk.save("a.py", "three\n"), GREEN) == {}


def test_lint_alone_looks_at_what_was_saved_and_keeps_the_rest(desk):
    desk.take(desk.save("a.py", "two\n", "lint"), Examination((LINT,)))
    question = desk.save("b.py", "two\n", "lint")
    assert question.texts == {"b.py": "two\n"}
    other = replace(LINT, path="b.py", code="F811")
    assert desk.take(question, Examination((other,))) == {"F401": False, "F811": False}
    assert desk.save("a.py", "one\n", "lint") is None
    assert [one.code for one in desk.shown] == ["F811"]


def test_a_file_of_which_nothing_is_known_counts_as_changed(desk):
    (desk.root / "new.py").write_text("x\n")
    desk.standing.saved(["new.py"])
    question = desk.ask()
    assert (question.texts, question.before.buffers) == ({"new.py": "x\n"}, {})


def test_a_file_that_is_gone_or_is_no_text_is_asked_about_without_one(desk):
    desk.standing.saved(["b.py"])
    (desk.root / "b.py").unlink()
    assert desk.ask().texts == {"b.py": None}
    desk.take(desk.ask(), GREEN)
    assert desk.save("b.py", "one\n").before.buffers == {}


def test_a_person_who_asks_about_an_unchanged_file_means_all_of_it(desk):
    desk.standing.saved(["a.py"])
    question = desk.ask(whole="a.py")
    assert question.texts == {"a.py": "one\n"}
    assert question.before.buffers == {}


def test_a_closed_file_may_be_changed_by_others_unless_it_is_still_to_be_mended(desk):
    desk.take(desk.save("a.py", "two\n"), failing(A))
    for path in ("a.py", "b.py"):
        desk.standing.forget(path)
        desk.standing.seen(path, "elsewhere\n")
    desk.standing.saved(["b.py"])
    assert desk.ask().before.buffers == {"a.py": "one\n", "b.py": "elsewhere\n"}
