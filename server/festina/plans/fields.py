"""The fields of a step, between the words of a person and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from festina.plans.step import Place, Step, lines

WHERE, PASS, MOST, LEAVE, NOTE = "where", "must pass", "at most", "leave alone", "note"
FIELDS = (WHERE, PASS, MOST, LEAVE, NOTE)

NAMES = {
    **{name: name for name in FIELDS},
    **dict.fromkeys(("place", "file"), WHERE),
    **dict.fromkeys(("passes", "pass", "checks", "gates", "tests"), PASS),
    **dict.fromkeys(("largest diff", "max diff", "max lines", "limit"), MOST),
    **dict.fromkeys(("don't touch", "do not touch", "must not touch", "untouched"), LEAVE),
    **dict.fromkeys(("notes", "why"), NOTE),
}
"""By which words each field goes; the first ones are those that are written."""

_MARKS = re.compile("`+")
_BARE_END = re.compile(r"[,;`]|[ \t]+and[ \t]+")
_LINES = re.compile(r"(?:lines?[ \t]+)?([0-9]{1,7})(?:[ \t]*(?:-|\u2013|to)[ \t]*([0-9]{1,7}))?")
_SUFFIX = re.compile(r"(?P<path>.+?):(?P<start>[0-9]{1,7})(?:-(?P<end>[0-9]{1,7}))?", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::)[^\W\d][\w$]*)*|\$[\w$]*")
_NAMED = re.compile(rf"(?P<path>.+?)::?(?P<name>{_NAME.pattern})", re.DOTALL)
_COUNT = re.compile(r"([0-9]{1,6})(?:[ \t]+(?:changed[ \t]+)?lines?)?\.?", re.IGNORECASE)
_GATE = re.compile(r"[\w][\w.+-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Wrong(Exception):  # noqa: N818 - never leaves this package
    """A value that cannot be understood; ``str()`` is what to say of it."""


def items(value: str) -> list[str]:
    """Take a list apart: names in backticks or bare ones, between commas or ``and``.

    Raises:
        Wrong: a backtick has no other one.
    """
    found, at = [], 0
    while at < len(value):
        if value[at] in " \t,;":
            at += 1
        elif value.startswith("and", at) and value[at + 3 : at + 4] in (" ", "\t"):
            at += 3
        elif value[at] == "`":
            marks = _MARKS.match(value, at)
            assert marks is not None
            close = next((m for m in _MARKS.finditer(value, marks.end()) if m[0] == marks[0]), None)
            if close is None:
                raise Wrong("a backtick has no second one; put one behind the name")
            found.append(_inside(value[marks.end() : close.start()]))
            at = close.end()
            if value[at : at + 1] == ".":
                at += 1
        else:
            stop = _BARE_END.search(value, at)
            end = stop.start() if stop is not None else len(value)
            found.append(value[at:end].strip(" \t").rstrip("."))
            at = end
    return [item for item in found if item]


def _inside(code: str) -> str:
    """Return what is in a code span; CommonMark takes one blank from each side of it."""
    if code.startswith(" ") and code.endswith(" ") and code.strip(" "):
        return code[1:-1]
    return code


def code(text: str) -> str:
    """Write a name as a code span, which needs more backticks than it holds in a row."""
    marks = "`" * (1 + max(map(len, _MARKS.findall(text)), default=0))
    pad = " " if text[:1] in ("`", " ") or text[-1:] in ("`", " ") else ""
    return f"{marks}{pad}{text}{pad}{marks}"


def place(value: str) -> Place:
    """Read where a step works.

    Raises:
        Wrong: it says no such thing.
    """
    found = items(value)
    if not 1 <= len(found) <= 2:
        raise Wrong(
            f"`{WHERE}` names a file, and a definition or lines in it: `pkg/mod.py`, `name`; "
            "for another file, write the field once more"
        )
    path, what = found[0], found[1] if len(found) == 2 else ""
    if not what:
        if match := _SUFFIX.fullmatch(path):
            return _lines(_path(match["path"]), match["start"], match["end"])
        if (match := _NAMED.fullmatch(path)) and "." in match["path"]:
            return Place(_path(match["path"]), match["name"])
        return Place(_path(path))
    if match := _LINES.fullmatch(what):
        return _lines(_path(path), match[1], match[2])
    name = what.removesuffix("()")
    if not _NAME.fullmatch(name):
        raise Wrong(f"{code(what)} is neither the name of a definition nor `lines 3-7`")
    return Place(_path(path), name)


def _path(path: str) -> str:
    path = path.removeprefix("./")
    parts = path.split("/")
    if _CONTROL.search(path):
        raise Wrong("the path holds control characters")
    if path.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:[\\/]", path):
        raise Wrong(f"{code(path)} is outside of the project; name a file relative to its folder")
    return path


def _lines(path: str, start: str, end: str | None) -> Place:
    first, last = int(start), int(end or start)
    if not 1 <= first <= last:
        raise Wrong(f"there are no lines {first}-{last}; lines count from 1, the smaller one first")
    return Place(path, "", first, last)


def must_pass(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read what must pass: names of gates, and of tests.

    Raises:
        Wrong: something is neither.
    """
    gates, tests = [], []
    for item in items(value):
        if "::" in item or "/" in item or item.endswith(".py"):
            tests.append(item)
        elif _GATE.fullmatch(item):
            gates.append(item)
        else:
            raise Wrong(
                f"{code(item)} is neither the name of a gate, such as lint, nor that of a test, "
                "such as `tests/test_mod.py::test_name`; nothing else can be run"
            )
    return tuple(gates), tuple(tests)


def most(value: str) -> int:
    """Read the largest diff.

    Raises:
        Wrong: it is no number of lines.
    """
    match = _COUNT.fullmatch(value.strip(" \t"))
    if match is None or int(match[1]) == 0:
        raise Wrong(f"`{MOST}` needs a number of lines from 1, such as `20 lines`")
    return int(match[1])


def written(step: Step) -> list[str]:
    """Write the fields of a step, a line each."""
    told = [f"{WHERE}: {_where(place)}" for place in step.places]
    if step.gates or step.tests:
        told.append(f"{PASS}: {', '.join([*step.gates, *map(code, step.tests)])}")
    if step.most_lines is not None:
        told.append(f"{MOST}: {step.most_lines} line{'s' if step.most_lines != 1 else ''}")
    if step.untouched:
        told.append(f"{LEAVE}: {_list(step.untouched)}")
    return told


def _where(place: Place) -> str:
    if place.start is not None:
        return f"{code(place.path)}, {lines(place.start, place.end)}"
    return _list((place.path, place.name) if place.name else (place.path,))


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def unknown(label: str, near: Sequence[str]) -> str:
    """Say that a step has no such field."""
    hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(FIELDS)}."
    return (
        f"a step has no field `{label}`; {hint} A bound that nobody understands would be none: "
        "correct it, or write it without the colon if it belongs to the instruction."
    )
