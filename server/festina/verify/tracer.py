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


class Lines:
    """Watches one source file: which of the wanted places ran, and from what source.

    ``sys.monitoring`` where there is one (it stays out of the way of coverage tools, debuggers and
    the project's own tracing, and sees every thread); else ``sys.settrace``, given up as soon as
    all is seen, put back before each test, and never put in the place of somebody else's.
    """

    def __init__(self, path: str, wanted: set[tuple[int, str, int]]) -> None:
        self.path = path
        self.wanted = wanted
        self.missing = set(wanted)
        self.keys = {(first, name) for first, name, _ in wanted}
        self.files: dict[str, bool] = {}
        self.imported: list[str] = []
        self.tool: int | None = None
        self.done = False
        # tests replace these while we watch; tools that do so for whole modules look elsewhere
        self.real, self.open, self.close = os.path.realpath, os.open, os.close
        self.hash = hashlib.sha256
        self.read = functools.partial(read_all, pread=os.pread)

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

    def entered(self, code: CodeType) -> bool:
        """Note that ``code``, which is of the watched file, began; say whether its lines matter."""
        if code.co_name == "<module>":
            self.note_source()
        key = (code.co_firstlineno, code.co_name)
        self.missing.discard((*key, 0))
        return key in self.keys

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
            self.missing.discard((code.co_firstlineno, code.co_name, line))
            return monitoring.DISABLE

        monitoring.register_callback(self.tool, events.PY_START, on_start)
        monitoring.register_callback(self.tool, events.LINE, on_line)
        monitoring.set_events(self.tool, events.PY_START)

    def trace(self) -> None:
        """Install the tracing function, unless all is seen or somebody else traces."""
        if self.done or self.tool is not None or hasattr(sys, "monitoring"):
            return
        if sys.gettrace() is None:
            sys.settrace(self._on_call)
            threading.settrace(self._on_call)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if not (self.watches(code.co_filename) and self.entered(code)):
            return None
        frame.f_trace_lines = True
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            code = frame.f_code
            self.missing.discard((code.co_firstlineno, code.co_name, frame.f_lineno))
            if not self.missing and self.imported:
                self.stop()
                return None
        return self._on_event

    def stop(self) -> None:
        """Give tracing up: everything was seen."""
        self.done = True
        if sys.gettrace() == self._on_call:
            sys.settrace(None)
        threading.settrace(None)


def modules(
    known: dict[str, tuple[str, str]] | None = None, fence: str = ""
) -> dict[str, tuple[str, str]]:
    """Return the file of each imported module, and its real path where it is not the library's.

    With ``known``, only of those that were imported after the module ``fence`` and are not known.
    """
    library = os.path.dirname(os.path.realpath(os.__file__))  # noqa: PTH120
    found = {}
    for name, module in _after(fence) if known else list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or (known and known.get(name, ("", ""))[0] == file):
            continue
        path = os.path.realpath(file)
        own = not path.startswith(library + os.sep) or "site-packages" in path
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
