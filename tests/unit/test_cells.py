"""Isolated children of a fork server: what they see, what is told of them, how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from festina.verify import process, sandbox
from support import cells, levels, trees


@pytest.fixture(params=levels.ISOLATING)
def level(request: pytest.FixtureRequest) -> sandbox.Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    if process.kernel() < (6, 6):
        pytest.skip("cells need Linux 6.6")
    chosen: sandbox.Level = request.param
    return chosen


@pytest.fixture
async def server(tmp_path: Path, level: sandbox.Level) -> AsyncIterator[cells.Server]:
    box = cells.make_box(tmp_path)
    before = trees.hash_tree(box.shadow)
    async with cells.open_server(box, level) as running:
        yield running
    assert trees.hash_tree(box.shadow) == before


async def test_files_are_laid_over_the_workspace(server: cells.Server) -> None:
    files = {"pkg/a.py": "new\n", "fresh/x.py": "made\n", "pkg/b.py": None}
    code = (
        "import os; answer([open('pkg/a.py').read(), open('fresh/x.py').read(), os.listdir('pkg')])"
    )
    said = await server.ask(code, files)
    assert said.answer[:2] == ["new\n", "made\n"]
    assert sorted(said.answer[2]) == ["a.py", "deep"]
    assert said.fate["touched"] == []
    assert said.fate["status"] == 0


async def test_the_next_cell_begins_anew(server: cells.Server) -> None:
    write = "open('/tmp/left', 'w'); open('left', 'w'); open('pkg/a.py', 'w').write('mine')"
    await server.ask(write, {"pkg/b.py": "laid\n"})
    look = (
        "import os; answer([os.listdir('/tmp'), sorted(os.listdir('.')), open('pkg/a.py').read()])"
    )
    said = await server.ask(look)
    assert said.answer[1:] == [[".venv", "data.txt", "pkg"], "old\n"]
    assert "left" not in said.answer[0]
