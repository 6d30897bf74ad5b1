"""Front matters: what YAML means by the forms that are read, and that nothing else gets through."""

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina import front_matter
from festina.front_matter import NotUnderstood


def fields(body: str):
    return front_matter.read(f"---\n{body}\n---\nText.\n").fields


def text(body: str) -> str:
    return fields(body)["k"].text()


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("k: a b", "a b"),
        ("k:   a b  # a comment", "a b"),
        ("k: a#b", "a#b"),
        ("k:", ""),
        ("k: ~", ""),
        ("k: null # none", ""),
        ("k: on", "on"),
        ("k: 1.10", "1.10"),
        ("k: Use it when: never", "Use it when: never"),
        ("k: a\n  b\n\n  c\nother: x", "a b\nc"),
        ("k:\n  a\n  # a comment\n  b", "a b"),
        ("k: 'it''s # this'  # not that", "it's # this"),
        ("k: 'a\n\n   b\n   c'", "a\nb c"),
        (r'k: "a\tb\u00e9\x41\"\\"', 'a\tbéA"\\'),
        ('k: "a \\\n   b\n   c"', "a b c"),
        ('k:\n  "a: b"', "a: b"),
        ("k: |\n  a\n    b\n\n  c\n\nother: x", "a\n  b\n\nc\n"),
        ("k: |-\n  a # text\n  b\n", "a # text\nb"),
        ("k: |+\n  a\n\n", "a\n\n\n"),
        ("k: >  # folded\n  a\n  b\n\n  c\n    d\n  e", "a b\nc\n  d\ne\n"),
        ("k: >2-\n    a\n   b", "  a\n b"),
        ("'k': a", "a"),
        ("k : a", "a"),
    ],
)
def test_what_is_read_means_what_yaml_means(body, meant):
    assert text(body) == meant


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("k: [a, b]", 2, "a list or a map"),
        ("k: {a: b}", 2, "a list or a map"),
        ("k:\n- a", 3, "a list or a map"),
        ("k: *a", 2, "needs quotes"),
        ("k: &a b", 2, "needs quotes"),
        ("k: !!python/object b", 2, "needs quotes"),
        ('k: "a', 2, "no end"),
        ("k: 'a' b", 2, "no end"),
        ('k: "\\q"', 2, "backslash"),
        ('k: "\\UFFFFFFFF"', 2, "backslash"),
        ("k: |\n    a\n  b", 4, "indented less"),
    ],
)
def test_what_has_another_form_is_told_with_its_line(body, line, words):
    with pytest.raises(NotUnderstood, match=rf"^Line {line}: .*{words}"):
        text(body)


@pytest.mark.parametrize(
    ("whole", "line", "words"),
    [
        ("# Title\n", 1, "there is none"),
        ("", 1, "there is none"),
        ("---\nk: a\n", 1, "has no end"),
        ("---\nsome words\n---\n", 2, "not `name: value`"),
        ("---\n  k: a\n---\n", 2, "belongs to no field"),
        ("---\nk: a\n\tb: c\n---\n", 3, "a tab"),
        ("---\nk: a\nk: b\n---\n", 3, "twice"),
        ("---\nk: a\n- b\n- c\nd\n---\n", 5, "not `name: value`"),
    ],
)
def test_what_is_no_front_matter_is_told_with_its_line(whole, line, words):
    with pytest.raises(NotUnderstood, match=rf"^Line {line}: .*{words}"):
        front_matter.read(whole)


def test_a_field_that_nobody_asks_for_may_be_anything():
    found = fields(
        "hooks:\n  - run: {a: [b}\n    when: !x *y\nk: a\ntools:\n- Read\n- 'b\nmore: {\n  x: 1,\n}"
    )
    assert list(found) == ["hooks", "k", "tools", "more"]
    assert found["k"].text() == "a"


def test_a_map_has_fields_of_its_own():
    found = fields('k:\n    a: "1"\n    # said\n    b: >\n      c\n      d\n    deep:\n      e: f')
    assert {name: each.text() for name, each in found["k"].fields().items()} == {
        "a": "1",
        "b": "c d\n",
        "deep": "e: f",
    }
    assert found["k"].fields()["b"].line == 5
    for other in ("k: a", "k: {a: b}"):
        with pytest.raises(NotUnderstood, match="a map belongs"):
            fields(other)["k"].fields()


def test_below_it_stands_the_text_as_it_is():
    front = front_matter.read("---\nk: a\n---\n\n# Title\n---\nk: b\n")
    assert front.body == "\n# Title\n---\nk: b\n"


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)


@st.composite
def written(draw):
    """A text, and it as YAML in one of the forms that say it exactly."""
    lines = [line.strip() for line in draw(st.lists(LINES, min_size=1, max_size=4))]
    form = draw(st.sampled_from(["double", "single", "literal"]))
    if form == "single":
        whole = " ".join(lines).strip()
        return whole, "'" + whole.replace("'", "''") + "'"
    whole = "\n".join(lines)
    if form == "double":
        return whole, json.dumps(whole, ensure_ascii=draw(st.booleans()))
    whole = whole.strip()
    return whole, "|2-\n" + textwrap.indent(whole, "  ") if whole else "''"


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True), written(), max_size=4))
def test_what_is_written_is_read(fields_written):
    body = "\n".join(f"{name}: {form}" for name, (_, form) in fields_written.items())
    found = fields(body)
    assert {name: each.text() for name, each in found.items()} == {
        name: meant for name, (meant, _) in fields_written.items()
    }


PIECES = st.sampled_from(
    [
        *"kx:#-|>+'\"\\{}[]&*!?~2",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "\t",
        "---\n",
        "k: ",
        "null",
        "\\u00e9",
    ]
)


def line_that_is_told(work):
    """The line of which it is told that it is not understood, or None."""
    try:
        work()
    except NotUnderstood as error:
        return int(str(error).removeprefix("Line ").split(":")[0])
    return None


@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_stands_there_is_read_or_told(body):
    whole = f"---\n{body}\n---\n"
    last = whole.count("\n")
    line = line_that_is_told(lambda: front_matter.read(whole))
    if line is not None:
        assert 1 <= line <= last
        return
    for field in front_matter.read(whole).fields.values():
        for read in (field.text, field.fields):
            line = line_that_is_told(read)
            assert line is None or field.line <= line <= last
