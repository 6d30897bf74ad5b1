"""A verdict holds for one state of all that it rests on: each change of that shows."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import festina
from festina.config import VerifySettings
from festina.gate_commands import Command
from festina.verify import lint, surroundings
from festina.verify.base import Snapshot
from festina.verify.state import States
from support import projects

PROJECT = (
    projects.FLAT
    + """
=== data/table.csv
1,2
=== ruff.toml
extend = "../common.toml"
"""
)


class Place:
    """A workspace in a folder of its own, with an environment and a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.root = projects.make(folder / "above" / "project", PROJECT)
        self.packages = folder / "packages"
        self.other = folder / "other" / "src"
        self.python = folder / "python"
        for path in (self.home, self.packages, self.other):
            path.mkdir(parents=True)
        (self.other / "lib.py").write_text("X = 1\n")
        (self.packages / "one-1.dist-info").mkdir()
        self.interpreter("0")

    def interpreter(self, version: str) -> None:
        search = [str(self.packages), str(self.other)]
        said = (
            f'{{"version": [3, 12, {version}], "executable": "{self.python}", "prefixes": [],'
            f' "path": {str(search).replace(chr(39), chr(34))}, "editable": [], "pytest": true}}'
        )
        self.python.write_text(f"#!/bin/sh\necho '{said}'\n")
        self.python.chmod(0o755)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.root, {}, VerifySettings(python=str(self.python)), trusted=True)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setenv("HOME", str(place.home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return place


def write(path: Path, text: str = "line-length = 50\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


CHANGES: dict[str, Callable[[Place], object]] = {
    "a source": lambda place: write(place.root / "calc/core.py", "LIMIT = 11\n"),
    "a data file": lambda place: write(place.root / "data/table.csv", "1,3\n"),
    "a new file": lambda place: write(place.root / "data/more.csv"),
    "a mode": lambda place: (place.root / "data/table.csv").chmod(0o755),
    "a removed file": lambda place: (place.root / "data/table.csv").unlink(),
    "pytest's configuration above": lambda place: write(place.root.parent / "pytest.ini"),
    "a conftest above": lambda place: write(place.folder / "conftest.py", "X = 1\n"),
    "ruff's configuration above": lambda place: write(place.root.parent / ".ruff.toml"),
    "what that extends": lambda place: write(place.root.parent / "common.toml"),
    "the person's own": lambda place: write(place.home / ".config/ruff/ruff.toml"),
    "the interpreter": lambda place: place.interpreter("1"),
    "a new distribution": lambda place: (place.packages / "two-1.dist-info").mkdir(),
    "a replaced one": lambda place: (place.packages / "one-1.dist-info" / "RECORD").touch(),
    "a removed one": lambda place: (place.packages / "one-1.dist-info").rmdir(),
    "a path file": lambda place: write(place.packages / "x.pth", "/nowhere\n"),
    "another editable source": lambda place: write(place.other / "lib.py", "X = 2  # two\n"),
    "the project's ruff": lambda place: write(place.folder / "ruff", "#!/bin/sh\n"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_on_disk(place: Place, what: str) -> None:
    states = States()
    before = (await states.of(place.snapshot())).fingerprint
    assert (await states.of(place.snapshot())).fingerprint == before
    CHANGES[what](place)
    assert (await states.of(place.snapshot())).fingerprint != before


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "PYTHONHASHSEED", "TZ", "LANG", "LC_ALL", "PATH", "VIRTUAL_ENV"]
)
async def test_a_change_of_the_environment(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await States().of(place.snapshot())).fingerprint
    monkeypatch.setenv(name, f"{os.environ.get(name, '')}:/changed")
    assert (await States().of(place.snapshot())).fingerprint != before


async def test_changes_of_ours_and_of_the_question(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = place.snapshot()
    settings = dataclasses.replace(asked.settings, tests_args=("-k", "x"))
    variants = [
        asked,
        dataclasses.replace(asked, settings=settings),
        dataclasses.replace(asked, trusted=False),
        dataclasses.replace(asked, consent=True),
        dataclasses.replace(asked, buffers={"calc/core.py": "LIMIT = 12\n"}),
    ]
    found = {(await States().of(variant)).fingerprint for variant in variants}
    assert len(found) == len(variants)
    monkeypatch.setattr(festina, "__version__", "another")
    found.add((await States().of(asked)).fingerprint)
    monkeypatch.setattr(lint, "our_ruff", lambda: Path(sys.executable))
    found.add((await States().of(asked)).fingerprint)
    assert len(found) == len(variants) + 2


async def test_another_version_of_a_commands_program(place: Place) -> None:
    tool = place.root / "node_modules" / ".bin" / "tool"
    packages = place.root / "node_modules" / ".package-lock.json"
    commands = (Command("check", ("tool", "{file}")),)
    settings = dataclasses.replace(place.snapshot().settings, commands=commands)
    asked = dataclasses.replace(place.snapshot(), settings=settings)
    found = {(await States().of(asked)).fingerprint}
    for number, path in enumerate((tool, packages, tool), 1):
        write(path, f"version {number}\n" * number)
        tool.chmod(0o755)
        found.add((await States().of(asked)).fingerprint)
    assert len(found) == 4


async def test_what_does_not_matter_does_not_change_it(place: Place) -> None:
    before = (await States().of(place.snapshot())).fingerprint
    write(place.root / "calc/__pycache__/core.cpython-312.pyc")
    write(place.root / ".pytest_cache/x")
    write(place.root.parent / "unrelated.py")
    write(place.home / "notes.txt")
    shutil.rmtree(place.root / "calc/__pycache__")
    parallel = dataclasses.replace(place.snapshot().settings, parallel=3)
    asked = dataclasses.replace(place.snapshot(), settings=parallel)
    assert (await States().of(asked)).fingerprint == before


EDITORS = [".core.py.swp", ".core.py.swo", ".swp", ".core.py.kate-swp", "#core.py#", "core.py~"]
EDITORS += ["core.py.~12~", "core.py___jb_tmp___", "core.py___jb_old___"]


@pytest.mark.parametrize("name", EDITORS)
async def test_what_an_editor_keeps_for_itself_beside_a_file(place: Place, name: str) -> None:
    """Vim and Emacs write there while one types: that made an edit that had passed wait again."""
    before = (await States().of(place.snapshot())).fingerprint
    write(place.root / "calc" / name)
    (place.root / "calc" / ".#core.py").symlink_to("somebody@machine.1234:5678")
    assert (await States().of(place.snapshot())).fingerprint == before


@pytest.mark.parametrize("name", ["gone.py~", ".core.svg", "#core.py", "core.swp"])
async def test_what_only_looks_like_an_editors(place: Place, name: str) -> None:
    before = (await States().of(place.snapshot())).fingerprint
    write(place.root / "calc" / name)
    assert (await States().of(place.snapshot())).fingerprint != before


def test_a_repository_is_not_whatever_the_workspace_says(tmp_path: Path) -> None:
    secret, root = tmp_path / ".ssh", tmp_path / "tree" / "project"
    for folder in (secret, root):
        folder.mkdir(parents=True)
    (secret / "id_rsa").touch()
    for said in (str(secret), str(secret / "id_rsa"), "../../.ssh", "/", "\0", ""):
        (root / ".git").write_text(f"gitdir: {said}\n")
        assert surroundings.repository(root) == []
    (root / ".git").unlink()
    (tmp_path / "tree" / ".git").write_text(f"gitdir: {secret}\n")
    assert surroundings.repository(root) == [tmp_path / "tree" / ".git"]
    (secret / "HEAD").touch()
    assert surroundings.repository(root) == [tmp_path / "tree" / ".git", secret]
