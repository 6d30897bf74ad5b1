"""The plugin `clients/neovim` in real Neovims without a screen.

The first test is quick enough for every run; the others are slow only because they are many.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.bench import Bench, bench, neovim

PLUGIN = Path(__file__).parents[2] / "clients" / "neovim"
SCRIPTS = Path(__file__).parent / "neovim"
VERSIONS = [
    pytest.param("0.11", marks=pytest.mark.smoke),
    pytest.param("0.10", marks=pytest.mark.slow),
    pytest.param("0.12", marks=pytest.mark.slow),
]
pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_main_job(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "edit.lua")
        assert any("upper bound" in json.dumps(body) for body in made.fake.requests)


def run(made: Bench, version: str, script: str, *more: str) -> None:
    """Run a script in a Neovim that has the plugin; all its checks must hold."""
    configure(made, version, *more)
    release = made.home / "release"
    with released_by(made, release):
        done = subprocess.run(
            [
                neovim(version),
                "--headless",
                "mod.py",
                "-c",
                f"luafile {SCRIPTS / script}",
                "-c",
                "cquit 2",
            ],
            cwd=made.folder,
            env={
                **made.environment,
                "FESTINA_TEST_TOKEN": made.token,
                "FESTINA_TEST_RELEASE": str(release),
                "FESTINA_TEST_SECONDS": os.environ.get("FESTINA_TEST_SECONDS", ""),
            },
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    report = done.stdout + done.stderr
    assert "all ok" in report, report
    assert done.returncode == 0, report


def configure(made: Bench, version: str, *more: str) -> None:
    """Write an ``init.lua`` with the plugin, as one who has it in a folder."""
    folder = made.home / ".config" / "nvim"
    folder.mkdir(parents=True)
    start = 'vim.lsp.enable("festina")'
    if version == "0.10":
        start = 'require("festina").setup()'
    lines = [f"vim.opt.runtimepath:prepend({json.dumps(str(PLUGIN))})", start, *more]
    (folder / "init.lua").write_text("\n".join(lines) + "\n")


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
