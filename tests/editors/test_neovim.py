"""The main job in real Neovims: the one that this repository installs, and any other that is named.

``FESTINA_NVIM`` holds further executables, separated by colons.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.fake_model import FakeModel

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".tools" / "nvim-0.11"

MODULE = '''"""Numbers."""


def clamp(value, low, high):
    # festina: respect the upper bound
    return max(low, value)


def double(value):
    return value * 2
'''
TESTS = """from mod import clamp, double


def test_inside():
    assert clamp(5, 0, 10) == 5


def test_low():
    assert clamp(-5, 0, 10) == 0


def test_double():
    assert double(2) == 4
"""
ANSWER = "```python\ndef clamp(value, low, high):\n    return min(high, max(low, value))\n```\n"


def neovims() -> list[str]:
    named = [path for path in os.environ.get("FESTINA_NVIM", "").split(":") if path]
    return ["bundled", *named]


def executable(name: str) -> str:
    if name != "bundled":
        return name
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([HERE / "install_neovim.sh", TOOLS], env=environment, check=False)
    if done.returncode:
        pytest.skip("Neovim could not be fetched")
    return str(TOOLS / "nvim")


def tree_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


@pytest.mark.editors
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", neovims())
def test_the_main_job_with_the_stock_client(tmp_path, name):
    nvim = executable(name)
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (project / "mod.py").write_text(MODULE)
    (project / "test_mod.py").write_text(TESTS)
    before = tree_hash(project)
    with FakeModel(ANSWER) as fake:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[models.fast]\nbase_url = "{fake.base_url}"\nmodel = "{fake.model}"\n'
            f"[verify]\npython = {json.dumps(sys.executable)}\n"
        )
        environment = {
            **{key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")},
            "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "FESTINA_CONFIG": str(config),
            "FESTINA_FILE": str(project / "mod.py"),
            "FESTINA_COMMAND": json.dumps([sys.executable, "-m", "festina", "server"]),
            "FESTINA_SELECT": "4GVjj",
            "FESTINA_ASK": "respect the upper bound",
            "FESTINA_EXPECT": "min(high",
            "FESTINA_LINE": "6",
        }
        trust = [sys.executable, "-m", "festina", "trust", str(project)]
        subprocess.run(trust, env=environment, check=True, capture_output=True)
        done = subprocess.run(
            [nvim, "--headless", "--clean", "-l", str(HERE / "neovim.lua")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    report = done.stdout + done.stderr
    assert "all ok" in report, report
    assert done.returncode == 0, report
    assert tree_hash(project) == before
    assert any("upper bound" in json.dumps(body) for body in fake.requests)
