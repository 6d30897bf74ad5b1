"""The ``types`` gate: the project's own type checker, in the sandbox; only new errors count."""

from __future__ import annotations

import asyncio
import configparser
import functools
import os
import sysconfig
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from festina.findings import Finding, Gate, GateResult, Severity, Status, duration
from festina.verify import compare, sandbox, shadow, types_said
from festina.verify.base import Candidate
from festina.verify.conditions import Unverified
from festina.verify.interpreter import Environment, Missing
from festina.verify.isolation import Refused, isolation, named
from festina.verify.once import Once
from festina.verify.process import LaunchError
from festina.verify.state import State
from festina.verify.syntax import is_python
from festina.verify.toolchains import KEPT, Tools, tools_for
from festina.verify.types_warm import Asked, WarmTypes
from festina.verify.workbench import Workbench

_NONE = (
    "The project uses no type checker that is installed: install mypy, basedpyright or ty in its"
    " environment, or take the types gate out of verify.gates."
)
_MYPY = ("--no-error-summary", "--show-column-numbers", "--show-error-codes", "--no-pretty")


@dataclass(frozen=True, slots=True)
class Checker:
    """A type checker and its command line. One that ``builds`` keeps what it found out.

    ``daemon`` are the arguments for a daemon of its own, empty where it has none.
    """

    name: str
    argv: tuple[str, ...]
    builds: bool = False
    daemon: tuple[str, ...] = ()


def checker(workspace: Path, environment: Environment, path: str) -> Checker | None:
    """Find the checker that a project uses: a configured one before any that is there. Blocks."""
    folder = environment.python.parent
    pyproject = _tool(workspace)
    if _configures_mypy(workspace, pyproject) and (folder / "mypy").is_file():
        python = str(environment.python)
        cache = f"{{workspace}}/{KEPT}/mypy"
        arguments = (*_MYPY, *(() if _names_files(workspace, pyproject) else (path,)))
        argv = (python, "-m", "mypy", "--cache-dir", cache, *arguments)
        return Checker("mypy", argv, builds=True, daemon=arguments)
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


@dataclass(frozen=True, slots=True)
class _Run:
    """What runs of a checker in one state have in common.

    ``path`` is the edited file's, ``laid`` are the texts of others that are edited with it.
    """

    state: State
    used: Checker
    level: sandbox.Level
    path: str
    tools: Tools
    laid: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells apart what they find without an edit."""
        return f"{self.state.fingerprint} {self.level} {self.used.argv}"


class TypesGate:
    """Runs type checkers. Any number of calls may run at once."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._bare: Once[tuple[Finding, ...]] = Once()
        self.warm = WarmTypes(bench)

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
        except (Unverified, Refused, shadow.Outside) as error:
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
                raise Unverified(f"{python.reason} {python.remedy}")
        environment = state.python
        assert isinstance(environment, Environment)
        used = await asyncio.to_thread(checker, workspace.resolve(), environment, path)
        if used is None:
            raise Unverified(_NONE)
        laid = await asyncio.to_thread(shadow.located, workspace, candidate.laid)
        run = _Run(state, used, level, path, await _tools(state, used), laid)
        daemon = () if laid else used.daemon
        asked = Asked(state, run.tools, level, daemon) if daemon else None
        warm = None if asked is None else await self.warm.findings(asked, path, candidate.new)
        if warm is not None:
            result = await asyncio.to_thread(_judged, candidate, run, *warm)
            if result.status is not Status.PASSED or not self.warm.is_due():
                return result
        old = await self._bare.get(run.key, lambda: self._run(run, None))
        new = await self._run(run, candidate.new)
        true = await asyncio.to_thread(_judged, candidate, run, old, new)
        if asked is not None and warm is None:
            again = functools.partial(self._run, run)
            self.warm.acquaint(asked, path, old, candidate.old, again)
        elif asked is not None and true.status is not Status.PASSED:
            self.warm.differs(asked)
        return true

    async def aclose(self) -> None:
        """End what still runs."""
        await self.warm.aclose()
        await self._bare.aclose()

    async def _run(self, run: _Run, text: str | None) -> tuple[Finding, ...]:
        state, used = run.state, run.used
        limit = state.snapshot.settings.timeout_seconds
        ran = await self._bench.run(
            state,
            used.argv,
            replace(run.tools, builds=used.builds),
            run.level,
            timeout=limit,
            files=None if text is None else {**run.laid, run.path: text},
            builds=f"{state.snapshot.workspace} {used.name}",
        )
        if ran.done.timed_out:
            raise Unverified(
                f"{used.name} did not end in {duration(limit)}; raise verify.timeout_seconds."
            )
        if ran.done.returncode not in (0, 1):
            said = " ".join(ran.output.split())[:300]
            raise Unverified(f"{used.name} could not check the types: {said}.")
        files = state.contents.keys() | state.buffers.keys() | {run.path}
        if "--outputjson" in used.argv:
            return await asyncio.to_thread(
                types_said.findings_of_pyright, ran.done.stdout, ran.place, files
            )
        return await asyncio.to_thread(types_said.findings, ran.output, ran.place, files)


async def _tools(state: State, used: Checker) -> Tools:
    assert isinstance(state.python, Environment)
    python, workspace = state.python.python, state.snapshot.workspace
    return await asyncio.to_thread(tools_for, used.argv, workspace, python, (), os.environ)


def _judged(
    candidate: Candidate, run: _Run, old: Sequence[Finding], new: Sequence[Finding]
) -> GateResult:
    """Say what errors without and with an edit mean for it."""
    path, name = run.path, run.used.name
    wanted = [finding for finding in candidate.resolves if finding.gate is Gate.TYPES]
    added, unknown = compare.compared(
        candidate,
        wanted,
        [each for each in new if each.path == path],
        [each for each in old if each.path == path],
    )
    added = [each for each in added if each.severity is Severity.ERROR or wanted]
    added += compare.added_elsewhere(path, new, old)
    if added:
        return GateResult(Gate.TYPES, Status.FAILED, findings=tuple(added), name=name)
    if unknown:
        reason = (
            f"{name} does not report {unknown[0].code or unknown[0].message!r} without the"
            " edit, so nothing shows that the edit resolves it."
        )
        return GateResult(Gate.TYPES, Status.UNVERIFIED, reason=reason, name=name)
    return GateResult(Gate.TYPES, Status.PASSED, name=name)
