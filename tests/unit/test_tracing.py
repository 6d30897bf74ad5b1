"""A person who waits for nothing is told that tests are traced only where that takes a while."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from festina.lsp.features import tracing
from festina.lsp.features.tracing import Tracing

ROOT = Path("/w")


class Shown:
    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def report(self, message: str, percentage: float) -> None:
        self.log.append((message, percentage))

    def end(self, message: str) -> None:
        self.log.append(message)


@pytest.fixture
def log() -> list[Any]:
    return []


@pytest.fixture
def app(log: list[Any]) -> Any:
    def progress(title: str, *, message: str, percentage: float) -> Shown:
        log.append((title, message, percentage))
        return Shown(log)

    return SimpleNamespace(client=SimpleNamespace(progress=progress))


def test_a_short_run_shows_nothing(app: Any, log: list[Any]) -> None:
    shown = Tracing(app)
    shown.on_progress(ROOT, 3, 40)
    shown.on_progress(ROOT, 40, 40)
    assert log == []


def test_a_long_run_is_shown_until_it_ends(
    app: Any, log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(tracing.time, "monotonic", lambda: now)
    shown = Tracing(app)
    shown.on_progress(ROOT, 3, 4000)
    now += tracing.SHOWN_AFTER_SECONDS
    shown.on_progress(ROOT, 1000, 4000)
    shown.on_progress(ROOT, 2000, 4000)
    shown.on_progress(Path("/other"), 1, 1)
    shown.on_progress(ROOT, 1, 1)
    shown.on_progress(ROOT, 1, 1)
    title = "Festina: learning which tests execute what"
    assert log == [(title, "1,000 of 4,000 tests", 25.0), ("2,000 of 4,000 tests", 50.0), "done"]
