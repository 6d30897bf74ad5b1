"""New code in old functions does what a fresh import of the new text would, or is refused."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import itertools
import json
import subprocess
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite

from festina.verify.classify import Swap, classify
from festina.verify.inside import swap
from support.code_objects import exact

HERE = sys.version_info[:2]
_numbers = itertools.count()


class Project:
    """A folder with one module, imported as a test session would hold it."""

    def __init__(self, root: Path, text: str) -> None:
        self.root, self.text = root, text
        self.file = root / f"swapped_{next(_numbers)}.py"
        self.module = self.imported()

    def imported(self, text: str | None = None) -> types.ModuleType:
        self.file.write_text(self.text if text is None else text)
        spec = importlib.util.spec_from_file_location(self.file.stem, self.file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
        try:
            spec.loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = kept
        return module

    def wire(self, old: str, new: str) -> dict[str, Any]:
        assert self.text.count(old) == 1
        after = self.text.replace(old, new)
        kind = classify(self.text, after, version=HERE, path=self.file.name)
        assert isinstance(kind, Swap), kind
        self.file.write_text(after)
        return kind.wire

    def swap(self, old: str, new: str, ran: list[swap.Key] | None = None) -> int:
        """Swap, or raise; then everything in the module is as a fresh import has it."""
        index = swap.Index(str(self.root), ran or [])
        count = index.apply(self.wire(old, new))
        self.compare(self.imported(self.text.replace(old, new)))
        return count

    def compare(self, fresh: types.ModuleType) -> None:
        ours, theirs = functions(vars(self.module)), functions(vars(fresh))
        assert list(ours) == list(theirs)
        for name, code in ours.items():
            assert exact(code) == exact(theirs[name]), name


def functions(space: Any, prefix: str = "") -> dict[str, types.CodeType]:
    """Return the code of all functions in a namespace, through classes and wrappers."""
    found: dict[str, types.CodeType] = {}
    for name, thing in space.items():
        thing = getattr(thing, "func", None) or getattr(thing, "fget", None) or thing
        while thing is not None:
            thing = getattr(thing, "__func__", thing)
            if isinstance(thing, types.FunctionType) and "swapped_" in thing.__code__.co_filename:
                found[f"{prefix}{name}"] = thing.__code__
            if isinstance(thing, type) and thing.__module__.startswith("swapped_"):
                found |= functions(vars(thing), f"{prefix}{name}.")
            prefix += "|"
            thing = getattr(thing, "__wrapped__", None)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Project]:
    return lambda text: Project(tmp_path, text)


PLAIN = """\
import contextlib, functools, types

def plain(x):
    def inner(y):
        return y + 1
    return inner(x)

copied = types.FunctionType(plain.__code__, globals(), "copied")

class Thing:
    @property
    def size(self):
        return 1

    @functools.cached_property
    def kept(self):
        return 2

    @staticmethod
    def still(x):
        return x + 3

    @classmethod
    def of(cls, x):
        return x + 4

    @functools.lru_cache
    def known(self):
        return 5

    def __len__(self):
        return super().__sizeof__() * 0 + 6

    bound = [lambda x: x]

def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + 0
    return wrapper

@logged
def loud(x):
    return x + 7

@functools.singledispatch
def shown(x):
    return "any"

@shown.register(int)
def _(x):
    return "int"

@shown.register(str)
def _(x):
    return "str"

@contextlib.contextmanager
def opened(x=lambda: 1):
    yield 8

async def later():
    return 9

def last(x=1, *, key=lambda: 0):
    return 10
