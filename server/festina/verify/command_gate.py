"""The ``command`` gates: programs of the person's choice, with the candidate and without it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from festina.findings import Finding, Gate, GateResult, Status, duration
from festina.gate_commands import VERIFY_COMMANDS, Command
from festina.globs import applies
from festina.verify import command_itself, compare, sandbox, shadow
from festina.verify.base import Candidate
from festina.verify.command_said import Said, added, explained
from festina.verify.interpreter import Environment, Found
from festina.verify.isolation import Refused, isolation, named
from festina.verify.once import Once
from festina.verify.problems import problems
from festina.verify.process import LaunchError
from festina.verify.state import State
from festina.verify.syntax import is_python
from festina.verify.toolchains import Missing, Tools, tools_for
from festina.verify.workbench import Workbench

_MOST_WORDS = 60
_NO_SOCKETS = re.compile(r"EAFNOSUPPORT|Address family not supported", re.IGNORECASE)

Say = Callable[[str], None]


class _Unverified(Exception):  # noqa: N818 - reads as the sentence it makes
    """The command cannot tell; ``str()`` says why and what to do."""


class CommandGate:
    """Runs the commands that a workspace names. Any number of calls may run at once."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._bare: Once[Said] = Once()

    async def check(self, state: State, candidate: Candidate, say: Say) -> GateResult:
        """Judge a candidate by the commands for its file, in their order, until one fails.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        commands = state.snapshot.settings.commands
        results: list[GateResult] = []
        for command in commands:
            if applies(command.when, candidate.path):
                say(f"running {command.name}")
                results.append(await self._judge(state, candidate, command))
                if results[-1].status is Status.FAILED:
                    break
        if not results:
            names = ", ".join(command.name for command in commands)
            reason = f"{names}: not for {candidate.path}."
            return GateResult(Gate.COMMAND, Status.SKIPPED, reason=reason)
        return _together(results)

    async def _judge(self, state: State, candidate: Candidate, command: Command) -> GateResult:
        start = time.perf_counter()
        level: sandbox.Level | None = None
        try:
            if command.withheld:
                raise _Unverified(command.withheld)
            level = await isolation(state.snapshot, "Commands run")
            path = shadow.locate(state.snapshot.workspace, candidate.path)
            if any(path == shown or path.startswith(f"{shown}/") for shown in state.tree.shown):
                raise _Unverified(f"{path} is not copied: commands see it as it is on the disk.")
            if why := await asyncio.to_thread(command_itself.why, state, candidate, command, path):
                raise _Unverified(why)
            one = _One(self._bench, self._bare, state, command, level, path)
            await one.prepare()
            result = await one.judge(candidate)
        except (_Unverified, Refused, Missing, shadow.Outside) as error:
            result = _unverified(str(error))
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            result = _unverified(f"It could not be run: {words.rstrip('.')}.")
        return replace(
            result,
            seconds=time.perf_counter() - start,
            name=command.name,
            sandbox=named(level, state.snapshot),
        )

    async def aclose(self) -> None:
        """End what still runs."""
        await self._bare.aclose()


class _One:
    """One command for one file in one state."""

    def __init__(
        self,
        bench: Workbench,
        bare: Once[Said],
        state: State,
        command: Command,
        level: sandbox.Level,
        path: str,
    ) -> None:
        self._bench = bench
        self._known = bare
        self._state = state
        self._command = command
        self._level = level
        self._path = path
        self._argv = [part.replace("{file}", path) for part in command.run]
        self._limit = command.timeout_seconds or state.snapshot.settings.timeout_seconds
        self._files = {entry.path for entry in state.tree.entries} | {*state.buffers, path}
        self._tools: Tools | None = None

    async def prepare(self) -> None:
        """Find what the command needs.

        Raises:
            Missing: the program is not there.
        """
        snapshot, found = self._state.snapshot, self._state.found
        python = found.python if isinstance(found, Found) else None
        if isinstance(self._state.python, Environment):  # no launcher, which may need its home
            python = self._state.python.python
        self._tools = await asyncio.to_thread(
            tools_for, self._command.run, snapshot.workspace, python, self._files, os.environ
        )

    async def judge(self, candidate: Candidate) -> GateResult:
        """Judge a candidate, also by whether what it was to resolve is gone."""
        assert self._tools is not None
        if self._tools.builds and not self._bench.has_build(self._builds):
            await self.bare()  # whose build every candidate goes on with
        laid = await asyncio.to_thread(
            shadow.located, self._state.snapshot.workspace, candidate.laid
        )
        edited = {**laid, self._path: candidate.new}
        new = await self._run(edited)
        wanted = [
            finding
            for finding in candidate.resolves
            if finding.gate is Gate.COMMAND or not is_python(candidate.path)
        ]
        if not new.failed and not wanted:
            return GateResult(Gate.COMMAND, Status.PASSED)
        old = await self.bare()
        left, unknown = await asyncio.to_thread(
            compare.unresolved,
            wanted,
            new.within(self._path),
            candidate.new,
            old.within(self._path),
            candidate.old,
        )
        if new.failed:
            result = await self._compared(candidate, edited, new, old)
        else:
            result = GateResult(Gate.COMMAND, Status.PASSED)
        if left and result.status is not Status.FAILED:
            return GateResult(Gate.COMMAND, Status.FAILED, findings=tuple(left))
        known = () if left else tuple(each for each in wanted if each not in unknown)
        return replace(result, resolved=known)

    async def _compared(
        self, candidate: Candidate, edited: dict[str, str], new: Said, old: Said
    ) -> GateResult:
        """Hold a run that failed against the one without the candidate."""
        found = await asyncio.to_thread(added, candidate, self._path, new, old)
        if found:
            found[0] = replace(found[0], detail=new.tail)
            return GateResult(Gate.COMMAND, Status.FAILED, findings=tuple(found))
        if not old.failed:
            again = await self._run(edited)
            if not again.failed:
                raise _Unverified(f"{self._name} failed once and passed once with the edit.")
            return GateResult(Gate.COMMAND, Status.FAILED, findings=(self._failure(new),))
        if old.problems.findings and explained(new, old):
            return GateResult(Gate.COMMAND, Status.PASSED)
        raise _Unverified(
            f"{self._name} fails without the edit too ({old.first}), so it cannot tell."
            f" {self._advice(old)}"
        )

    def _failure(self, run: Said) -> Finding:
        code = run.ran.done.returncode
        how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
        return Finding(
            Gate.COMMAND,
            self._path,
            run.first,
            code=self._command.name,
            detail=run.tail or how,
        )

    @property
    def _name(self) -> str:
        words = " ".join(self._command.run)
        return f"`{words if len(words) <= _MOST_WORDS else self._command.name}`"

    @property
    def _builds(self) -> str:
        return f"{self._state.snapshot.workspace} {self._command.run}"

    def _advice(self, run: Said) -> str:
        output = run.ran.output
        if PurePosixPath(self._command.run[0]).name == "pre-commit" and "error has occ" in output:
            return "Its hooks are installed with the network: run `pre-commit install-hooks` once."
        if self._level is sandbox.Level.LANDLOCK and _NO_SOCKETS.search(output):
            return (
                "Where Landlock is all that keeps code apart, no program can listen or connect,"
                " not even on this machine; `festina doctor` says how to have a better sandbox."
            )
        if run.ran.done.returncode == 127:
            return "A program that it starts was not found in the sandbox."
        return f"Mend that first, or take the command out of {self._command.origin}."

    async def bare(self) -> Said:
        """Run it without a candidate, once for each state."""
        name = self._path if any("{file}" in part for part in self._command.run) else ""
        key = f"{self._state.fingerprint} {self._level} {self._command} {name}"
        return await self._known.get(key, lambda: self._run(None))

    async def _run(self, files: dict[str, str] | None) -> Said:
        assert self._tools is not None
        ran = await self._bench.run(
            self._state,
            self._argv,
            self._tools,
            self._level,
            timeout=self._limit,
            files=files,
            builds=self._builds,
        )
        if ran.done.timed_out:
            setting = "`verify.timeout_seconds`"
            if self._command.origin == VERIFY_COMMANDS:
                setting = f"`timeout_seconds` of {self._command.name!r} in verify.commands"
            raise _Unverified(
                f"{self._name} did not end in {duration(self._limit)}. Raise {setting}, or narrow"
                " the command."
            )
        said = await asyncio.to_thread(
            problems, ran.output, self._command.matcher, lambda path: self._placed(path, ran.place)
        )
        return Said(ran, said)

    def _placed(self, path: str, place: Path) -> str | None:
        """Say which file of the workspace a printed path means."""
        if path.startswith("/"):
            path = str(PurePosixPath(path)).removeprefix(f"{place}/")
        path = path.removeprefix("./")
        if path in self._files:
            return path
        if not path or path.startswith("/"):
            return None
        ends = [name for name in self._files if name.endswith(f"/{path}")]
        return ends[0] if len(ends) == 1 else None


def _together(results: list[GateResult]) -> GateResult:
    """Combine the results of several commands: that of the first that did not pass, if any."""
    seconds = sum(result.seconds for result in results)
    resolved = tuple(finding for result in results for finding in result.resolved)
    for status in (Status.FAILED, Status.UNVERIFIED):
        for result in results:
            if result.status is status:
                return replace(result, seconds=seconds, resolved=resolved)
    names = ", ".join(result.label for result in results)
    return replace(results[0], seconds=seconds, resolved=resolved, name=names)


def _unverified(reason: str) -> GateResult:
    return GateResult(Gate.COMMAND, Status.UNVERIFIED, reason=reason)
