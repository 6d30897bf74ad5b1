"""Which lines count as changed, and what must run for them to count as executed."""

from __future__ import annotations

import textwrap

import pytest

from festina.verify.executable import analyse
from festina.verify.watch import hunks

OLD = textwrap.dedent(
    '''
    """Module."""
    LIMIT = 10


    @staticmethod
    def first(value, other=1):
        """Say so."""
        # a comment
        if value > LIMIT:
            return LIMIT
        return value


    class Thing:
        kind = "thing"

        def size(self):
            total = sum(
                part
                for part in self.parts
            )
            log(total)
            return total


    def last(items):
        key = lambda item: item.name
        return sorted(items, key=key)
    '''
).lstrip("\n")


def line_of(text: str, fragment: str) -> int:
    (found,) = [n for n, line in enumerate(text.split("\n"), 1) if fragment in line]
    return found


def change(*pairs: tuple[str, str]) -> tuple[str, dict[int, list[tuple[int, str, int]]] | None]:
    new = OLD
    for before, after in pairs:
        assert new.count(before) == 1
        new = new.replace(before, after)
    return new, analyse(OLD, new, hunks(OLD, new))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""Module."""', '"""A module."""'),
        ('"""Say so."""', '"""Say\n    more."""'),
        ("        total = sum(\n", '        """Say so."""\n        total = sum(\n'),
        ('    """Say so."""\n', ""),
        ("    # a comment\n", ""),
        ("    # a comment\n", "    # another\n\n"),
        ("LIMIT = 10", "LIMIT = (10)  # ten"),
        (
            "return sorted(items, key=key)",
            "return sorted(\n        items,\n        key=key,\n    )",
        ),
    ],
)
def test_comments_docstrings_and_formatting_change_no_code(before: str, after: str) -> None:
    assert change((before, after))[1] is None


def test_a_line_of_a_function_needs_that_line() -> None:
    new, needs = change(("return LIMIT", "return LIMIT + 1"))
    line = line_of(new, "return LIMIT + 1")
    first = line_of(new, "@staticmethod")
    assert needs == {line: [(first, "first", line)]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def first(value, other=1):", "def first(value, other=2):"),
        ("@staticmethod\n", "@classmethod\n"),
    ],
)
def test_a_header_needs_its_function_to_be_entered(before: str, after: str) -> None:
    new, needs = change((before, after))
    line = line_of(new, after.strip())
    assert needs is not None
    assert list(needs) == [line]
    name_line = line_of(new, "def first") - 1
    assert (name_line, "first", 0) in needs[line]


def test_a_module_level_line_needs_the_import_alone() -> None:
    new, needs = change(("LIMIT = 10", "LIMIT = 11"))
    line = line_of(new, "LIMIT = 11")
    assert needs is not None
    assert [need[1:] for need in needs[line]] == [("<module>", line)]


def test_a_lambda_must_be_called() -> None:
    new, needs = change(("item.name", "item.title"))
    line = line_of(new, "lambda")
    assert needs is not None
    assert {name for _, name, _ in needs[line]} == {"last", "<lambda>"}


def test_a_function_in_one_line_must_be_called() -> None:
    old, new = "def f(x): return x\n", "def f(x): return x + 1\n"
    assert analyse(old, new, hunks(old, new)) == {1: [(1, "<module>", 1), (1, "f", 0)]}


def test_the_inside_of_a_statement_counts_as_the_statement() -> None:
    old = "def f():\n    return {\n        1: (\n            2\n        ),\n    }\n"
    new = old.replace("            2\n", "            3\n")
    needs = analyse(old, new, hunks(old, new))
    assert needs
    assert all(2 <= line <= 6 for line in needs)


def test_a_deletion_counts_its_neighbours_in_the_same_function() -> None:
    new, needs = change(("        log(total)\n", ""))
    assert needs is not None
    assert line_of(new, "return total") in needs
    assert {name for found in needs.values() for _, name, _ in found} == {"size"}


def test_a_deletion_at_the_end_of_a_function_stays_in_it() -> None:
    new, needs = change(("        return LIMIT\n    return value\n", "        return LIMIT\n"))
    assert needs == {
        line_of(new, "return LIMIT"): [
            (line_of(new, "@staticmethod"), "first", line_of(new, "return LIMIT"))
        ]
    }


def test_a_deleted_function_counts_its_surroundings() -> None:
    start, end = OLD.index("class Thing"), OLD.index("def last")
    new = OLD[:start] + OLD[end:]
    needs = analyse(OLD, new, hunks(OLD, new))
    assert needs is not None
    assert {name for found in needs.values() for _, name, _ in found} == {"<module>"}
    assert set(needs) == {line_of(new, "def first"), line_of(new, "def last")}


def test_code_turned_into_a_comment_is_a_deletion() -> None:
    new, needs = change(("log(total)", "# log(total)"))
    assert needs is not None
    assert line_of(new, "return total") in needs


def test_an_else_counts_what_is_around_it() -> None:
    old = "def f(x):\n    if x:\n        return 1\n    elif x is None:\n        return 2\n"
    new = old.replace("elif x is None:", "else:")
    needs = analyse(old, new, hunks(old, new))
    assert needs is not None
    assert 5 in needs


def test_a_broken_original_makes_everything_count() -> None:
    old, new = "def f(:\n", "def f():\n    return 1\n"
    needs = analyse(old, new, hunks(old, new))
    assert needs is not None
    assert 2 in needs


def test_line_ends_of_the_protocol_only() -> None:
    old = "x = 1\x0c\ny = 2\r\nz = 3\r"
    new = old.replace("3", "4")
    needs = analyse(old, new, hunks(old, new))
    assert needs is not None
    assert list(needs) == [3]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f():\n    return 1\n", "def f():\n    return 2\n"),
        ("x = 1\n", "x = 1\n# more\n"),
        ("x = 1\ny = 2\n# done\n", "x = 1\n"),
        ("x = 1\n", "x = 2 \\\n\n"),
        ("def f():\n    a()\n", 'def f():\n    a()\n    b("""\n\n\n""")\n'),
    ],
)
def test_empty_lines_around_make_no_difference(old: str, new: str) -> None:
    alone = analyse(old, new, hunks(old, new))
    blank = "\n" * 70
    ours, theirs = f"{old}{blank}", f"{new}{blank}"
    assert analyse(ours, theirs, hunks(ours, theirs)) == alone
    ours, theirs = f"{blank}{ours}", f"{blank}{theirs}"
    needs = analyse(ours, theirs, hunks(ours, theirs))
    assert (needs is None) == (alone is None)
    assert [line - 70 for line in needs or ()] == [*(alone or ())]


def test_what_cannot_be_compiled_is_refused() -> None:
    with pytest.raises(SyntaxError):
        analyse("x = 1\n", "x = = 1\n", [(0, 1, 0, 1)])
