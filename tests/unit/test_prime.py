"""Compiled files of a base copy: made once, from the user's own text, and nothing else kept."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path
from types import CodeType

import pytest

from festina.verify.prime import prime
from festina.verify.question import Question
from support import projects
from support.forking import ALONE, place

CONFTEST = """
=== conftest.py
import os
from pathlib import Path

here = Path(__file__).parent
(here / "made").write_text("x")
for folder in (here / "calc", here / "tests", here / "links"):
    cache = folder / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "strange.cpython-311.pyc").write_bytes(b"x")
    (cache / "data.txt").write_text("x")
    (cache / "folder").mkdir(exist_ok=True)
os.symlink("/etc", here / "calc" / "__pycache__" / "core.cpython-399.pyc")
os.rename(here / "links" / "__pycache__", here / "elsewhere")
os.symlink(here / "elsewhere", here / "links" / "__pycache__")
=== links/mod.py
"""


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def listed(root: Path) -> dict[str, int]:
    return {
        str(path.relative_to(root)): path.lstat().st_mtime_ns
        for path in root.rglob("*")
        if "__pycache__" not in str(path) and path.is_file()
    }


async def test_compiled_files_are_all_that_is_kept(tmp_path: Path) -> None:
    project = await place(tmp_path, projects.FLAT + CONFTEST)
    before = listed(project.base)
    workspace = projects.digest(project.project)
    assert await prime(project.bench, project.base) == 4
    assert listed(project.base) == before
    assert projects.digest(project.project) == workspace
    files = {path for path in project.base.rglob("__pycache__/*") if not path.is_dir()}
    assert not any(path.is_symlink() for path in project.base.rglob("*"))
    assert {path.name.partition(".")[0] for path in files} == {
        "__init__",
        "core",
        "test_core",
        "conftest",
    }
    source = project.base / "calc/core.py"
    compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    assert int.from_bytes(compiled[8:12], "little") == int(source.stat().st_mtime)
    code = marshal.loads(compiled[16:])
    assert isinstance(code, CodeType)
    assert code.co_filename == str(project.bench.workspace / "calc/core.py")
    assert await prime(project.bench, project.base) == 0  # they are there
    left = [path.name for path in (tmp_path / "cache").rglob("*-[0-9]*")]
    assert left == []


async def test_a_child_uses_them_but_not_for_other_texts(tmp_path: Path) -> None:
    project = await place(tmp_path, projects.FLAT)
    await prime(project.bench, project.base)
    core = project.base / "calc/core.py"
    cached = Path(importlib.util.cache_from_source(str(core)))
    # to tell whether it is used: another constant, in the compiled file alone
    data = cached.read_bytes()
    code = marshal.loads(data[16:])
    constants = tuple(11 if constant == 10 else constant for constant in code.co_consts)
    cached.write_bytes(data[:16] + marshal.dumps(code.replace(co_consts=constants)))
    edit = project.edit("calc/core.py", ("value * 2", "value * 4"))
    assert len(str(edit.files["calc/core.py"])) == core.stat().st_size
    async with project.server("fresh") as server:
        bare = await server.run(Question(), timeout=60)
        assert bare.failing == {"tests/test_core.py::test_limit"}
        changed = await server.run(edit, timeout=60)
        assert changed.failing == {"tests/test_core.py::test_double"}


async def test_a_project_that_cannot_be_collected_is_left_as_it_is(tmp_path: Path) -> None:
    project = await place(tmp_path, projects.FLAT, (*ALONE, "--no-such-option"))
    before = projects.digest(project.base)
    assert await prime(project.bench, project.base) == 0
    assert projects.digest(project.base) == before
