"""Which way a candidate can be tested: new code in old functions, a fresh import, or not at all.

Pure, and run outside of the process that runs tests. An edit is a :class:`Swap` only where all that
a fresh import would make of the new text is what the old text made already, but for the code inside
of some functions. Whatever is not sure is :class:`Fresh`; that is slower and never wrong.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from festina.verify.digests import digest
from festina.verify.layout import Layout, Part, is_encoded, layout, parse, plain
from festina.verify.outline import MODULE
from festina.verify.window import Window, excerpt, window

_KIND = 0x20 | 0x80 | 0x100 | 0x200
"""Of a code object's flags, those of generators, coroutines and their mixtures."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Only the code inside of ``functions`` differs.

    ``before`` and ``after`` are the old and the new text without anything but these functions, each
    in its own lines; ``wire`` is what ``inside/swap.py`` takes.
    """

    functions: tuple[str, ...]
    wire: dict[str, Any]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """The file has to be imported anew; ``functions`` are those that changed, as far as is known.

    ``reason`` is a part of a sentence. ``"<module>"`` is among the functions where code outside of
    them changed.
    """

    reason: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """Both texts have the same code; comments, form, or the lines it stands in may differ."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The new text does not compile, though the old one does."""

    message: str
    line: int | None
    column: int | None


Kind = Swap | Fresh | Same | Broken
_Pairs = list[tuple[str, Part, Part]]


@functools.lru_cache(maxsize=16)
def classify(old: str, new: str, *, version: tuple[int, int], path: str = "") -> Kind:
    """Say how a new text of a file can be tested by a process that holds the old one.

    ``version`` is that of the Python that runs the tests; ``path`` goes into the wire as it is.
    Never raises for what the texts are. The last answers are kept: several gates ask for the same.
    """
    if is_encoded(old) or is_encoded(new):
        return Fresh("its coding line gives its bytes another meaning", (MODULE,))
    old, new = plain(old), plain(new)
    if old == new:
        return Same()
    try:
        before = layout(old)
    except (SyntaxError, ValueError):
        return _from_broken(new, version)
    try:
        near = window(old, new)
        found = near and _near(near, old, new, path)
        return found or _whole(before, old, new, path)
    except SyntaxError as error:
        if version > sys.version_info[:2]:
            return Fresh("only a newer Python may understand it", (MODULE,))
        column = None if not error.offset or error.offset < 1 else error.offset
        return Broken(error.msg or "invalid syntax", error.lineno or None, column)
    except (ValueError, RecursionError) as error:
        return Broken(str(error), None, None)


def meaning(new: str, old: str | None = None) -> str:
    """Return a digest of a text's code without positions: equal ones have the same outcome.

    ``old``, where it is much the same text and known already, makes that quick and changes nothing.
    A text that cannot be read means only itself.
    """
    if is_encoded(new):
        return digest(["text", new])
    text = plain(new)
    try:
        if old is not None and not is_encoded(old):
            changed = _quickly(plain(old), text)
            if changed is not None:
                return _meaning(layout(plain(old)), changed)
        return _meaning(layout(text), {})
    except (SyntaxError, ValueError):
        return digest(["text", new])


def _quickly(old: str, new: str) -> dict[int, str] | None:
    """Return the bodies that differ, by their functions' index; None: that needs a closer look."""
    if old == new:
        return {}
    try:
        near = window(old, new)
    except (SyntaxError, ValueError):
        return None
    pairs = near and _compare(near.before, near.after, columns=True)
    if near is None or not isinstance(pairs, list):
        return None
    return {near.index + at: part.body for at, (_, part) in enumerate(pairs)}


def _meaning(seen: Layout, changed: dict[int, str]) -> str:
    words = [seen.rest]
    for index, part in enumerate(seen.parts):
        words += [part.head, changed.get(index, part.body)]
    return digest(words)


def _from_broken(new: str, version: tuple[int, int]) -> Kind:
    try:
        tree = parse(new)
        _compile(tree)
    except SyntaxError as error:
        if version > sys.version_info[:2]:
            return Fresh("only a newer Python may understand it", (MODULE,))
        return Broken(error.msg or "invalid syntax", error.lineno or None, error.offset or None)
    except (ValueError, RecursionError) as error:
        return Broken(str(error), None, None)
    return Fresh("the text without the edit does not compile", (MODULE,))


def _near(near: Window, old: str, new: str, path: str) -> Kind | None:
    """Classify by the lines around the edit alone; None: they cannot tell."""
    pairs = _compare(near.before, near.after, columns=True)
    if not isinstance(pairs, list):
        return None  # the whole texts know the right names, and whether the new one compiles
    code = _compile(near.tree)
    named = [(name, before, after) for name, (before, after) in zip(near.names, pairs, strict=True)]
    steps = _steps(pairs, _moves(near.before, near.after))
    last, by = pairs[-1][0].last, near.lines[1] - near.lines[0]
    if by != (steps[-1][1] if steps else 0):
        steps.append([last + 1, by])
    return _decide(old, new, named, steps, (near, code), path)


def _whole(before: Layout, old: str, new: str, path: str) -> Kind:
    after = layout(new)
    _compile(parse(new))
    pairs = _compare(before, after, columns=False)
    if isinstance(pairs, Fresh):
        return pairs
    named = [(name, *pair) for name, pair in zip(before.names, pairs, strict=True)]
    return _decide(old, new, named, _steps(pairs, _moves(before, after)), None, path)


