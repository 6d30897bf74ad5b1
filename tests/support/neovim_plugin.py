"""A Neovim with the plugin `clients/neovim`, for the tests of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import readme
from support.bench import Bench, headless

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "editors" / "neovim"


def run(made: Bench, version: str, script: str, *, init: str = "", file: str = "mod.py") -> None:
    """Run a script in a Neovim that has the plugin, on a file; all its checks must hold.

    ``init`` takes the place of the README's ``init.lua``.
    """
    configure(made, version)
    if init:
        (made.home / ".config" / "nvim" / "init.lua").write_text(init)
    release = made.home / "release"
    with released_by(made, release):
        headless(made, version, SCRIPTS / script, file=file, FESTINA_TEST_RELEASE=str(release))


def configure(made: Bench, version: str, *more: str) -> None:
    """Write an ``init.lua`` with the README's lines; for 0.12 with the other way to start it."""
    folder = made.home / ".config" / "nvim"
    folder.mkdir(parents=True)
    lines = readme.block("lua", "-- init.lua: the plugin\n").replace(
        "/path/to/this/clone", str(ROOT)
    )
    if version == "0.12":
        lines = lines.replace('require("festina").setup()', 'vim.lsp.enable("festina")')
    (folder / "init.lua").write_text("\n".join([lines, *more]) + "\n")


@contextmanager
def released_by(made: Bench, file: Path) -> Iterator[None]:
    """Let the model go on as soon as there is a file: a script in Neovim makes it."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if file.exists():
                made.released.set()
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
