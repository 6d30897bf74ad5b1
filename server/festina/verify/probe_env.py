"""Asks a project's interpreter what it is; prints one JSON object.

Run as ``PYTHON -c SOURCE``: standard library only, Python 3.6 or newer. Nothing of the project is
imported beyond what the interpreter itself imports at its start (``.pth`` files).
"""

import json
import sys


def _locations() -> "list[str]":
    """Return where editable installs point to, whose finders keep no entry on ``sys.path``."""
    found = []  # type: list[str]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            found.extend(str(path) for path in getattr(module, "MAPPING", {}).values())
    return found


def _has(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


if __name__ == "__main__":
    print(  # noqa: T201
        json.dumps(
            {
                "version": list(sys.version_info[:3]),
                "executable": sys.executable,
                "prefixes": sorted(
                    {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
                ),
                "path": [entry for entry in sys.path if entry],
                "editable": _locations(),
                "pytest": _has("pytest"),
            }
        )
    )
