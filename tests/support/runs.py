"""Test runs as our plugin would have reported them."""

from __future__ import annotations

from typing import Any

from festina.verify.record import Run


def run(outcomes: dict[str, str], **end: Any) -> Run:
    """Build a run: ``{"t::a": "passed"}``, with ``""`` for a test that never ran."""
    built = Run(place="/ws", returncode=0)
    built.add({"kind": "start"})
    ids = end.pop("ids", list(outcomes))
    built.add({"kind": "deselected", "ids": end.pop("deselected", [])})
    built.add({"kind": "collected", "ids": ids, "files": ["/ws/tests/test_mod.py"]})
    for test, status in outcomes.items():
        if not status:
            continue
        built.add({"kind": "begin", "id": test})
        base = {"kind": "report", "id": test, "when": "call", "xfail": False, "part": False}
        if status == "xfailed":
            built.add({**base, "outcome": "skipped", "xfail": True})
        elif status == "error":
            built.add({**base, "outcome": "failed", "when": "setup", "message": "no fixture"})
        else:
            built.add({**base, "outcome": status, "message": "assert False", "path": "/ws/t.py"})
    built.touched = frozenset(end.pop("touched", []))
    built.garbled = end.pop("garbled", False)
    if end.pop("ended", True):
        record: dict[str, Any] = {
            "kind": "end",
            "status": 0,
            "code_changed": True,
            "changed": [3],
            "executed": [3],
            "imported": ["digest"],
            "modules": {"pkg.mod": "/ws/pkg/mod.py"},
            "replaced": [],
        }
        built.add({**record, **end})
    return built
