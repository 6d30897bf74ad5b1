"""What tests with real editors have in common: a small project, a scripted model, a home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support import fake_replies, processes, projects, served
from support.fake_model import FakeModel
from support.trees import hash_tree

SCRIPTS = Path(__file__).parents[1] / "editors"

PROJECT = '''
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== mod.py
"""Numbers."""


def clamp(value, low, high):
    # festina: respect the upper bound
    return max(low, value)


def double(value):
    return value * 2
=== test_mod.py
from mod import clamp, double


def test_inside():
    assert clamp(5, 0, 10) == 5


def test_low():
    assert clamp(-5, 0, 10) == 0


def test_double():
    assert double(2) == 4
'''
GOOD = "def clamp(value, low, high):\n    return min(high, max(low, value))\n"
ADDED = "def double(value):\n    return value + value\n"
WRONG = "def clamp(value, low, high):\n    return min(low, value)\n"


@dataclass
class Bench:
    """A project that is open in an editor, and the model behind it.

    The model answers by the instruction: "upper bound" with a right edit, of which the second half
    is kept back until ``released`` is set; "by adding" with a right one of ``double``; "Simplify"
    with a wrong one; "Fix bugs" with one that never ends.
    """

    folder: Path
    home: Path
    fake: FakeModel
    environment: dict[str, str]
    token: str
    """By this, in ``FESTINA_TEST_TOKEN``, an editor and all that it starts are known."""
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def file(self) -> Path:
        return self.folder / "mod.py"

    def trust(self) -> None:
        """Do what the README says: ``festina trust`` in the project."""
        command = ["festina", "trust"]
        subprocess.run(
            command, cwd=self.folder, env=self.environment, check=True, capture_output=True
        )

    def left(self) -> set[int]:
        """Processes that were started from here and do not end."""
        return processes.wait_until_gone(processes.with_token(self.token))

    def answer(self, body: dict[str, Any]) -> fake_replies.Reply:
        asked = body["messages"][-1]["content"].rpartition("Instruction:")[2]
        if "Simplify" in asked:
            return fake_replies.text(f"```python\n{WRONG}```\n")
        if "by adding" in asked:
            return fake_replies.text(f"```python\n{ADDED}```\n")
        first, second = GOOD[: GOOD.index("max(")], GOOD[GOOD.index("max(") :]
        if "Fix bugs" in asked:
            wait: fake_replies.Step = fake_replies.Hold()
        else:
            wait = fake_replies.Until(self.released)
        whole = fake_replies.text(f"{second}```\n")
        begin = fake_replies.text(f"```python\n{first}", finish=None, done=False)
        # the first chunk's usage would be a second one
        return fake_replies.Reply((*begin.steps[:-1], wait, *whole.steps[1:]))


@contextmanager
def bench(tmp_path: Path, *, trusted: bool = True, project: str = PROJECT) -> Iterator[Bench]:
    """Make one; at the end the files must be as they were, and no process may be left."""
    folder = projects.make(tmp_path / "project", project)
    home = tmp_path / "home"
    programs = home / "bin"
    programs.mkdir(parents=True)
    festina = programs / "festina"
    festina.write_text(f'#!/bin/sh\nexec "{served.festina()}" "$@"\n')
    festina.chmod(0o755)
    token = uuid.uuid4().hex
    with FakeModel() as fake:
        config = home / "config.toml"
        config.write_text(
            f'[models.fast]\nbase_url = "{fake.base_url}"\nmodel = "{fake.model}"\n'
            f"[verify]\npython = {json.dumps(sys.executable)}\n"
            'tests.args = ["--disable-plugin-autoload"]\n'
            "[repair]\nrounds = 0\ncandidates = 1\n"
        )
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_STATE_HOME": str(home / ".local" / "state"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "FESTINA_CONFIG": str(config),
        }
        made = Bench(folder, home, fake, environment, token)
        fake.script(made.answer)
        if trusted:
            made.trust()
        before = hash_tree(folder)
        yield made
        assert made.left() == set(), "the server outlived its editor"
        assert hash_tree(folder) == before, "a file was changed without an accept and a save"


def neovim(version: str) -> Path:
    """Return a Neovim of a version: 0.11 from a wheel, 0.10 and 0.12 from Debian."""
    if version == "0.11":
        return _fetched("nvim-0.11", "nvim", "install_neovim.sh")
    return debian(f"nvim-{version}", {"0.10": "trixie", "0.12": "sid"}[version], "neovim", "nvim")


def headless(
    made: Bench, version: str, script: Path, *, file: str = "mod.py", **environment: str
) -> None:
    """Run a script in a Neovim without a screen; all its checks must hold."""
    done = subprocess.run(
        [neovim(version), "--headless", file, "-c", f"luafile {script}", "-c", "cquit 2"],
        cwd=made.folder,
        env={
            **made.environment,
            "FESTINA_TEST_TOKEN": made.token,
            "FESTINA_TEST_SECONDS": os.environ.get("FESTINA_TEST_SECONDS", ""),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    report = done.stdout + done.stderr
    assert "all ok" in report, report
    assert done.returncode == 0, report


def asked_about(body: dict[str, Any]) -> tuple[str, str]:
    """Return the question in a request to the model, and the region that it is about."""
    region = body["messages"][-1]["content"].rpartition("The region:\n```python\n")[2]
    source, _, question = region.partition("```\n\nQuestion: ")
    return question, source


def debian(name: str, suite: str, package: str, executable: str, *also: str) -> Path:
    """Return a program of a Debian suite, unpacked with other packages under ``.tools``."""
    return _fetched(name, executable, "install_debian.sh", suite, package, executable, *also)


def _fetched(name: str, executable: str, script: str, *arguments: str) -> Path:
    """Run one of our scripts; where it cannot fetch the program the test is skipped with its words.

    Once the program is there, nothing is skipped any more.
    """
    folder = served.TOOLS / name
    done = subprocess.run(
        [SCRIPTS / script, folder, *arguments],
        env={**os.environ, "PYTHON": sys.executable},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        pytest.skip(f"{name} could not be fetched: {words[-1] if words else 'no reason given'}")
    return folder / executable
