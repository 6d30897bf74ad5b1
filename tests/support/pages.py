"""A small shop of web pages, edits of it, and a real Chromium to look at them with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Gate, GateResult
from festina.gate_browser import Browser
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects, served

FIXTURES = Path(__file__).parents[1] / "fixtures" / "pages"
CANDIDATES, VARIATIONS = FIXTURES / "candidates", FIXTURES / "variations"
CARD = "site/card.css"
SITE = Browser("site")

EDITS = {
    "good.css": (CARD, ""),
    "good.js": ("site/card.js", ""),
    "good.html": ("site/index.html", ""),
    "low-contrast.css": (
        CARD,
        "accessibility: color contrast is 1.76:1 (#c9c2b8 on #ffffff), and should be 4.5:1",
    ),
    "overflow.css": (CARD, 'index.html at 375, 768 and 1280 px: <article class="card"> reaches'),
    "console-error.js": ("site/card.js", "index.html: console error: no rating for Teapot"),
    "page-error.js": ("site/card.js", "index.html: page error: TypeError: "),
    "missing-picture.js": ("site/card.js", "/img/teapot.webp could not be loaded (404)"),
    "no-alt.js": ("site/card.js", "accessibility: Images must have alternative text"),
    "broken-link.html": ("site/index.html", 'broken link "news.html": it leads nowhere, 404'),
}
"""For each edit the file that it is of, and what is said of it; nothing of a good one."""


def put_shop(workspace: Path) -> Path:
    """Copy the shop into an empty workspace."""
    return Path(shutil.copytree(FIXTURES / "shop", workspace, dirs_exist_ok=True))


def chromium() -> Path:
    """Return a folder for the PATH in which there is a Chromium; fetch one where there is none."""
    if found := shutil.which("chromium"):
        return Path(found).parent
    folder = served.TOOLS / "chromium"
    command = [Path(__file__).parents[1] / "editors" / "install_debian.sh", folder, "trixie"]
    done = subprocess.run(
        [*command, "chromium", "chromium", "fonts-dejavu-core"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"Chromium could not be fetched: {done.stderr.strip()[-300:]}")
    return folder


def path_with(folder: Path) -> str:
    """Return a PATH that begins with a folder."""
    return f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


async def judge(
    engine: Engine,
    root: Path,
    path: str,
    new: str,
    browser: Browser = SITE,
    network: str = "none",
) -> GateResult:
    """Have the browser gate alone judge an edit; nothing in the workspace may change."""
    settings = VerifySettings(gates=("browser",), browser=browser, network=network)
    before = projects.digest(root)
    candidate = Candidate(path, (root / path).read_text(), new)
    verdict = await engine.verify(Snapshot(root, settings=settings, trusted=True), candidate)
    assert projects.digest(root) == before
    result = verdict.gate(Gate.BROWSER)
    assert result is not None
    return result
