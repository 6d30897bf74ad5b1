"""Puts new code into functions that a test session holds already, in place of a fresh import.

Runs in a process forked from one that has collected the tests: standard library only, Python 3.8 or
newer. Every live function with the old code gets the new one, whoever wraps or holds it; what looks
in any way different from a plain import of the old text is refused, and has to be imported afresh.
"""

from __future__ import annotations

import bisect
import gc
import importlib
import linecache
import os
import sys
import types
import warnings
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FunctionType

    Key = tuple[str, int, str]
    _Group = tuple[CodeType, list[FunctionType]]

_KIND = 0x20 | 0x80 | 0x100 | 0x200  # generators, coroutines and their mixtures
_SUSPENDED = (
    (types.GeneratorType, "gi_code", "gi_frame"),
    (types.CoroutineType, "cr_code", "cr_frame"),
    (types.AsyncGeneratorType, "ag_code", "ag_frame"),
)
_codes = importlib.import_module(f"{__package__}.codes" if __package__ else "festina_codes")

READERS = (
    *("cupyx.jit", "jax", "numba", "pyccel", "pythran", "taichi", "tensorflow", "torch._dynamo"),
    *("transonic", "triton", "typeguard", "warp"),
)
"""Modules whose decorators may read, translate or compile a function while it is defined."""


class NotSwappable(Exception):  # noqa: N818 - reads as the sentence it makes
    """New code cannot be put in soundly; ``str()`` says why, and nothing was changed."""


class Index:
    """The live functions of the files below ``root``, as they are when it is made.

    ``ran`` are code objects that ran while tests were collected, as ``(path relative to root, first
    line, name)``: what they did then, new code would have done differently. Functions are not kept
    alive. What ``gc.freeze`` put aside is not seen, so this has to come first.
    """

    def __init__(self, root: str, ran: Iterable[Key] = ()) -> None:
        self.root = os.path.realpath(root)
        self.ran = frozenset(ran)
        self.files: dict[str, list[tuple[int, str, weakref.ref[FunctionType]]]] = {}
        self.classes: dict[str, list[weakref.ref[type]]] = {}
        self.suspended: set[Key] = set()
        self._names: dict[str, str | None] = {}
        for thing in gc.get_objects():
            kind = type(thing)
            if kind is types.FunctionType:
                code = thing.__code__
                path = self._path(code.co_filename)
                if path is not None:
                    entry = code.co_firstlineno, code.co_filename, weakref.ref(thing)
                    self.files.setdefault(path, []).append(entry)
                continue
            if issubclass(kind, type):
                self._note(thing)
            for suspended, code_name, frame_name in _SUSPENDED:
                if kind is suspended and getattr(thing, frame_name) is not None:
                    code = getattr(thing, code_name)
                    path = self._path(code.co_filename)
                    if path is not None:
                        self.suspended.add((path, code.co_firstlineno, code.co_name))

    def _note(self, thing: type) -> None:
        """Keep a class that knows its line, as those of Python 3.13 do."""
        space = type.__getattribute__(thing, "__dict__")  # no metaclass is asked
        if isinstance(space.get("__firstlineno__"), int):
            module = sys.modules.get(str(space.get("__module__")))
            path = self._path(str(vars(module).get("__file__"))) if module is not None else None
            if path is not None:
                self.classes.setdefault(path, []).append(weakref.ref(thing))

    def _path(self, filename: str) -> str | None:
        """Return the relative path of a source file below the root, or None."""
        if filename not in self._names:
            try:
                real = os.path.realpath(filename)
            except (OSError, ValueError):
                real = ""
            inside = real.startswith(self.root + os.sep) and not filename.startswith("<")
            self._names[filename] = os.path.relpath(real, self.root) if inside else None
        return self._names[filename]

    def apply(self, swap: dict[str, Any]) -> int:
        """Put the new code of one file in, once; return how many functions have got it.

        ``swap`` is the wire of :class:`festina.verify.classify.Swap`.

        Raises:
            NotSwappable: nothing was changed.
        """
        path = os.path.normpath(swap["path"])
        known = self.files.get(path)
        if not known:
            raise NotSwappable(f"nothing of {path} is imported when the tests are collected")
        lines = [first for _, _, first, _, _ in swap["functions"]]
        lines += [line for line, _ in swap["steps"]]
        groups = self._live(path, min(lines, default=sys.maxsize))
        filenames = {filename for _, filename, _ in known}
        changes = {name: _changes(swap, name) for name in filenames}
        every = [change for found in changes.values() for change in found]
        for change in every:
            self._check(path, change)
        plan, count = _plan(groups, changes, swap["steps"])
        for change in every:
            if not change.seen:
                raise NotSwappable(f"{change.name} is not there once its module is imported")
        for function, code in plan:
            function.__code__ = code
        for ref in self.classes.get(path, ()):
            held = ref()
            if held is not None:
                line = type.__getattribute__(held, "__dict__")["__firstlineno__"]
                type.__setattr__(held, "__firstlineno__", line + _moved(swap["steps"], line))
        for name in filenames:
            linecache.cache.pop(name, None)
        return count

    def _check(self, path: str, change: _Change) -> None:
        """Refuse what ran before the tests, or is in the midst of it."""
        for code in change.altered():
            if (path, code.co_firstlineno, code.co_name) in self.ran:
                raise NotSwappable(f"{code.co_name} runs while tests are collected")
        for code in _codes.within(change.old):
            if (path, code.co_firstlineno, code.co_name) in self.suspended:
                raise NotSwappable(f"a generator or coroutine of {change.name} is under way")

    def _live(self, path: str, low: int) -> list[_Group]:
        """Return the functions from a line on: those before it are not touched, nor copied then."""
        groups: dict[int, _Group] = {}
        for line, _, ref in self.files.get(path, ()):
            function = ref() if line >= low else None
            if function is not None:
                code = function.__code__
                groups.setdefault(id(code), (code, []))[1].append(function)
        return list(groups.values())


