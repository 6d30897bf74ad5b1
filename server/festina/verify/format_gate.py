"""The ``format`` gate: the lines that the edit touches are as the project's formatter writes them.

What was not formatted before is not held against an edit, and nothing is ever reformatted.
"""

from __future__ import annotations

import asyncio
import collections
import difflib
import os
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from festina.findings import Finding, Gate, GateResult, Severity, Status
from festina.text import Text
from festina.verify import lint, process
from festina.verify.base import Candidate
from festina.verify.compare import changed
from festina.verify.syntax import is_python

_SECONDS = 60.0
_LINES_SHOWN = 8
_UNUSED = (
    "The project configures neither ruff nor black, so nothing says how it is formatted: add"
    " [tool.ruff.format] to its pyproject.toml, or take the format gate out of verify.gates."
)


@dataclass(frozen=True, slots=True)
class Formatter:
    """A program that reads a file on its standard input and writes it formatted.

    ``root`` is the folder that stands for the workspace.
    """

    name: str
    argv: tuple[str, ...]
    root: Path
    environ: Mapping[str, str]


class Broken(Exception):  # noqa: N818 - reads as the sentence it makes
    """There is no formatter, or it gave no text; ``str()`` says why."""


def formatter(root: Path, path: str, python: Path | None) -> Formatter | None:
    """Find the formatter that a project has configured for a file; None: it uses none. Blocks.

    ``python`` is the project's interpreter, None where nothing of the workspace may be run.

    Raises:
        Broken: it is not there.
    """
    environ = lint.environment(os.environ)
    tables = [_tables(folder) for folder in (root / path).parents]
    formats = any("ruff.format" in found for found in tables)
    if any("black" in found for found in tables) and not formats:
        black = None if python is None else python.parent / "black"
        if black is None or not black.is_file():
            raise Broken(
                "The project is formatted with black, which is not in its environment (or the"
                " workspace is not trusted): install it there."
            )
        reads = ("--quiet", "--stdin-filename", str(root / path), "-")
        return Formatter("black", (str(black), *reads), root, environ)
    binary, own = lint.chosen(python)
    if binary is None:
        raise Broken("ruff was not found; reinstall Festina, which brings it along.")
    if not lint.is_configured(lint.Ruff(binary, root, environ, own), path):
        return None
    argv = (str(binary), "format", "--force-exclude", "--no-cache", "--stdin-filename")
    return Formatter("ruff format", (*argv, str(root / path), "-"), root, environ)


def _tables(folder: Path) -> set[str]:
    """Say which formatters a folder's files configure."""
    found = set()
    for name in ("ruff.toml", ".ruff.toml"):
        if "format" in _read(folder / name):
            found.add("ruff.format")
    tool = _read(folder / "pyproject.toml").get("tool")
    if isinstance(tool, dict):
        found |= {name for name in ("black",) if name in tool}
        ruff = tool.get("ruff")
        found |= {"ruff.format"} if isinstance(ruff, dict) and "format" in ruff else set()
    return found


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


async def check(candidate: Candidate, root: Path, python: Path | None) -> GateResult:
    """Judge a candidate. ``root`` stands for the workspace; for ``python`` see `formatter`."""
    start = time.perf_counter()
    if not is_python(candidate.path):
        return GateResult(Gate.FORMAT, Status.SKIPPED, reason="Not a Python file.")
    try:
        used = await asyncio.to_thread(formatter, root, candidate.path, python)
        if used is None:
            return GateResult(Gate.FORMAT, Status.SKIPPED, reason=_UNUSED)
        new = await _formatted(used, candidate.path, candidate.new)
        findings: list[Finding] = []
        if new != candidate.new:
            old = await _formatted(used, candidate.path, candidate.old)
            findings = await asyncio.to_thread(deviations, candidate, old, new, used.name)
    except Broken as error:
        seconds = time.perf_counter() - start
        return GateResult(Gate.FORMAT, Status.UNVERIFIED, seconds, reason=str(error))
    status = Status.FAILED if findings else Status.PASSED
    return GateResult(Gate.FORMAT, status, time.perf_counter() - start, tuple(findings))


