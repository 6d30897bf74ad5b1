"""A key that is planted in each of the places where keys may be, and looked for everywhere else."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.processes import children_of

KEY = "sk-planted-0123456789abcdefghij"
START = (
    "import logging, sys; logging.basicConfig(level=1); sys.argv[0] = 'festina'; "
    "from festina.cli import main; sys.exit(main())"
)
"""Festina with every log that there is, its libraries' included, on standard error."""
COMMAND = (sys.executable, "-c", START)
UNEXECUTED_SECONDS = 0.5
"""A process that has been forked and not executed yet still shows its parent's environment."""

_BACKEND = """\
from pathlib import Path
from keyring.backend import KeyringBackend

class Planted(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        return Path(__file__).with_name("key.txt").read_text() if service == "planted" else None
    def set_password(self, service, username, password):
        raise NotImplementedError
"""


@dataclass(frozen=True)
class Source:
    """Where the key is: lines of the model's settings, and what Festina's environment has."""

    lines: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def sources(vault: Path) -> dict[str, Source]:
    """Plant the key in a folder of its own; return the places."""
    vault.mkdir()
    (vault / "key.txt").write_text(KEY)
    (vault / "planted_backend.py").write_text(_BACKEND)
    backend = {
        "PYTHON_KEYRING_BACKEND": "planted_backend.Planted",
        "PYTHONPATH": str(vault),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {
        "environment": Source('api_key_env = "PLANTED"', {"PLANTED": KEY}),
        "command": Source(f'api_key_command = ["cat", "{vault / "key.txt"}"]'),
        "keyring": Source('api_key_keyring = "planted"', backend),
        "editor": Source(),
    }


def own_address() -> str:
    """An address of this machine that is not a loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            # an editor is asked for keys of other machines alone, and this one is its only stand-in
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])


def files_with_key(*folders: Path) -> list[Path]:
    """The files below some folders that hold the key."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if KEY.encode() in path.read_bytes()]


@dataclass
class Descendants:
    """What was seen of the processes below one: how many, and which of them had the key."""

    seen: set[int] = field(default_factory=set)
    told: dict[int, str] = field(default_factory=dict)
    _since: dict[int, float] = field(default_factory=dict)

    def look(self, root: int, own: set[str]) -> None:
        """Look at all of them once; ``own`` are the command lines of who may have the key."""
        for process in children_of(root):
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
                environment = Path(f"/proc/{process}/environ").read_bytes()
            except OSError:
                continue
            if command in own:
                since = self._since.setdefault(process, time.monotonic())
                if time.monotonic() - since < UNEXECUTED_SECONDS:
                    continue
            if command:
                self.seen.add(process)
            if KEY.encode() in environment or KEY in command:
                self.told[process] = command


@contextmanager
def watched(root: int, own: set[str]) -> Iterator[Descendants]:
    """Look at all descendants of a process, again and again, as long as the block runs."""
    found, over = Descendants(), threading.Event()

    def look() -> None:
        while not over.wait(0.002):
            found.look(root, own)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
