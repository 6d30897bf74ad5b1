"""What the tests of VS Code need: the programs, the built extension, and an environment."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import served
from support.fake_model import FakeModel

ROOT = Path(__file__).parents[2]
TOOLS = served.TOOLS / "vscode"
EXTENSION = ROOT / "clients" / "vscode"
VSIX = EXTENSION / "festina.vsix"


def install() -> str:
    """Install the programs and build the extension where needed.

    Returns why the programs cannot be had, or nothing.

    Raises:
        AssertionError: the extension cannot be built.
    """
    with _one_at_a_time():
        if problem := _programs():
            return problem
        built = VSIX.stat().st_mtime if VSIX.exists() else 0
        if any(path.stat().st_mtime > built for path in _sources()):
            command = ["make", "vscode"]
            made = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PATH": f"{served.TOOLS / 'nodejs'}:{os.environ['PATH']}"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, made.stdout + made.stderr
    return ""


def programs() -> str:
    """Install the programs alone, of which the browser is one; return why they cannot be had."""
    with _one_at_a_time():
        return _programs()


def _programs() -> str:
    done = subprocess.run(
        [ROOT / "tests" / "editors" / "install_vscode.sh", TOOLS],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr.strip()[-300:] or f"exit code {done.returncode}"
    return ""


def _sources() -> Iterator[Path]:
    """All that the extension is made of, the tests that it must pass first and its own server."""
    yield from (path for path in EXTENSION.iterdir() if path.is_file() and path != VSIX)
    for name in ("src", "test", "scripts", "walkthrough"):
        yield from (path for path in (EXTENSION / name).rglob("*") if path.is_file())
    yield ROOT / "pyproject.toml"
    yield from (ROOT / "server" / "festina").rglob("*.py")


def environment(
    base: Path, programs: Path, fake: FakeModel, python: str = sys.executable
) -> dict[str, str]:
    """Return the environment of an editor with a fresh home in ``base``.

    Args:
        base: an empty folder.
        programs: the folder with the ``festina`` to be found on the PATH.
        fake: the configured model.
        python: the interpreter of all tests; empty: each project's own.
    """
    config = base / "config.toml"
    config.write_text(
        f'[models.fast]\nbase_url = "{fake.base_url}"\nmodel = "{fake.model}"\n'
        # an answer that a test holds back is not taken for a silent model, however slow we are
        "inter_token_seconds = 600\ntotal_seconds = 3600\n"
        f"[verify]\npython = '{python}'\n"
        'tests.args = ["--disable-plugin-autoload"]\n'
    )
    left_out = ("_API_KEY", "VIRTUAL_ENV")
    return {
        **{key: value for key, value in os.environ.items() if not key.endswith(left_out)},
        **{f"XDG_{kind}_HOME": str(base / kind) for kind in ("CACHE", "STATE", "CONFIG", "DATA")},
        "HOME": str(base / "home"),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "FESTINA_CONFIG": str(config),
    }


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Only one of several test processes installs and builds."""
    served.TOOLS.mkdir(parents=True, exist_ok=True)
    with (served.TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
