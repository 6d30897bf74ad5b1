"""Watches which lines of one file run, inside the project's interpreter.

Beside the pytest plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType


def read_all(fd: int, pread: Callable[[int, int, int], bytes] = os.pread) -> bytes:
    """Read a file from its beginning, without moving its position."""
    parts: list[bytes] = []
    offset = 0
    while True:
        part = pread(fd, 1 << 16, offset)
        if not part:
            return b"".join(parts)
        parts.append(part)
        offset += len(part)


_LIBRARY = os.path.dirname(os.path.realpath(os.__file__)) + os.sep  # noqa: PTH120
_CHANGED, _ALL = 200, 400_000
"""Calls of changed code, and of any, without a new line, after which tracing may be given up."""


class Lines:
    """Watches one source file: which of the wanted places ran, and from what source.

    ``sys.monitoring`` where there is one (it stays out of the way of coverage tools, debuggers and
    the project's own tracing, and sees every thread); else ``sys.settrace``, given up as soon as
    all is seen, put back before each test, and never put in the place of somebody else's. That
    takes time with every call in the process: it is given up as well once some changed line was
    seen and many calls brought nothing new, and what else runs after that is not counted.
    ``narrow`` leaves it to whoever runs the tests to say when it is on.

    ``needs`` are what must run for each line, as :func:`festina_executable.analyse` says.
    """

    def __init__(
        self, path: str, needs: dict[int, list[tuple[int, str, int]]], *, narrow: bool = False
    ) -> None:
        self.path = path
        self.needs = needs
        self.narrow = narrow
        self.left: dict[tuple[int, str], set[int]] = {}
        """Lines of each code object that were not seen yet; 0 stands for its beginning."""
        for wanted in needs.values():
            for first, name, line in wanted:
                self.left.setdefault((first, name), set()).add(line)
        self.files: dict[str, bool] = {}
        self.imported: list[str] = []
        self.tool: int | None = None
        self.done = False
        # tests replace these while we watch; tools that do so for whole modules look elsewhere
        self.real, self.open, self.close = os.path.realpath, os.open, os.close
        self.hash = hashlib.sha256
        self.read = functools.partial(read_all, pread=os.pread)
        self.tracing = self._tracing()

    def executed(self) -> list[int]:
        """Return the lines of which all that they need has run."""
        left = self.left
        return sorted(
            line
            for line, wanted in self.needs.items()
            if all(at not in left[first, name] for first, name, at in wanted)
        )

    def watches(self, filename: str) -> bool:
        """Whether code that names ``filename`` as its source is of the watched file."""
        known = self.files.get(filename)
        if known is None:
            try:
                known = self.real(filename) == self.path
            except (OSError, ValueError):  # a made-up name, where the current folder is gone
                return False
            self.files[filename] = known
        return known

    def entered(self, code: CodeType) -> set[int] | None:
        """Note that ``code``, of the watched file, began; return its lines not seen as yet."""
        if code.co_name == "<module>":
            self.note_source()
        left = self.left.get((code.co_firstlineno, code.co_name))
        if left is not None:
            left.discard(0)
        return left

    def note_source(self) -> None:
        """Note the digest of the watched file as it is now: its code is in use."""
        try:
            fd = self.open(self.path, os.O_RDONLY)
            try:
                digest = self.hash(self.read(fd)).hexdigest()
            finally:
                self.close(fd)
        except OSError:
            digest = ""
        self.imported.append(digest)

    def start(self) -> None:
        """Begin to watch; what is imported from now on is seen."""
        if not self.path:
            self.done = True
            return
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is None:
            if not self.narrow:
                self.trace()
            return
        free = [tool for tool in (4, 3) if monitoring.get_tool(tool) is None]
        if not free:
            return
        self.tool = free[0]
        events = monitoring.events
        monitoring.use_tool_id(self.tool, "festina")

        def on_start(code: CodeType, _offset: int) -> Any:
            if self.watches(code.co_filename) and self.entered(code):
                monitoring.set_local_events(self.tool, code, events.LINE)
            return monitoring.DISABLE

        def on_line(code: CodeType, line: int) -> Any:
            left = self.left.get((code.co_firstlineno, code.co_name))
            if left is not None:
                left.discard(line)
            return monitoring.DISABLE

        monitoring.register_callback(self.tool, events.PY_START, on_start)
        monitoring.register_callback(self.tool, events.LINE, on_line)
        monitoring.set_events(self.tool, events.PY_START)

    def trace(self) -> bool:
        """Install the tracing function, unless all is seen or somebody traces; whether it was."""
        if self.done or self.tool is not None or hasattr(sys, "monitoring"):
            return False
        if sys.gettrace() is not None:
            return False
        sys.settrace(self.tracing)
        threading.settrace(self.tracing)
        return True

    def _tracing(self) -> Callable[[FrameType, str, Any], Any]:
        """Return the tracing function. It is called at every call of anything."""
        files, entered = self.files, self.entered
        idle, most, each = 0, _ALL, _ALL // _CHANGED

        def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
            nonlocal idle
            idle += 1
            if idle > most:
                idle = 0
                if self.executed():
                    self.stop()
                    return None
            code = frame.f_code
            if files.get(code.co_filename) is False:
                return None
            if not self.watches(code.co_filename):
                return None
            left = entered(code)
            if left is None:
                return None
            if not left:
                self._stop_if_done()
                return None

            idle += each

            def on_event(frame: FrameType, event: str, _arg: Any) -> Any:
                nonlocal idle
                if event == "line" and frame.f_lineno in left:
                    idle = 0
                    left.discard(frame.f_lineno)
                    if not left:
                        frame.f_trace = None
                        self._stop_if_done()
                        return None
                return on_event

            frame.f_trace_lines = True
            return on_event

        return on_call

    def _stop_if_done(self) -> None:
        if self.imported and not any(self.left.values()):
            self.stop()

    def stop(self) -> None:
        """Give tracing up: everything was seen."""
        self.done = True
        self.pause()

    def pause(self) -> None:
        """Take the tracing function away, if it is still ours."""
        if sys.gettrace() is self.tracing:
            sys.settrace(None)
        threading.settrace(None)


def modules(
    known: dict[str, tuple[str, str]] | None = None, fence: str = ""
) -> dict[str, tuple[str, str]]:
    """Return the file of each imported module, and its real path where it is not the library's.

    With ``known``, only of those that were imported after the module ``fence`` and are not known.
    """
    found = {}
    for name, module in _after(fence) if known else list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or (known and known.get(name, ("", ""))[0] == file):
            continue
        path = os.path.realpath(file)
        own = not path.startswith(_LIBRARY) or "site-packages" in path
        found[name] = (file, path if own else "")
    return found


def _after(fence: str) -> list[tuple[str, Any]]:
    """Return what was imported after a module, without looking at the others."""
    found: list[tuple[str, Any]] = []
    for name in reversed(sys.modules):
        if name == fence:
            break
        found.append((name, sys.modules[name]))
    return found
