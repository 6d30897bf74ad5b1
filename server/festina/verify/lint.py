"""The ``lint`` gate: ruff with the project's own configuration; only what is new counts."""

from __future__ import annotations

import asyncio
import collections
import json
import os
import re
import shutil
import sysconfig
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from festina.findings import Finding, Gate, GateResult, Severity, Status
from festina.text import Text
from festina.verify import process, sandbox
from festina.verify.base import Candidate
from festina.verify.syntax import is_python

_SECONDS = 60.0
_NUMBER = re.compile(r"\d+")
_GRAVE = ("F", "E9", "PLE")
"""What is an error and no matter of taste; all that counts where a project does not use ruff."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ruff:
    """A ruff binary, the folder that stands for the workspace, and its environment.

    ``own``: the binary is the project's, which so uses ruff, with or without a configuration.
    """

    binary: Path
    root: Path
    environ: Mapping[str, str]
    own: bool = False


class Broken(Exception):  # noqa: N818 - reads as the sentence it makes
    """Ruff gave no findings but an error."""


async def check(candidate: Candidate, ruff: Ruff | None) -> GateResult:
    """Judge a candidate: findings that the old text has as well are not its fault."""
    start = time.perf_counter()
    if not is_python(candidate.path):
        return GateResult(Gate.LINT, Status.SKIPPED, reason="Not a Python file.")
    if ruff is None:
        return _unverified(start, "ruff was not found; reinstall Festina, which brings it along.")
    wanted = [finding for finding in candidate.resolves if finding.gate is Gate.LINT]
    rules: tuple[str, ...] = ()
    if not ruff.own and not await asyncio.to_thread(is_configured, ruff, candidate.path):
        rules = (*_GRAVE, *(finding.code for finding in wanted if finding.code))
    try:
        try:
            old, new = await _old_and_new(ruff, candidate, rules)
        except Broken:
            if len(rules) <= len(_GRAVE):
                raise
            # what is to be fixed may be another tool's finding, of a rule that ruff does not have
            old, new = await _old_and_new(ruff, candidate, _GRAVE)
    except Broken as error:
        return _unverified(start, str(error))
    added = subtract(new, candidate.new, old, candidate.old)
    left, unknown = unresolved(wanted, new, candidate.new, old, candidate.old)
    added += [finding for finding in left if finding not in added]
    seconds = time.perf_counter() - start
    if added:
        return GateResult(Gate.LINT, Status.FAILED, seconds, tuple(added))
    if unknown:
        reason = (
            f"ruff does not report {unknown[0].code or unknown[0].message!r} without the edit, so"
            " nothing shows that the edit resolves it."
        )
        return GateResult(Gate.LINT, Status.UNVERIFIED, seconds, reason=reason)
    return GateResult(Gate.LINT, Status.PASSED, seconds)


def _unverified(start: float, reason: str) -> GateResult:
    return GateResult(Gate.LINT, Status.UNVERIFIED, time.perf_counter() - start, reason=reason)


async def _old_and_new(
    ruff: Ruff, candidate: Candidate, rules: Sequence[str]
) -> tuple[list[Finding], list[Finding]]:
    return await asyncio.gather(
        findings_in(ruff, candidate.path, candidate.old, rules),
        findings_in(ruff, candidate.path, candidate.new, rules),
    )


async def findings_in(ruff: Ruff, path: str, text: str, rules: Sequence[str] = ()) -> list[Finding]:
    """Run ruff on one text, with the rules that its configuration says, or with ``rules``.

    Raises:
        Broken: it failed; the message says what it said and what to do.
    """
    argv = [str(ruff.binary), "check", "--no-fix", "--force-exclude", "--output-format", "json"]
    argv += ["--select", ",".join(rules)] if rules else []
    argv += ["--no-cache", "--stdin-filename", str(ruff.root / path), "-"]
    try:
        done = await process.run(
            argv,
            cwd=ruff.root,
            env=dict(ruff.environ),
            stdin=text.encode("utf-8", "surrogatepass"),
            timeout=_SECONDS,
            max_output=1 << 26,
        )
    except (OSError, process.LaunchError) as error:
        why = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise Broken(f"ruff ({ruff.binary}) could not be started: {why}.") from error
    if done.timed_out:
        raise Broken(f"ruff did not end in {_SECONDS:.0f} s.")
    try:
        if done.returncode not in (0, 1):
            raise ValueError
        return [_finding(path, item) for item in json.loads(done.stdout or b"[]")]
    except (ValueError, KeyError, TypeError) as error:
        words = [
            line.strip()
            for line in done.stderr.decode("utf-8", "replace").splitlines()
            if line.strip()
        ]
        said = " ".join(words)[:300] or f"exit code {done.returncode}"
        raise Broken(
            f"ruff could not check the file: {said}. Run `ruff check {path}` in the workspace to"
            " see the whole message."
        ) from error


def is_configured(ruff: Ruff, path: str) -> bool:
    """Whether somebody said which rules are to hold for a file: the project, or its user.

    Ruff's own defaults are hundreds of rules, many of them of style: nobody asked for those.
    """
    home = ruff.environ.get("XDG_CONFIG_HOME") or Path(ruff.environ.get("HOME", "/")) / ".config"
    places = [*(ruff.root / path).parents, Path(home) / "ruff"]
    return any(_says_rules(place) for place in places)


def _says_rules(folder: Path) -> bool:
    if (folder / "ruff.toml").is_file() or (folder / ".ruff.toml").is_file():
        return True
    try:
        data = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except OSError:
        return False
    except ValueError:
        return True  # ruff has to say what is wrong with it
    tool = data.get("tool")
    return isinstance(tool, dict) and "ruff" in tool


def _finding(path: str, item: Mapping[str, object]) -> Finding:
    code = str(item["code"]) if item.get("code") else "syntax-error"
    start, end = _place(item.get("location")), _place(item.get("end_location"))
    grave = code.startswith(_GRAVE) or code in ("syntax-error", "invalid-syntax")
    return Finding(
        Gate.LINT,
        path,
        str(item["message"]),
        line=start[0],
        column=start[1],
        end_line=end[0],
        end_column=end[1],
        severity=Severity.ERROR if grave else Severity.WARNING,
        code=code,
    )


def _place(location: object) -> tuple[int | None, int | None]:
    if not isinstance(location, dict):
        return None, None
    return location.get("row"), location.get("column")


def subtract(
    new: Iterable[Finding], new_text: str, old: Iterable[Finding], old_text: str
) -> list[Finding]:
    """Return the findings in ``new`` that ``old`` does not account for.

    Lines move, so two findings are the same when code, message (its numbers aside: they count
    lines, characters or complexity) and the text of their line agree, or when both stand in the
    lines that the edit changed and code and message agree. Each old one accounts for one new one.
    """
    old_lines, new_lines = Text(old_text).lines, Text(new_text).lines
    added, gone = _pair(
        [(_key(f, new_lines), f) for f in new], [(_key(f, old_lines), f) for f in old]
    )
    start, end = _changed(old_lines, new_lines)
    kept, _ = _pair(
        [(_key(f), f) for f in added if start < (f.line or 0) <= len(new_lines) - end],
        [(_key(f), f) for f in gone if start < (f.line or 0) <= len(old_lines) - end],
    )
    outside = [f for f in added if not start < (f.line or 0) <= len(new_lines) - end]
    return sorted([*kept, *outside], key=added.index)


def _pair(
    some: Iterable[tuple[Key, Finding]], others: Iterable[tuple[Key, Finding]]
) -> tuple[list[Finding], list[Finding]]:
    """Pair findings by their keys, one to one; return those on both sides that have no match."""
    waiting: dict[Key, list[Finding]] = {}
    for key, finding in others:
        waiting.setdefault(key, []).append(finding)
    alone = []
    for key, finding in some:
        if waiting.get(key):
            waiting[key].pop(0)
        else:
            alone.append(finding)
    return alone, [finding for rest in waiting.values() for finding in rest]


def _changed(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines at the start, and then at the end, are the same in both."""
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    most -= start
    return start, next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)


