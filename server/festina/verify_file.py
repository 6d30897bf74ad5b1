"""Reading ``verify.md``: its checked lines name commands that must pass; all else is for people.

Values only. A line is read and never run: what is run is the list of words that a person approved.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from festina.text import BOM, Text

NAME = "verify.md"

_ITEM = re.compile(r"(?P<pad>[ \t]*)(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(?P<rest>.*)")
_BOX = re.compile(r"\[[ \t]*(?P<mark>[xX✓✔]?)[ \t]*\](?:[ \t]+(?P<text>.*)|\Z)")
_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)")
_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})")
_WHEN = re.compile(r"[ \t]*(?:for|in|on)[ \t]*:?[ \t]*\Z", re.IGNORECASE)
_AND = re.compile(r"[ \t]*(?:,|,?[ \t]*and|,?[ \t]*or)[ \t]*\Z", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(?:file|workspace)\}")
MOST_NAME = 60

_NO_SHELL = "No shell reads it, so {} would be handed over as it is. {}"
_SCRIPT = "Put that into a script, and name the script here."


@dataclass(frozen=True, slots=True)
class Check:
    """A checked line: ``run`` must pass for edits of files that ``when`` means (none: all).

    ``line`` counts from 1. ``run`` is the program and its arguments.
    """

    line: int
    name: str
    run: tuple[str, ...]
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A checked line that cannot be understood. What must pass, and nobody can run, is not met."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line} of {NAME}: {self.message}"


@dataclass(frozen=True, slots=True)
class Checks:
    """What was read. ``silent`` are the checked lines that name no command: a person's own."""

    checks: tuple[Check, ...] = ()
    problems: tuple[Problem, ...] = ()
    silent: tuple[int, ...] = ()


def read(content: str) -> Checks:
    """Read the text of a ``verify.md``."""
    checks: list[Check] = []
    problems: list[Problem] = []
    silent: list[int] = []
    for line, text in _checked(content):
        try:
            found = _check(line, text)
        except _Amiss as amiss:
            problems.append(Problem(line, str(amiss)))
            continue
        if found is None:
            silent.append(line)
            continue
        if found.name in {check.name for check in checks}:
            name = f"{found.name[: MOST_NAME - 14]} (line {line})"
            found = Check(line, name, found.run, found.when)
        checks.append(found)
    return Checks(tuple(checks), tuple(problems), tuple(silent))


def words(run: tuple[str, ...]) -> str:
    """Return a command as a person would write it."""
    return " ".join(part if _PLACEHOLDER.fullmatch(part) else shlex.quote(part) for part in run)


class _Amiss(Exception):  # noqa: N818 - reads as the sentence it makes
    """Why a checked line cannot be understood."""


def _checked(content: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the words of each checked line.

    What stands in a block of code, a comment or a quotation is no item of a list.
    """
    fence = ""
    comment = listed = False
    for number, raw in enumerate(Text(content.removeprefix(BOM)).lines, 1):
        line = raw.rstrip("\r\n")
        if comment:
            comment = "-->" not in line
            continue
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if match := _FENCE.match(line):
            fence = match["marks"]
            continue
        if line.lstrip().startswith("<!--"):
            comment = "-->" not in line
            continue
        item = _ITEM.fullmatch(line)
        if item is None:
            # a paragraph that is not indented ends a list; so what is indented below is code
            listed = listed and (not line.strip() or line[:1] in " \t")
            continue
        if not listed and len(item["pad"].expandtabs(4)) >= 4:
            continue
        listed = True
        box = _BOX.fullmatch(item["rest"])
        if box is not None and box["mark"]:
            yield number, (box["text"] or "").strip()


def _check(line: int, text: str) -> Check | None:
    """Read one checked line; None where it names no command.

    Raises:
        _Amiss: it cannot be understood.
    """
    spans = list(_SPAN.finditer(text))
    if "`" in _SPAN.sub("", text):
        raise _Amiss("a backtick has no other one. Write the command between two of them.")
    if not spans:
        return None
    first, *more = spans
    run = _run(_code(first))
    when: list[str] = []
    at = first.end()
    for span in more:
        between = text[at : span.start()]
        if not (_WHEN if not when else _AND).fullmatch(between):
            raise _Amiss(
                f"`{_code(span)}` is a second command, as it seems. Write a line for each; files "
                "that a command is for are written behind it: for `**/*.js`."
            )
        when.append(_code(span))
        at = span.end()
    name = re.sub(r"[*_]", "", text[: first.start()]).strip().rstrip(":").strip()
    name = name or words(run)
    if not name.isprintable():
        raise _Amiss("its name holds characters that cannot be shown.")
    short = name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…"
    return Check(line, short, run, tuple(when))


def _code(span: re.Match[str]) -> str:
    code = span["code"]
    if len(code) > 2 and code[0] == code[-1] == " " and code.strip():
        code = code[1:-1]
    return code


def _run(command: str) -> tuple[str, ...]:
    """Take a command apart, as a shell would that can do nothing else.

    Raises:
        _Amiss: it needs a shell.
    """
    if not command.isprintable():
        raise _Amiss("the command holds characters that cannot be shown.")
    _refuse_shell(command)
    try:
        run = tuple(shlex.split(command))
    except ValueError:
        raise _Amiss(f"a quotation mark in `{command}` has no other one.") from None
    if not run or not run[0]:
        raise _Amiss("between the backticks there is no command.")
    if re.match(r"[A-Za-z_]\w*=", run[0]):
        words = _NO_SHELL.format(f"`{run[0]}`", "Begin with `env` to set a variable.")
        raise _Amiss(words)
    return run


def _refuse_shell(command: str) -> None:
    """Refuse what a shell would do something with: it was meant, and would not be done.

    Raises:
        _Amiss: there is such a thing.
    """
    quote, before, escaped = "", " ", False
    for char in command:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            if char == quote:
                quote = ""
            elif quote == '"' and char in "$`":
                raise _Amiss(_NO_SHELL.format(f"`{char}`", _SCRIPT))
        elif char in "'\"":
            quote = char
        elif char in "|&;<>()$`*?" or (char in "~#" and before.isspace()):
            shown = "a backtick" if char == "`" else f"`{char}`"
            raise _Amiss(_NO_SHELL.format(shown, _SCRIPT if char != "#" else "Leave it out."))
        before = char
