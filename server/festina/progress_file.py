"""``progress.md``: what was accepted, rejected and why, a dated line for each. Values only.

Lines are added below everything that is there, under a heading for the day. What a person has
written is never read for a meaning, and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from festina.clean import stripped
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.text import BOM, Text

NAME = "progress.md"
TITLE = "# Progress"
MOST_WORDS = 100
MOST_REASONS = 3
QUOTED_CHARS = 12
"""A line of source of so many characters, or more, is recognised in an instruction."""

_DAY = re.compile(r"##[ \t]+(\d{4}-\d{2}-\d{2})[ \t]*")
_CODE = re.compile(r"[\w./:@#-]{1,100}")
_MARKUP = re.compile(r"[\\`*<\[\]]")


def line(when: datetime, outcome: str, place: str, instruction: str, why: str) -> str:
    """Return a line: ``- 11:40:05 accepted: pkg/mod.py, clamp: "respect the bound" (3 tests)``."""
    said = f': "{instruction}"' if instruction else ""
    reason = f" ({why})" if why else ""
    return f"- {when:%H:%M:%S} {outcome}: {_inert(place)}{said}{reason}"


def addition(content: str, when: datetime, new: str) -> str:
    """Return what is to be added at the end of a file for a line; empty where it stands there.

    In the line ends of the file; under the heading of the day, which is written where the last
    heading of a day is another one.
    """
    lines = Text(content).lines
    bare = [each.rstrip("\r\n") for each in lines]
    days = [match[1] for each in bare if (match := _DAY.fullmatch(each))]
    today = f"{when:%Y-%m-%d}"
    if today in days and new in bare:
        return ""
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    added = [] if not lines or lines[-1].endswith(("\n", "\r")) or content == BOM else [""]
    if not content.removeprefix(BOM).strip():
        added += [TITLE, "", f"## {today}", ""]
    elif not days or days[-1] != today:
        added += [*([""] if bare[-1].strip() else []), f"## {today}", ""]
    return end.join([*added, new, ""])


def instruction_of(said: str, sources: Iterable[Text]) -> str:
    """Return the beginning of an instruction, if it quotes no line of source.

    It is a person's own words, or a plan's; but they may have pasted code into it.
    """
    words = " ".join(stripped(said).split())
    for source in sources:
        for each in source.lines:
            quoted = " ".join(each.split())
            if len(quoted) >= QUOTED_CHARS and quoted in words:
                return ""
    first = next((one.strip() for one in stripped(said).splitlines() if one.strip()), "")
    short = first if len(first) <= MOST_WORDS else f"{first[: MOST_WORDS - 1]}…"
    return _inert(short).replace('"', "'")


def why(verdict: Verdict | None) -> str:
    """Say on what a verdict rests, or what failed, by names alone: no message quotes any code."""
    if verdict is None:
        return "no usable answer"
    counted = [gate for gate in verdict.gates if gate.gate is not Gate.REVIEW]
    failed = [gate for gate in counted if gate.status is Status.FAILED]
    if failed:
        return "; ".join(_failed(gate) for gate in failed)
    open_ = [_inert(gate.label) for gate in counted if gate.status is Status.UNVERIFIED]
    if open_:
        return f"not verified: {', '.join(open_)}"
    return ", ".join(_passed(gate) for gate in counted if gate.status is Status.PASSED)


def fixed(resolves: Iterable[Finding]) -> str:
    """Say which diagnostics an edit was to mend, by their codes."""
    codes = [one.code for one in resolves if one.code and _CODE.fullmatch(str(one.code))]
    return f"fix {', '.join(map(_inert, map(str, codes)))}" if codes else "fix a diagnostic"


def _failed(gate: GateResult) -> str:
    names = [_named(finding) for finding in gate.findings]
    known = list(dict.fromkeys(name for name in names if name and name != gate.label))
    more = len(known) - MOST_REASONS
    shown = ", ".join(known[:MOST_REASONS]) + (f" and {more} more" if more > 0 else "")
    label = _inert(gate.label)
    return f"{label}: {shown}" if shown else f"{label} failed"


def _named(finding: Finding) -> str:
    """Name a finding by its code: a rule, or a test without its parameters, which may be values."""
    code = str(finding.code or "").partition("[")[0]
    if not _CODE.fullmatch(code):
        return ""
    line_of = f" (line {finding.line})" if finding.line and "::" not in code else ""
    return f"{_inert(code)}{line_of}"


def _passed(gate: GateResult) -> str:
    if gate.tests is not None:
        count = gate.tests.passed
        return f"{count:,} test{'' if count == 1 else 's'}"
    return _inert(gate.label)


def _inert(words: str) -> str:
    """Return words in which nothing is Markdown or HTML."""
    return _MARKUP.sub(lambda match: f"\\{match[0]}", " ".join(stripped(words).split()))
