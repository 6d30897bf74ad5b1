"""The VS Code extension's own server: installed with one click, brought up to date, removed."""

import json
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from support import vscode, vscode_browser, vscode_tools
from support.fake_model import FakeModel
from support.processes import wait_until_gone, with_token
from support.vscode_edits import GOOD, REGION

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

TOAST = ".notification-toast"


def press(window, button, words):
    """Press a button of the message with certain words."""
    window.page.click(f"{TOAST}:has-text('{words}') .monaco-button:has-text('{button}')")


def environments(storage):
    return [path for path in storage.glob("server-*") if path.is_dir()]


def test_one_click_installs_a_server_that_can_be_renewed_and_removed(
    tools, project, tmp_path, request
):
    base = tmp_path / "base"
    (base / "bin").mkdir(parents=True)
    token = f"festina-install-{os.getpid()}"
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    with ExitStack() as stack:
        fake = stack.enter_context(FakeModel(GOOD))
        environment = vscode_tools.environment(base, base / "bin", fake)
        environment |= {
            "FESTINA_TEST_TOKEN": token,
            "PIP_CACHE_DIR": str(Path.home() / ".cache/pip"),
        }
        address = stack.enter_context(
            vscode.server(tools, base / "data", vscode_tools.VSIX, environment)
        )
        browser = stack.enter_context(vscode_browser.browser(tools))
        window = vscode.Window(browser, address, project, shots)
        window.open("mod.py", trust=True)
        press(window, "Install", "There is no festina")
        window.until(lambda: "installing the server" in " ".join(window.texts(TOAST)), "progress")
        window.shot("installing")
        (storage,) = base.rglob("globalStorage/festina.festina")

        # stopped: nothing is left
        press(window, "Cancel", "installing")
        window.until(lambda: environments(storage) == [], "what was made is gone")
        assert not (storage / "current.json").exists()

        window.command("Festina: Install Server")
        window.until(lambda: (storage / "current.json").exists(), "it is installed")
        (first,) = environments(storage)
        window.until(
            lambda: any(str(first) in " ".join(one) for one in commands_of(token)), "it runs"
        )
        window.until(lambda: "Festina" in window.status and not is_absent(window), "and says so")
        window.instruct("respect the upper bound", *REGION)
        window.lens("Festina: accept (")
        window.shot("ready")

        # what came with the extension is another one: offered, and made beside the first
        file = storage / "current.json"
        current = json.loads(file.read_text())
        file.write_text(json.dumps({**current, "identity": "another"}))
        window.command("Festina: Restart Server")
        window.until(lambda: any("another server" in toast for toast in window.toasts), "an offer")
        window.shot("offer")
        press(window, "Update", "another server")
        window.until(
            lambda: json.loads(file.read_text())["identity"] == current["identity"], "it is renewed"
        )
        second = storage / json.loads(file.read_text())["folder"]
        assert second != first
        window.until(
            lambda: any(str(second) in " ".join(one) for one in commands_of(token)), "it runs"
        )

        window.command("Festina: Remove Installed Server")
        window.page.click(".monaco-dialog-box .monaco-button:has-text('Remove')")
        window.until(lambda: environments(storage) == [], "it is gone")
        window.until(lambda: is_absent(window), "there is no server")
        window.shot("removed")
        window.page.close()
    assert not wait_until_gone(with_token(token)), "processes are left"


def is_absent(window):
    """Whether the status bar says that there is no server."""
    return window.texts(".statusbar-item:has-text('Festina') .codicon-warning") != []


def commands_of(token):
    """The command lines of all processes that a test has started."""
    found = []
    for process in with_token(token):
        try:
            found.append(Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0"))
        except OSError:
            continue
    return found
