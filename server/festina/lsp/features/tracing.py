"""Shows that the tests of a workspace are being traced, where that takes long enough to wonder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from festina.lsp.app import App
    from festina.lsp.client import Progress

SHOWN_AFTER_SECONDS = 3.0
_TITLE = "Festina: learning which tests execute what"


class Tracing:
    """One progress display a workspace, from its first seconds on until the impact map is made."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._begun: dict[Path, float] = {}
        self._shown: dict[Path, Progress] = {}

    def on_progress(self, workspace: Path, done: int, total: int) -> None:
        """Take in how many tests are traced; equal numbers are the end."""
        if done >= total:
            self._begun.pop(workspace, None)
            if (shown := self._shown.pop(workspace, None)) is not None:
                shown.end("done")
            return
        begun = self._begun.setdefault(workspace, time.monotonic())
        words = f"{done:,} of {total:,} tests"
        if (shown := self._shown.get(workspace)) is not None:
            shown.report(words, 100 * done / total)
        elif time.monotonic() - begun >= SHOWN_AFTER_SECONDS:
            self._shown[workspace] = self._app.client.progress(
                _TITLE, message=words, percentage=100 * done / total
            )
