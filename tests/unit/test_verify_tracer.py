"""Watching lines by a tracing function, as on Pythons without ``sys.monitoring``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from festina.verify import tracer
from festina.verify.tracer import Lines

pytestmark = pytest.mark.skipif(
    hasattr(sys, "monitoring"), reason="tracing functions are for Pythons before 3.12"
)

SOURCE = """\
def changed(x):
    if x == 1:
        return 1
    if x == 2:
        return 2
    return 0
"""
NEEDS = {line: [(1, "changed", line)] for line in (2, 3, 5, 6)}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[int], int]:
    path = tmp_path / "mod.py"
    path.write_text(SOURCE)
    space: dict[str, Callable[[int], int]] = {}
    exec(compile(SOURCE, str(path), "exec"), space)
    return space["changed"]


def lines_of(changed: Callable[[int], int]) -> Lines:
    lines = Lines(changed.__code__.co_filename, NEEDS, narrow=True)
    lines.start()
    return lines


def watched(lines: Lines, function: Callable[[int], int], *arguments: int) -> None:
    before = sys.gettrace()
    sys.settrace(None)  # a coverage tool's
    try:
        assert lines.trace() is not lines.done
        for argument in arguments:
            function(argument)
    finally:
        lines.pause()
        sys.settrace(before)


def test_lines_that_run_are_executed(changed: Callable[[int], int]) -> None:
    lines = lines_of(changed)
    assert lines.executed() == []
    watched(lines, changed, 2)
    assert lines.executed() == [2, 5]
    watched(lines, changed, 1, 0)
    assert lines.executed() == [2, 3, 5, 6]


def test_nothing_is_seen_outside_of_where_tests_run(changed: Callable[[int], int]) -> None:
    lines = lines_of(changed)
    changed(1)
    assert lines.executed() == []


def test_it_stops_when_all_was_seen_and_the_source_is_known(
    changed: Callable[[int], int],
) -> None:
    lines = lines_of(changed)
    watched(lines, changed, 0, 1, 2)
    assert not lines.done
    lines.note_source()
    watched(lines, changed, 0)
    assert lines.done


def test_it_gives_up_where_many_calls_bring_nothing_new(
    changed: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracer, "_CHANGED", 3)
    monkeypatch.setattr(tracer, "_ALL", 300)
    lines = lines_of(changed)
    watched(lines, changed, 0, 0, 0, 1, 0, 0)
    assert not lines.done  # a new line in between begins the count again
    watched(lines, changed, 0, 0, 0)
    assert lines.done
    assert lines.executed() == [2, 3, 6]


def test_it_does_not_give_up_before_anything_was_seen(
    changed: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracer, "_CHANGED", 3)
    monkeypatch.setattr(tracer, "_ALL", 300)
    lines = Lines(changed.__code__.co_filename, {5: [(1, "changed", 5)]}, narrow=True)
    lines.start()
    watched(lines, changed, *[0] * 20)
    assert not lines.done
    watched(lines, changed, 2)
    assert lines.executed() == [5]


def test_calls_of_other_code_count_for_less(
    changed: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracer, "_CHANGED", 3)
    monkeypatch.setattr(tracer, "_ALL", 300)
    lines = lines_of(changed)

    def other(_: int) -> int:
        return 0

    watched(lines, other, *[0] * 400)
    assert not lines.done  # nothing was seen as yet
    watched(lines, changed, 0)
    watched(lines, other, *[0] * 100)
    assert not lines.done
    watched(lines, other, *[0] * 300)
    assert lines.done
