"""The VS Code extension's manifest, as far as it must agree with the rest of the repository."""

import json
from pathlib import Path

import festina

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "clients" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text())


def test_it_has_the_version_and_the_licence_of_the_server():
    assert MANIFEST["version"] == festina.__version__
    assert (EXTENSION / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_a_workspace_cannot_say_which_program_is_run():
    for name, setting in MANIFEST["contributes"]["configuration"]["properties"].items():
        assert setting["scope"] == "machine", name
    assert MANIFEST["capabilities"]["untrustedWorkspaces"]["supported"] == "limited"


def test_its_commands_do_not_collide_with_those_of_the_server():
    for command in MANIFEST["contributes"]["commands"]:
        assert command["command"].startswith("festina.ui.")


def test_the_lock_file_names_no_registry():
    packages = json.loads((EXTENSION / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert not [name for name, package in packages.items() if "resolved" in package]