def _compare(before: Layout, after: Layout, *, columns: bool) -> list[tuple[Part, Part]] | Fresh:
    """Pair the functions of two texts that differ inside of functions alone."""
    ours = dict(zip(before.names, before.parts, strict=True))
    theirs = dict(zip(after.names, after.parts, strict=True))
    changed = tuple(
        name
        for name, part in theirs.items()
        if name not in ours or (part.head, part.body) != (ours[name].head, ours[name].body)
    )
    if list(ours) != list(theirs):
        added = [name for name in theirs if name not in ours]
        gone = [name for name in ours if name not in theirs]
        words = "functions stand in another order"
        if added or gone:
            words = f"{(added or gone)[0]} is {'new' if added else 'gone'}"
        return Fresh(words, (*changed, *gone, MODULE))
    if before.rest != after.rest:
        return Fresh("code outside of functions changed", (*changed, MODULE))
    for name, part in theirs.items():
        was = ours[name]
        if part.head != was.head:
            return Fresh(
                f"the head of {name} changed: its parameters, decorators or annotations",
                (*changed, MODULE),
            )
        if part.docstring != was.docstring:
            return Fresh(f"the docstring of {name} changed, and decorators may read it", changed)
    if columns:
        here = [*(part.column for part in before.parts), *(column for _, column in before.places)]
        there = [*(part.column for part in after.parts), *(column for _, column in after.places)]
        if here != there:
            return Fresh("the indentation around functions changed", changed)
    return list(zip(before.parts, after.parts, strict=True))


def _moves(before: Layout, after: Layout) -> Iterator[tuple[int, int]]:
    for (old, _), (new, _) in zip(before.places, after.places, strict=True):
        yield old, new


def _steps(pairs: Iterable[tuple[Part, Part]], moves: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return from which old line on lines moved by how much: ``[line, by]``, in order."""
    moved = {old: new - old for old, new in moves}
    for before, after in pairs:
        moved[before.first] = after.first - before.first
    steps: list[list[int]] = []
    by = 0
    for line, delta in sorted(moved.items()):
        if delta != by:
            steps.append([line, delta])
            by = delta
    return steps


def _decide(
    old: str,
    new: str,
    pairs: _Pairs,
    steps: list[list[int]],
    near: tuple[Window, CodeType] | None,
    path: str,
) -> Kind:
    """Make a swap of what changed, if each changed function can be cut out and fits in place."""
    changed = [pair for pair in pairs if pair[1].body != pair[2].body]
    if not changed:
        return Same()
    names = tuple(name for name, _, _ in changed)
    for name, before, after in changed:
        if before.one_line or after.one_line:
            return Fresh(f"the body of {name} is in the line of its head", names)
        if before.odd or after.odd:
            return Fresh(f"{name} cannot be compiled alone: {before.odd or after.odd}", names)
    if near is not None and len(pairs) == 1:
        cut = [(near[0].old, _compile(near[0].old)), (near[0].new, near[1])]
    else:
        cut = []
        sides = ([pair[1] for pair in changed], [pair[2] for pair in changed])
        for text, parts in zip((old, new), sides, strict=True):
            found = _cut(text, parts)
            if found is None:
                return Fresh(f"{names[0]} cannot be cut out of its file", names)
            cut.append(found)
    (old_text, old_code), (new_text, new_code) = cut
    for name, before, after in changed:
        was, now = _find(old_code, before), _find(new_code, after)
        if was is None or now is None:
            return Fresh(f"{name} cannot be cut out of its file", names)
        if was.co_freevars != now.co_freevars:
            return Fresh(f"{name} uses `super()` or `__class__` only before or after", names)
        if (was.co_flags ^ now.co_flags) & _KIND:
            return Fresh(f"{name} becomes, or stops being, a generator or coroutine", names)
    lines = near[0].lines if near is not None else (old.count("\n"), new.count("\n"))
    before_text, after_text = (
        text + "\n" * (count - text.count("\n"))
        for text, count in zip((old_text, new_text), lines, strict=True)
    )
    wire = {
        "path": path,
        "before": old_text,
        "after": new_text,
        "functions": [
            [name, before.leaf, before.first, before.last, after.first]
            for name, before, after in changed
        ],
        "steps": steps,
    }
    return Swap(names, wire, before_text, after_text)


def _cut(text: str, parts: Sequence[Part]) -> tuple[str, CodeType] | None:
    """Return the excerpt with some functions of a text, if they mean there what they did."""
    seen = layout(text)
    piece = excerpt(text, seen, parts)
    try:
        tree = parse(piece)
        alone = layout(piece)
        code = _compile(tree)
    except (SyntaxError, ValueError):
        return None
    if [_fixed(part) for part in alone.parts] != [_fixed(part) for part in parts]:
        return None
    return piece, code


def _fixed(part: Part) -> tuple[object, ...]:
    return part.path, part.first, part.last, part.column, part.head, part.body


def _compile(tree: Any) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code: CodeType = compile(tree, "<candidate>", "exec", dont_inherit=True)
        return code


def _find(code: CodeType, part: Part) -> CodeType | None:
    """Return the code object of an outermost function: by its first line, of which it has one."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if (inner.co_firstlineno, inner.co_name) == (part.first, part.leaf):
                return inner
            if (found := _find(inner, part)) is not None:
                return found
    return None
