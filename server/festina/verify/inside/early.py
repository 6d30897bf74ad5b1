"""What of the project's own code ran, and what was read as data, before a fork server forks.

A forked child that gets other code of a function still has what the old code made at import. So it
must be known which code ran then, and which files were looked at by other means than importing.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

_samples: Any = importlib.import_module("festina_samples")
_THROUGH = frozenset(["pathlib", "io", "_pyio", "codecs", "tokenize", "linecache"])
"""Packages and modules that open files on behalf of their callers."""
_SHOWING = frozenset(["warnings", "traceback", "inspect"])
"""These look at sources to show them to a person, where pytest or nobody else asks."""
_IMPORTING = (
    "importlib.",
    "_frozen_importlib",
    "_pytest.assertion",
    "_pytest._",
    "_pytest.pathlib",
)
_STARTING = ("subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system")


class Early:
    """Watches from :meth:`start` to :meth:`stop`; what it saw is relative to ``root``.

    ``ran`` holds ``(path, first line, name)`` of code objects, ``read`` paths; ``started`` says
    whether a process was started. ``complete`` is false where something else took tracing over.
    """

    def __init__(self, root: str, shown: Iterable[str]) -> None:
        self.root = root.rstrip(os.sep) + os.sep
        self.shown = tuple(os.path.join(root, path).rstrip(os.sep) + os.sep for path in shown)
        self.codes: set[tuple[str, int, str]] = set()
        self.read: set[str] = set()
        self.started = False
        self.complete = True
        self.tool: int | None = None
        self.on = False
        self.starting = _STARTING  # at the interpreter's end a module has no globals any more

    def own(self, path: str) -> bool:
        """Whether a path is of the project itself, not of an environment in its folder."""
        return path.startswith(self.root) and not path.startswith(self.shown)

    def start(self) -> None:
        """Begin to watch."""
        self.on = True
        sys.addaudithook(self._on_audit)  # for good: afterwards it only looks at one flag
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is None:
            sys.settrace(self._on_call)
            threading.settrace(self._on_call)
            return
        free = [tool for tool in (3, 4) if monitoring.get_tool(tool) is None]
        if not free:
            self.complete = False
            return
        self.tool = free[0]

        def on_start(code: CodeType, _offset: int) -> Any:
            if self.own(code.co_filename):
                self.codes.add((code.co_filename, code.co_firstlineno, code.co_name))
            return monitoring.DISABLE

        monitoring.use_tool_id(self.tool, "festina-early")
        monitoring.register_callback(self.tool, monitoring.events.PY_START, on_start)
        monitoring.set_events(self.tool, monitoring.events.PY_START)

    def stop(self) -> None:
        """Stop watching, and leave no trace of it but the audit hook."""
        self.on = False
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is None:
            if sys.gettrace() == self._on_call:
                sys.settrace(None)
            else:
                self.complete = False
            threading.settrace(None)
        elif self.tool is not None:
            monitoring.set_events(self.tool, 0)
            monitoring.register_callback(self.tool, monitoring.events.PY_START, None)
            monitoring.free_tool_id(self.tool)
            monitoring.restart_events()  # what was switched off for us is not for the next tool

    @property
    def ran(self) -> list[tuple[str, int, str]]:
        """The code objects that ran, sorted."""
        return sorted((path[len(self.root) :], line, name) for path, line, name in self.codes)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> None:
        code = frame.f_code
        if code.co_filename.startswith(self.root) and self.own(code.co_filename):
            self.codes.add((code.co_filename, code.co_firstlineno, code.co_name))

    def _on_audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event != "open":
            if event.startswith(self.starting):
                self.started = True
            return
        path = args[0]
        if isinstance(path, int) or path is None:
            return
        try:
            path = os.path.join(os.getcwd(), os.fsdecode(path))
            path = os.path.normpath(path)
            if self.own(path) and _is_data(sys._getframe(1)):
                self.read.add(path[len(self.root) :])
        except (OSError, TypeError, ValueError):
            pass  # the call itself will fail


def _is_data(frame: FrameType | None) -> bool:
    """Whether an opened file is looked at for what is in it, not imported or shown."""
    shows = False
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.startswith(_IMPORTING):
            return False
        if name == _samples.READER and _samples.renewable():
            return False
        if name in _SHOWING:
            shows = shows or name != "inspect"
        elif name.partition(".")[0] not in _THROUGH:
            return not (shows or (name.startswith("_pytest.") and not _configures(name)))
        frame = frame.f_back
    return True


def _configures(name: str) -> bool:
    return name in ("_pytest.config", "_pytest.config.findpaths")
