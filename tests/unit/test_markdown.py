"""A model's Markdown in a person's editor: nothing in it is fetched, followed or run."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from festina.markdown import MOST_CHARS, complete, safe
from support.reading import is_harmless, tokens_of

PIECES = [
    "[x](http://e.example)", "![i](http://e.example/i.png)", "<img src=x onerror=alert(1)>", "<b>",
    "</b>", "<script>alert(1)</script>", "<!-- c -->", "<https://e.example>", "https://e.example/a",
    "www.e.example", "me@e.example", "[a]: http://e.example", "[a]", "[a][a]", "![a]", "[^1]",
    "command:workbench.action.quit", "[run](command:x)", "<command:x>", "javascript:alert(1)",
    "`", "``", "```", "~~~", "~~", "*", "**", "_", "__", "\\", "&lt;", "&#x5b;", "&", "!", "[", "]",
    "(", ")", "<", ">", "#", "# ", "- ", "1. ", "+ ", "> ", "    ", "\t", "===", "---", "|", "|-|",
    "\n", "\n\n", " ", "  \n", "\\\n", "word", "snake_case", "x<y>z", "\x1b[31m", "\u202e", "\x00",
    "ht", "tp://e.example", "://", ":", "@", ".", "data:text/html,x", "List<int>", "$x$", "é", "😋",
]  # fmt: skip

documents = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)


@settings(max_examples=600, deadline=None)
@given(documents)
@example("[a]: http://e.example\n\n[a]")
@example("ht<b></b>tp://e.example")
@example("&#91;x](command:y)")
@example("\\[x](http://e.example)")
@example("<a href='command:x'>\nx</a>")
@example("- <https://e.example>\n  > ![x](y)")
@example("`<b>` <b>`")
def test_whatever_comes_nothing_is_fetched_followed_or_run(text):
    clean = safe(text)
    assert is_harmless(clean), clean
    assert all(char in "\n\t" or char.isprintable() or char == "\xa0" or char.isspace()
               or ord(char) > 0x9F for char in clean)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(documents)
def test_what_is_safe_stays_safe_and_means_the_same(text):
    once = safe(text)
    assert words_of(safe(once)) == words_of(once)


def words_of(text):
    """Return the letters that a reader sees."""
    return re.sub(r"\W+", "", "".join(token.content for token in tokens_of(text)))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("See [the docs](https://e.example \"t\") now.", "See the docs now."),
        ("![a cat](https://e.example/c.png)", "a cat"),
        ("[Run it](command:festina.accept)", "Run it"),
        ("Look at https://e.example/a_b, please.", "Look at `https://e.example/a_b`, please."),
        ("<https://e.example>", "`https://e.example`"),
        ("Write to me@e.example.", "Write to `me@e.example`."),
        ("a <b>bold</b> word<br>", "a bold word"),
        ("a `List<int>` and a List<int>", "a `List<int>` and a List\\<int>"),
        ("<script>alert(1)</script>\n\nSo.", "So."),
        ("<details><summary>More</summary>\nhidden\n</details>", "More\nhidden"),
        ("<!-- secret -->\n\nSo.", "So."),
        ("# Title #\n\nText\n====", "# Title\n\n# Text"),
        ("1. one\n2. two\n   - deep\n\n> quoted", "1. one\n2. two\n\n   - deep\n\n> quoted"),
        ("```python\nx = '<b>'\n```", "```python\nx = '<b>'\n```"),
        ("```python\nx = 1", "```python\nx = 1\n```"),
        ("````\n```\n````", "````\n```\n````"),
        ("```a\" onclick=x\ny\n```", "```a\ny\n```"),
        ("*em* and **strong** and snake_case", "*em* and **strong** and snake_case"),
        ("\\_\\_init\\_\\_", "\\_\\_init\\_\\_"),
        ("values[0] * 2", "values\\[0] \\* 2"),
        ("1\\. not a list", "1\\. not a list"),
        ("&lt;img src=x&gt;", "\\<img src=x>"),
        ("\x1b[31mred\x1b[0m \u202etext", "red text"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_carries_meaning_stays(text, clean):
    assert safe(text) == clean


def test_hostile_nesting_and_length_cost_little():
    again = ("[", "![", "[a](", "<", "<!--", "*", "`", "> ", "- ", "*a_", "\n", "a", "&#x", "<a ")
    for text in [one * 4000 for one in again] + ["a" * 1_000_000, "a " * 100_000]:
        began = time.process_time()
        clean = safe(text)
        assert time.process_time() - began < 5
        assert is_harmless(clean[:5000])
        assert len(clean) <= 2 * MOST_CHARS + 10


@settings(max_examples=200, deadline=None)
@given(documents, documents)
def test_what_is_complete_is_a_beginning(text, more):
    assert 0 <= complete(text) <= len(text)


def test_a_stream_is_shown_block_by_block():
    text = "One.\n\n```python\nx = 1\n```\n\nTwo\nlines\n\n- a\n- b\n"
    shown, rest = [], ""
    for char in text:
        rest += char
        if done := complete(rest):
            shown.append(safe(rest[:done]))
            rest = rest[done:]
    assert shown == ["One.", "```python\nx = 1\n```", "Two\nlines"]
    assert safe(rest) == "- a\n- b"
