"""The VS Code extension's manifest, as far as it must agree with the rest of the repository."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

import festina
from festina import allowed
from festina.config import GATES, KEYS, ModelSettings, Settings
from festina.context.trees.grammars import grammar_of
from festina.gate_browser import CHECKS, Browser
from festina.gate_commands import MATCHERS, Command
from festina.gate_commands import read as read_commands
from festina.models.presets import HOSTED

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "clients" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text())
SETTINGS = {
    name: setting
    for section in MANIFEST["contributes"]["configuration"]
    for name, setting in section["properties"].items()
}
OWN = {"festina.server.path", "festina.server.package"}
"""The extension's, and no setting of the server's."""


def setting_of(key):
    """``verify.on_save`` as VS Code has it."""
    return "festina." + re.sub(r"_(\w)", lambda found: found[1].upper(), key)


def default_of(key):
    """What holds where nobody has set it."""
    target = KEYS[key].target.split(".")
    found = Settings()
    if key.startswith("models."):
        found, target = ModelSettings(), target[1:]
    for name in target:
        found = getattr(found, name)
    return found


def plain(value):
    return list(value) if isinstance(value, tuple) else value


def one_of(names):
    return "must be one of " + ", ".join(f'"{name}"' for name in names)


def test_it_has_the_version_and_the_licence_of_the_server():
    assert MANIFEST["version"] == festina.__version__
    assert (EXTENSION / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_a_workspace_cannot_say_which_program_is_run_or_where_code_is_sent():
    untrusted = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    of_the_machine = {name for name, one in SETTINGS.items() if one["scope"] == "machine"}
    for key, known in KEYS.items():
        assert (setting_of(key) in of_the_machine) == known.user_only, key
    assert of_the_machine >= OWN
    programs = {
        f"festina.verify.{name}" for name in ("commands", "browser", "python", "tests.args")
    }
    assert set(untrusted["restrictedConfigurations"]) == of_the_machine | programs
    assert {one["scope"] for one in SETTINGS.values()} == {"machine", "resource"}


def test_every_setting_of_the_server_is_in_the_manifest_and_no_other():
    assert set(SETTINGS) == OWN | {setting_of(key) for key in KEYS}


@pytest.mark.parametrize("key", KEYS)
def test_a_setting_shows_the_default_and_takes_what_the_server_takes(key):
    setting, check = SETTINGS[setting_of(key)], KEYS[key].check
    assert setting["default"] == plain(default_of(key))
    assert len(setting["markdownDescription"]) > 10
    kinds = setting["type"] if isinstance(setting["type"], list) else [setting["type"]]
    if "enum" in setting:
        assert len(setting["enumDescriptions"]) == len(setting["enum"])
        assert [check(each) for each in setting["enum"]] == setting["enum"]
        with pytest.raises(allowed.Invalid, match=re.escape(one_of(setting["enum"]))):
            check("another")
    elif {"number", "integer"} & set(kinds):
        low, high = setting["minimum"], setting["maximum"]
        assert (check(low), check(high)) == (low, high)
        for outside in (low - 1, high + 1):
            with pytest.raises(allowed.Invalid):
                check(outside)
        if "integer" in kinds:
            with pytest.raises(allowed.Invalid):
                check(low + 0.5)
        else:
            check(low + 0.5)
        assert ("null" in kinds) == (default_of(key) is None)
    else:
        samples = {"string": "https://a.example", "boolean": True, "array": [], "object": {}}
        if names := setting.get("items", {}).get("enum"):
            samples["array"] = names
        (kind,) = kinds
        check(samples.pop(kind))
        for other in samples.values():
            with pytest.raises(allowed.Invalid):
                check(other)
    if names := setting.get("items", {}).get("enum"):
        assert tuple(names) == GATES


def test_pages_that_are_looked_at_are_described_with_all_that_can_be_said_of_them():
    described = SETTINGS["festina.verify.browser"]["properties"]
    assert set(described) == {one.name for one in dataclasses.fields(Browser)}
    assert tuple(described["checks"]["items"]["enum"]) == CHECKS


def test_a_command_that_judges_edits_is_described_with_all_that_it_can_have():
    described = SETTINGS["festina.verify.commands"]["items"]
    found = {"withheld", "origin"}  # which nobody writes down
    assert set(described["properties"]) == {one.name for one in dataclasses.fields(Command)} - found
    assert tuple(described["properties"]["matcher"]["enum"]) == MATCHERS
    given = {"name": "x", "run": ["x"], "when": "*.js", "timeout_seconds": 1, "matcher": "tsc"}
    assert read_commands([given])
    for needed in described["required"]:
        with pytest.raises(allowed.Invalid):
            read_commands([{key: value for key, value in given.items() if key != needed}])


def test_keys_are_offered_for_the_providers_that_the_server_knows():
    source = (EXTENSION / "src" / "origins.ts").read_text()
    offered = re.findall(r'^  \["([^"]+)", "(https:[^"]+)"\],$', source, re.MULTILINE)
    assert offered == [(preset.title, preset.base_url) for preset in HOSTED]


def test_its_commands_do_not_collide_with_those_of_the_server():
    for command in MANIFEST["contributes"]["commands"]:
        assert command["command"].startswith("festina.ui.")


def test_what_it_links_to_is_there():
    commands = {command["command"] for command in MANIFEST["contributes"]["commands"]}
    linked = set(re.findall(r"\(command:(festina[.\w]+)", (EXTENSION / "package.json").read_text()))
    assert linked
    assert linked <= commands
    packaged = (EXTENSION / ".vscodeignore").read_text()
    assert "!walkthrough/*.md" in packaged
    for walkthrough in MANIFEST["contributes"]["walkthroughs"]:
        for step in walkthrough["steps"]:
            assert (EXTENSION / step["media"]["markdown"]).read_text().startswith("## ")
            assert step["completionEvents"]


def test_its_pages_for_beginners_name_the_providers_that_the_server_knows():
    page = (EXTENSION / "walkthrough" / "model.md").read_text()
    rows = re.findall(r"^\| (\w+) *\| `(https:[^`]+)` *\|$", page, re.MULTILINE)
    assert rows == [(preset.title, preset.base_url) for preset in HOSTED]


def test_the_lock_file_names_no_registry():
    packages = json.loads((EXTENSION / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_it_is_started_for_the_languages_that_it_is_the_client_of():
    source = (EXTENSION / "src" / "place.ts").read_text()
    (listed,) = re.findall(r"const LANGUAGES = \[(.*?)\];", source, re.DOTALL)
    languages = re.findall(r'"(\w+)"', listed)
    started = [f"onLanguage:{language}" for language in languages]
    assert MANIFEST["activationEvents"] == [*started, "workspaceContains:plan.md"]
    unread = [language for language in languages if not grammar_of(language)]
    assert unread[0] == "python", "which is read without tree-sitter"
    assert unread[1:] == ["html", "css", "scss", "less", "vue", "svelte"], "of web pages"


def test_it_is_written_for_the_oldest_vscode_that_it_starts_in():
    """What came into VS Code later is not to be had for it, and the README names the same one."""
    oldest = MANIFEST["engines"]["vscode"].removeprefix("^")
    assert MANIFEST["devDependencies"]["@types/vscode"] == f"~{oldest}"
    assert (
        f"<b>VS Code</b> {oldest.removesuffix('.0')} or newer" in (ROOT / "README.md").read_text()
    )
