"""Findings in what a program prints: the usual forms in which tools name a place in a file.

What is printed can come from code that a model wrote, so lines are read one by one, long ones not
at all, and every pattern takes time in proportion to the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from festina.findings import Finding, Gate, Severity

_MOST_LINES = 20_000
_LONGEST_LINE = 1_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_PATH = r"(?P<path>(?:/|\./|[\w@.-])[^:()\s]*(?: [^:()\s]+)*?)"
_PLACED = re.compile(r"\w[:(]\d")
_AT = re.compile(
    _PATH + r":(?P<line>\d+)(?::(?P<column>\d+))?"
    r"(?::\s+|\s+-\s+|:(?=[^\s\d]))(?P<rest>\S.*)"  # the last as grep writes it
)
_TSC = re.compile(_PATH + r"\((?P<line>\d+),(?P<column>\d+)\):\s+(?P<rest>\S.*)")
_ESLINT = re.compile(r"\s+(?P<line>\d+):(?P<column>\d+)\s+(?P<rest>(?:error|warning)\s\s*\S.*)")
_RUSTC = re.compile(r"\s+--> (?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+)")
_RUSTC_SAYS = re.compile(r"(?P<rest>(?:error|warning)(?:\[\w+\])?: .*)")
_PANIC = re.compile(
    r"thread '[^']*'(?: \(\d+\))? panicked at (?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+):"
)
_PANICKED = "panicked here"
_GRADE = re.compile(
    r"(?P<grade>fatal error|error|warning|note|info)(?: (?P<a>[A-Z]+\d+)|\[(?P<b>[\w-]+)\])?"
    r"(?::\s*|\s\s+|(?<=\])\s)"
)
_CODE_AT_START = re.compile(r"(?P<code>[A-Z]{1,10}\d{2,6})(?: \[\*\])? ")
_CODE_AT_END = re.compile(r"\s\s*\[(?:(?:Error|Warning)/)?(?P<code>[\w@/.-]+)\]$")
_RULE_AT_END = re.compile(r"\s\s+(?P<code>[\w@/.-]+)$")

FORMS = {
    "auto": frozenset({"at", "tsc", "eslint", "rustc"}),
    "none": frozenset[str](),
    "tsc": frozenset({"at", "tsc"}),
    "eslint": frozenset({"at", "eslint"}),
    "rustc": frozenset({"rustc"}),
    "go": frozenset({"at"}),
    "gcc": frozenset({"at"}),
}
"""What is looked for, by the names that the setting ``matcher`` has."""

Place = Callable[[str], str | None]
"""Says where in the workspace a printed path lies; None where it is none."""


class Problems(NamedTuple):
    """The findings of an output, and the lines that are no part of one."""

    findings: tuple[Finding, ...]
    others: tuple[str, ...]


@dataclass(slots=True)
class _Reader:
    """Goes through the lines, and keeps what a later line may refer to."""

    forms: frozenset[str]
    place: Place
    file: str | None = None
    says: str | None = None

    def read(self, line: str) -> Finding | bool:
        """Return a finding, True for a line that belongs to one, False for any other."""
        if "eslint" in self.forms and self.file and (found := _ESLINT.fullmatch(line)):
            return _finding(self.file, found, rule=True)
        if "rustc" in self.forms and (used := self._rustc(line)):
            return used
        placed = _PLACED.search(line) is not None
        for form, pattern in (("tsc", _TSC), ("at", _AT)):
            if placed and form in self.forms and (found := pattern.fullmatch(line.strip())):
                path = self.place(found["path"])
                if path is not None:
                    return _finding(path, found)
        path = self.place(line) if line and not line[0].isspace() and len(line) < 500 else None
        self.file = path or (self.file if line.strip() else None)
        return path is not None and "eslint" in self.forms

    def _rustc(self, line: str) -> Finding | bool:
        if found := _RUSTC_SAYS.fullmatch(line):
            self.says = found["rest"]
            return False  # it can stand alone: "error: could not compile"
        panic = _PANIC.fullmatch(line.strip())
        if found := panic or _RUSTC.fullmatch(line):
            path = self.place(found["path"])
            says, self.says = (None if panic else self.says) or _PANICKED, None
            if path is not None:
                return _finding(path, found, says)
        return False


def problems(output: str, matcher: str, place: Place) -> Problems:
    """Read findings from an output. Blocks: a large one takes some hundred milliseconds."""
    findings: list[Finding] = []
    others: list[str] = []
    reader = _Reader(FORMS[matcher], place)
    for line in _lines(output):
        if findings and findings[-1].message == _PANICKED and line.strip():
            findings[-1] = replace(findings[-1], message=line.strip())  # it stands below the place
            continue
        read = reader.read(line) if reader.forms else False
        if isinstance(read, Finding):
            if reader.says is None and others and _RUSTC_SAYS.fullmatch(others[-1]):
                others.pop()  # the words of this finding
            findings.append(read)
        elif not read:
            others.append(line)
    return Problems(tuple(dict.fromkeys(findings)), tuple(others))


def _lines(output: str) -> Iterator[str]:
    for line in output.split("\n", _MOST_LINES)[:_MOST_LINES]:
        plain = _ANSI.sub("", line[: 2 * _LONGEST_LINE]).rstrip()
        yield plain[:_LONGEST_LINE]


def _finding(path: str, found: re.Match[str], says: str = "", *, rule: bool = False) -> Finding:
    message = says or found["rest"]
    grade, code = "error", None
    if graded := _GRADE.match(message):
        grade, code = graded["grade"], graded["a"] or graded["b"]
        message = message[graded.end() :]
    if code is None:
        coded = _CODE_AT_START.match(message) or _CODE_AT_END.search(message)
        coded = coded or (_RULE_AT_END.search(message) if rule else None)
        if coded:
            code = coded["code"]
            message = message[: coded.start()] + message[coded.end() :]
    column = found["column"]
    return Finding(
        Gate.COMMAND,
        path,
        message.strip() or says or found["line"],
        line=int(found["line"]),
        column=int(column) if column else None,
        severity=_SEVERITIES.get(grade, Severity.ERROR),
        code=code,
    )


_SEVERITIES = {
    "warning": Severity.WARNING,
    "note": Severity.INFORMATION,
    "info": Severity.INFORMATION,
}
