"""A real VS Code for tests: its server, and a window of it in a headless browser.

The window is driven as a person would: by keys, menus and clicks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from support import served

SECONDS = served.seconds(180.0)
"""How long anything may take before a test gives up; never part of what a test says."""

SETTINGS = {
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "security.workspace.trust.banner": "always",
    "security.workspace.trust.startupPrompt": "always",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}
"""What a test must have quiet or certain. What people see of Festina is as delivered."""

MACHINE = {"workbench.welcomePage.walkthroughs.openOnInstall": False}
"""Those that VS Code takes from the machine alone; or the first steps would cover each file."""

OPTIONS = [
    "--without-connection-token",
    "--telemetry-level=off",
    "--force-disable-user-env",  # the environment given here counts, not that of a login shell
]

MENU = ".action-widget"

THREAD = ".review-widget"
"""What stands between the lines: VS Code's own word for a comment thread."""


@contextmanager
def server(
    tools: Path,
    folder: Path,
    vsix: Path | None,
    environment: Mapping[str, str],
    keybindings: Sequence[Mapping[str, Any]] = (),
    settings: Mapping[str, Any] = MappingProxyType({}),
    options: Sequence[str] = (),
    others: Sequence[Path] = (),
) -> Iterator[str]:
    """Run VS Code's server with the extension installed in it; yields its address.

    Args:
        tools: where ``install_vscode.sh`` has put things.
        folder: an empty one for VS Code's own data.
        vsix: the extension, if one is to be installed.
        environment: of the server, and so of the extension and all that it starts.
        keybindings: the user's own.
        settings: further ones of the user's.
        options: further ones of the server's.
        others: the folders of further extensions.
    """
    for other in others:
        shutil.copytree(other, folder / "extensions" / other.name)
    user = folder / "user" / "User"
    user.mkdir(parents=True)
    (user / "settings.json").write_text(json.dumps({**SETTINGS, **settings}))
    (folder / "user" / "Machine").mkdir()
    (folder / "user" / "Machine" / "settings.json").write_text(json.dumps(MACHINE))
    (user / "keybindings.json").write_text(json.dumps(keybindings))
    program = [tools / "node", tools / "vscode" / "out" / "server-main.js"]
    data = ["--server-data-dir", folder / "server", "--user-data-dir", folder / "user"]
    data += ["--extensions-dir", folder / "extensions", "--accept-server-license-terms"]
    environment = {**environment, "EXTENSIONS_GALLERY": '{"serviceUrl": ""}'}
    if vsix is not None:
        subprocess.run(
            [*program, *data, "--install-extension", vsix],
            env=environment,
            check=True,
            capture_output=True,
        )
    port = _free_port()
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*program, *data, "--host", "127.0.0.1", "--port", str(port), *OPTIONS, *options],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _until_it_answers(address, process, log)
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(SECONDS)


