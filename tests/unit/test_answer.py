"""What models answer, and what becomes of it: each outcome has a name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.edits import Defect, Parsed, Region, finish, prepare, preview
from festina.text import Text

DOCUMENT = (
    "import math\n\n\nclass Box:\n    def area(self, width, height):\n"
    "        result = width * height\n        return result\n\n    def other(self):\n"
    "        return 1\n"
)
REGION = Region(4, 7)
SOURCE = "def area(self, width, height):\n    result = width * height\n    return result\n"
WANTED = "def area(self, width, height):\n    return width * height\n"
INDENTED = "    def area(self, width, height):\n        return width * height\n"


def prepared(document=DOCUMENT, region=REGION):
    return prepare(Text(document), region)


def parsed(answer, document=DOCUMENT, region=REGION) -> Parsed:
    result = finish(prepared(document, region), answer)
    assert isinstance(result, Parsed), result
    return result


def defect(answer, document=DOCUMENT, region=REGION) -> str:
    result = finish(prepared(document, region), answer)
    assert isinstance(result, Defect), result
    assert result.message.endswith(".")
    return str(result.code)


def test_the_model_sees_dedented_code_with_plain_line_ends():
    assert prepared().source == SOURCE
    assert prepared().indent == "    "
    assert prepared(DOCUMENT.replace("\n", "\r\n")).source == SOURCE
    assert prepared("\ufeffx = 1\ny = 2\n", Region(0, 1)).source == "x = 1\n"
    assert prepared().before[-1] == "class Box:"
    assert prepared().after[0] == ""


@pytest.mark.parametrize(
    ("answer", "repair"),
    [
        (WANTED, None),
        (f"```python\n{WANTED}```\n", "fence"),
        (f"```\n{WANTED}```", "fence"),
        (f"~~~~py\n{WANTED}~~~~\n", "fence"),
        (f"```python\n{WANTED}", "fence"),
        (f"Here is the code:\n\n```python\n{WANTED}```\n\nIt is shorter now.\n", "fence"),
        (f"```python\n{SOURCE}```\nbecomes\n```python\n{WANTED}```\n", "fence"),
        (f"  ```python\n  {WANTED.replace(chr(10) + '    ', chr(10) + '      ')}  ```\n", "fence"),
        (f"Here is the updated code:\n{WANTED}", "prose"),
        (f"{WANTED}\nThis function now returns the product directly.\n", "prose"),
        (f"<region>\n{WANTED}</region>\n", "tags"),
        (INDENTED, "indentation"),
        (INDENTED.replace("    ", "      ", 1).replace("        ", "          "), "indentation"),
        (f"class Box:\n{INDENTED}", "context"),
        (f"{WANTED}\n    def other(self):\n        return 1\n", "context"),
        (WANTED.replace("    ", "\t"), "indentation"),
        (WANTED.replace("\n", "\r\n"), None),
        (f"<think>\nshould I?\n```\nno\n```\n</think>\n{WANTED}", None),
        (f"\n\n{WANTED}\n\n", None),
        (f"\ufeff{WANTED}", None),
    ],
)
def test_an_answer_is_taken_out_of_its_wrapping(answer, repair):
    result = parsed(answer)
    assert result.text == INDENTED
    assert (repair in result.repairs) if repair else not result.repairs


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "empty"),
        ("   \n\n", "empty"),
        ("```python\n```\n", "empty"),
        ("<think>hmm</think>", "empty"),
        ("<think>hmm, this never", "empty"),
        (SOURCE, "no_change"),
        (f"```python\n{SOURCE}```", "no_change"),
        ("I'm sorry, but I cannot help with that.", "prose"),
        ("The function multiplies the width by the height and returns it.\n", "prose"),
        ("def area(self, width, height):\n    # ... rest unchanged ...\n", "placeholder"),
        (
            "def area(self, width, height):\n    # rest of the code remains the same\n",
            "placeholder",
        ),
        ("def area(self, width, height):\n    ...\n", "placeholder"),
        ("def area(self, width, height):\n    return max(width,\n", "truncated"),
        ('def area(self, width, height):\n    """Return the area', "truncated"),
        (WANTED.replace("width *", "width\0 *"), "nul"),
        (WANTED.replace("width *", "width \u202e*"), "bidi"),
        (WANTED.replace("width *", "wid\u200bth *"), "bidi"),
        (WANTED.replace("width *", "width \ufffd"), "replacement_char"),
        (WANTED.replace("width *", "width \x1b[31m*"), "control_char"),
    ],
)
def test_an_answer_that_cannot_be_used_has_a_name_and_a_sentence(answer, code):
    assert defect(answer) == code


def test_a_syntax_error_is_left_to_the_gate_that_can_show_it():
    assert parsed("def area(self, width, height):\n    return width **\n").text.endswith("**\n")


def test_only_a_shift_of_all_lines_is_undone():
    # the middle line alone moved: an honest change of structure
    answer = (
        "def area(self, width, height):\n    if True:\n"
        "        result = width * height\n    return result\n"
    )
    assert parsed(answer).text.splitlines()[2] == "            result = width * height"


