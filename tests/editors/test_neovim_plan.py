"""Plans with the plugin `clients/neovim`: a step is run, accepted and ticked."""

import pytest

from support import clamp
from support.bench import bench
from support.neovim_plugin import run

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

PLAN = """\
# Plan: mind the bounds

- [ ] Return at most `high` from `clamp`.
  - where: `mod.py`, `clamp`
  - must pass: lint, tests, `test_mod.py::test_low`
  - at most: 6 lines
"""
PROJECT = f"""
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== plan.md
{PLAN}=== mod.py
{clamp.SOURCE}=== test_mod.py
{clamp.TESTS}"""


WHOLE = """
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== plan.md
- [ ] Let `clamp` have the bounds 0 and 10 where none are given, and `used` rely on that.
  - where: `mod.py`, `clamp`
  - where: `use.py`, `used`
  - must pass: `test_use.py`
=== mod.py
def clamp(value, low, high):
    return max(low, min(high, value))
=== use.py
from mod import clamp


def used(value):
    return clamp(value, 0, 20)
=== test_use.py
from use import used


def test_used():
    assert used(30) == 10
"""
DRAFT = "def clamp(value, low=0, high=10):\n    return max(low, min(high, value))\n"
LAST = "def used(value):\n    return clamp(value)\n"
slow = pytest.mark.slow


@pytest.mark.parametrize(
    "version", [pytest.param("0.10", marks=slow), "0.11", pytest.param("0.12", marks=slow)]
)
def test_both_files_of_a_step_are_accepted_at_once_or_none(tmp_path, version):
    with bench(tmp_path, project=WHOLE) as made:
        made.fake.script(clamp.fenced(DRAFT), clamp.fenced(LAST))
        run(made, version, "plan_whole.lua")
        (made.folder / "progress.md").unlink()


@pytest.mark.parametrize(
    "version", [pytest.param("0.10", marks=slow), "0.11", pytest.param("0.12", marks=slow)]
)
def test_a_step_is_run_by_its_lens_and_ticked_by_accepting(tmp_path, version):
    with bench(tmp_path, project=PROJECT) as made:
        made.fake.script(clamp.fenced(clamp.GOOD))
        run(made, version, "plan.lua")
        assert (made.folder / "plan.md").read_text() == PLAN  # nothing was saved
        (made.folder / "progress.md").unlink()
