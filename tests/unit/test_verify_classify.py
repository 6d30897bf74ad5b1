"""Which edits are a matter of some functions' code alone, held against compiled whole texts."""

from __future__ import annotations

import inspect
import random
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.verify.classify import Broken, Fresh, Kind, Same, Swap, classify, meaning
from festina.verify.outline import MODULE, outline, owner
from support.code_objects import compiled, declared, exact, found, shape

HERE = sys.version_info[:2]
LIBRARY = Path(sysconfig.get_path("stdlib"))


NEW_LINES = [
    "x = 1",
    "return None",
    "yield 1",
    "await x",
    "pass",
    "# a comment",
    "",
    "super().__init__()",
    "global x",
    "nonlocal x",
    "def f(): return 1",
    "def f():",
    "class C:",
    "@property",
    "if x:",
    "else:",
    "try:",
    "except ValueError:",
    "import os",
    "from __future__ import annotations",
    "'''",
    '"""doc"""',
    "x = (",
    ")",
    "x = 1 \\",
    "\\",
    "\f",
    "f = lambda: 1",
    "x: int = 1",
    "y = [i for i in x]",
    "match x:",
    "case 1:",
    "del x",
    "print(f'{x!r}')",
    "if (n := 1): pass",
    "x = 1; y = 2",
]


def check(old: str, new: str, kind: Kind) -> None:
    """Hold a classification against the compiled whole texts."""
    try:
        after = compiled(new)
    except (SyntaxError, ValueError):
        assert isinstance(kind, Broken | Fresh), kind
        return
    assert not isinstance(kind, Broken), kind
    if isinstance(kind, Fresh):
        return
    names = declared(old) | declared(new)
    before, after = compiled(old, names), compiled(new, names)
    if isinstance(kind, Same):
        assert shape(before) == shape(after)
        return
    was, now = compiled(kind.before), compiled(kind.after)
    ours, theirs = [], []
    for _, leaf, first, _, new_first in kind.wire["functions"]:
        ours.append(found(before, first, leaf))
        theirs.append(found(after, new_first, leaf))
        assert exact(found(was, first, leaf)) == exact(ours[-1])
        assert exact(found(now, new_first, leaf)) == exact(theirs[-1])
        assert ours[-1].co_freevars == theirs[-1].co_freevars
        assert docstring(ours[-1]) == docstring(theirs[-1])
    assert shape(before, ours) == shape(after, theirs)
    moved = [
        (part.co_firstlineno, other.co_firstlineno) for part, other in outside(before, after, ours)
    ]
    for first, new_first in moved:
        by = [delta for line, delta in kind.wire["steps"] if line <= first]
        assert new_first == first + (by[-1] if by else 0), (first, new_first, kind.wire["steps"])


def docstring(code: CodeType) -> object:
    return code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None


def outside(
    before: CodeType, after: CodeType, changed: list[CodeType]
) -> Iterator[tuple[CodeType, CodeType]]:
    """Pair the outermost functions of two texts, but for the changed ones."""
    pairs = [
        [const for const in code.co_consts if isinstance(const, CodeType)]
        for code in (before, after)
    ]
    for ours, theirs in zip(*pairs, strict=True):
        if not any(ours is part for part in changed):
            if ours.co_flags & inspect.CO_NEWLOCALS:  # no class
                yield ours, theirs
            else:
                yield from outside(ours, theirs, changed)


# -- one by one ---------------------------------------------------------------------------------

TEXT = """\
'''A module.'''
import functools
import os

LIMIT = 3


def area(w, h=LIMIT):
    '''Return the area.'''
    return w * h


class Box:
    '''A box.'''

    size = 1

    @property
    def volume(self):
        return self.size**3

    def grown(self, by):
        # how much
        def more(x):
            return x + by
        return more(self.size)

    class Lid:
        def __init__(self):
            super().__init__()
            self.__open = False

    if LIMIT > 2:
        def lid(self):
            return 1
    else:
        def lid(self):
            return 2


def one(x): return x


@functools.wraps(area)
def last(w):
    return os.path.join(w)
"""


