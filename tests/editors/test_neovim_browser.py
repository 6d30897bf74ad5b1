"""An edit of a stylesheet in a real Neovim with the plugin: what a browser sees decides on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support import fake_replies, pages, readme
from support.bench import bench
from support.neovim_plugin import ROOT, run

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(300)]

RULE = ".card .price {{\n  margin: 0;\n  color: {colour};\n}}\n"


def answer(body: dict[str, Any]) -> fake_replies.Reply:
    asked = body["messages"][-1]["content"].rpartition("Instruction:")[2]
    colour = "#c9c2b8" if "lighter" in asked else "#4a443c"
    return fake_replies.text(f"```css\n{RULE.format(colour=colour)}```\n")


def shop() -> str:
    """Return the shop as one text."""
    folder = pages.FIXTURES / "shop"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"=== {file.relative_to(folder)}\n{file.read_text()}" for file in files)


def test_a_stylesheet_is_looked_at(tmp_path: Path) -> None:
    lines = readme.block("lua", "-- init.lua: the plugin\n").replace(
        "/path/to/this/clone", str(ROOT)
    )
    lines = lines.replace("setup()", 'setup({ filetypes = { "css" } })')
    with bench(tmp_path, project=shop()) as made:
        made.fake.script(answer)
        made.environment["PATH"] = f"{made.environment['PATH']}:{pages.chromium()}"
        run(made, "0.11", "pages.lua", init=lines)
