"""Where the browser is, and what drives it: Playwright's own Chromium, else the machine's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = ("playwright", "greenlet", "pyee", "typing_extensions")
_AXE = "axe_playwright_python"
_OWN = ("headless_shell", "chrome-headless-shell", "chrome")
_SYSTEM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_REVISION = re.compile(r"-(\d+)$")


class Missing(Exception):  # noqa: N818 - reads as the sentence it makes
    """There is no browser, or nothing that drives it; ``str()`` says what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What a look at a page needs. ``read_only`` are paths to show in the sandbox.

    ``packages`` are folders from which Playwright is imported, ``axe`` the text of axe-core.
    """

    chromium: Path
    packages: tuple[str, ...]
    axe: Path
    read_only: tuple[Path, ...]


def find(environ: Mapping[str, str]) -> Programs:
    """Find a browser and what drives it. ``environ`` is our own environment. Blocks.

    Raises:
        Missing: something is not there.
    """
    packages = tuple(
        dict.fromkeys(str(_place(name).parent) for name in _PACKAGES if _is_there(name))
    )
    axe = _place(_AXE) / "axe.min.js" if _is_there(_AXE) else None
    if not _is_there("playwright") or axe is None or not axe.is_file():
        raise Missing(
            "The browser gate needs Playwright and axe-core: install them beside Festina with"
            f" `{sys.executable} -m pip install 'festina[browser]'`."
        )
    chromium = next(_chromiums(environ), None)
    if chromium is None:
        raise Missing(
            "No Chromium was found: install one that is then on the PATH, or run"
            f" `{sys.executable} -m playwright install --only-shell chromium`."
        )
    home = Path(environ.get("HOME") or "/nonexistent").resolve()
    return Programs(chromium, packages, axe, (*map(Path, packages), *_shown(chromium, home)))


def _chromiums(environ: Mapping[str, str]) -> Iterator[Path]:
    yield from _of_playwright(environ)
    yield from _of_the_machine(environ)


def _of_the_machine(environ: Mapping[str, str]) -> Iterator[Path]:
    path = environ.get("PATH") or os.defpath
    yield from (Path(found) for name in _SYSTEM if (found := shutil.which(name, path=path)))


def own_browser(environ: Mapping[str, str]) -> list[Path]:
    """List what to show of the machine's own browser, where it has one."""
    home = Path(environ.get("HOME") or "/nonexistent").resolve()
    return [path for one in _of_the_machine(environ) for path in _shown(one, home)][:2]


def browsers(environ: Mapping[str, str]) -> Path | None:
    """Return the folder in which Playwright keeps the browsers that it fetched, if it has any."""
    home = Path(environ.get("HOME") or "/nonexistent")
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    named = environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    folder = Path(named) if named not in ("", "0") else cache / "ms-playwright"
    return folder if folder.is_dir() else None


def _of_playwright(environ: Mapping[str, str]) -> Iterator[Path]:
    """Its own ones, the newest first, and of each the smaller headless one."""
    root = browsers(environ)
    if root is None:
        return
    found = [path for name in _OWN for path in root.glob(f"chromium*-*/chrom*/{name}")]

    def newest(path: Path) -> tuple[int, int]:
        revision = _REVISION.search(path.parent.parent.name)
        return -int(revision[1]) if revision else 0, _OWN.index(path.name)

    yield from (path for path in sorted(found, key=newest) if os.access(path, os.X_OK))


def _shown(chromium: Path, home: Path) -> list[Path]:
    """Show what the browser was installed with, never a whole home."""
    real = chromium.resolve()
    return [chromium, real] if home.is_relative_to(real.parent) else [real.parent, chromium]


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _place(name: str) -> Path:
    """Return a package's folder, or a module's file."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin
