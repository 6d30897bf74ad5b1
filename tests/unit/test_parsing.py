"""Many threads may ask for trees at the same time, on every Python."""

from __future__ import annotations

import ast
import gc
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import festina
from festina import parsing

OWN = Path(festina.__file__).parent
TEXT = "\n".join(f"def f{n}(a, *b, c=({n}, [a for a in b])):\n    return a" for n in range(40))


def test_many_threads_at_once() -> None:
    def pause(*_: object) -> None:
        time.sleep(0.0005)  # others get their turn in the middle of a tree

    before = gc.get_threshold()
    gc.callbacks.append(pause)
    gc.set_threshold(100, 5, 5)
    try:
        with ThreadPoolExecutor(8) as threads:
            trees = list(threads.map(parsing.parse, [TEXT] * 80))
    finally:
        gc.callbacks.remove(pause)
        gc.set_threshold(*before)
    assert {len(tree.body) for tree in trees} == {40}


@pytest.mark.parametrize("source", ["def", b"\xff", "x = '\0'"])
def test_what_is_no_python_is_told_as_ever(source: str | bytes) -> None:
    with pytest.raises((SyntaxError, ValueError)) as expected:
        ast.parse(source)
    with pytest.raises(expected.type):
        parsing.parse(source)
    assert parsing.parse("x = 1").body, "and the lock was given back"


def test_nobody_parses_beside_it() -> None:
    beside = [
        str(path.relative_to(OWN))
        for path in OWN.rglob("*.py")
        if re.search(r"\bast\.parse\(", path.read_text()) and "inside" not in path.parts
    ]
    # its one caller holds the lock: it has to do without our package where it runs
    assert sorted(beside) == ["parsing.py", "verify/executable.py"]
