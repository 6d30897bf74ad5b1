"""The command line in-process, with folders of its own in the place of the person's."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from festina import cli
from festina.models.presets import HOSTED
from festina.trust import TrustStore
from support import projects
from support.fake_model import FakeModel

KEYS = tuple(preset.key_variable for preset in HOSTED)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")

PROJECT = """
=== pyproject.toml
[project]
name = "calc"
version = "1"
=== festina.toml
verify.gates = ["syntax", "lint"]
=== calc/__init__.py
=== calc/core.py
LIMIT = 10


def clamp(value, low, high):
    if value < low:
        return low
    return value


def double(value):
    return value * 2
=== tests/test_core.py
from calc.core import clamp


def test_clamp():
    assert clamp(5, 0, 10) == 5
    assert clamp(-5, 0, 10) == 0
"""

GOOD = """\
def clamp(value, low, high):
    if value < low:
        return low
    return min(value, high)
"""
UNDEFINED = GOOD.replace("min(value", "smallest(value")
SYNTAX = GOOD.replace("(value, high)", "(value,, high)")
WRONG = GOOD.replace("return low", "return high")


@dataclass
class Ran:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs commands in a small trusted project, asking a fake model."""

    def __init__(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME"):
            folder = tmp_path / name.lower()
            folder.mkdir()
            monkeypatch.setenv(name, str(folder))
        for name in (*KEYS, *PROXIES, "OPENAI_BASE_URL", "FESTINA_CONFIG", "FESTINA_DEBUG"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
        self.config = tmp_path / "xdg_config_home" / "festina" / "config.toml"
        self.project = projects.make(tmp_path / "project", PROJECT)
        self.file = self.project / "calc" / "core.py"
        self.before = self.file.read_text()
        self.trust = TrustStore()
        self.trust.trust(self.project)
        monkeypatch.chdir(self.project)

    def use(self, fake: FakeModel, *more: str) -> None:
        """Configure a model."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            "\n".join(
                [
                    "[models.fast]",
                    f'base_url = "{fake.base_url}"',
                    f'model = "{fake.model}"',
                    *more,
                    "",
                ]
            )
        )

    def run(self, *words: str | Path, stdin: bytes | TextIO = b"") -> Ran:
        """Run a command to its end."""
        self.capsys.readouterr()
        if isinstance(stdin, bytes):
            stdin = io.TextIOWrapper(io.BytesIO(stdin), newline="")
        self.monkeypatch.setattr("sys.stdin", stdin)
        code = cli.main([str(word) for word in words])
        printed = self.capsys.readouterr()
        return Ran(code, printed.out, printed.err)
