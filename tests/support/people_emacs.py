"""How a person uses Emacs: its keys, as ``people`` has them for the others."""

from __future__ import annotations

import re

from support import readme
from support.bench import debian
from support.people import Person


class Emacs(Person):
    def command(self) -> list[str]:
        folder = self.bench.home / ".emacs.d"
        folder.mkdir()
        # no compiling in a home that is thrown away; and files that Emacs leaves beside the source
        # would be taken for ours
        own = "native-comp-jit-compilation auto-save-default make-backup-files"
        (folder / "early-init.el").write_text(f"(setq {' nil '.join(own.split())} nil)\n")
        (folder / "init.el").write_text(readme.block("elisp", "eglot"))
        return [str(debian("emacs", "trixie", "emacs-nox", "emacs")), "-nw", "mod.py"]

    def ask(self) -> None:
        self.leave()
        self._go(self.at)
        self.terminal.keys("C-Space", *["C-n"] * self.lines, "C-c", "f")

    def wait_for_titles(self, seconds: float) -> list[str]:
        try:
            self.terminal.until("Pick an action", seconds)
        except AssertionError:
            return []
        self.terminal.keys("Tab", "Tab")
        return super().wait_for_titles(seconds)

    def titles(self) -> list[str]:
        return re.findall(r"^(Festina: .*\S)$", self.terminal.screen(), re.MULTILINE)

    def pick(self, index: int, title: str) -> None:
        # TAB has put in what all titles begin with; the first two words of the rest are enough
        first, second, *_ = title.removeprefix("Festina: ").split()
        self.terminal.type(first)
        self.terminal.keys("C-q", "Space")  # a plain one would complete, too
        self.terminal.type(second)
        self.terminal.keys("Tab", "Enter")

    def leave(self) -> None:
        if "Pick an action" in self.terminal.screen():
            self.terminal.keys("C-g")  # at any other time it would stop what Emacs waits for
            self.terminal.until(lambda screen: "Pick an action" not in screen)
        self.terminal.keys("C-x", "1")

    def look(self) -> None:
        self.leave()
        self._go(self.at)
        self.terminal.keys("C-c", "d", "C-h", ".")

    def undo(self) -> None:
        self.leave()
        self.terminal.keys("C-/")

    def type_at(self, line: int, text: str) -> None:
        self.leave()
        self._go(line)
        self.terminal.type(text)

    def append(self, line: int, text: str) -> None:
        self.leave()
        self._go(line)
        self.terminal.keys("C-e")
        self.terminal.type(text)

    def save(self) -> None:
        self.leave()
        self.terminal.keys("C-x", "C-s")

    def quit(self) -> None:
        self.leave()
        self.terminal.keys("C-x", "C-c")
        asks = self.terminal.until(lambda screen: "Save file" in screen or "[ended" in screen)
        if "[ended" in asks:
            return  # nothing was changed
        self.terminal.keys("n")
        self.terminal.until("yes or no")
        self.terminal.type("yes")
        self.terminal.keys("Enter")

    def _go(self, line: int) -> None:
        self.terminal.keys("M-g", "g")
        self.terminal.type(str(line))
        self.terminal.keys("Enter", "C-a")