async def _formatted(used: Formatter, path: str, text: str) -> str:
    try:
        done = await process.run(
            used.argv,
            cwd=used.root,
            env=dict(used.environ),
            stdin=text.encode("utf-8", "surrogatepass"),
            timeout=_SECONDS,
            max_output=1 << 26,
        )
    except (OSError, process.LaunchError) as error:
        raise Broken(f"{used.name} could not be started: {error}.") from error
    if done.timed_out:
        raise Broken(f"{used.name} did not end in {_SECONDS:.0f} s.")
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        raise Broken(f"{used.name} could not format {path}: {said or done.returncode}.")
    return done.stdout.decode("utf-8", "surrogatepass")


_Hunk = tuple[int, tuple[str, ...], tuple[str, ...]]


def _apart(hunks: Iterable[_Hunk], start: int, end: int) -> tuple[list[_Hunk], list[_Hunk]]:
    """Tell hunks in lines that the edit has not touched from those in others."""
    apart: tuple[list[_Hunk], list[_Hunk]] = ([], [])
    for hunk in hunks:
        first, last = hunk[0], hunk[0] + len(hunk[1])
        empty = first == last or start == end
        within = (first <= end and last >= start) if empty else (first < end and last > start)
        apart[within].append(hunk)
    return apart


def _words(hunk: _Hunk) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return hunk[1], hunk[2]


def _hunks(text: Sequence[str], wanted: Sequence[str]) -> list[_Hunk]:
    """List what differs: the first line's index, the lines that are there, those to be there."""
    start, end = changed(text, wanted)
    ours, theirs = text[start : len(text) - end], wanted[start : len(wanted) - end]
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    return [
        (start + i, tuple(ours[i:j]), tuple(theirs[k:m]))
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]


def deviations(candidate: Candidate, old: str, new: str, name: str) -> list[Finding]:
    """Return where a candidate is not as it would be formatted, in the lines that it touches.

    ``old`` and ``new`` are its two texts, formatted. Blocks.
    """
    before, after = Text(candidate.old).lines, Text(candidate.new).lines
    start, end = changed(before, after)
    known, known_in = _apart(_hunks(before, Text(old).lines), start, len(before) - end)
    others, touched = _apart(_hunks(after, Text(new).lines), start, len(after) - end)
    before_edit = collections.Counter(_words(hunk) for hunk in (*known, *known_in))
    before_edit.subtract(_words(hunk) for hunk in others)
    found, same = [], 0
    for hunk in touched:
        before_edit[_words(hunk)] -= 1
        if before_edit[_words(hunk)] < 0:
            found.append(hunk)
        else:
            same += 1
    # a line that was no better before, and is another one now: one for one
    return [_finding(candidate.path, name, *hunk) for hunk in found[max(0, len(known_in) - same) :]]


def _finding(path: str, name: str, at: int, was: tuple[str, ...], to: tuple[str, ...]) -> Finding:
    if not was:
        message = f"{name} would add {_count(len(to))} here"
    elif not to:
        message = f"{name} would remove {_count(len(was))} here"
    elif len(was) == len(to) == 1:
        message = f"{name} would write: {to[0].strip()}"
    else:
        message = f"{name} would write these lines differently"
    shown = [f"-{line.rstrip()}" for line in was[:_LINES_SHOWN]]
    shown += [f"+{line.rstrip()}" for line in to[:_LINES_SHOWN]]
    return Finding(
        Gate.FORMAT,
        path,
        message,
        line=at + 1,
        end_line=at + max(1, len(was)),
        severity=Severity.WARNING,
        code="format",
        detail="\n".join(shown),
    )


def _count(lines: int) -> str:
    return "a line" if lines == 1 else f"{lines} lines"
