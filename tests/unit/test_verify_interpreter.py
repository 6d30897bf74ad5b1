"""Which interpreter is taken, in which order, and what of the workspace runs before trust."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.verify import interpreter
from festina.verify.base import Snapshot
from festina.verify.interpreter import Environment, Found, Missing


def environment(folder: Path, script: str = "exit 1") -> Path:
    """Make a folder that looks like a virtual environment; its python runs a shell line."""
    return program(folder / "bin" / "python", script)


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


async def how(
    workspace: Path, environ: dict[str, str], *, python: str = "", trusted: bool = False
) -> str:
    settings = VerifySettings(python=python)
    found = await interpreter.find(Snapshot(workspace, {}, settings, trusted=trusted), environ)
    return found.how if isinstance(found, Found) else found.reason


async def test_the_order(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "elsewhere"
    workspace.mkdir()
    environ = {"PATH": str(tmp_path / "none")}
    assert "No Python interpreter" in await how(workspace, environ)
    program(elsewhere / "python3", "exit 1")
    environ["PATH"] = str(elsewhere)
    assert await how(workspace, environ) == "python3 on the PATH"
    for variable in ("CONDA_PREFIX", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        environment(elsewhere / variable)
        environ[variable] = str(elsewhere / variable)
        assert await how(workspace, environ) == variable
    for name in ("env", "venv", ".venv"):
        environment(workspace / name)
        assert await how(workspace, environ) == f"{name} in the workspace"
    for setting in ("venv", "venv/bin/python", str(workspace / "venv"), "python3"):
        assert await how(workspace, environ, python=setting) == "verify.python"
    assert "'nothing'" in await how(workspace, environ, python="nothing")


@pytest.mark.parametrize("lock", [True, False])
async def test_poetry_is_asked_only_where_the_workspace_is_trusted(
    tmp_path: Path, lock: bool
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    if lock:
        (workspace / "poetry.lock").touch()
    else:
        (workspace / "pyproject.toml").write_text('[tool.poetry]\nname = "x"\n')
    python = environment(tmp_path / "cached")
    asked = tmp_path / "asked"
    program(tmp_path / "bin" / "poetry", f"touch {asked}; echo {python.parent.parent}")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    assert "PATH" in await how(workspace, environ)
    assert not asked.exists()
    assert await how(workspace, environ, trusted=True) == "poetry"


async def test_poetry_is_asked_again_only_when_its_answer_may_differ(tmp_path: Path) -> None:
    (tmp_path / "poetry.lock").touch()
    first, second = environment(tmp_path / "first"), environment(tmp_path / "second")
    answer, asked = tmp_path / "answer", tmp_path / "asked"
    program(tmp_path / "bin" / "poetry", f"echo x >> {asked}; cat {answer}")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    poetry = interpreter.Poetry()

    async def python() -> Path | None:
        found = await poetry.ask(tmp_path, environ)
        return None if found is None else found.python

    answer.write_text("")
    assert await python() is None
    answer.write_text(str(first.parent.parent))
    assert [await python() for _ in range(3)] == [first] * 3
    assert len(asked.read_text().split()) == 2
    answer.write_text(str(second.parent.parent))
    envs = tmp_path / ".cache/pypoetry/virtualenvs/envs.toml"
    envs.parent.mkdir(parents=True)
    envs.touch()  # what `poetry env use` writes
    assert await python() == second
    answer.write_text(str(first.parent.parent))
    second.unlink()
    assert await python() == first


async def test_poetry_is_not_asked_of_other_projects(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "poetry", f"touch {tmp_path / 'asked'}")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    await how(tmp_path, environ, trusted=True)
    assert not (tmp_path / "asked").exists()


async def test_an_interpreter_says_what_it_is() -> None:
    said = await interpreter.inspect(Path(sys.executable), {})
    assert isinstance(said, Environment)
    assert said.version == sys.version_info[:3]
    assert said.has_pytest
    assert Path(sys.base_prefix) in said.prefixes
    assert any(path.name == "site-packages" for path in said.search)
    assert "pytest" in said.stamp()


def test_a_dead_link_among_the_distributions_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "gone.pth").symlink_to("nowhere")
    (tmp_path / "here-1.dist-info").mkdir()
    found = Environment(Path("python"), (3, 12, 0), (), (tmp_path,), (), has_pytest=True)
    assert "here-1.dist-info" in found.stamp()
    assert "gone.pth" not in found.stamp()


async def test_a_launcher_leads_to_the_real_interpreter(tmp_path: Path) -> None:
    launcher = program(tmp_path / "python", f'exec {sys.executable} "$@"')
    said = await interpreter.inspect(launcher, {})
    assert isinstance(said, Environment)
    assert said.python == Path(sys.executable)


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo no luck >&2; exit 3", "no luck"), ("exit 3", "exit code 3"), ("echo {}", "work")],
)
async def test_a_broken_interpreter_says_why(tmp_path: Path, script: str, words: str) -> None:
    said = await interpreter.inspect(program(tmp_path / "python", script), {})
    assert isinstance(said, Missing)
    assert words in said.reason
    assert "verify.python" in said.remedy
    gone = await interpreter.inspect(tmp_path / "gone", {})
    assert isinstance(gone, Missing)


async def test_our_own_program_is_not_quoted_back(tmp_path: Path) -> None:
    script = program(tmp_path / "python", 'echo "cannot open $2" | tr "\\n" " " >&2; exit 2')
    said = await interpreter.inspect(script, {"PATH": os.environ["PATH"]})
    assert isinstance(said, Missing)
    assert said.reason == f"The interpreter {script} does not work: exit code 2."


@pytest.mark.parametrize(
    ("version", "pytest_there", "words"),
    [
        ((2, 7, 18), False, "is Python 2.7, and tests can be watched from 3.8 on."),
        ((3, 7, 16), True, "is Python 3.7, and tests can be watched from 3.8 on."),
        ((3, 8, 0), False, "pytest is not installed for"),
        ((3, 8, 0), True, ""),
    ],
)
def test_an_interpreter_that_cannot_run_tests_says_why(
    version: tuple[int, int, int], pytest_there: bool, words: str
) -> None:
    there = Environment(Path("/p/bin/python"), version, (), (), (), pytest_there)
    missing = interpreter.cannot_test(there)
    assert words in (missing.reason if missing else "")
    assert (missing is None) == (not words)


def test_every_python_can_be_asked_for_its_version() -> None:
    """An old one that does not understand the question could only be called broken."""
    source = (Path(interpreter.__file__).parent / "probe_env.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 4))
    kinds = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred)
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [node for node in functions if node.returns or node.args.kwonlyargs]
