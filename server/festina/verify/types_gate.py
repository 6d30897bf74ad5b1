"""The ``types`` gate: the project's own type checker, in the sandbox; only new errors count."""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import sysconfig
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from festina.findings import Finding, Gate, GateResult, Severity, Status, duration
from festina.verify import compare, sandbox, shadow
from festina.verify.base import Candidate
from festina.verify.interpreter import Environment, Missing
from festina.verify.isolation import Refused, isolation, named
from festina.verify.once import Once
from festina.verify.problems import Place, problems
from festina.verify.process import LaunchError
from festina.verify.state import State
from festina.verify.syntax import is_python
from festina.verify.toolchains import KEPT, tools_for
from festina.verify.workbench import Ran, Workbench

_NONE = (
    "The project uses no type checker that is installed: install mypy, basedpyright or ty in its"
    " environment, or take the types gate out of verify.gates."
)
_MYPY = ("--no-error-summary", "--show-column-numbers", "--show-error-codes", "--no-pretty")


@dataclass(frozen=True, slots=True)
class Checker:
    """A type checker and its command line. One that ``builds`` keeps what it found out."""

    name: str
    argv: tuple[str, ...]
    builds: bool = False


class _Unverified(Exception):  # noqa: N818 - reads as the sentence it makes
    """The gate cannot tell; ``str()`` says why and what to do."""


def checker(workspace: Path, environment: Environment, path: str) -> Checker | None:
    """Find the checker that a project uses: a configured one before any that is there. Blocks."""
    folder = environment.python.parent
    pyproject = _tool(workspace)
    if _configures_mypy(workspace, pyproject) and (folder / "mypy").is_file():
        python = str(environment.python)
        cache = f"{{workspace}}/{KEPT}/mypy"
        whole = _names_files(workspace, pyproject)
        argv = (python, "-m", "mypy", *_MYPY, "--cache-dir", cache, *(() if whole else (path,)))
        return Checker("mypy", argv, builds=True)
    pyright = _first(folder, "basedpyright", "pyright")
    configured = (workspace / "pyrightconfig.json").is_file()
    configured = configured or bool({"pyright", "basedpyright"} & pyproject.keys())
    if pyright is not None and configured:
        python = str(environment.python)
        argv = (str(pyright), "--outputjson", "--pythonpath", python, path)
        return Checker(pyright.name, argv)
    ty = _first(folder, "ty") or _first(Path(sysconfig.get_path("scripts")), "ty")
    if ty is not None:
        argv = (str(ty), "check", "--output-format", "concise", "--python", str(environment.python))
        return Checker("ty", argv)
    return None


