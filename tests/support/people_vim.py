"""How a person uses Vim: its keys, as ``people`` has them for the others."""

from __future__ import annotations

import time

from support import readme
from support.bench import debian
from support.people import SECONDS, Vi


class Vim(Vi):
    """Vim with ALE, which never resolves an action and applies no edit that a server sends."""

    def command(self) -> list[str]:
        folder = self.bench.home / ".vim"
        (folder / "ale_linters" / "python").mkdir(parents=True)
        linter = folder / "ale_linters" / "python" / "festina.vim"
        linter.write_text(readme.block("vim", "ale_linters/python/festina.vim"))
        quiet = "set nocompatible viminfo= hidden\n"
        (folder / "vimrc").write_text(quiet + readme.block("vim", "~/.vimrc"))
        return [str(debian("vim", "trixie", "vim", "vim", "vim-ale")), "mod.py"]

    def wait_for_titles(self, seconds: float) -> list[str]:
        # what is asked while the server starts is answered later, each time with a menu of its own
        return super().wait_for_titles(max(seconds, SECONDS / 2))

    def leave(self) -> None:
        if "Type number" in self.terminal.screen():
            self.terminal.keys("Enter")
            self.terminal.until(lambda screen: "Type number" not in screen)
        self.terminal.keys("C-\\", "C-n")
        self.terminal.type(":pclose")
        self.terminal.keys("Enter")

    def look(self) -> None:
        self.leave()
        self.terminal.type(f"{self.at}G\\d")

    def undo(self) -> None:
        # Vim looks for changes after a key, and ALE tells of them 0.2 s later: the server would see
        # neither of the two
        self.terminal.type("0")
        time.sleep(1)
        super().undo()
