"""A real VS Code's server for tests, with the extension installed in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

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
    machine: Mapping[str, Any] = MACHINE,
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
        machine: settings that VS Code takes from the machine alone.
    """
    for other in others:
        shutil.copytree(other, folder / "extensions" / other.name)
    user = folder / "user" / "User"
    user.mkdir(parents=True)
    (user / "settings.json").write_text(json.dumps({**SETTINGS, **settings}))
    (folder / "user" / "Machine").mkdir()
    (folder / "user" / "Machine" / "settings.json").write_text(json.dumps(dict(machine)))
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
