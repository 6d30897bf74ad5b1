"""The headless browser that the tests of VS Code look through.

Playwright lies in the folder of tools, not in the environment, so it is imported when needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # nothing outside this machine is asked for
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]


@contextmanager
def browser(tools: Path) -> Iterator[Any]:
    """Run a headless Chromium; yields Playwright's browser."""
    sys.path.append(str(tools / "python"))
    try:
        from playwright.sync_api import sync_playwright
    finally:
        sys.path.remove(str(tools / "python"))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(tools / "chromium"), headless=True, args=BROWSER
        )
        try:
            yield running
        finally:
            running.close()