def _key(finding: Finding, lines: Sequence[str] = ()) -> Key:
    text = ""
    if finding.line is not None and 0 < finding.line <= len(lines):
        text = lines[finding.line - 1].strip()
    return finding.code or "", _NUMBER.sub("0", finding.message), text


def unresolved(
    wanted: Iterable[Finding],
    new: Sequence[Finding],
    new_text: str,
    old: Sequence[Finding],
    old_text: str,
) -> tuple[list[Finding], list[Finding]]:
    """Return which findings, to be resolved, are still there, and which were never seen.

    One that names a line of the old text means that one; else any of its code and message.
    """
    old_lines, new_lines = Text(old_text).lines, Text(new_text).lines
    before = collections.Counter(_key(finding, old_lines) for finding in old)
    after = collections.Counter(_key(finding, new_lines) for finding in new)
    left: list[Finding] = []
    unknown: list[Finding] = []
    for finding in wanted:
        key = _match(finding, old, old_lines)
        if key is None:
            unknown.append(finding)
        elif after[key] >= before[key]:
            left += [other for other in new if _key(other, new_lines) == key][:1]
        else:
            before[key] -= 1
    return left, unknown


def _match(finding: Finding, old: Sequence[Finding], lines: Sequence[str]) -> Key | None:
    alike = [other for other in old if other.code == finding.code]
    exact = [other for other in alike if other.line == finding.line] or [
        other
        for other in alike
        if _NUMBER.sub("0", other.message) == _NUMBER.sub("0", finding.message)
    ]
    return _key(exact[0], lines) if exact else None


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ruff sees of an environment: it looks for the person's own configuration."""
    config = {name: value for name, value in environ.items() if name == "XDG_CONFIG_HOME"}
    return {**sandbox.allow_environ(environ), **config}


def our_ruff(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the ruff that was installed along with us, else one on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "ruff"
    if beside.is_file():
        return beside
    found = shutil.which("ruff", path=environ.get("PATH"))
    return Path(found) if found else None


def project_ruff(python: Path) -> Path | None:
    """Return the ruff of an interpreter's environment; only to be run in a trusted workspace."""
    beside = python.parent / "ruff"
    return beside if beside.is_file() else None
