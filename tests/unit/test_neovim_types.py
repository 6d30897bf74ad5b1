"""The types in the comments of the Neovim plugin: what the language server for Lua would read.

That server is to be had neither from npm nor from Debian, so what it would find first is looked
for here: parameters without a type, and types that nobody defines.
"""

import re
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "clients" / "neovim").rglob("*.lua"))
FUNCTION = re.compile(r"^(?:local )?function ([\w.:]+)\(([^)]*)\)|^(M\.\w+) = function\(([^)]*)\)")
ANNOTATION = re.compile(
    r"---@(?:param \w+\??|return|type|field \S+|class [\w.]+ ?:|alias [\w.]+) ?(.*)"
)
DEFINITION = re.compile(r"---@(?:class|alias|generic) ([\w.]+)")
BUILT_IN = {"string", "integer", "number", "boolean", "table", "function", "fun", "nil", "any"}
BUILT_IN |= {"unknown", "true", "false", "self"}
NEOVIMS_OWN = ("vim.", "lsp.", "TSNode", "uv.")


def comments(lines: list[str], row: int) -> list[str]:
    """The annotations right above a line."""
    found = []
    while row > 0 and lines[row - 1].startswith("---"):
        row -= 1
        found.append(lines[row])
    return found


def types(words: str) -> set[str]:
    """The names in a type, without the description behind it and the names of parameters."""
    kept, depth = "", 0
    for letter in words:
        depth += (letter in "([{<") - (letter in ")]}>")
        if letter == " " and depth == 0 and not kept.endswith((",", ":", "|")):
            break
        kept += letter
    kept = re.sub(r'"[^"]*"', "", kept)
    kept = re.sub(r"\b\w+\??:(?!:)", "", kept)
    return set(re.findall(r"[A-Za-z_][\w.]*", kept))


def undescribed(source: str) -> list[str]:
    """Exported functions with a parameter that has no type."""
    lines = source.splitlines()
    found = []
    for row, line in enumerate(lines):
        match = FUNCTION.match(line)
        name, params = (match[1] or match[3], match[2] or match[4] or "") if match else ("", "")
        if not name.startswith("M."):
            continue
        above = "\n".join(comments(lines, row))
        for param in re.findall(r"[\w.]+", params):
            wanted = (
                rf"---@param {re.escape(param)}\??(?= )" if param != "..." else r"---@param \.\.\."
            )
            if param != "_" and not re.search(wanted, above) and "---@type fun(" not in above:
                found.append(f"{name}: {param}")
    return found


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_each_parameter_has_a_type(file):
    assert undescribed(file.read_text()) == []


def test_each_type_is_defined():
    texts = {file.name: file.read_text() for file in SOURCES}
    known = {name for text in texts.values() for name in DEFINITION.findall(text)} | BUILT_IN
    unknown = {
        (name, word)
        for name, text in texts.items()
        for words in ANNOTATION.findall(text)
        for word in types(words)
        if word not in known and not word.startswith(NEOVIMS_OWN)
    }
    assert unknown == set()


def test_what_is_amiss_is_found():
    assert undescribed("---@param one string\nfunction M.go(one, two)\nend\n") == ["M.go: two"]
    assert types("table<string, festina.Data>? what it is") == {"table", "string", "festina.Data"}
    assert types("fun(origin: string): string? gives it") == {"fun", "string"}
    assert types('"one"|false|my.Type why') == {"false", "my.Type"}