def edited(old: str, new: str, text: str = TEXT) -> Kind:
    assert text.count(old) == 1, old
    after = text.replace(old, new)
    kind = classify(text, after, version=HERE, path="m.py")
    check(text, after, kind)
    return kind


@pytest.mark.parametrize(
    ("old", "new", "functions"),
    [
        ("return w * h", "return w + h", ["area"]),
        ("return w * h", "h = h or 1\n    return w + h", ["area"]),
        ("self.size**3", "self.size", ["Box.volume"]),
        ("return x + by", "return x - by", ["Box.grown"]),
        ("def more(x):\n            return x + by", "more = lambda x: x + by", ["Box.grown"]),
        ("return more(self.size)", "return [by for by in (by, 1)]", ["Box.grown"]),
        ("self.__open = False", "self.__open = True", ["Box.Lid.__init__"]),
        ("return 1", "return 3", ["Box.lid"]),
        ("return 2", "return 3", ["Box.lid#2"]),
        ("os.path.join(w)", "os.path.join(w, w)", ["last"]),
        ("os.path.join(w)\n", "os.path.join(w, w)\n    # the end\n", ["last"]),
        (
            "return 1\n    else:\n        def lid(self):\n            return 2",
            "return 3\n    else:\n        def lid(self):\n            return 4",
            ["Box.lid", "Box.lid#2"],
        ),
        (
            "self.size**3\n\n    def grown(self, by):\n        # how much\n",
            "self.size\n\n    def grown(self, by):\n        by += 1\n",
            ["Box.volume", "Box.grown"],
        ),
    ],
)
def test_an_edit_inside_of_functions_swaps_their_code(
    old: str, new: str, functions: list[str]
) -> None:
    kind = edited(old, new)
    assert isinstance(kind, Swap), kind
    assert list(kind.functions) == functions
    assert kind.wire["path"] == "m.py"
    assert [name for name, *_ in kind.wire["functions"]] == functions


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("def area(w, h=LIMIT)", "def area(w, h=4)", "head of area"),
        ("def area(w, h=LIMIT)", "def area(w, hh=LIMIT)", "head of area"),
        ("def area(w, h=LIMIT)", "def area(w: int, h=LIMIT)", "head of area"),
        ("def area(w, h=LIMIT)", "def surface(w, h=LIMIT)", "surface is new"),
        ("@functools.wraps(area)", "@functools.wraps(one)", "head of last"),
        ("@functools.wraps(area)\n", "", "head of last"),
        ("def one(x)", "@functools.cache\ndef one(x)", "head of one"),
        ("Return the area.", "Return an area.", "docstring of area"),
        ("    '''Return the area.'''\n", "", "docstring of area"),
        ("def one(x): return x", "def one(x): return 1", "in the line of its head"),
        ("def one(x): return x", "def one(x):\n    return x + 1", "in the line of its head"),
        ("LIMIT = 3", "LIMIT = 4", "outside of functions"),
        ("size = 1", "size = 2", "outside of functions"),
        ("return w * h\n", "return w * h\n\ndef new(): pass\n", "new is new"),
        ("def one(x): return x", "", "one is gone"),
        ("class Lid:", "class Cap:", "is new"),
        ("return w * h", "yield w * h", "generator"),
        ("return self.size**3", "return super().size", "super"),
        ("super().__init__()\n            ", "", "super"),
    ],
)
def test_what_is_read_at_import_needs_a_fresh_import(old: str, new: str, word: str) -> None:
    kind = edited(old, new)
    assert isinstance(kind, Fresh), kind
    assert word in kind.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# how much", "# how many"),
        ("        # how much\n", ""),
        ("LIMIT = 3", "\n\nLIMIT = 3  # three"),
        ("return w * h", "return (w * h)"),
        ("return w * h\n", "return w * h\n    # done\n"),
        ("\n", "\r\n"),
        ("'''A module", "\ufeff'''A module"),
        ("self.size**3", "self.size ** \\\n            3"),
    ],
)
def test_comments_and_form_change_nothing(old: str, new: str) -> None:
    after = TEXT.replace(old, new)
    assert after != TEXT
    kind = classify(TEXT, after, version=HERE)
    check(TEXT, after, kind)
    assert kind == Same()
    assert meaning(after) == meaning(TEXT) == meaning(after, TEXT)


