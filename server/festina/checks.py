"""The commands of a workspace's ``verify.md`` as gates: once a person has approved each of them.

Only a person edits that file. A line that must pass and may not be run, or cannot be understood,
is not met: what rests on it stays unverified, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from festina import config, settings_files
from festina.config import Settings
from festina.context import own
from festina.findings import Gate
from festina.gate_commands import Command
from festina.text import NotText, decode
from festina.trust import TrustStore
from festina.verify_file import NAME, Check, Checks, Problem, read, words

MOST_BYTES = 200_000
APPROVE = "festina trust --checks"
REFUSED = (
    f"{NAME} says what must pass, and only you edit it: a model that may change what judges it "
    "would be judged by nobody."
)


@dataclass(frozen=True, slots=True)
class Named:
    """A checked line of a workspace, and whether the person has approved its command."""

    check: Check
    approved: bool

    @property
    def command(self) -> Command:
        """The gate that it is."""
        one = self.check
        withheld = ""
        if not self.approved:
            withheld = (
                f"Line {one.line} of {NAME} names `{words(one.run)}`, which you have not approved, "
                f"so it was not run. If it may be run in the sandbox: {APPROVE}"
            )
        return Command(one.name, one.run, one.when, withheld=withheld, origin=NAME)


@dataclass(frozen=True, slots=True)
class Found:
    """What a workspace's file says."""

    named: tuple[Named, ...] = ()
    problems: tuple[Problem, ...] = ()
    silent: tuple[int, ...] = ()

    @property
    def new(self) -> tuple[Check, ...]:
        """The checks that nobody has approved yet, or that were changed since."""
        return tuple(one.check for one in self.named if not one.approved)


def look(workspace: Path, trust: TrustStore) -> Found:
    """Read the file of a workspace. Blocks."""
    found = _read(workspace)
    approved = set(trust.approved(workspace)) if found.checks else set()
    named = tuple(Named(check, check.run in approved) for check in found.checks)
    return Found(named, found.problems, found.silent)


def load(
    root: Path | None,
    trust: TrustStore,
    editor: Mapping[str, Any],
    workspace_editor: Mapping[str, Any] | None,
) -> tuple[Settings, tuple[config.Problem, ...]]:
    """Read the settings of an editor's folder, with what its file adds to them. Blocks."""
    settings, problems = settings_files.load(root, editor=editor, workspace_editor=workspace_editor)
    return settings if root is None else add(settings, root, trust), problems


def add(settings: Settings, workspace: Path, trust: TrustStore) -> Settings:
    """Return settings with what the workspace's file names as further gates. Blocks."""
    found = look(workspace, trust)
    commands = list(settings.verify.commands)
    taken = {command.name for command in commands}
    for command in (
        *(one.command for one in found.named),
        *(_of_problem(problem) for problem in found.problems),
    ):
        name = command.name if command.name not in taken else f"{command.name} ({NAME})"
        taken.add(name)
        commands.append(replace(command, name=name))
    if len(commands) == len(settings.verify.commands):
        return settings
    gates = settings.verify.gates
    if Gate.COMMAND not in gates:
        gates = (*gates, str(Gate.COMMAND))
    verify = replace(settings.verify, gates=gates, commands=tuple(commands))
    return replace(settings, verify=verify)


def is_target(workspace: Path, path: Path) -> bool:
    """Whether a file is the workspace's own ``verify.md``, by whatever name. Blocks."""
    return own.same(workspace / NAME, path)


def _read(workspace: Path) -> Checks:
    path = workspace / NAME
    real = Path(os.path.realpath(path))
    if not os.path.lexists(path):
        return Checks()
    try:
        if not real.is_relative_to(os.path.realpath(workspace)):
            return _unread("it is a link that leads out of the workspace")
        if not real.is_file():
            return _unread("it is no file")
        if real.stat().st_size > MOST_BYTES:
            return _unread(f"it is larger than {MOST_BYTES:,} bytes")
        return read(decode(real.read_bytes()).content)
    except OSError as error:
        return _unread(f"it cannot be read ({error.strerror})")
    except NotText as reason:
        return _unread(str(reason))


def _unread(why: str) -> Checks:
    return Checks(problems=(Problem(1, f"{why}, so nobody knows what must pass."),))


def _of_problem(problem: Problem) -> Command:
    return Command(f"{NAME} line {problem.line}", (), withheld=str(problem), origin=NAME)
