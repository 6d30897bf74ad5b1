"""Notices which files of the workspace a test reads as data, and which folders it lists.

The import system and pytest read sources as well: what they do with them is known otherwise.
Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from festina.verify.inside.trail import Trail

_LISTS = frozenset(["os.listdir", "os.scandir", "glob.glob"])
_LOST = frozenset(["os.system", "os.startfile"])
_MONITORED = hasattr(sys, "monitoring")
_TRACES = frozenset([] if _MONITORED else ["sys.settrace"])
_RESTORES = ("threading.py", "doctest.py")
"""Of the standard library: they put our own trace function back."""
_BOOT = "<frozen importlib._bootstrap_external>"
_LIBRARY = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_PACKAGES = (os.path.join(_LIBRARY, "site-packages"), os.path.join(_LIBRARY, "dist-packages"))
_SAMPLER = os.path.join("hypothesis", "internal", "constants_ast.py")
"""It looks for values to try, see :mod:`~festina.verify.inside.samples`."""
_PYTEST = f"{os.sep}_pytest{os.sep}"


def watch(trail: Trail) -> None:
    """Begin to watch this process. It cannot be ended: hooks stay."""
    get_ident = threading.get_ident
    events = {"open", "sqlite3.connect", *_LISTS, *_LOST, *_TRACES}

    def on_event(event: str, args: tuple[Any, ...]) -> None:
        if event not in events or (thread := get_ident()) in trail.busy:
            return
        trail.busy.add(thread)
        try:
            _take(trail, event, args)
        except Exception as error:  # noqa: BLE001 - it would be raised in what is watched
            trail.lost(f"{event}: {type(error).__name__}")
        finally:
            trail.busy.discard(thread)

    sys.addaudithook(on_event)


def _take(trail: Trail, event: str, args: tuple[Any, ...]) -> None:
    frame = sys._getframe(1).f_back  # None where the interpreter itself opens a script
    if event in _LOST:
        trail.lost(event)
    elif event in _TRACES:
        if trail.context and frame is not None and not frame.f_code.co_filename.endswith(_RESTORES):
            trail.lost(event)
    elif event in _LISTS:
        path = _path(trail, args[0] if args and args[0] is not None else ".")
        if path is not None and not _is_import(frame):
            trail.line(f"list {trail.context} {trail.dumps(path)}")
    elif event == "sqlite3.connect" or not _only_written(args):
        path = _path(trail, args[0])
        if path is not None and not (path.endswith((".py", ".pyc")) and _is_import(frame)):
            trail.line(f"read {trail.context} {trail.dumps(path)}")


def _only_written(args: tuple[Any, ...]) -> bool:
    flags = args[2]
    return isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY


def _path(trail: Trail, given: Any) -> str | None:
    if isinstance(given, int):
        return None
    path = os.fsdecode(given)
    if not path or "\0" in path or path.startswith(("/dev/", "/proc/", "/sys/")):
        return None
    real = trail.realpath(path)
    if real == trail.root:
        return ""
    return trail.relative(real)


def _is_import(frame: FrameType | None) -> bool:
    """Whether the import system or pytest asks, directly or through the standard library."""
    if frame is None:
        return True
    while frame is not None:
        name = frame.f_code.co_filename
        if name == _BOOT:
            above = frame.f_back
            through = frame.f_code.co_name == "get_data" and above is not None
            return not through or above.f_code.co_filename == _BOOT  # type: ignore[union-attr]
        if _PYTEST in name or name.endswith(_SAMPLER):
            return True
        library = name.startswith(_LIBRARY) and not name.startswith(_PACKAGES)
        if not library and not name.startswith("<frozen "):
            return False
        frame = frame.f_back
    return False