def test_a_line_put_in_after_the_last_one_of_a_function_is_told_by_its_depth() -> None:
    end = "return w * h\n"
    inside = edited(end, end + "    w = 1\n")
    assert isinstance(inside, Swap)
    assert inside.functions == ("area",)
    for line in ("w = 1\n", "if LIMIT: w = 1\n", "@functools.cache\ndef f():\n    w = 1\n"):
        outside = edited(end, end + line)
        assert isinstance(outside, Fresh), line
        assert MODULE in outside.functions
    end = "return os.path.join(w)\n"
    assert isinstance(edited(end, end + "w = 1\n"), Fresh)
    assert isinstance(edited(end, end + "    w = 1\n"), Swap)
    end = "return self.size**3\n"
    assert isinstance(edited(end, end + "    w = 1\n"), Fresh)
    assert isinstance(edited(end, end + "        w = 1\n"), Swap)
    assert isinstance(edited(end, end + "      w = 1\n"), Broken)


def test_lines_after_a_swap_are_known_to_move() -> None:
    kind = edited("return w * h", "h = 1\n    return w + h")
    assert isinstance(kind, Swap)
    assert kind.wire["steps"] == [[11, 1]]
    kind = edited("return self.size**3", "return 3")
    assert isinstance(kind, Swap)
    assert kind.wire["steps"] == []


FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("", "x = 1", Fresh),
        ("x = 1", "", Fresh),
        ("def f(:", "x = 1", Fresh),
        ("def f(:", "def f(:x", Broken),
        ("def f():\n    pass\n", "def f():\n    retrun 1\n", Broken),
        ("def f():\n    pass\n", "def f():\n    break\n", Broken),
        ("def f():\n    pass\n", "def f():\n    nonlocal x\n", Broken),
        ("def f():\n    pass\n", "def f():\n    x = '\0'\n", Broken),
        ("def f(x):\n    pass\n", "def f(x):\n    global x\n", Broken),
        ("def f():\n    pass\n", "async def f():\n    pass\n", Fresh),
        ("# coding: latin-1\ndef f():\n  1\n", "# coding: latin-1\ndef f():\n  2\n", Fresh),
        ("# x\ndef f():\n  1\n", "# coding: latin-1\ndef f():\n  1\n", Fresh),
        ("# coding: utf-8\ndef f():\n  x\n", "# coding: utf-8\ndef f():\n  y\n", Swap),
        ("x = 1; global y\ndef f():\n  x\n", "x = 1; global y\ndef f():\n  y\n", Swap),
        ("class A:\n global f\n def f():\n  x\n", "class A:\n global f\n def f():\n  y\n", Fresh),
        ("class A:\n\tdef f(s):\n\t\tx\n", "class A:\n\tdef f(s):\n\t\ty\n", Swap),
        ("class A:\n\tdef f(s):\n\t\tx\n", "class A:\n\tdef f(s):\n        y\n", Broken),
        ("class A:\n\f  def f(s):\n    x\n", "class A:\n\f  def f(s):\n    y\n", Swap),
        ("def f():\n  x\n\f\ny\n", "def f():\n  z\n\f\ny\n", Swap),
        ("def f():\n  x\n", "def f():\n  x\\\n\n", Same),
        ("\\\ndef f():\n  x\n", "\\\ndef f():\n  y\n", Swap),
        ("def f():\n  x\nelse_ = 1\n", "def f():\n  if y:\n    x\nelse_ = 1\n", Swap),
        ("x\n@(\ng)\ndef f():\n  x\n", "x\n@(\ng)\ndef f():\n  y\n", Fresh),
        ("def f():\n  '''\n  x\n  '''\n  1\n", "def f():\n  '''\n  y\n  '''\n  1\n", Fresh),
        ("def f():\n  x\n  '''\n  '''\n", "def f():\n  y\n  '''\n\n  '''\n", Swap),
        ("def f():\n  x\ndef g():\n  x\n", "def f():\n  y\ndef g():\n  y\n", Swap),
        ("def f():\n  x\ndef g():\n  x\n", "def f():\n  x\n  def g():\n    x\n", Fresh),
        ("def f():\n  x\n#\ndef g():\n  x\n", "def f():\n  x\n  '''\ndef g():\n  x\n", Broken),
        (
            "if a:\n  def f():\n    x\nelse:\n  y\n",
            "if a:\n  def f():\n    z\nelse:\n  y\n",
            Swap,
        ),
        (
            "if a:\n  y\nelif b:\n  def f():\n    x\n",
            "if a:\n  y\nelif b:\n  def f():\n    z\n",
            Swap,
        ),
        (
            "try:\n  y\nexcept E:\n  def f():\n    x\n",
            "try:\n  y\nexcept E:\n  def f():\n    z\n",
            Swap,
        ),
        ("match a:\n case 1:\n  def f():\n   x\n", "match a:\n case 1:\n  def f():\n   z\n", Swap),
        ("for a in b:\n  def f():\n    x\n", "for a in b:\n  def f():\n    z\n", Swap),
        (
            "with a:\n  class A:\n    def f(): \n      x\n",
            "with a:\n  class A:\n    def f():\n      z\n",
            Swap,
        ),
        (
            "class A:\n  def f():\n    x\n  y = 1\n",
            "class A:\n def f():\n    z\n  y = 1\n",
            Broken,
        ),
        (FUTURE + "def f():\n def g(a: b): x\n", FUTURE + "def f():\n def g(a: c): x\n", Swap),
        ("def f():\n  (x := 1)\n", "def f():\n  [y := 1, lambda: y]\n", Swap),
        ("def f():\n  return 1\n", "def f():\n  return 1.0\n", Swap),
        ("def f():\n  return 1\n", "def f():\n  return True\n", Swap),
        (f"def f():\n  return 0x{'f' * 5000}\n", f"def f():\n  return 0x{'e' * 5000}\n", Swap),
        (f"def f():\n  return {'-' * 3000}1\n", f"def f():\n  return {'-' * 3001}1\n", object),
        (f"x = {'a+' * 1500}1\ndef f():\n  x\n", f"x = {'a+' * 1500}1\ndef f():\n  y\n", object),
    ],
)
def test_odd_texts(old: str, new: str, kind: type) -> None:
    found = classify(old, new, version=HERE)
    assert isinstance(found, kind), found
    if kind is not object:
        check(old, new, found)
    assert meaning(new) == meaning(new, old) != meaning(old) or isinstance(found, Same)


