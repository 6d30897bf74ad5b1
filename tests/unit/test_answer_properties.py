"""Answers as properties: what goes out comes back, in any wrapping, and nothing else does."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from festina.edits import Defect, Parsed, Region, apply, finish, prepare, preview, rewrite
from festina.text import Text

ENDS = ["\n", "\r\n", "\r"]
SHAPES = {
    "plain": "{0}",
    "fence": "```python\n{0}```\n",
    "long fence": "`````\n{0}`````",
    "wavy fence": "~~~py\n{0}~~~",
    "talk": "Here is the new code:\n\n```python\n{0}```\n\nIt is shorter.\nI hope it helps!\n",
    "talk alone": "Here is the updated code:\n{0}",
    "tags": "<region>\n{0}</region>\n",
    "thought": "<think>\nuse ``` or\n```python\nno()\n```\n?</think>\n\n```python\n{0}```\n",
    "late thought": "well ...\n</think>\n{0}",
    "unclosed": "```python\n{0}",
    "two blocks": "```python\n{0}```\nand then\n```bash\nmake test\n```\n",
}


@st.composite
def bodies(draw, depth):
    """Lines of a Python block whose lines are all different, at any indentation of their own."""
    lines: list[str] = []
    pad = depth
    for number in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["set", "set", "if", "out", "blank", "string", "call", "é"]))
        if kind == "blank":
            lines.append(draw(st.sampled_from(["", "", pad])))
            continue
        if kind == "out" and len(pad) > len(depth):
            pad = pad[: len(depth)]
        if kind == "if":
            lines += [f"{pad}if a{number}:", f"{pad}{UNIT}b{number}()"]
            pad += UNIT
        elif kind == "string":
            lines += [f'{pad}s{number} = """one', f"left {number}", f'  half {number}"""']
        elif kind == "call":
            lines += [f"{pad}f{number}(", f"{pad}  {number},", f"{pad})"]
        else:
            lines.append(f"{pad}v{number} = '{kind}😋'")
    return lines


UNIT = "    "


@st.composite
def documents(draw):
    """(text, region) of a document with any line ends, with or without a BOM and a last end."""
    tabs = draw(st.booleans())
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"]]))
    depth = draw(st.sampled_from(["", UNIT, UNIT * 2]))
    before = draw(st.sampled_from([[], ["import os", ""], ["class A:", "    def f(self):"]]))
    after = draw(st.sampled_from([[], ["", "def last():", "    return 0"]]))
    body = draw(bodies(depth))
    lines = [line.replace(UNIT, "\t") if tabs else line for line in (*before, *body, *after)]
    content = "".join(line + draw(st.sampled_from(ends)) for line in lines)
    if draw(st.booleans()) and lines[-1]:
        content = content.rstrip("\r\n")
    if draw(st.booleans()):
        content = "\ufeff" + content
    return Text(content), Region(len(before), len(before) + len(body))


@settings(deadline=None, max_examples=200)
@given(documents(), st.sampled_from(sorted(SHAPES)))
def test_answering_with_the_source_changes_nothing(document, shape):
    text, region = document
    ready = prepare(text, region)
    assume(ready.source.strip())  # of blank lines nothing comes back but the wrapping
    result = finish(ready, SHAPES[shape].format(ready.source))
    assert isinstance(result, Defect)
    assert result.code == "no_change"


@pytest.mark.parametrize("shape", ["plain", "fence", "long fence", "wavy fence", "tags", "thought"])
def test_answering_blank_lines_with_blank_lines_is_no_answer(shape):
    ready = prepare(Text("a = 1\n\n\nb = 2\n"), Region(1, 3))
    result = finish(ready, SHAPES[shape].format(ready.source))
    assert isinstance(result, Defect)
    assert result.code == "empty"


@settings(deadline=None, max_examples=300)
@given(documents(), st.data(), st.sampled_from(sorted(SHAPES)))
def test_a_changed_line_is_the_only_one_that_changes(document, data, shape):
    text, region = document
    ready = prepare(text, region)
    number = data.draw(st.integers(0, len(ready.lines) - 1))
    assume(ready.lines[number].strip() and _is_simple(ready.lines, number))
    old = ready.lines[number]
    pad = old[: len(old) - len(old.lstrip(" \t"))]
    answer = [*ready.lines[:number], f"{pad}changed = {number}", *ready.lines[number + 1 :]]
    result = finish(ready, SHAPES[shape].format("".join(f"{line}\n" for line in answer)))
    assert isinstance(result, Parsed), result
    new = apply(text, rewrite(text, region, result.text))
    assert len(new.lines) == len(text.lines)
    for at, (ours, theirs) in enumerate(zip(text.lines, new.lines, strict=True)):
        if at != region.start + number:
            assert ours == theirs, at
    changed = new.lines[region.start + number]
    mark = "\ufeff" if region.start + number == 0 and text.content[0] == "\ufeff" else ""
    assert changed.rstrip("\r\n") == f"{mark}{ready.indent}{pad}changed = {number}"
    last = region.start + number == len(text.lines) - 1
    has_end = text.lines[-1].endswith(("\r", "\n"))
    assert changed.endswith(("\r", "\n")) == (has_end or not last)
    if len({line[len(line.rstrip("\r\n")) :] for line in text.lines if line[-1:] in "\r\n"}) == 1:
        assert changed[len(changed.rstrip("\r\n")) :] in text.lines[0] + text.lines[-1]


def _is_simple(lines: list[str], number: int) -> bool:
    """A statement of one line, so that the program is as complete without it."""
    return lines[number].lstrip().startswith(("v", "b"))


@settings(deadline=None, max_examples=150)
@given(documents(), st.sampled_from(sorted(SHAPES)), st.data())
def test_a_preview_grows_towards_the_result_and_shows_nothing_else(document, shape, data):
    text, region = document
    ready = prepare(text, region)
    assume(ready.source.strip())
    code = ready.source + "extra = 1\n"
    answer = SHAPES[shape].format(code)
    result = finish(ready, answer)
    assert isinstance(result, Parsed)
    for cut in sorted(data.draw(st.sets(st.integers(0, len(answer)), max_size=12))):
        shown = preview(ready, answer[:cut])
        assert "```" not in shown
        assert "~~~" not in shown
        assert "think>" not in shown
        assert "Here is" not in shown
        assert "region>" not in shown
        if shape != "late thought":  # until the thought ends, nothing tells that it is one
            whole = [line.rstrip("\r\n") for line in Text(result.text).lines]
            lines = [line.rstrip("\r\n") for line in Text(shown).lines]
            full, last = lines[:-1], lines[-1:]
            assert full == whole[: len(full)]
            assert all(whole[len(full)].startswith(line.rstrip()) for line in last)


PIECES = [
    *("```", "```python\n", "~~~", "<think>", "</think>", "<region>", "@@ -1 +1 @@\n"),
    *("def f(a):\n", "    return a\n", "x = 1\n", "# ...\n", '"""', "(", ")", "-", "+", "\\\n"),
    *("\n", " ", "\t", "\r\n", "\r", "\0", "\u202e", "\ufffd", "\ud83d", "\ufeff", "é"),
    *("Sure!", "Here is the code:\n", "rest unchanged"),
]
NOISE = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@settings(deadline=None, max_examples=400)
@given(documents(), NOISE, st.sampled_from(["", "python", "markdown"]))
def test_any_answer_at_all_has_a_named_outcome_inside_the_region(document, answer, language):
    text, region = document
    ready = prepare(text, region, language=language)
    result = finish(ready, answer)
    assert result == finish(ready, answer)
    preview(ready, answer)
    if isinstance(result, Defect):
        assert result.code
        assert result.message.endswith(".")
        return
    assert not set(result.text) & set("\0\u202e\ufffd\ud83d")
    new = apply(text, rewrite(text, region, result.text)).content
    assert new != text.content
    before, after = text.lines_text(0, region.start), text.lines_text(region.end, len(text.lines))
    assert new.startswith(before)
    assert new.endswith(after)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_each_wrapping_is_taken_off(shape, end):
    document = Text(f"class A:{end}    def f(self):{end}        return 1{end}")
    ready = prepare(document, Region(1, 3))
    result = finish(ready, SHAPES[shape].format("def f(self):\n    return 2\n"))
    assert isinstance(result, Parsed)
    assert result.text == f"    def f(self):{end}        return 2{end}"
