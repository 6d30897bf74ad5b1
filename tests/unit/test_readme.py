"""The README against the program: commands, settings, addresses and quoted messages are real."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from festina import cli, config
from festina.models import presets, weights
from festina.verify import interpreter

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

COMMANDS = [
    line.split("#")[0].split('" in Vim')[0].strip()
    for kind, block in BLOCKS
    if kind == "console"
    for line in block.splitlines()
    if "festina " in line.split("#")[0] and "code --install" not in line
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_given_as_it_stands(line):
    words = shlex.split(line.partition("festina ")[2])
    if line.startswith("$ pipx"):
        return
    cli.parser(words[0]).parse_args(words)


def test_every_inline_command_exists():
    inline = set(re.findall(r"`festina (\w+)", README))
    assert inline
    assert inline <= set(cli.COMMANDS)


SETTINGS = [
    block
    for kind, block in BLOCKS
    if kind == "toml"
    and any(table in block for table in ("[models.fast]", "[verify]", "[[verify", "[edits]"))
]


@pytest.mark.parametrize("block", SETTINGS)
def test_every_settings_block_is_taken_without_a_problem(block):
    user = "[models." in block
    _, problems = config.load([config.Layer("README", tomllib.loads(block), user=user)])
    assert problems == ()


def test_all_settings_blocks_were_found():
    assert len(SETTINGS) == 7


def test_every_setting_that_is_named_exists():
    inline = re.findall(r"`((?:models|verify|repair)\.[a-z_.]+[a-z])(?: = [^`]*)?`", README)
    named = [name for name in inline if name not in ("models.fast", "models.slow", "verify.md")]
    assert named
    assert [name for name in named if name not in config.KEYS] == []


def test_the_table_of_providers_is_the_programs():
    rows = re.findall(r"^\| ([\w. ]+) \| `(https?://[^`]+)` \| (.+) \|$", README, re.MULTILINE)
    known = {preset.title: preset for preset in (*presets.HOSTED, *presets.LOCAL)}
    assert {title for title, _, _ in rows} == set(known)
    for title, address, key in rows:
        assert presets.for_url(address) == known[title]
        assert presets.endpoint(address, "") == presets.endpoint(
            known[title].base_url.replace("127.0.0.1", "localhost"), ""
        )
        assert key.strip("`") == (known[title].key_variable or "none")


def test_the_embedded_models_that_are_named_exist():
    named = set(re.findall(r"qwen2\.5-coder-[\w.]+b|smollm2-\w+", README))
    assert named
    assert named <= set(weights.WEIGHTS)


def _texts():
    """All strings of the program; a value that is put in stands as ``...``."""
    for path in (ROOT / "server" / "festina").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    part.value if isinstance(part, ast.Constant) else "..." for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_message_that_is_explained_is_one_of_the_programs():
    table = README[README.index("| what you see |") :].split("\n\n")[0]
    quoted = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(quoted) > 5
    texts = list(_texts())
    for message in quoted:
        parts = [re.escape(part.strip()) for part in message.split("...") if part.strip()]
        wanted = re.compile(r".*?".join(parts), re.DOTALL)
        assert any(wanted.search(text) for text in texts), message


def test_the_oldest_python_of_a_project_is_the_programs():
    oldest = ".".join(map(str, interpreter.OLDEST[:2]))
    assert f"It must be Python {oldest} or newer" in README


def test_every_picture_is_there_and_small_and_every_one_that_is_there_is_shown():
    named = {ROOT / path for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)}
    assert named == {ROOT / "docs" / "try.svg", *(ROOT / "docs" / "media").iterdir()}
    assert max(path.stat().st_size for path in named) < 200_000