def test_a_newer_python_may_understand_more() -> None:
    old, new = "def f():\n  x\n", "def f():\n  x ?? y\n"
    broken = classify(old, new, version=HERE)
    assert isinstance(broken, Broken)
    assert broken.line == 2
    assert isinstance(classify(old, new, version=(4, 0)), Fresh)


@pytest.mark.skipif(HERE < (3, 12), reason="type parameters came with Python 3.12")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f[T](x):\n  return T\n", "def f[T](x):\n  return x\n"),
        ("class A[T]:\n  def f(x):\n    return T\n", "class A[T]:\n  def f(x):\n    return x\n"),
    ],
)
def test_type_parameters_need_a_fresh_import(old: str, new: str) -> None:
    found = classify(old, new, version=HERE)
    assert isinstance(found, Fresh)
    assert "type parameters" in found.reason


def test_an_outline_names_what_owns_a_line() -> None:
    seen = outline(TEXT)
    names = " ".join(function.name for function in seen.functions)
    assert names == "area Box.volume Box.grown Box.Lid.__init__ Box.lid Box.lid#2 one last"
    lines = TEXT.split("\n")
    assert owner(seen, lines.index("    @property") + 1) == "Box.volume"
    assert owner(seen, lines.index("            return x + by") + 1) == "Box.grown"
    assert owner(seen, lines.index("    size = 1") + 1) == MODULE
    assert owner(seen, 1) == owner(seen, 1000) == MODULE


