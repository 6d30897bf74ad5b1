"""One real VS Code for the tests of a module; each test has a window of its own."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from support import served, vscode, vscode_tools
from support.fake_model import FakeModel
from support.processes import wait_until_gone, with_token

README = (vscode_tools.ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def tools() -> Path:
    """A real VS Code, a browser and the built extension."""
    if problem := vscode_tools.install():
        pytest.skip(f"VS Code could not be fetched: {problem}")
    return vscode_tools.TOOLS


@pytest.fixture(scope="module")
def desk(tools, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """VS Code's server, a browser and a model, for all tests here; each has a window of its own."""
    base = tmp_path_factory.mktemp("vscode")
    token = f"festina-{base.name}-{os.getpid()}"
    programs = base / "bin"
    programs.mkdir()
    (programs / "festina").symlink_to(served.festina())
    with ExitStack() as stack:
        fake = stack.enter_context(FakeModel("unused"))
        environment = vscode_tools.environment(base, programs, fake)
        environment["FESTINA_TEST_TOKEN"] = token
        keys = [json.loads(line) for line in README.splitlines() if line.startswith('{ "key": ')]
        assert keys, "the README gives a key"
        address = stack.enter_context(
            vscode.server(tools, base / "data", vscode_tools.VSIX, environment, keybindings=keys)
        )
        browser = stack.enter_context(vscode.browser(tools))
        config = base / "config.toml"
        yield SimpleNamespace(
            fake=fake, address=address, browser=browser, programs=programs, config=config
        )
    assert not wait_until_gone(with_token(token)), "processes are left"
