"""How long tests may take: by what they took before, and by how busy the machine is."""

from __future__ import annotations

import os

import pytest

from festina.verify.case import limit_of_few, limit_of_suite
from festina.verify.record import Run


@pytest.mark.parametrize(
    ("load", "suite", "few"),
    [(0.0, 60.0, 15.0), (4.0, 60.0, 15.0), (6.0, 90.0, 22.5), (400.0, 240.0, 60.0)],
)
def test_a_busy_machine_gives_them_more_time(
    monkeypatch: pytest.MonkeyPatch, load: float, suite: float, few: float
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    base = Run(seconds=10.0)
    assert limit_of_suite(base, 300.0) == suite
    assert limit_of_few(1.0, 300.0) == few
    assert limit_of_suite(base, 50.0) == 50.0, "what the person has set is never exceeded"
    assert limit_of_few(1.0, 5.0) == 5.0


def test_where_nothing_is_known_of_the_load_it_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "getloadavg")
    assert limit_of_suite(Run(seconds=10.0), 300.0) == 60.0
    assert limit_of_suite(Run(seconds=1.0), 300.0) == 30.0
    assert limit_of_few(0.1, 300.0) == 10.0