def test_an_outline_is_of_the_code_and_not_of_its_form() -> None:
    def digests(text: str) -> list[str]:
        return [function.digest for function in outline(text).functions]

    seen = outline(TEXT)
    form = outline(TEXT.replace("# how much", "#").replace("w * h", "(w  *  h)"))
    assert form.skeleton == seen.skeleton
    assert digests(TEXT) == [function.digest for function in form.functions]
    body = TEXT.replace("w * h", "w + h")
    assert outline(body).skeleton == seen.skeleton
    assert [a == b for a, b in zip(digests(TEXT), digests(body), strict=True)].count(False) == 1
    for old, new in (("h=LIMIT", "h=4"), ("Return the", "The"), ("size = 1", "size = 2")):
        assert outline(TEXT.replace(old, new)).skeleton != seen.skeleton


@given(st.lists(st.sampled_from([*NEW_LINES, "    x", "  def g():", "    def h(a):"]), max_size=8))
def test_any_lines_in_the_place_of_any_others(lines: list[str]) -> None:
    """Small texts, in which odd neighbours meet more often than in real ones."""
    for old, indent in (("return w * h", "    "), ("return self.size**3", "        ")):
        new = "\n".join([lines[0], *(indent + line for line in lines[1:])] if lines else ["pass"])
        edited(old, new)


# -- random edits of real modules ---------------------------------------------------------------


def mutate(lines: list[str], pick: random.Random) -> list[str]:
    """Edit some lines somewhere, more often near the ends of functions than elsewhere."""
    lines = list(lines)
    at = pick.randrange(len(lines))
    if pick.random() < 0.4:  # where a function begins or has just ended
        edges = [
            i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "@", "class "))
        ]
        at = max(0, min(len(lines) - 1, pick.choice(edges or [at]) + pick.randint(-3, 2)))
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    depth = pick.choice([indent, indent, indent, indent + "    ", indent[4:], "", "\t", "    "])
    match pick.randrange(12):
        case 0 | 1 | 2:
            lines.insert(at, depth + pick.choice(NEW_LINES))
        case 9 | 10 | 11:  # what compiles more often
            while at and not lines[at].endswith((")", "]", '"', "'")):
                at -= 1
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            lines[at : at + pick.randrange(2)] = [indent + pick.choice(NEW_LINES[:5])]
        case 3:
            del lines[at]
        case 4:
            del lines[at : at + pick.randrange(1, 12)]
        case 5:
            lines[at] = depth + pick.choice(NEW_LINES)
        case 6:
            lines[at] = depth + lines[at].lstrip()
        case 7:
            words = lines[at].split(" ")
            words[pick.randrange(len(words))] = pick.choice(["x", "not", "1", "self", "(", "# x"])
            lines[at] = " ".join(words)
        case 8:
            lines.insert(at, lines[pick.randrange(len(lines))])
    return lines


def library(pick: random.Random, count: int) -> list[str]:
    """Return texts of the standard library, of all sorts, none of them large."""
    files = sorted(LIBRARY.glob("*.py")) + sorted(LIBRARY.glob("[a-e]*/*.py"))
    small = [file for file in files if 2_000 < file.stat().st_size < 25_000]
    return [file.read_text("utf-8", "surrogateescape") for file in pick.sample(small, count)]


def fuzz(seed: int, modules: int, edits: int) -> Counter[str]:
    pick = random.Random(seed)
    kinds: Counter[str] = Counter()
    for old in library(pick, modules):
        for _ in range(edits):
            lines = old.split("\n")
            for _ in range(pick.choice([1, 1, 1, 2, 3])):
                lines = mutate(lines, pick)
            new = pick.choice(["\n"] * 9 + ["\r\n"]).join(lines)
            kind = classify(old, new, version=HERE)
            check(old, new, kind)
            assert meaning(new) == meaning(new, old)
            kinds[type(kind).__name__] += 1
    return kinds


def test_random_edits_are_never_taken_for_less_than_they_are() -> None:
    kinds = fuzz(1, modules=12, edits=25)
    assert min(kinds[name] for name in ("Swap", "Fresh", "Same", "Broken")) > 5, kinds


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(2, 6))
def test_thousands_of_random_edits_are_never_taken_for_less_than_they_are(seed: int) -> None:
    kinds = fuzz(seed, modules=40, edits=60)
    assert kinds["Swap"] > 150, kinds