"""


@pytest.mark.parametrize(
    ("old", "new", "call", "before", "after"),
    [
        ("return inner(x)", "return inner(x) * 10", "plain(1)", 2, 20),
        ("return inner(x)", "x = 5\n    return inner(x)", "copied(1)", 2, 6),
        ("return y + 1", "return y + 2", "copied(1)", 2, 3),
        ("return 1\n\n", "return 11\n\n", "Thing().size", 1, 11),
        ("return 2\n", "return 22\n", "Thing().kept", 2, 22),
        ("return x + 3", "return x + 33", "Thing.still(0)", 3, 33),
        ("return x + 4", "return x + 44", "Thing.of(0)", 4, 44),
        ("return 5", "\n\n        return 55", "Thing().known()", 5, 55),
        ("* 0 + 6", "* 0 + 66", "len(Thing())", 6, 66),
        ("return x + 7", "return x + 77", "loud(0)", 7, 77),
        ("function(*args) + 0", "function(*args) * 2", "loud(0)", 7, 14),
        ('return "any"', 'return "ANY"', "shown(())", "any", "ANY"),
        ('return "int"', 'return "INT"', "shown(1)", "int", "INT"),
        ('return "str"', 'return "STR"', "shown('')", "str", "STR"),
        ("yield 8", "yield 88", "opened().__enter__()", 8, 88),
        ("return 9", "return 99", "asyncio.run(later())", 9, 99),
        ("return 10", "# ten\n\n    return x", "last()", 10, 1),
    ],
)
def test_every_kind_of_function_gets_its_new_code(
    project: Callable[[str], Project], old: str, new: str, call: str, before: object, after: object
) -> None:
    it = project(PLAIN)
    space = {**vars(it.module), "asyncio": __import__("asyncio")}
    assert eval(call, dict(space)) == before
    if "known" in call:
        it.module.Thing.known.cache_clear()
    assert it.swap(old, new) >= 1
    assert eval(call, dict(space)) == after


def test_functions_further_down_move_with_their_lines(project: Callable[[str], Project]) -> None:
    it = project(
        "def f():\n    pass\n\ndef g():\n    raise ValueError('here')\n\nh = lambda: 1 / 0\n"
    )
    it.swap("    pass", "    x = 1\n    y = 2\n    del x, y")
    for name, line in (("g", 7), ("h", 9)):
        with pytest.raises((ValueError, ZeroDivisionError)) as caught:
            getattr(it.module, name)()
        entry = traceback.extract_tb(caught.value.__traceback__)[-1]
        assert entry.lineno == line
        assert entry.line == it.file.read_text().split("\n")[line - 1].strip()


def test_a_copy_of_a_module_is_changed_as_well(project: Callable[[str], Project]) -> None:
    it = project("def f():\n    return 1\n")
    other = it.imported()
    assert it.swap("return 1", "return 2") == 2
    assert (it.module.f(), other.f()) == (2, 2)


def test_two_functions_at_once(project: Callable[[str], Project]) -> None:
    it = project("def f():\n    return 1\n\ndef g():\n    return 2\n\ndef h():\n    return 3\n")
    assert it.swap("1\n\ndef g():\n    return 2", "4\n\n\ndef g():\n    return 5") == 2
    assert (it.module.f(), it.module.g(), it.module.h()) == (4, 5, 3)


@pytest.mark.parametrize(
    ("text", "old", "new", "word"),
    [
        ("def f():\n    return 1\ndel f\n", "return 1", "return 2", "nothing of"),
        ("def f():\n    return 1\ndef g(): pass\ndel f\n", "return 1", "return 2", "is not there"),
        (
            "if 1:\n  def f():\n    return 1\nelse:\n  def f():\n    return 2\n",
            "return 2",
            "return 3",
            "is not there",
        ),
        ("def f():\n    yield 1\ng = f()\nnext(g)\n", "yield 1", "yield 2", "under way"),
        ("def f():\n    return (x for x in [1])\ng = f()\n", "[1]", "[2]", "under way"),
        ("def f():\n    return 1\nkept = f.__code__\n", "return 1", "return 2", "keeps the code"),
        (
            "def f():\n    return 1\nkept = {f.__code__: 1}\n",
            "return 1",
            "return 2",
            "keeps the code",
        ),
        (
            "def f():\n    return 1\nf.__code__ = f.__code__.replace(co_consts=(None, 3))\n",
            "return 1",
            "return 2",
            "not imported as it stands",
        ),
        (
            "def f():\n  1\n  return 1\n"
            "g = type(f)(f.__code__.replace(co_name='g', co_firstlineno=2), {})\n",
            "return 1",
            "return 2",
            "not imported as it stands",
        ),
        (
            "def f():\n  def g():\n    return 1\n  return g\nh = f()\n",
            "  return g\n",
            "  return [g][0]\n",
            "made g",
        ),
        (
            "def f():\n  def g():\n    return 1\n  return g\nh = f()\n",
            "def g():\n    return 1\n  return g",
            "def k():\n    return 1\n  return k",
            "made g",
        ),
        (
            "def f():\n  def g():\n    'a'\n  return g\nh = f()\n",
            "'a'",
            "'b'",
            "docstring of g",
        ),
        (
            "def f(x):\n  def g():\n    return x\n  return g\nh = f(1)\n",
            "return x",
            "return 1",
            "made g",
        ),
        (
            "def f(x):\n  return (lambda: x), (lambda: x + 1)\nh = f(1)\n",
            "(lambda: x), (lambda: x + 1)",
            "(lambda: x + 1), (lambda: x + 2)",
            "made <lambda>",
        ),
        ("def f():\n    return 1\n", "return 1", "return 1 is 1", "warning"),
        ("@property\ndef f():\n  return 1\n", "return 1", "return 2", "perhaps by numba"),
    ],
)
def test_what_is_not_sure_is_refused_and_nothing_changed(
    project: Callable[[str], Project],
    text: str,
    old: str,
    new: str,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "numba" in word:
        monkeypatch.setitem(sys.modules, "numba", types.ModuleType("numba"))
    it = project(text)
    before = {name: exact(code) for name, code in functions(vars(it.module)).items()}
    with pytest.raises(swap.NotSwappable, match=word):
        it.swap(old, new)
    assert {name: exact(code) for name, code in functions(vars(it.module)).items()} == before


def test_what_ran_while_tests_were_collected_is_refused(project: Callable[[str], Project]) -> None:
    text = (
        "def f():\n  def g():\n    return 1\n  return g\n\nh = f()\n\ndef late():\n    return f()\n"
    )
    it = project(text)
    ran = [(it.file.name, 1, "f")]
    with pytest.raises(swap.NotSwappable, match="f runs while tests are collected"):
        it.swap("  return g", "  pass\n  return (g)", ran)
    it = project(text)
    ran = [(it.file.name, 1, "f")]
    assert it.swap("return 1", "return 2", ran) == 2  # f made it, and would make it again
    assert it.module.h() == 2
    it = project(text)
    with pytest.raises(swap.NotSwappable, match="g runs while tests are collected"):
        it.swap("return 1", "return 2", [(it.file.name, 2, "g")])
    it = project(text)
    assert it.swap("return f()", "return f()()", [(it.file.name, 1, "f")]) == 1


def test_a_function_that_is_gone_since_is_no_holder(project: Callable[[str], Project]) -> None:
    it = project("def f():\n    return 1\n\ng = lambda: 1\n")
    index = swap.Index(str(it.root))
    wire = it.wire("return 1", "return 2")
    del it.module.g
    assert index.apply(wire) == 1
    assert it.module.f() == 2


def test_code_of_other_folders_is_left_alone(
    project: Callable[[str], Project], tmp_path: Path
) -> None:
    it = project("def f():\n    return 1\n")
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(swap.NotSwappable, match="nothing of"):
        swap.Index(str(other)).apply(it.wire("return 1", "return 2"))
    assert it.module.f() == 1


def test_source_and_tracebacks_are_those_of_the_new_text(project: Callable[[str], Project]) -> None:
    it = project("def f():\n    return 1\n\ndef g():\n    return 1 / 0\n")
    assert inspect.getsource(it.module.g).endswith("1 / 0\n")  # now the old lines are known
    it.swap("    return 1\n\n", "    x = 3\n    # three\n    return x\n\n")
    assert inspect.getsource(it.module.f).endswith("    return x\n")
    assert inspect.getsource(it.module.g).startswith("def g")
    assert it.module.f() == 3


@pytest.mark.skipif(HERE < (3, 13), reason="classes know their line since Python 3.13")
def test_a_class_further_down_is_found_in_its_source(
    project: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project("def f():\n    return 1\n\nclass A:\n    x = 1\n")
    monkeypatch.setitem(sys.modules, it.file.stem, it.module)
    it.swap("return 1", "x = 3\n    # three\n    return x")
    assert it.module.A.__firstlineno__ == 6
    assert inspect.getsource(it.module.A) == "class A:\n    x = 1\n"


def test_a_test_that_pytest_rewrote_is_imported_afresh(project: Callable[[str], Project]) -> None:
    """What an import hook made of a text is not what the text says: compared, not assumed."""
    text = "def test_f():\n    x = 1\n    assert x == 1\n"
    it = project(text)
    tree = ast.parse(text)
    rewrite.rewrite_asserts(tree, text.encode(), str(it.file))
    exec(compile(tree, str(it.file), "exec"), vars(it.module))
    with pytest.raises(swap.NotSwappable, match="not imported as it stands"):
        it.swap("x = 1", "x = 2")


def test_nothing_is_left_open_and_nothing_warned_of(tmp_path: Path) -> None:
    """In a project's own process any warning may be an error, and fail a test that is right."""
    (tmp_path / "m.py").write_text("def f():\n    return 1\n\n\ndef g():\n    return 3\n")
    new = "def f():\n    return 2\n\n\n\ndef g():\n    return 3\n"
    kind = classify((tmp_path / "m.py").read_text(), new, version=HERE, path="m.py")
    assert isinstance(kind, Swap)
    for name in ("swap", "codes"):
        source = Path(swap.__file__).with_name(f"{name}.py")
        (tmp_path / f"festina_{name}.py").write_text(source.read_text())
    script = (
        "import gc, json, sys, festina_swap, m\n"
        "index = festina_swap.Index(sys.argv[1])\n"
        "assert index.apply(json.loads(sys.argv[2])) == 1 and m.f() == 2\n"
        "gc.collect()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", "-c", script, str(tmp_path), json.dumps(kind.wire)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
