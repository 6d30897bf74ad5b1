"""What a sandbox is asked for, and how well it isolates."""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from festina.verify import process
from festina.verify.limits import Limits


class Level(enum.StrEnum):
    """How well a command can be isolated on this machine, best first."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def in_a_copy(self) -> bool:
        """Whether a command sees its copy where that lies, and not at the workspace's path."""
        return self in (Level.LANDLOCK, Level.NONE)


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found when the levels were tried out.

    ``detail`` says what works and why better levels do not, ``remedy`` what a person can do about
    it (empty where nothing needs to be done). It is not ``sure`` where a level only was too slow.
    """

    level: Level
    detail: str
    remedy: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """One sandbox: what stands where, and what a command in it may use.

    ``shadow`` is the directory that stands at ``workspace``, the only real one that can be written
    to. ``read_only`` are paths to show although they lie where private files are (interpreters,
    directories of ``sys.path``). ``links`` are paths of the real workspace, such as ``.venv``,
    relative or absolute, that are shown read-only in their own place. ``environ`` is the whole
    environment of the command. In a ``nested`` one, which needs namespaces, the command can isolate
    processes of its own once more: see `cell_plan`. Where ``network`` is ``local`` it has the
    network of this machine, and the Unix sockets ``sockets``. Where Landlock takes all sockets
    away, one that ``waits`` can wait at Unix sockets of its own all the same; it connects to none.
    """

    workspace: Path
    shadow: Path
    read_only: tuple[Path, ...] = ()
    links: tuple[Path, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    nested: bool = False
    network: str = "none"
    sockets: tuple[Path, ...] = ()
    waits: bool = False

    @property
    def visible(self) -> tuple[Path, ...]:
        """``read_only``, and what our own supervisor needs."""
        own = (Path(sys.base_prefix), Path(process.interpreter()).parent.parent)
        return (*self.read_only, *own)