class _Pair:
    """An old code object, and its new one, if there is one that must be it.

    ``made_alike``: all code around it within its function stayed the same, so that what was made
    of the old one at import would have been made of the new one.
    """

    def __init__(self, old: CodeType, new: CodeType | None, made_alike: bool, depth: int) -> None:
        self.old, self.new, self.made_alike, self.depth = old, new, made_alike, depth


class _Change:
    """One outermost function with other code than before."""

    def __init__(
        self, name: str, last: int, old: CodeType, new: CodeType, around: CodeType
    ) -> None:
        self.name, self.last, self.old = name, last, old
        self.first = old.co_firstlineno
        self.decorated = False
        self.seen = False
        self.pairs = list(_paired(old, new, True, 0))
        own = {id(pair.old) for pair in self.pairs}
        self.beside = [code for code in _codes.within(around) if id(code) not in own]

    def altered(self) -> Iterator[CodeType]:
        """Yield each old code object that does not go on as it was."""
        for pair in self.pairs:
            if pair.new is None or _codes.own(pair.old) != _codes.own(pair.new):
                yield pair.old

    def successor(self, group: _Group) -> CodeType | None:
        """Return the new code of live functions that begin in its lines; None: the same as before.

        What stands in the head of a function, a lambda among its defaults, stays as it was.
        """
        name, whole = group[0].co_name, _codes.whole(group[0])
        found = [pair for pair in self.pairs if _codes.whole(pair.old) == whole]
        if not found and any(_codes.whole(code) == whole for code in self.beside):
            return None
        if len(found) != 1:
            raise NotSwappable(f"{self.name} was not imported as it stands in its file")
        pair = found[0]
        if not pair.depth:
            self.seen = True
        elif pair.new is None or not pair.made_alike:
            raise NotSwappable(f"{self.name} made {name} while tests were collected")
        elif _codes.docstring(pair.old) != _codes.docstring(pair.new):
            raise NotSwappable(f"the docstring of {name} changed after it was read")
        assert pair.new is not None
        if pair.old.co_freevars != pair.new.co_freevars:
            raise NotSwappable(f"{name} uses other names from around it")
        if (pair.old.co_flags ^ pair.new.co_flags) & _KIND:
            raise NotSwappable(f"{name} becomes, or stops being, a generator or coroutine")
        if _held(group) > _ALONE + len(group[1]) + (1 if pair.depth else 0):
            raise NotSwappable(f"something keeps the code of {name}, apart from functions")
        if self.decorated:
            for reader in READERS:
                if reader in sys.modules:
                    raise NotSwappable(f"{self.name} is decorated, perhaps by {reader}")
        return pair.new


