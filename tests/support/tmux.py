"""A terminal that a test types into and reads, as a person would: tmux, on a server of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from support import served
from support.bench import debian

SECONDS = served.seconds(90.0)
"""How long something may take to appear before a test gives up; never part of what a test says."""


class Terminal:
    """A program in a terminal of 110 columns and 32 lines; a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        size: tuple[int, int] = (110, 32),
    ) -> None:
        self._program = shutil.which("tmux") or str(debian("tmux", "trixie", "tmux", "tmux"))
        self._socket = f"festina-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._environment = {**environment, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        # `cat` keeps the last screen: what the program said before it ended can be read
        line = f"{shlex.join(command)}; echo [ended: $?]; cat"
        width, height = map(str, size)
        self._start = ("new-session", "-d", "-x", width, "-y", height, "-c", str(folder), line)

    def __enter__(self) -> Self:
        self._tmux("-f", "/dev/null", *self._start)
        self._tmux("set", "-g", "default-terminal", "tmux-256color")
        return self

    def __exit__(self, *exc: object) -> None:
        subprocess.run(self._command("kill-server"), check=False, capture_output=True)

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names: ``Enter``, ``Escape``, ``C-c``, ``M-x``, ``a``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._tmux("send-keys", "-l", text)

    def screen(self, *, colour: bool = False) -> str:
        """Return what can be seen."""
        return self._tmux("capture-pane", "-p", *(["-eN"] if colour else []))

    def until(self, condition: str | Callable[[str], bool], seconds: float = SECONDS) -> str:
        """Wait until words are on the screen, or the screen fulfils a condition; return it.

        Raises:
            AssertionError: it did not come to that.
        """
        wanted = condition if callable(condition) else lambda screen: condition in screen
        deadline = time.monotonic() + seconds
        while not wanted(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never on the screen: {condition!r}\n{screen}")
            time.sleep(0.05)
        return screen

    def _command(self, *arguments: str) -> list[str]:
        return [self._program, "-L", self._socket, *arguments]

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done.stdout
