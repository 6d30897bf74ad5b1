"""The ``lint`` gate: ruff with the project's own configuration; only what is new counts."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import sysconfig
import time
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from festina.findings import Finding, Gate, GateResult, Severity, Status
from festina.verify import process, sandbox
from festina.verify.base import Candidate
from festina.verify.compare import compared
from festina.verify.process_io import all_of
from festina.verify.syntax import is_python

_SECONDS = 60.0
GRAVE = ("F", "E9", "PLE")
"""What is an error and no matter of taste; all that counts where a project does not use ruff."""


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


Both = Callable[
    [Ruff, Candidate, Sequence[str]], Awaitable[tuple[Sequence[Finding], Sequence[Finding]]]
]
"""Finds what ruff says of the old and of the new text, by the rules named or the configured ones.

Raises `Broken` where it cannot.
"""


async def check(
    candidate: Candidate,
    ruff: Ruff | None,
    both: Both | None = None,
    *,
    configured: bool | None = None,
) -> GateResult:
    """Judge a candidate: findings that the old text has as well are not its fault.

    ``both`` asks ruff, by default with a run for each text. ``configured`` is what
    :func:`is_configured` says, where that is known.
    """
    start = time.perf_counter()
    if not is_python(candidate.path):
        return GateResult(Gate.LINT, Status.SKIPPED, reason="Not a Python file.")
    if ruff is None:
        return _unverified(start, "ruff was not found; reinstall Festina, which brings it along.")
    wanted = [finding for finding in candidate.resolves if finding.gate is Gate.LINT]
    rules: tuple[str, ...] = ()
    if configured is None:
        configured = ruff.own or await asyncio.to_thread(is_configured, ruff, candidate.path)
    if not configured:
        rules = (*GRAVE, *(finding.code for finding in wanted if finding.code))
    try:
        try:
            old, new = await (both or by_runs)(ruff, candidate, rules)
        except Broken:
            if len(rules) <= len(GRAVE):
                raise
            # what is to be fixed may be another tool's finding, of a rule that ruff does not have
            rules = GRAVE
            old, new = await (both or by_runs)(ruff, candidate, rules)
    except Broken as error:
        return _unverified(start, str(error))
    added: list[Finding] = []
    unknown: list[Finding] = []
    if new or wanted:  # a broken text has thousands
        added, unknown = await asyncio.to_thread(compared, candidate, wanted, new, old)
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


async def by_runs(
    ruff: Ruff, candidate: Candidate, rules: Sequence[str]
) -> tuple[list[Finding], list[Finding]]:
    """Ask by a run of ruff for each of the two texts.

    Raises:
        Broken: ruff failed.
    """
    texts = (candidate.old, candidate.new)
    old, new = await all_of(*(findings_in(ruff, candidate.path, text, rules) for text in texts))
    return old, new


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
        return in_order(finding_of(path, item) for item in json.loads(done.stdout or b"[]"))
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


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort as a person reads: the versions of ruff, and its server, do not agree on an order."""
    return sorted(findings, key=lambda f: (f.line or 0, f.column or 0, f.code or "", f.message))


def finding_of(path: str, item: Mapping[str, object]) -> Finding:
    """Read one item of ruff's JSON."""
    code = str(item["code"]) if item.get("code") else "syntax-error"
    start, end = _place(item.get("location")), _place(item.get("end_location"))
    grave = code.startswith(GRAVE) or code in ("syntax-error", "invalid-syntax")
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


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ruff sees of an environment: it looks for the person's own configuration."""
    config = {name: value for name, value in environ.items() if name == "XDG_CONFIG_HOME"}
    return {**sandbox.allow_environ(environ), **config}


def chosen(python: Path | None) -> tuple[Path | None, bool]:
    """Return the ruff to use, and whether it is the project's own. Blocks.

    ``python`` is the project's interpreter, None where nothing of the workspace may be run.
    """
    ours = our_ruff()
    projects = None if python is None else project_ruff(python)
    # Festina may be installed in the project's own environment, and have brought its ruff
    own = projects is not None and (ours is None or not projects.samefile(ours))
    return projects or ours, own


def our_ruff(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the ruff that was installed along with us, else one on the PATH."""
    beside = _scripts() / "ruff"
    if beside.is_file():
        return beside
    found = shutil.which("ruff", path=environ.get("PATH"))
    return Path(found) if found else None


@functools.cache
def _scripts() -> Path:
    return Path(sysconfig.get_path("scripts"))


def project_ruff(python: Path) -> Path | None:
    """Return the ruff of an interpreter's environment; only to be run in a trusted workspace."""
    beside = python.parent / "ruff"
    return beside if beside.is_file() else None