def _plan(
    groups: list[_Group], changes: dict[str, list[_Change]], steps: list[list[int]]
) -> tuple[list[tuple[FunctionType, CodeType]], int]:
    """Return which function gets which code, and how many of them another one than before."""
    plan: list[tuple[FunctionType, CodeType]] = []
    count = 0
    for group in groups:
        first, new = group[0].co_firstlineno, None
        for change in changes[group[0].co_filename]:
            if change.first <= first <= change.last:
                new = change.successor(group)
        if new is not None:
            count += len(group[1])
        else:
            by = _moved(steps, first)
            if not by:
                continue
            new = _codes.shifted(group[0], by)
        plan += [(function, new) for function in group[1]]
    return plan, count


def _moved(steps: list[list[int]], line: int) -> int:
    """Return by how much a line moved."""
    index = bisect.bisect_right(steps, [line, sys.maxsize]) - 1
    return steps[index][1] if index >= 0 else 0


def _changes(swap: dict[str, Any], filename: str) -> list[_Change]:
    before, after = (_compiled(swap[side], filename) for side in ("before", "after"))
    if after[1] - before[1]:
        raise NotSwappable(f"compiling it gives a warning: {sorted(after[1] - before[1])[0]}")
    lines = swap["before"].split("\n")
    changes = []
    for name, leaf, first, last, new_first in swap["functions"]:
        old, new = _function(before[0], leaf, first), _function(after[0], leaf, new_first)
        change = _Change(name, last, old, new, before[0])
        change.decorated = lines[first - 1].lstrip().startswith("@")
        changes.append(change)
    return changes


def _compiled(text: str, filename: str) -> tuple[CodeType, set[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            code = compile(text, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise NotSwappable(f"this Python cannot compile it: {error}") from error
    return code, {str(warning.message) for warning in caught}


def _function(code: CodeType, leaf: str, first: int) -> CodeType:
    inner: CodeType
    for inner in _codes.within(code):
        if (inner.co_name, inner.co_firstlineno) == (leaf, first):
            return inner
    raise NotSwappable(f"{leaf} is not where it was expected")


def _paired(old: CodeType, new: CodeType | None, alike: bool, depth: int) -> Iterator[_Pair]:
    """Pair the code within two functions: by name, where there is one of that name in both."""
    yield _Pair(old, new, alike, depth)
    alike = alike and new is not None and _codes.own(old) == _codes.own(new)
    ours, theirs = _inner(old), _inner(new)
    for name, codes in ours.items():
        others = theirs.get(name, [])
        pairs: list[tuple[CodeType, Any]] = list(zip(codes, others))  # noqa: B905 - Python 3.8
        different = sum(_codes.own(a) != _codes.own(b) for a, b in pairs)
        if len(codes) != len(others) or (len(codes) > 1 and different > 1):
            pairs = [(code, None) for code in codes]
        for code, other in pairs:
            yield from _paired(code, other, alike and other is not None, depth + 1)


def _inner(code: CodeType | None) -> dict[str, list[CodeType]]:
    found: dict[str, list[CodeType]] = {}
    for const in () if code is None else code.co_consts:
        if isinstance(const, types.CodeType):
            found.setdefault(const.co_name, []).append(const)
    return found


def _held(group: _Group) -> int:
    return sys.getrefcount(group[0])


def _alone() -> int:
    """Return what :func:`_held` says of a code object, apart from the functions that have it."""
    space: dict[str, Any] = {}
    exec("def f(): pass", space)  # noqa: S102 - so that nothing else keeps its code
    group = (space["f"].__code__, [space["f"]])
    return _held(group) - 1


_ALONE = _alone()
