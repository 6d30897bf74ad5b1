"""verify.md: checked lines name commands, all else is for people, and nothing is run to read it."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.text import BOM
from festina.verify_file import Check, Checks, read, words


def one(line):
    found = read(line)
    assert found.problems == ()
    (check,) = found.checks
    return check


def problem(line):
    found = read(line)
    assert found.checks == ()
    (amiss,) = found.problems
    return amiss.message


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("- [x] `make check`", Check(1, "make check", ("make", "check"))),
        ("* [X] types: `mypy --strict src`", Check(1, "types", ("mypy", "--strict", "src"))),
        ("3. [✓] **Lint**: `ruff check {file}`", Check(1, "Lint", ("ruff", "check", "{file}"))),
        (
            "- [x] eslint: `npx eslint {file}` for `**/*.js`, `**/*.ts` and `**/*.tsx`",
            Check(1, "eslint", ("npx", "eslint", "{file}"), ("**/*.js", "**/*.ts", "**/*.tsx")),
        ),
        ("- [ x ] ``echo `` ", Check(1, "echo", ("echo",))),
        ("+ [x] `sh -c 'a | b > c'`", Check(1, "sh -c 'a | b > c'", ("sh", "-c", "a | b > c"))),
        (
            '- [x] `pytest "tests/test_a.py::test_b[1]"`, which is slow',
            Check(
                1, "pytest 'tests/test_a.py::test_b[1]'", ("pytest", "tests/test_a.py::test_b[1]")
            ),
        ),
        (f"{BOM}- [x] `go vet`\r\n", Check(1, "go vet", ("go", "vet"))),
        ("- [x] run `a\\ b`", Check(1, "run", ("a b",))),
    ],
)
def test_a_checked_line_is_a_command_as_a_list_of_words(line, check):
    assert one(line) == check


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Verify\n\nRun `rm -rf /` before each release.\n",
        "- [ ] `make e2e`\n",
        "- [-] `make e2e`\n",
        "- `make check`\n",
        "[x] `make check`\n",
        "> - [x] `make check`\n",
        "```\n- [x] `make check`\n```\n",
        "~~~~ text\n- [x] `make check`\n~~~\n- [x] `again`\n~~~~\n",
        "<!-- not now:\n- [x] `make check`\n-->\n",
        "<!-- - [x] `make check` -->\n",
        "Like this:\n\n    - [x] `make check`\n",
        "- [x](https://example.com) `make check`\n",
    ],
)
def test_everything_else_is_for_people(text):
    assert read(text) == Checks()


def test_a_checked_line_without_a_command_is_a_persons_own():
    assert read("- [x] look at the page\n- [x]\n") == Checks(silent=(1, 2))


def test_items_below_items_and_after_paragraphs_count_with_their_lines():
    text = (
        "# Must pass\n\n- [x] fast:\n    - [x] `a`\n\n  and a note\n- [x] `b`\nText.\n\n- [x] `c`\n"
    )
    found = read(text)
    assert [(check.line, check.run) for check in found.checks] == [
        (4, ("a",)),
        (7, ("b",)),
        (10, ("c",)),
    ]
    assert found.silent == (3,)


def test_two_of_one_name_are_told_apart():
    found = read("- [x] tests: `a`\n- [x] tests: `b`\n")
    assert [check.name for check in found.checks] == ["tests", "tests (line 2)"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "make check | tee log",
            "No shell reads it, so `|` would be handed over as it is. Put",
        ),
        ("a && b", "so `&` would"),
        ("a; b", "so `;` would"),
        ("a > b", "so `>` would"),
        ("echo $HOME", "so `$` would"),
        ('echo "$HOME"', "so `$` would"),
        ("echo $(date)", "so `$` would"),
        ("ls *.py", "so `*` would"),
        ("ls ~/x", "so `~` would"),
        ("a # b", "so `#` would be handed over as it is. Leave it out."),
        (
            "CI=1 make",
            "so `CI=1` would be handed over as it is. Begin with `env` to set",
        ),
        ("echo 'a", "a quotation mark in `echo 'a` has no other one."),
        ("''", "between the backticks there is no command."),
        ("a\x1bb", "the command holds characters that cannot be shown."),
    ],
)
def test_what_would_need_a_shell_is_told_and_not_guessed(command, words):
    assert words in problem(f"- [x] `{command}`")


@pytest.mark.parametrize("safe", ["echo '$HOME | *'", r"echo \$HOME", 'echo "a | b"', "a~b", "a#b"])
def test_what_is_quoted_is_a_word_like_any_other(safe):
    assert one(f"- [x] `{safe}`").run == tuple(shlex.split(safe))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("- [x] `a` and `b`", "`b` is a second command, as it seems. Write a line for each"),
        ("- [x] `a` for `*.py` then `b`", "`b` is a second command"),
        ("- [x] run `a", "a backtick has no other one. Write the command between two of them."),
        ("- [x] na\x07me: `a`", "its name holds characters that cannot be shown."),
    ],
)
def test_what_is_not_understood_is_told(line, words):
    assert words in problem(line)


def test_a_problem_names_its_line():
    found = read("- [x] `ok`\n\n- [x] `a | b`\n")
    assert str(found.problems[0]).startswith("Line 3 of verify.md: No shell reads it, so `|`")
    assert [check.run for check in found.checks] == [("ok",)]


@given(st.text())
def test_any_text_is_read_and_only_checked_lines_count(text):
    found = read(text)
    lines = [*(c.line for c in found.checks), *(p.line for p in found.problems), *found.silent]
    assert len(lines) == len(set(lines))
    if not any(mark in text for mark in ("[x", "[X", "[✓", "[✔", "[ ", "[\t")):
        assert found == Checks()


_WORD = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@given(st.lists(_WORD, min_size=1, max_size=5), st.sampled_from(["x", "X", " "]), st.integers(0, 3))
def test_what_is_written_is_read_again(run, mark, pad):
    run = tuple(run)
    found = read(f"{' ' * pad}- [{mark}] `{words(run)}`\n")
    assert found == (Checks() if mark == " " else Checks((Check(1, words(run), run),)))


@given(
    st.lists(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1))
)
def test_words_are_taken_apart_as_a_shell_would_or_not_at_all(run):
    if not run:
        return
    text = shlex.join(run)
    if "`" in text:
        return
    found = read(f"- [x] `{text}`")
    for check in found.checks:
        assert list(check.run) == run
