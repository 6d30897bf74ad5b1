"""The environment of a command in a sandbox: an allow-list."""

from __future__ import annotations

from collections.abc import Mapping

_LOCALE = {"LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES", "NO_COLOR"}
_PYTHON = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING"}
_SYSTEM = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH"}
_ALLOWED = _LOCALE | _PYTHON | _SYSTEM


def allow_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Of an environment, only the variables that are known to hold no secret and to matter."""
    allowed = {
        name: value for name, value in environ.items() if name in _ALLOWED or name.startswith("LC_")
    }
    return {**allowed, "TMPDIR": "/tmp"}  # noqa: S108 - private in the sandbox
