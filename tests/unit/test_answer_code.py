"""What must survive in an answer: the code, its indentation, its line ends."""

import pytest

from festina.edits import Parsed, Region, finish, prepare
from festina.text import Text
from support.answers import (
    DOCUMENT,
    INDENTED,
    WANTED,
    parsed,
)


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
    assert result == "a = 1\r\nb = 5\nc = 3\r\n"


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


# -- what must survive ----------------------------------------------------------------------


DOCSTRING = (
    'def area(self, width, height):\n    """Return the area.\n\n    ```{0}\n    Box().area(1, 2)\n'
    '    ```\n    """\n    return width * height\n'
)


@pytest.mark.parametrize("info", ["", "python", "bash"])
@pytest.mark.parametrize(
    "wrapping", ["{0}", "```python\n{0}```", "```\n{0}```\nIt is documented now.\n"]
)
def test_a_fence_in_a_new_docstring_survives(info, wrapping):
    code = DOCSTRING.format(info)
    assert parsed(wrapping.format(code)).text == "".join(
        f"    {line}\n" if line else "\n" for line in code.splitlines()
    )


def test_a_fence_at_the_margin_of_a_docstring_survives():
    code = '"""A module.\n\n```\nrun()\n```\n"""\nx = 2\n'
    document = '"""A module."""\nx = 1\n'
    assert parsed(f"```python\n{code}```\nDone!\n", document, Region(0, 2)).text == code


MARKDOWN = "# Use\n\nRun this:\n\n```bash\nmake\n```\n\nThen that:\n\n```bash\nmake it\n```\n"


@pytest.mark.parametrize(
    "wrapping",
    ["{0}", "```markdown\n{0}```\n", "````markdown\n{0}````\n", "Sure:\n\n````\n{0}````\n"],
)
def test_blocks_in_a_markdown_region_survive(wrapping):
    new = MARKDOWN.replace("make it", "make all")
    region = Region(0, len(Text(MARKDOWN).lines))
    result = finish(prepare(Text(MARKDOWN), region, language="markdown"), wrapping.format(new))
    if wrapping.startswith("Sure"):
        # no way to tell an introduction from a paragraph of the new text: it is not guessed
        assert isinstance(result, Parsed)
        return
    assert result == Parsed(new, result.repairs)


def test_prose_is_no_defect_where_prose_was():
    document = "The first sentence stands here.\nThe second one follows.\n"
    answer = "The first sentence stood here.\nA second one followed.\n"
    assert parsed(answer, document, Region(0, 2)).text == answer


def test_apostrophes_and_open_brackets_are_no_truncation_outside_python():
    document = "it is a list:\n- one\n"
    answer = 'it\'s a list (of one:\n- one\'s """\n'
    result = finish(prepare(Text(document), Region(0, 2), language="markdown"), answer)
    assert result == Parsed(answer)


def test_code_that_is_wrong_is_left_to_the_gate_even_with_a_fence_and_talk():
    answer = "Here you go:\n```python\ndef area(self, width, height)\n    return 1\n```\nEnjoy!\n"
    assert parsed(answer).text == "    def area(self, width, height)\n        return 1\n"


# -- context: taken off where it is a repetition, and only there ----------------------------


def test_a_line_that_reads_like_the_next_one_at_another_depth_is_code():
    document = "def f(a):\n    x = g(a)\n    return x\n"
    answer = "x = g(a)\nif not x:\n    return x\n"
    expected = "    x = g(a)\n    if not x:\n        return x\n"
    assert parsed(answer, document, Region(1, 2)).text == expected


def test_a_block_like_the_one_around_it_is_code():
    document = "def f():\n    try:\n        g()\n    except E:\n        pass\n"
    answer = "try:\n    g()\nexcept F:\n    h()\n"
    expected = "        try:\n            g()\n        except F:\n            h()\n"
    assert parsed(answer, document, Region(2, 3)).text == expected


def test_the_head_of_an_enclosing_block_is_taken_off_though_it_is_not_the_line_before():
    document = "class A:\n    x = 1\n\n    def f(self):\n        return 1\n"
    answer = "class A:\n    def f(self):\n        return 2\n"
    assert parsed(answer, document, Region(3, 5)).text == "    def f(self):\n        return 2\n"


def test_lines_that_the_region_itself_begins_or_ends_with_stay():
    document = "a()\nb()\na()\nc()\nb()\n"
    assert parsed("a()\nd()\n", document, Region(2, 4)).text == "a()\nd()\n"
    document = "x()\na()\nb()\nb()\n"
    assert parsed("d()\nb()\n", document, Region(1, 3)).text == "d()\nb()\n"


def test_an_answer_that_is_all_context_keeps_it():
    document = "a = 1\nb = 2\n"
    assert parsed("a = 1\n", document, Region(1, 2)).text == "a = 1\n"


# -- indentation ----------------------------------------------------------------------------


def test_taking_a_block_apart_is_no_shift():
    document = "def f():\n    if a:\n        b()\n"
    assert parsed("b()\n", document, Region(1, 3)).text == "    b()\n"


def test_putting_lines_into_a_block_is_no_shift():
    document = "def f():\n    b()\n"
    assert parsed("if a:\n    b()\n", document, Region(1, 2)).text == ("    if a:\n        b()\n")


def test_a_partial_shift_is_left_alone():
    answer = "def area(self, width, height):\n        if result:\n            return result\n"
    assert parsed(answer).text == "".join(f"    {line}\n" for line in answer.splitlines())


def test_an_answer_without_a_known_line_loses_its_common_indentation():
    assert parsed("        return 3\n", "def f():\n    return 1\n", Region(1, 2)).text == (
        "    return 3\n"
    )


def test_spaces_stay_spaces():
    document = "def f():\n  if x:\n    return 1\n"
    answer = "def f():\n\tif x:\n\t\treturn 2\n"
    assert parsed(answer, document, Region(0, 3)).text == "def f():\n  if x:\n    return 2\n"


def test_a_new_line_takes_the_line_end_of_the_line_before_it():
    document = "a = 1\r\nb = 2\nc = 3\r\n"
    answer = "a = 1\nnew = 1\nb = 2\nnew = 2\nc = 3\n"
    assert parsed(answer, document, Region(0, 3)).text == (
        "a = 1\r\nnew = 1\r\nb = 2\nnew = 2\nc = 3\r\n"
    )


def test_an_insertion_at_the_end_of_a_file_leaves_its_end_as_it_was():
    assert parsed("b = 2\n", "a = 1", Region(1, 1)).text == "b = 2"
    assert parsed("b = 2", "a = 1\n", Region(1, 1)).text == "b = 2\n"
    assert parsed("b = 2", "", Region(0, 0)).text == "b = 2\n"
