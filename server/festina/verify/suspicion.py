"""What an edit newly uses that tells tests apart or reaches for their judge. Pure.

The second line behind the records of a run: code shares an interpreter with its tests, so green
tests say little about an edit that looks at its callers, equals everything, or goes for pytest
itself. Such an edit is for a person to read. What the old text used already is its own business.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from festina.verify import copied, forms
from festina.verify.comparing import Use
from festina.verify.forms import FEWER
from festina.verify.gather import Gathered, gather
from festina.verify.layout import is_encoded, parse, plain
from festina.verify.named import named
from festina.verify.window import window

_REMARK = re.compile(
    r"#.*?(\bnoqa\b|\bpragma:\s*no\s*(?:cover|branch)\b|\btype:\s*ignore\b|\bpyright:\s*ignore\b"
    r"|\bmypy:|\bruff:\s*noqa\b|\bpylint:\s*disable\b|\bnosec\b)",
    re.IGNORECASE,
)
_SILENT = "which silences a check"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person should read an edit: a sentence, and the line (from 1) that it is about."""

    message: str
    line: int


def suspicion(
    old: str,
    new: str,
    *,
    in_tests: bool = False,
    tests: Callable[[], Iterable[str]] | None = None,
) -> Doubt | None:
    """Say why a person should read the new text; None: nothing stands out.

    ``in_tests`` is for a file that holds tests: there, only what makes tests count for less stands
    out. ``tests`` gives the texts of all test files; it is called where the edit answers some
    inputs with literals. Nothing stands out in a text that does not compile here.
    """
    known = _whole(old)
    used, reader = _newly_used(old, new)
    if in_tests:
        used = [use for use in used if use[2] in (FEWER, _SILENT) or "_pytest" in use[0]]
        used = [use for use in used if use[2] != _SILENT or "cover" in use[0]]
    else:
        used = [use for use in used if use[2] != FEWER]
    used += _odd_bytes(old, new)
    for what, line, why in sorted(used, key=lambda use: use[1]):
        if what not in known.uses:
            return Doubt(
                f"The tests pass, but the edit uses {what} (line {line}), {why}: read it.", line
            )
    if tests is None or in_tests or reader is None:
        return None
    answers = [
        answer for answer in copied.answers(reader.tree.nodes) if answer.key not in known.answers
    ]
    found = copied.found_in_tests(answers, tests) if answers else None
    if found is None:
        return None
    return Doubt(
        f"The tests pass, but the edit answers {found.words} (line {found.line}), as the tests"
        " expect it: read whether it finds all answers so.",
        found.line,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    uses: frozenset[str]
    called: Mapping[str, str]
    answers: frozenset[tuple[str, str]]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Read:
    tree: Gathered
    called: Mapping[str, str]


@functools.lru_cache(maxsize=32)
def _whole(text: str) -> _Known:
    """Return what a whole text uses: worked out once, however many edits there are of it."""
    read = _read(text)
    if read is None:
        return _Known(frozenset(), {}, frozenset(), frozenset())
    uses = frozenset(what for what, _, _ in _uses(read))
    answers = frozenset(answer.key for answer in copied.answers(read.tree.nodes))
    called = _called(read.tree.outer)  # not what other functions import for themselves
    return _Known(uses, called, answers, forms.outside(read.tree))


def _newly_used(old: str, new: str) -> tuple[list[Use], _Read | None]:
    """Return what the changed functions use, where only functions changed; else the whole text."""
    known = _whole(old)
    text, bare, before = plain(new), False, plain(old)
    try:
        if text != before and not is_encoded(new):
            near = window(before, text)
            if near is not None:
                before, text, bare = near.old, near.new, True
    except (SyntaxError, ValueError):
        pass
    read = _read(text, bare)
    if read is None:
        return [], None
    read = _Read(read.tree, {**known.called, **read.called})
    return [*_uses(read, known.outside), *_remarks(before, text)], read


def _read(text: str, bare: bool = False) -> _Read | None:
    try:
        tree = parse(plain(text))
    except (SyntaxError, ValueError):
        return None
    if bare and tree.body and isinstance(tree.body[-1], ast.Import):
        tree.body.pop()  # the names that the module imports, in an excerpt
    gathered = gather(tree)
    return _Read(gathered, _called(gathered.nodes))


def _called(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return what the imports among some nodes make of names."""
    called = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            called.update({it.asname or it.name.partition(".")[0]: it.name for it in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            called.update({it.asname or it.name: f"{node.module}.{it.name}" for it in node.names})
    return called


def _odd_bytes(old: str, new: str) -> Iterator[Use]:
    if is_encoded(new) and not is_encoded(old):
        yield "a coding line", 1, "which gives its text another meaning than what you see"
    alone = new.replace("\r\n", "\n").find("\r")
    if alone >= 0 and "\r" not in old.replace("\r\n", "\n"):
        line = new.replace("\r\n", "\n").count("\n", 0, alone) + 1
        yield "a line end that not every program shows", line, "so code may look like a comment"


def _remarks(old: str, new: str) -> Iterator[Use]:
    """Yield remarks that silence a check where there are more of a kind than before."""
    before, after = _found_remarks(old), _found_remarks(new)
    kept = [line.strip() for line in old.split("\n") if "#" in line]
    for word, lines in after.items():
        if len(lines) > len(before.get(word, ())):
            for number, line in lines:
                if line not in kept:
                    yield f"`# {word}`", number, _SILENT


def _found_remarks(text: str) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if "#" in line and (remark := _REMARK.search(line)):
            found.setdefault(remark[1], []).append((number, line.strip()))
    return found


def _uses(read: _Read, outside: frozenset[str] = frozenset()) -> list[Use]:
    found = [*named(read.tree, read.called), *forms.uses(read.tree, read.called, outside)]
    return sorted(found, key=lambda use: use[1])
