"""`--no-skips`: where everything was to be here, what is skipped has failed."""

import re
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPPED = {
    "call": "def test():\n    pytest.skip('no editor')\n",
    "mark": "@pytest.mark.skipif(True, reason='no editor')\ndef test():\n    pass\n",
    "fixture": "@pytest.fixture\ndef it():\n    pytest.skip('no editor')\n"
    "\n\ndef test(it):\n    pass\n",
    "module": "pytest.skip('no editor', allow_module_level=True)\n",
}
NOT_SKIPPED = {
    "passes": "def test():\n    pass\n",
    "known": "@pytest.mark.xfail\ndef test():\n    raise AssertionError\n",
}


def run(folder: Path, *options: str) -> tuple[int, set[str]]:
    """Return pytest's exit code, and the names of the files in which something has failed."""
    command = [sys.executable, "-m", "pytest", "-rfE", "--continue-on-collection-errors", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, set(re.findall(r"^(?:FAILED|ERROR) test_(\w+)", done.stdout, re.M))


def test_a_skip_is_a_failure_where_that_is_asked_for(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"))
    for name, test in {**SKIPPED, **NOT_SKIPPED}.items():
        (tmp_path / f"test_{name}.py").write_text(f"import pytest\n\n\n{test}")
    assert run(tmp_path) == (0, set())
    assert run(tmp_path, "--no-skips") == (1, set(SKIPPED))