class Window:
    """One window of VS Code, with one file open."""

    def __init__(self, browser: Any, address: str, folder: Path, shots: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.set_default_timeout(SECONDS * 1000)
        self._address = address
        self._folder = folder
        self._shots = shots
        self._number = 0

    # -- looking ----------------------------------------------------------------------------

    def shot(self, name: str) -> None:
        """Keep a picture for a person to look at."""
        self._number += 1
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self._shots / f"{self._number:02}-{name}.png"))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match, with ordinary spaces."""
        found: list[str] = self.page.eval_on_selector_all(
            selector, "elements => elements.map(e => e.textContent)"
        )
        return [text.replace("\u00a0", " ").replace("\u200b", "").strip() for text in found]

    @property
    def text(self) -> str:
        """The lines of the editor that can be seen, in order."""
        lines: list[list[Any]] = self.page.eval_on_selector_all(
            ".editor-instance .view-line",
            "lines => lines.filter(l => !l.closest('.review-widget'))"
            ".map(l => [parseFloat(l.style.top), l.textContent])",
        )
        return "\n".join(line.replace("\u00a0", " ") for _, line in sorted(lines))

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Look again until something is so; with a picture when it never is."""
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"it did not happen: {what}; {self.report()}")
            self.page.wait_for_timeout(50)
        return value

    def report(self) -> str:
        """What a person who looks for a fault would see: for failed tests."""
        self.shot("failed")
        with suppress(Exception):
            self.page.click(".statusbar-item [aria-label*=otification]", timeout=5000)
            self.page.wait_for_selector(".notifications-center", timeout=5000)
        notes = self.texts(".notification-list-item-message")
        return f"messages {notes}, lenses {self.lenses}, status {self.status}"

    # -- doing ------------------------------------------------------------------------------

    def open(self, name: str, *, trust: bool) -> None:
        """Open the folder with one of its files, and answer the question whether to trust it."""
        host = self._address.partition("//")[2]
        files = json.dumps([["openFile", f"vscode-remote://{host}{self._folder / name}"]])
        self.page.goto(f"{self._address}/?folder={quote(str(self._folder))}&payload={quote(files)}")
        self.page.click(f".monaco-dialog-box >> text={'Yes, I trust' if trust else 'No, I don'}")
        self.page.wait_for_selector(".editor-instance .view-line")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, line: int) -> None:
        """Put the cursor at the start of a line (one-based)."""
        self.select(line, line - 1)

    def select(self, first: int, last: int) -> None:
        """Select whole lines (one-based, inclusive). Keys can get lost in a busy editor."""
        lines = last - first + 1
        for _ in range(5):
            self.page.click(".editor-instance .view-line >> nth=0")
            self.press("Control+Home", *["ArrowDown"] * (first - 1), *["Shift+ArrowDown"] * lines)
            self.page.wait_for_timeout(200)
            place = " ".join(self.texts(".statusbar-item"))
            if re.search(rf"Ln {last + 1}, Col 1\b", place) and ("selected" in place) == (
                lines > 0
            ):
                return
        raise AssertionError(f"lines {first} to {last} could not be selected: {place}")

    def instruct(self, words: str, first: int, last: int) -> None:
        """Select lines, press the key, and say what is to be done with them."""
        self.select(first, last)
        self.say(words, "Control+Alt+f")

    def say(self, words: str, *keys: str) -> None:
        """Open an input by keys, and type words into it. Keys can get lost in a busy editor."""
        for _ in range(5):
            self.press(*keys)
            with suppress(Exception):
                self.page.wait_for_selector(".quick-input-widget input:visible", timeout=5000)
                self.page.keyboard.type(words)
                self.press("Enter")
                return
        raise AssertionError(f"no input was opened by {keys}; {self.report()}")

    def menu(self, key: str = "Control+.") -> list[str]:
        """Open a menu of code actions and return its titles."""
        for _ in range(5):
            self.press(key)
            with suppress(Exception):
                self.page.wait_for_selector(f"{MENU} .monaco-list-row", timeout=5000)
                self.page.wait_for_timeout(200)  # it can be drawn twice
                return self.texts(f"{MENU} .monaco-list-row")
        self.shot("no-menu")
        raise AssertionError("no menu of code actions opened")

    def choose(self, title: str) -> None:
        """Choose an action of the open menu."""
        self.click_in_menu(f".monaco-list-row:has-text('{title}')")
        self.page.wait_for_selector(MENU, state="hidden")

    def click_in_menu(self, what: str) -> None:
        """Click in the open menu, which older VS Codes shield until the mouse has moved over it."""
        self.page.hover(MENU, position={"x": 2, "y": 2}, force=True)
        self.page.click(f"{MENU} >> {what}")

    def lens(self, title: str) -> None:
        """Wait for a code lens."""
        self.until(lambda: any(title in one for one in self.lenses), f"the lens {title!r}")

    def click_lens(self, title: str) -> None:
        """Click a code lens as soon as there is one; they are drawn anew all the time."""
        self.page.click(f".codelens-decoration a:has-text('{title}')")

    def command(self, title: str) -> None:
        """Run a command by the command palette."""
        self.press("F1")
        self.page.wait_for_selector(".quick-input-widget input:visible")
        self.page.keyboard.type(title)
        self.page.click(f".quick-input-list .monaco-list-row:has-text('{title}')")

    def hover(self) -> str:
        """Show the hover at the cursor and return its text."""
        self.press("Control+k", "Control+i")
        self.page.wait_for_selector(".monaco-hover:visible .hover-row")
        return "\n".join(self.texts(".monaco-hover:visible .hover-row"))

    @property
    def threads(self) -> list[str]:
        """The proposals that are shown in place: their heads and bodies."""
        return self.texts(THREAD)

    @property
    def thread(self) -> str:
        """All that stands between the lines."""
        return "\n".join(self.threads)

    @property
    def lenses(self) -> list[str]:
        return self.texts(".codelens-decoration > span, .codelens-decoration > a")

    @property
    def problems(self) -> list[str]:
        """The rows of the Problems panel, which must be open."""
        return self.texts(".markers-panel .monaco-list-row")

    @property
    def tab(self) -> str:
        """The title of the file on show."""
        return " ".join(self.texts(".tab.active"))

    @property
    def status(self) -> str:
        """The texts of the status bar."""
        return " | ".join(self.texts(".statusbar-item"))

    @property
    def placeholder(self) -> str:
        """What the box that is open asks for."""
        box = self.page.locator(".quick-input-widget input:visible")
        return (box.first.get_attribute("placeholder") or "") if box.count() else ""

    @property
    def toasts(self) -> list[str]:
        return self.texts(".notification-toast .notification-list-item-message")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
