"""How a person uses each editor in a terminal: the keys they press and what they look at."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from support import readme
from support.bench import Bench, debian, neovim
from support.tmux import SECONDS, Terminal

STATES = "queued|streaming|parsed|verifying|ready|rejected|unverified"


class Person:
    """One editor with ``mod.py`` open, set up with the lines of the README and no others."""

    at = 4
    """The first line of what is meant: clamp, unless a test says something else."""
    lines = 3
    """How many lines that has."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def command(self) -> list[str]:
        """Write the configuration and return what to run."""
        raise NotImplementedError

    def open(self, terminal: Terminal) -> None:
        """Wait until the file can be seen."""
        self.terminal = terminal
        terminal.until("def double")

    def menu(self, words: str) -> list[str]:
        """Ask for code actions until some words are among them; return the titles."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.ask()
            titles = self.wait_for_titles(3)
            if any(words in title for title in titles):
                return titles
            self.leave()
        raise AssertionError(f"never offered: {words!r}\n{self.terminal.screen()}")

    def wait_for_titles(self, seconds: float) -> list[str]:
        """Return the titles of the menu, none where no menu appears; let it be drawn whole."""
        deadline = time.monotonic() + seconds
        titles: list[str] = []
        while time.monotonic() < deadline:
            before, titles = titles, self.titles()
            if titles and titles == before:
                return titles
            time.sleep(0.1)
        return titles

    def choose(self, words: str) -> list[str]:
        """Choose the action with these words, and return what else was offered."""
        titles = self.menu(words)
        index = next(n for n, title in enumerate(titles) if words in title)
        self.pick(index, titles[index])
        self.terminal.until(lambda _: not self.titles())
        return titles

    def until_shown(self, *words: str) -> str:
        """Look at the proposal until all of these words are to be read; return the screen."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.look()
            # where a window shows the text as it was, it is opened again after a while
            again = time.monotonic() + 5
            while time.monotonic() < again:
                screen = self.terminal.screen()
                if all(word in _joined(screen) for word in words):
                    return screen
                time.sleep(0.1)
        raise AssertionError(f"never to be read: {words}\n{self.terminal.screen()}")

    def until(self, condition: str | Callable[[str], bool]) -> str:
        return self.terminal.until(condition)

    def ask(self) -> None:
        raise NotImplementedError

    def titles(self) -> list[str]:
        raise NotImplementedError

    def pick(self, index: int, title: str) -> None:
        raise NotImplementedError

    def leave(self) -> None:
        """Go back to where one can type commands."""
        raise NotImplementedError

    def look(self) -> None:
        """Do what shows the whole diagnostic."""

    def undo(self) -> None:
        raise NotImplementedError

    def type_at(self, line: int, text: str) -> None:
        """Type text at the start of a line (the first is 1)."""
        raise NotImplementedError

    def append(self, line: int, text: str) -> None:
        """Type text at the end of a line (the first is 1)."""
        raise NotImplementedError

    def save(self) -> None:
        raise NotImplementedError

    def quit(self) -> None:
        raise NotImplementedError


def _joined(screen: str) -> str:
    return " ".join(screen.split())


class Vi(Person):
    """What Vim and Neovim have in common: the keys, and a menu of numbered lines."""

    def ask(self) -> None:
        self.leave()
        self.terminal.type(f"{self.at}GV{'j' * (self.lines - 1)}\\f")

    def titles(self) -> list[str]:
        screen = self.terminal.screen()
        if "Type number" not in screen:
            return []
        return re.findall(r"^\d+[:)] (Festina: .*)$", screen, re.MULTILINE)

    def pick(self, index: int, title: str) -> None:
        self.terminal.type(str(index + 1))
        self.terminal.keys("Enter")

    def undo(self) -> None:
        self.leave()
        self.terminal.type("u")

    def type_at(self, line: int, text: str) -> None:
        self.leave()
        self.terminal.type(f"{line}GI{text}")
        self.leave()

    def append(self, line: int, text: str) -> None:
        self.leave()
        self.terminal.type(f"{line}GA{text}")
        self.leave()

    def save(self) -> None:
        self.leave()
        self.terminal.type(":w")
        self.terminal.keys("Enter")

    def quit(self) -> None:
        self.leave()
        self.terminal.type(":qa!")
        self.terminal.keys("Enter")