def _first(folder: Path, *names: str) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _tool(workspace: Path) -> dict[str, object]:
    try:
        found = tomllib.loads((workspace / "pyproject.toml").read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _ini(workspace: Path) -> configparser.SectionProxy | None:
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        parser = configparser.RawConfigParser()
        try:
            parser.read(workspace / name, "utf-8")
        except (configparser.Error, OSError, ValueError):
            continue
        if parser.has_section("mypy"):
            return parser["mypy"]
    return None


def _configures_mypy(workspace: Path, tool: dict[str, object]) -> bool:
    return "mypy" in tool or _ini(workspace) is not None


def _names_files(workspace: Path, tool: dict[str, object]) -> bool:
    """Whether mypy's configuration says what is to be checked, so that all of that is."""
    table = _ini(workspace) or tool.get("mypy")
    names = ("files", "packages", "modules")
    return table is not None and any(name in table for name in names)  # type: ignore[operator]


class TypesGate:
    """Runs type checkers. Any number of calls may run at once."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._bare: Once[tuple[Finding, ...]] = Once()

    async def check(self, state: State, candidate: Candidate) -> GateResult:
        """Judge a candidate: errors that there are without it are not its fault.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        start = time.perf_counter()
        level: sandbox.Level | None = None
        try:
            if not is_python(candidate.path):
                return GateResult(Gate.TYPES, Status.SKIPPED, reason="Not a Python file.")
            level = await isolation(state.snapshot, "Type checkers run")
            result = await self._judge(state, candidate, level)
        except (_Unverified, Refused, shadow.Outside) as error:
            result = GateResult(Gate.TYPES, Status.UNVERIFIED, reason=str(error))
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            reason = f"The type checker could not be run: {words.rstrip('.')}."
            result = GateResult(Gate.TYPES, Status.UNVERIFIED, reason=reason)
        where = named(level, state.snapshot)
        return replace(result, seconds=time.perf_counter() - start, sandbox=where)

    async def _judge(self, state: State, candidate: Candidate, level: sandbox.Level) -> GateResult:
        workspace = state.snapshot.workspace
        path = shadow.locate(workspace, candidate.path)
        for python in (state.found, state.python):
            if isinstance(python, Missing):
                raise _Unverified(f"{python.reason} {python.remedy}")
        environment = state.python
        assert isinstance(environment, Environment)
        used = await asyncio.to_thread(checker, workspace.resolve(), environment, path)
        if used is None:
            raise _Unverified(_NONE)
        key = f"{state.fingerprint} {level} {used.argv}"
        old = await self._bare.get(key, lambda: self._run(state, used, level, path, None))
        new = await self._run(state, used, level, path, candidate.new)
        wanted = [finding for finding in candidate.resolves if finding.gate is Gate.TYPES]
        added, unknown = await asyncio.to_thread(
            compare.compared,
            candidate,
            wanted,
            [each for each in new if each.path == path],
            [each for each in old if each.path == path],
        )
        added = [each for each in added if each.severity is Severity.ERROR or wanted]
        added += compare.added_elsewhere(path, new, old)
        if added:
            return GateResult(Gate.TYPES, Status.FAILED, findings=tuple(added), name=used.name)
        if unknown:
            reason = (
                f"{used.name} does not report {unknown[0].code or unknown[0].message!r} without the"
                " edit, so nothing shows that the edit resolves it."
            )
            return GateResult(Gate.TYPES, Status.UNVERIFIED, reason=reason, name=used.name)
        return GateResult(Gate.TYPES, Status.PASSED, name=used.name)

    async def aclose(self) -> None:
        """End what still runs."""
        await self._bare.aclose()

    async def _run(
        self, state: State, used: Checker, level: sandbox.Level, path: str, text: str | None
    ) -> tuple[Finding, ...]:
        limit = state.snapshot.settings.timeout_seconds
        environment = state.python
        assert isinstance(environment, Environment)
        tools = await asyncio.to_thread(
            tools_for, used.argv, state.snapshot.workspace, environment.python, (), os.environ
        )
        ran = await self._bench.run(
            state,
            used.argv,
            replace(tools, builds=used.builds),
            level,
            timeout=limit,
            files=None if text is None else {path: text},
            builds=f"{state.snapshot.workspace} {used.name}",
        )
        if ran.done.timed_out:
            raise _Unverified(
                f"{used.name} did not end in {duration(limit)}; raise verify.timeout_seconds."
            )
        if ran.done.returncode not in (0, 1):
            said = " ".join(ran.output.split())[:300]
            raise _Unverified(f"{used.name} could not check the types: {said}.")
        files = {entry.path for entry in state.tree.entries} | {*state.buffers, path}
        return await asyncio.to_thread(_findings, ran, used.argv, files)


def _findings(ran: Ran, argv: Sequence[str], files: set[str]) -> tuple[Finding, ...]:
    def place(name: str) -> str | None:
        relative = name.removeprefix(f"{ran.place}/").removeprefix("./")
        return relative if relative in files else None

    if "--outputjson" in argv:
        return _of_pyright(ran, place_of=place)
    found = problems(ran.output, "gcc", place).findings
    kept = [each for each in found if each.severity is not Severity.INFORMATION]
    return tuple(replace(each, gate=Gate.TYPES) for each in kept)


def _of_pyright(ran: Ran, place_of: Place) -> tuple[Finding, ...]:
    try:
        said = json.loads(ran.done.stdout)["generalDiagnostics"]
        found = [(item, place_of(item["file"]), item["range"]) for item in said]
        return tuple(
            Finding(
                Gate.TYPES,
                path,
                item["message"],
                line=where["start"]["line"] + 1,
                column=where["start"]["character"] + 1,
                end_line=where["end"]["line"] + 1,
                end_column=where["end"]["character"] + 1,
                severity=Severity.ERROR if item["severity"] == "error" else Severity.WARNING,
                code=item.get("rule"),
            )
            for item, path, where in found
            if path is not None and item["severity"] in ("error", "warning")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _Unverified(f"The answer of the type checker could not be read: {error}.") from error
