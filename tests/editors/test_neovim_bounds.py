"""The person's own bounds with the plugin `clients/neovim`, and what `festina report` has of it."""

import json
import subprocess

import pytest

from support.bench import PROJECT, bench
from support.neovim_plugin import run

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

LONGER = PROJECT.replace(
    "    return max(low, value)\n", "    value = max(low, value)\n    return value\n"
)
BOUNDS = """\
=== festina.toml
[edits]
at_most = 2
leave_alone = ["test_mod.py"]
"""


@pytest.mark.parametrize("version", ["0.11", pytest.param("0.12", marks=pytest.mark.slow)])
def test_edits_keep_to_the_bounds_and_are_reported(tmp_path, version):
    with bench(tmp_path, project=LONGER + BOUNDS) as made:
        made.released.set()
        run(made, version, "bounds.lua")
        assert len(made.fake.requests) == 2, "nothing was sent of what is to be left alone"
        told = subprocess.run(
            ["festina", "report", "--json"],
            cwd=made.folder,
            env=made.environment,
            capture_output=True,
            check=True,
        )
        total = json.loads(told.stdout)["total"]
        assert (total["proposals"], total["accepted"], total["rejected"]) == (2, 1, 1)
        assert total["rejected_by"] == {"bounds": 1}
        assert total["decision_seconds_median"] is not None


@pytest.mark.parametrize("version", ["0.11", pytest.param("0.12", marks=pytest.mark.slow)])
def test_what_might_pass_the_persons_budget_is_not_sent(tmp_path, version):
    with bench(tmp_path) as made:
        with (made.home / "config.toml").open("a") as config:
            config.write("[limits]\ntokens_per_day = 10\n")
        made.released.set()
        run(made, version, "budget.lua")
        assert made.fake.requests == []
