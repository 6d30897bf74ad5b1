"""The VS Code extension's manifest, as far as it must agree with the rest of the repository."""

import json
import re
from pathlib import Path

import festina
from festina.context.trees.grammars import grammar_of

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


def test_it_is_started_for_the_languages_that_it_is_the_client_of():
    source = (EXTENSION / "src" / "client.ts").read_text()
    (listed,) = re.findall(r"const LANGUAGES = \[(.*?)\];", source, re.DOTALL)
    languages = re.findall(r'"(\w+)"', listed)
    assert MANIFEST["activationEvents"] == [f"onLanguage:{language}" for language in languages]
    unread = [language for language in languages if not grammar_of(language)]
    assert unread == ["python"], "which is read without tree-sitter"
