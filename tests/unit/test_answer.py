"""What models answer, and what becomes of it: each outcome has a name."""

import pytest

from festina.edits import Region, preview
from support.answers import (
    DOCUMENT,
    INDENTED,
    OLD,
    SOURCE,
    WANTED,
    defect,
    parsed,
    prepared,
)


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
        # more blocks and stranger fences
        (f"```python\n{WANTED}```\nThe bug was that it was long.\n", "fence"),
        (f"It is too long.\nWe can shorten it.\n\n```python\n{WANTED}```", "fence"),
        (f"```python\n{WANTED}```\nUsage:\n```python\nprint(Box().area(2, 3))\n```\n", "fence"),
        (f"```bash\npip install box\n```\n```python\n{WANTED}```\n", "fence"),
        (f"```\nTypeError: no\n```\nFixed:\n```python\n{WANTED}```\n", "fence"),
        (f"```python\nimport box\n```\n```python\n{WANTED}```\n", "fence"),
        (f"```python {WANTED}```", "fence"),
        (f"```python\n{WANTED.rstrip()}```\nShorter.\n", "fence"),
        (f"```\n```\n{WANTED}", "fence"),
        (f"````python\n{WANTED}````\n", "fence"),
        (f"```python\n<region>\n{WANTED}</region>\n```\n", "tags"),
        # talk without a fence
        (f"Sure! I removed the variable.\n\nNow it works.\n\n{WANTED}", "prose"),
        (f"{WANTED}This function returns the product.\n", "prose"),
        (f"{WANTED}\nThe variable was superfluous.\nThe behaviour is the same.\n", "prose"),
        (f"{WANTED}\nChanges:\n- removed the variable\n- returned directly\n", "prose"),
        (f"{WANTED}\n**Explanation:** it was superfluous.\n", "prose"),
        # tags
        (f"<answer>{WANTED}</answer>", "tags"),
        (f"[PYTHON]\n{WANTED}[/PYTHON]\n", "tags"),
        (f"{WANTED}<|im_end|>", None),
        (f"it should be shorter\n</think>\n{WANTED}", None),
        (f"<think>\n</think>\n\n<think>again</think>{WANTED}", None),
        # repeated context
        (f"class Box:\n{INDENTED}\n    def other(self):\n        return 1\n", "context"),
        (f"import math\n\n\nclass Box:\n{INDENTED}", "context"),
        (f"```python\n{DOCUMENT.replace(OLD, INDENTED)}```\n", "context"),
        (f"class Box:\n{WANTED}", "context"),
        (f"{WANTED}\ndef other(self):\n    return 1\n", "context"),
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
        (
            "def area(self, width, height):\n    # ... existing code ...\n    return 1\n",
            "placeholder",
        ),
        ("def area(self, width, height):\n    # your code here\n    pass\n", "placeholder"),
        ("def area(self, width, height):\n    # unchanged\n", "placeholder"),
        ("def area(self, width, height):\n    # (rest of the method)\n", "placeholder"),
        ("def area(self, width, height):\n    [rest of code unchanged]\n", "placeholder"),
        ("# TODO: implement\n", "placeholder"),
        ("def area(self, width, height):\n", "truncated"),
        ("def area(self, width, height):\n    return width * \\\n", "truncated"),
        ("def area(self, width,\n", "truncated"),
        (f"@@ -1,3 +1,2 @@\n {SOURCE}", "diff"),
        (f"```diff\n-{SOURCE}+return 1\n```\n", "diff"),
        (
            " def area(self, width, height):\n-    result = width * height\n"
            "-    return result\n+    return width * height\n",
            "diff",
        ),
        ("To fix this, return `width * height` directly.", "prose"),
        ("Die Funktion multipliziert die Breite mit der Höhe.", "prose"),
        ("def area(self, width, height):\n    return max(width,\n", "truncated"),
        ('def area(self, width, height):\n    """Return the area', "truncated"),
        (WANTED.replace("width *", "width\0 *"), "nul"),
        (WANTED.replace("width *", "width \u202e*"), "bidi"),
        (WANTED.replace("width *", "wid\u200bth *"), "bidi"),
        (WANTED.replace("width *", "wid\u200cth *"), "bidi"),
        (WANTED.replace("width *", "width \u2028*"), "bidi"),
        (WANTED.replace("width *", "width \ufeff*"), "bidi"),
        (WANTED.replace("width *", "width \U000e0041*"), "bidi"),
        (WANTED.replace("width *", "width \ufffd"), "replacement_char"),
        (WANTED.replace("width *", "'\ud83d' *"), "replacement_char"),
        (WANTED.replace("width *", "width \x85*"), "control_char"),
        (WANTED.replace("width *", "width \x1b[31m*"), "control_char"),
    ],
)
def test_an_answer_that_cannot_be_used_has_a_name_and_a_sentence(answer, code):
    assert defect(answer) == code


def test_emoji_and_scripts_that_need_joiners_may_be_added():
    answer = "x = '👩\u200d👧 \u0645\u06cc\u200c\u062e'\n"
    assert parsed(answer, "x = 1\n", Region(0, 1)).text == answer


def test_an_invisible_character_more_than_the_region_had_is_a_defect():
    document = "x = '\u202e'\ny = '\u202e'\n"
    assert defect("y = '\u202e' + '\u202e'\n", document, Region(1, 2)) == "bidi"
    assert defect("y = '\u200b'\n", document, Region(1, 2)) == "bidi"


@pytest.mark.parametrize(
    "comment",
    [
        "# return the rest of the list",
        "# the remaining items of the list",
        "# check other code paths here",
    ],
)
def test_a_comment_that_only_sounds_like_a_placeholder(comment):
    answer = f"def area(self, width, height):\n    {comment}\n    return width * height\n"
    assert comment in parsed(answer).text


def test_code_about_the_rest_is_code():
    answer = "def area(self, width, height):\n    rest = unchanged\n    return rest\n"
    assert "rest = unchanged" in parsed(answer).text


def test_a_complete_preview_is_the_code():
    assert preview(prepared(), f"```python\n{WANTED}```\n") == INDENTED
