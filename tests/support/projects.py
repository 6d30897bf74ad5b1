"""Small projects for tests, written as one text with a marker line before each file.

=== pkg/mod.py
def f(): ...
=== tests/test_mod.py
...
"""

from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path

MARK = "=== "


def make(root: Path, text: str) -> Path:
    """Write the files of ``text`` under ``root`` and return it."""
    root.mkdir(parents=True, exist_ok=True)
    current: Path | None = None
    lines: list[str] = []
    for line in [*textwrap.dedent(text).splitlines(keepends=True), MARK]:
        if not line.startswith(MARK):
            lines.append(line)
            continue
        if current is not None:
            current.parent.mkdir(parents=True, exist_ok=True)
            current.write_text("".join(lines), encoding="utf-8")
        current, lines = root / line.removeprefix(MARK).strip(), []
    return root


def digest(root: Path) -> str:
    """Hash every name, link, mode and content under ``root``: equal means nothing was touched."""
    parts = []
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        name = path.relative_to(root)
        parts.append(f"{name} {status.st_mode} {content}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


FLAT = """
=== pyproject.toml
[project]
name = "calc"
version = "1"

[tool.ruff.lint]
select = ["F", "E7"]
=== calc/__init__.py
=== calc/core.py
LIMIT = 10


def clamp(value, low, high):
    if value < low:
        return low
    return value


def unused(value):
    return value + 1


def double(value):
    return value * 2
=== tests/test_core.py
from calc.core import LIMIT, clamp, double


def test_inside():
    assert clamp(5, 0, 10) == 5


def test_below():
    assert clamp(-5, 0, 10) == 0


def test_double():
    assert double(2) == 4


def test_limit():
    assert LIMIT == 10
"""