class Neovim(Vi):
    def __init__(self, bench: Bench, version: str) -> None:
        super().__init__(bench)
        self.version = version

    def command(self) -> list[str]:
        folder = self.bench.home / ".config" / "nvim"
        folder.mkdir(parents=True)
        words = "Neovim 0.10" if self.version == "0.10" else "Neovim 0.11 or newer"
        (folder / "init.lua").write_text(readme.block("lua", words))
        return [str(neovim(self.version)), "mod.py"]

    def leave(self) -> None:
        screen = self.terminal.screen()
        prompt = "Type number" in screen
        assert prompt or "Press ENTER" not in screen, f"a message waits for a key\n{screen}"
        if prompt:
            self.terminal.keys("Enter")
            done = lambda screen: "Type number" not in screen or "Press ENTER" in screen  # noqa: E731
            if "Press ENTER" in self.terminal.until(done):  # a message came in below the prompt
                self.terminal.keys("Enter")
                self.terminal.until(lambda screen: "Press ENTER" not in screen)
        self.terminal.keys("C-\\", "C-n")  # Escape and a letter might be taken for Alt and a letter

    def pick(self, index: int, title: str) -> None:
        super().pick(index, title)
        # in Visual mode Neovim leaves the menu standing for four seconds, over what streams
        assert "VISUAL" not in self.terminal.until(lambda _: not self.titles())

    def look(self) -> None:
        self.leave()
        self.terminal.type(f"1G{self.at}G")
        if self.version == "0.10":
            self.terminal.keys("C-w")
            self.terminal.type("d")


class Helix(Person):
    def __init__(self, bench: Bench, suite: str) -> None:
        super().__init__(bench)
        self.suite = suite

    def command(self) -> list[str]:
        folder = self.bench.home / ".config" / "helix"
        folder.mkdir(parents=True)
        (folder / "languages.toml").write_text(readme.block("toml", "helix/languages.toml"))
        (folder / "config.toml").write_text(readme.block("toml", "helix/config.toml"))
        return [str(debian(f"helix-{self.suite}", self.suite, "hx", "hx")), "mod.py"]

    def leave(self) -> None:
        # Escape and a letter might be taken for Alt and a letter; Escape and Escape is Escape
        self.terminal.keys("Escape", "Escape")
        self.terminal.until(lambda _: not self.titles())

    def ask(self) -> None:
        self.leave()
        self.terminal.type(f"{self.at}gg{'x' * self.lines} a")

    def titles(self) -> list[str]:
        lines = self.terminal.screen().splitlines()[:-2]  # the last two are the status
        found = [re.search(r" (Festina: .*\S)", line) for line in lines]
        titles = [match[1] for match in found if match]
        return [title for title in titles if not re.match(f"Festina: ({STATES}):", title)]

    def pick(self, index: int, title: str) -> None:
        for _ in range(index):
            self.terminal.keys("Down")
        self.terminal.keys("Enter")

    def look(self) -> None:
        self.leave()
        self.terminal.type(f"1gg[d{self.at}gg")

    def undo(self) -> None:
        self.leave()
        self.terminal.type("u")

    def type_at(self, line: int, text: str) -> None:
        self.leave()
        self.terminal.type(f"{line}ggI{text}")
        self.leave()

    def append(self, line: int, text: str) -> None:
        self.leave()
        self.terminal.type(f"{line}ggA{text}")
        self.leave()

    def save(self) -> None:
        self.leave()
        self.terminal.type(":w")
        self.terminal.keys("Enter")

    def quit(self) -> None:
        self.leave()
        self.terminal.type(":q!")
        self.terminal.keys("Enter")
