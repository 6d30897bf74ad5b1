"""Reading a plan that a model wrote, or a person with any editor."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from festina.plans import fields
from festina.plans.fields import FIELDS, NAMES, NOTE
from festina.plans.given import Given, step_of
from festina.plans.plan import Entry, Plan
from festina.plans.step import Damaged, Problem
from festina.text import BOM, Text

TAB = 4

_BULLET = r"(?P<bullet>[-*+]|[0-9]{1,9}[.)])"
_BOX = re.compile(
    rf"(?P<pad>[ \t]*){_BULLET}(?P<gap>[ \t]+)(?P<box>\[[ \t]*(?P<mark>[xX✓✔]?)[ \t]*\])"
    r"(?:[ \t]+(?P<text>.*)|\Z)"
)
_LIKE_A_BOX = re.compile(
    rf"[ \t]*(?:{_BULLET}[ \t]*\[[ \t]*[xX✓✔]?[ \t]*\]|\[(?:[xX✓✔]|[ \t]+)\])(?![(\[:])"
)
_OTHER_BOX = re.compile(rf"[ \t]*{_BULLET}[ \t]+\[(?P<mark>[-~/>!?*oO])\](?:[ \t]|\Z)")
_ITEM = re.compile(rf"[ \t]*{_BULLET}[ \t]+(?P<text>.*)")
_FIELD = re.compile(
    r"(?P<em>[*_]{0,2})(?P<label>[A-Za-z][A-Za-z'\u2019 \t]{0,22})(?::(?P=em)|(?P=em):)"
    r"(?:[ \t]+(?P<value>.*)|(?P<glued>`.*)|\Z)"
)
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}(?:[ \t]|\Z)|(?:-[ \t]*){3,}\Z|(?:\*[ \t]*){3,}\Z|(?:_[ \t]*){3,}\Z)"
)
_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})(?P<info>.*)")


def read(text: str) -> Plan:
    """Read a plan. Whatever is no step is the person's, and stays as it is.

    Raises:
        Damaged: something looks like a part of a step and cannot be understood, with its lines.
    """
    return _Reader(Text(text)).read()


@dataclass(slots=True)
class _Open:
    """The step that is being read.

    ``lazy``: its last line was one of its words; ``close``: no line was empty since its last one.
    """

    start: int
    width: int
    inside: int
    box: tuple[int, int]
    pad: str
    bullet: str
    done: bool
    said: list[str]
    end: int
    kept: list[int] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    lazy: bool = True
    close: bool = True

    @property
    def current(self) -> Given | None:
        return self.given[-1] if self.given and self.given[-1].open else None

    def close_field(self) -> None:
        if self.given:
            self.given[-1].open = False


class _Reader:
    def __init__(self, text: Text) -> None:
        self._text = text
        self._entries: list[Entry] = []
        self._problems: list[Problem] = []
        self._step: _Open | None = None
        self._fence: tuple[int, str, bool] | None = None
        self._comment: tuple[int, bool] | None = None

    def read(self) -> Plan:
        for number, whole in enumerate(self._text.lines):
            line = whole.rstrip("\r\n")
            self._line(number, line.removeprefix(BOM) if number == 0 else line)
        if self._fence is not None:
            marks = self._fence[1]
            self._amiss(self._fence[0], f"this block of code has no end; put {marks} below it.")
        if self._comment is not None:
            self._amiss(self._comment[0], "this comment has no end; put --> behind it.")
        self._finish()
        if self._problems:
            raise Damaged(*self._problems)
        return Plan(self._text, tuple(self._entries))

    def _amiss(self, number: int, message: str) -> None:
        self._problems.append(Problem(number + 1, f"{message[0].upper()}{message[1:]}"))

    def _line(self, number: int, line: str) -> None:
        if self._fence is not None or self._comment is not None:
            self._covered(number, line)
        elif not line.strip(" \t"):
            if self._step is not None:
                self._step.lazy = self._step.close = False
                self._say("")
        elif match := _BOX.fullmatch(line):
            self._begin(number, line, match)
        elif match := _OTHER_BOX.match(line):
            self._amiss(
                number,
                f"`[{match['mark']}]` is no box that is known: write `[ ]` for a step that is to "
                "be done, `[x]` for one that is.",
            )
        elif _LIKE_A_BOX.match(line):
            self._amiss(
                number,
                "this looks like a step and is none: write `- [ ]`, a blank, and what to do.",
            )
        else:
            self._other(number, line)

    def _covered(self, number: int, line: str) -> None:
        """Inside of a block of code or a comment."""
        if self._comment is not None:
            if self._comment[1]:
                self._keep(number)
            if "-->" in line:
                self._comment = None
            return
        assert self._fence is not None
        _, marks, ours = self._fence
        if ours:
            self._say(self._dedented(line), number)
        match = _FENCE.fullmatch(line)
        if match and match["marks"].startswith(marks) and not match["info"].strip(" \t"):
            self._fence = None

    def _other(self, number: int, line: str) -> None:
        step, width = self._step, _width(line)
        deeper = step is not None and width > step.width
        if line.lstrip(" \t").startswith("<!--"):
            if deeper:
                self._keep(number)
            if "-->" not in line:
                self._comment = (number, deeper)
            return
        if (match := _FENCE.fullmatch(line)) and not (
            "`" in match["info"] and match["marks"][0] == "`"
        ):
            if not deeper:
                self._finish()
            elif step is not None:
                step.close_field()
                self._say(self._dedented(line), number)
            self._fence = (number, match["marks"], deeper)
            return
        if _HEADING.match(line) and not deeper:
            self._finish()
            return
        if self._field(number, line, width, deeper=deeper) or step is None:
            return
        if deeper:
            self._inside(number, line, width)
        elif step.lazy and not _ITEM.fullmatch(line):
            self._say(line.strip(" \t"), number)
        else:
            self._finish()

    def _inside(self, number: int, line: str, width: int) -> None:
        """More of a field, or of the instruction."""
        step = self._step
        assert step is not None
        given, item = step.current, _ITEM.fullmatch(line)
        if given is not None and width > given.width:
            words = item["text"] if item else line.strip(" \t")
            glue = ", " if item and given.value else " " if given.value else ""
            given.value += glue + words.strip(" \t")
            if given.name == NOTE:
                self._keep(number)
            step.end, step.close = number + 1, True
            return
        step.close_field()
        step.lazy = not item and step.lazy
        self._say(self._dedented(line), number)

    def _begin(self, number: int, line: str, match: re.Match[str]) -> None:
        width = _width(line)
        if self._step is not None and width >= self._step.inside:
            self._amiss(
                number,
                "this step stands inside of another one, and steps have none of their own: move it "
                "to the left, or write it without a box.",
            )
        self._finish()
        words = (match["text"] or "").strip(" \t")
        if not words:
            self._amiss(number, "this step does not say what to do; write it behind the box.")
        shift = len(self._text.lines[number].rstrip("\r\n")) - len(line)  # a byte order mark
        self._step = _Open(
            number,
            width,
            width + len(match["bullet"]) + 1,
            (match.start("box") + shift, match.end("box") + shift),
            match["pad"],
            match["bullet"],
            bool(match["mark"]),
            [words],
            number + 1,
        )

    def _field(self, number: int, line: str, width: int, *, deeper: bool) -> bool:
        """Take a line for a field, if it is one."""
        item = _ITEM.fullmatch(line)
        match = _FIELD.fullmatch(item["text"] if item else line.strip(" \t"))
        if match is None:
            return False
        label = " ".join(match["label"].replace("\u2019", "'").lower().split())
        name = NAMES.get(label)
        step = self._step
        if step is None or not (deeper or (item and name and step.close)):
            if item and label in FIELDS and label != NOTE:
                self._amiss(
                    number, f"`{label}` belongs to no step; put it below its step, indented."
                )
            return False
        current = step.current
        if current is not None and current.name == NOTE and width > current.width:
            return False
        if name is None:
            near = difflib.get_close_matches(label, NAMES, n=1, cutoff=0.8)
            if item or near:
                self._amiss(number, fields.unknown(label, near))
            return bool(item or near)
        step.close_field()
        value = (match["value"] or match["glued"] or "").strip(" \t")
        step.given.append(Given(name, label, number, width, value))
        step.lazy, step.end, step.close = False, number + 1, True
        if name == NOTE:
            self._keep(number)
        return True

    def _say(self, words: str, number: int | None = None) -> None:
        """Add a line to the instruction; an empty one counts only if something follows."""
        if self._step is not None:
            self._step.said.append(words)
            if number is not None:
                self._step.end, self._step.close = number + 1, True

    def _keep(self, number: int) -> None:
        if self._step is not None:
            self._step.kept.append(number)

    def _dedented(self, line: str) -> str:
        assert self._step is not None
        body = line.lstrip(" \t")
        left = max(0, _width(line) - self._step.inside)
        return " " * left + body.rstrip(" \t") if body else ""

    def _finish(self) -> None:
        step, self._step = self._step, None
        if step is None:
            return
        self._entries.append(
            Entry(
                step_of(step.said, step.given, done=step.done, amiss=self._amiss),
                step.start,
                step.end,
                step.box,
                step.pad,
                step.bullet,
                tuple(at for at in step.kept if at < step.end),
            )
        )


def _width(line: str) -> int:
    """Return how deep a line stands."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(TAB))
