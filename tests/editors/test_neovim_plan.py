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


@pytest.mark.parametrize("version", ["0.11", pytest.param("0.12", marks=pytest.mark.slow)])
def test_a_step_is_run_and_ticked_by_accepting(tmp_path, version):
    with bench(tmp_path, project=PROJECT) as made:
        made.fake.script(clamp.fenced(clamp.GOOD))
        run(made, version, "plan.lua")
        assert (made.folder / "plan.md").read_text() == PLAN  # nothing was saved
        (made.folder / "progress.md").unlink()
