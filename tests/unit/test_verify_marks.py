"""Which files a run changed in its copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from festina.verify.marks import marks, touched


def put_back(root: Path) -> None:
    path = root / "tests" / "test_x.py"
    times, text = path.stat(), path.read_text()
    path.write_text("other")
    path.write_text(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def swap_folder(root: Path) -> None:
    (root / "tests").rename(root / "away")
    (root / "away").rename(root / "tests")


def swap_file(root: Path) -> None:
    path = root / "tests" / "test_x.py"
    path.unlink()
    path.write_text("x")


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (lambda root: None, set()),
        (lambda root: (root / "out.txt").write_text("x"), set()),
        (lambda root: (root / "data" / "more.json").write_text("x"), set()),
        (lambda root: (root / "data" / "x.json").write_text("x"), {"data/x.json"}),
        (lambda root: (root / "data" / "x.json").unlink(), {"data/x.json"}),
        (put_back, {"tests/test_x.py"}),
        (swap_file, {"tests/test_x.py", "tests/"}),
        (swap_folder, {"tests/"}),
        (lambda root: (root / "conftest.py").write_text("x"), {"conftest.py"}),
        (lambda root: (root / ".venv" / "x.py").write_text("y"), set()),
        (lambda root: (root / "link").unlink(), {"link"}),
    ],
)
def test_marks(tmp_path: Path, act: Callable[[Path], object], found: set[str]) -> None:
    for name in ("tests/test_x.py", "data/x.json", ".venv/x.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    before = marks(tmp_path, [".venv"])
    act(tmp_path)
    assert touched(before, marks(tmp_path, [".venv"])) == found
