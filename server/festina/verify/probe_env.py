"""Asks a project's interpreter what it is; prints one JSON object.

Run as ``PYTHON -c SOURCE``: standard library only. Every Python understands it, so that one that is
too old can be named. Nothing of the project is imported beyond what the interpreter itself imports
at its start (``.pth`` files).
"""

import json
import sys

PREFIXES = ("prefix", "base_prefix", "exec_prefix", "base_exec_prefix")


def _locations():  # type: () -> list[str]
    """Return where editable installs point to, whose finders keep no entry on ``sys.path``."""
    found = []  # type: list[str]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            found.extend(str(path) for path in getattr(module, "MAPPING", {}).values())
    return found


def _has(name):  # type: (str) -> bool
    try:
        from importlib.util import find_spec

        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


if __name__ == "__main__":
    print(  # noqa: T201
        json.dumps(
            {
                "version": list(sys.version_info[:3]),
                "executable": sys.executable,
                "prefixes": sorted({getattr(sys, name, sys.prefix) for name in PREFIXES}),
                "path": [entry for entry in sys.path if entry],
                "editable": _locations(),
                "pytest": _has("pytest"),
            }
        )
    )
