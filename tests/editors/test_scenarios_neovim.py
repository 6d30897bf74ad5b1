"""What happens to an edit when something else happens meanwhile, in real Neovims.

Each scenario is run with Neovim's own client and with the plugin, and says the same of both.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import jumping, readme
from support.bench import Bench, bench, headless

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "scenarios.lua"
SCENARIOS = [
    "types_in_the_region",
    "types_above_and_below",
    "saves_with_a_formatter",
    "saves_with_a_formatter_that_changes_the_region",
    "switches_branches",
    "switches_branches_with_the_same_file",
    "closes_the_file",
    "kills_the_server",
    "stops_the_server",
    "has_its_clocks_jump",
]
DEADLINE, STOPPED = 3, 5
"""Seconds after which a silent model is given up, and for which the server is stopped."""


@pytest.mark.parametrize("client", ["stock", "plugin"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_person_who(tmp_path: Path, scenario: str, client: str) -> None:
    with bench(tmp_path) as made:
        before = made.file.read_bytes()
        prepare(made, client, scenario)
        with working(made) as desk:
            headless(
                made,
                "0.11",
                SCRIPT,
                FESTINA_TEST_CLIENT=client,
                FESTINA_TEST_SCENARIO=scenario,
                FESTINA_TEST_DESK=str(desk),
                FESTINA_TEST_RELEASE=str(desk / "release"),
                FESTINA_TEST_RUFF=str(Path(sys.executable).parent / "ruff"),
                FESTINA_TEST_STOPPED=str(STOPPED),
            )
        shutil.rmtree(made.folder / ".git", ignore_errors=True)
        if "formatter" in scenario:
            made.file.write_bytes(before)  # it was to be saved


def prepare(made: Bench, client: str, scenario: str) -> None:
    """Configure Neovim as the README says, and what the scenario needs."""
    folder = made.home / ".config" / "nvim"
    folder.mkdir(parents=True)
    words = "-- init.lua: the plugin\n" if client == "plugin" else "Neovim 0.11 or newer"
    lines = readme.block("lua", words).replace("/path/to/this/clone", str(ROOT))
    (folder / "init.lua").write_text(lines)
    config = made.home / "config.toml"
    if scenario == "stops_the_server":
        limits = f"inter_token_seconds = {DEADLINE}\nfirst_content_seconds = {DEADLINE}\n"
        config.write_text(config.read_text().replace("[verify]", f"{limits}[verify]", 1))
    if scenario == "has_its_clocks_jump":
        jumping.program(made.home / "bin" / "festina", made.home / "jumps")
    if scenario.startswith("switches_branches"):
        branches(made)


def git(made: Bench, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=made.folder, check=True, capture_output=True, env=made.environment)


def branches(made: Bench) -> None:
    """Make one branch whose file and tests differ, and one with the same file."""
    tests = made.folder / "test_mod.py"
    right, code = tests.read_text(), made.file.read_text()
    wrong = right + "\n\ndef test_high():\n    assert clamp(50, 0, 10) == 50\n"
    git(made, "init", "-q", "-b", "main")
    git(made, "add", "-A")
    git(made, "commit", "-qm", "one")
    for branch, text in {"tests": code, "other": "# the other branch\n" + code}.items():
        git(made, "checkout", "-qb", branch, "main")
        tests.write_text(wrong)
        made.file.write_text(text)
        git(made, "commit", "-qam", branch)
    git(made, "checkout", "-q", "main")


@contextmanager
def working(made: Bench) -> Iterator[Path]:
    """Do what the script in Neovim asks for by putting a file into the folder that is given."""
    desk = made.home / "desk"
    desk.mkdir()
    jumps = made.home / "jumps"
    orders: dict[str, Callable[[], object]] = {
        "release": made.released.set,
        "nothing-streams": lambda: made.fake.wait(lambda: made.fake.streams == 0, 60),
        "jump": lambda: jumping.jump(jumps, jumping.DAY, jumping.DAY),
        "jump-back": lambda: jumping.jump(jumps, -jumping.DAY, jumping.DAY),
        **{
            f"git-checkout-{branch}": lambda branch=branch: git(made, "checkout", "-q", branch)
            for branch in ("main", "other", "tests")
        },
    }
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for name, order in orders.items():
                if (desk / name).exists() and not (desk / f"{name}.done").exists():
                    order()
                    (desk / f"{name}.done").touch()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield desk
    finally:
        over.set()
        watcher.join()