def test_a_region_that_begins_like_the_line_above_keeps_its_first_line():
    document = "x = 1\nx = 1\ny = 2\n"
    assert parsed("x = 1\ny = 3\n", document, Region(1, 3)).text == "x = 1\ny = 3\n"


def test_a_lone_bracket_is_not_taken_for_repeated_context():
    document = "foo(\n)\nbar = 1\n)\n"
    assert parsed(")\nbar = 2\n", document, Region(2, 3)).text == ")\nbar = 2\n"


def test_fences_inside_the_code_stay():
    document = 'def f():\n    """Do it.\n\n    ```\n    f()\n    ```\n    """\n    return 1\n'
    region = Region(0, 8)
    wanted = document.replace("return 1", "return 2")
    assert parsed(wanted, document, region).text == wanted
    assert parsed(f"```python\n{wanted}```\n", document, region).text == wanted


def test_a_comment_that_mentions_the_rest_is_no_placeholder_if_it_was_there():
    document = "# the rest of the code is here\nx = 1\n"
    answer = "# the rest of the code is here\nx = 2\n"
    assert parsed(answer, document, Region(0, 2)).text == answer


def test_a_stub_may_stay_a_stub():
    document = "def f(a):\n    ...\n"
    assert parsed("def f(a, b):\n    ...\n", document, Region(0, 2)).text.endswith("...\n")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_are_kept(end):
    document = DOCUMENT.replace("\n", end)
    assert parsed(WANTED, document).text == INDENTED.replace("\n", end)


def test_mixed_line_ends_are_kept_line_by_line():
    document = "a = 1\r\nb = 2\nc = 3\r\n"
    result = parsed("a = 1\nb = 5\nc = 3\n", document, Region(0, 3)).text
    assert result == "a = 1\r\nb = 5\r\nc = 3\r\n"


def test_a_missing_last_line_end_stays_missing():
    document = "a = 1\nb = 2"
    assert parsed("a = 1\nb = 3\n", document, Region(0, 2)).text == "a = 1\nb = 3"
    assert parsed("b = 2\nc = 3\n", document, Region(1, 2)).text == "b = 2\nc = 3"


def test_a_byte_order_mark_stays():
    assert parsed("x = 2\n", "\ufeffx = 1\n", Region(0, 1)).text == "\ufeffx = 2\n"


def test_trailing_blanks_of_kept_lines_stay():
    document = "def f():\n    x = 1  \n    \n    return x\n"
    result = parsed("def f():\n    x = 1  \n    \n    return 2\n", document, Region(0, 4))
    assert result.text == document.replace("return x", "return 2")


def test_tabs_stay_tabs():
    document = "def f():\n\tif x:\n\t\treturn 1\n"
    result = parsed("def f():\n    if x:\n        return 2\n", document, Region(0, 3))
    assert result.text == "def f():\n\tif x:\n\t\treturn 2\n"


def test_less_indented_text_in_a_string_survives():
    document = 'class A:\n    def f(self):\n        return """\nleft\n"""\n'
    answer = '    def f(self):\n        return """\nright\n"""\n'
    assert parsed(answer, document, Region(1, 5)).text == answer


def test_characters_that_the_document_has_may_stay():
    document = "x = '\u202e'\ny = 1\n"
    assert parsed("x = '\u202e'\ny = 2\n", document, Region(0, 2)).text.endswith("y = 2\n")


def test_an_insertion_takes_the_indentation_of_its_place():
    document = "class A:\n    x = 1\n"
    assert parsed("y = 2\n", document, Region(1, 1)).text == "    y = 2\n"


CODE_LINE = st.sampled_from(["x = 1", "    y = 2", "", "if z:", "        w()", "é = '😋'"])


@settings(deadline=None)
@given(
    st.lists(CODE_LINE, min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "    ", "\t"]),
)
def test_answering_with_the_source_changes_nothing(lines, end, indent):
    document = "".join((indent + line if line else "") + end for line in lines)
    ready = prepare(Text(document), Region(0, len(lines)))
    result = finish(ready, ready.source)
    assert isinstance(result, Defect)
    assert result.code in {"no_change", "empty"}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 400), st.sampled_from(["fenced", "prose", "think", "plain"]))
def test_a_preview_never_shows_what_is_around_the_code(cut, shape):
    answer = {
        "fenced": f"Here is the code:\n```python\n{WANTED}```\nIt is shorter now.\n",
        "prose": f"Here is the updated code:\n{WANTED}",
        "think": f"<think>let me ``` see</think>\n```python\n{WANTED}```\n",
        "plain": WANTED,
    }[shape]
    shown = preview(prepared(), answer[:cut])
    assert "```" not in shown
    assert "think" not in shown
    assert "Here is" not in shown
    assert all(not line.strip() or line.startswith("    ") for line in shown.splitlines())


def test_a_complete_preview_is_the_code():
    assert preview(prepared(), f"```python\n{WANTED}```\n") == INDENTED
