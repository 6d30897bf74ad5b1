"""Notices when code of the workspace begins: the first time in each context is enough.

``sys.monitoring`` where there is one; else a trace function for calls alone. A generator that goes
on counts as well: who began it may have been another test. Python 3.8 or newer.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from festina.verify.inside.trail import Trail


def watch(trail: Trail) -> None:
    """Begin to watch this process."""
    if getattr(sys, "monitoring", None) is not None:
        _monitor(trail)
    else:
        _trace(trail)


def rewatch(trail: Trail) -> None:
    """Watch again, where a test has taken the trace function away; that test is not known then."""
    tracer = getattr(trail, "tracer", None)
    if tracer is not None and sys.gettrace() is not tracer:
        trail.lost("it traces")
        sys.settrace(tracer)
        threading.settrace(tracer)


def _trace(trail: Trail) -> None:
    get = trail.tables.get
    new = object()

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        table = get(code.co_filename, new)
        if table is None:
            return
        if table is new:
            table = trail.table(code.co_filename)
            if table is None:
                return
        key = (code.co_firstlineno, code.co_name)
        if key not in table.seen:  # type: ignore[attr-defined]
            trail.note(table, key, frame)  # type: ignore[arg-type]

    trail.tracer = on_call  # type: ignore[attr-defined]
    sys.settrace(on_call)
    threading.settrace(on_call)


def _monitor(trail: Trail) -> None:
    monitoring: Any = getattr(sys, "monitoring", None)
    free = [tool for tool in (5, 2, 3, 4) if monitoring.get_tool(tool) is None]
    if not free:
        trail.lost("no monitoring tool is free")
        return
    tool = free[0]
    disable = monitoring.DISABLE
    get = trail.tables.get
    new = object()

    def on_start(code: CodeType, _offset: int) -> Any:
        table = get(code.co_filename, new)
        if table is new:
            table = trail.table(code.co_filename)
        if table is not None:
            key = (code.co_firstlineno, code.co_name)
            if key not in table.seen:  # type: ignore[attr-defined]
                frame = sys._getframe(1) if trail.first else None
                trail.note(table, key, frame)  # type: ignore[arg-type]
        return disable

    monitoring.use_tool_id(tool, "festina-trail")
    events = monitoring.events
    monitoring.register_callback(tool, events.PY_START, on_start)
    monitoring.register_callback(tool, events.PY_RESUME, on_start)
    monitoring.set_events(tool, events.PY_START | events.PY_RESUME)
    trail.forget = monitoring.restart_events
