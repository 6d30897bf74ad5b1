"""Skills with the plugin `clients/neovim`: made, chosen, followed, and what waits for review."""

import shutil

import pytest

from support import loops
from support.bench import bench
from support.neovim_plugin import run

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

TEXTS = {name: loops.function(name) for name in ("total", "largest", "doubled", "product")}
PROJECT = f"""
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== mod.py
# Two of them.
{TEXTS["total"]}

{TEXTS["largest"]}
=== other.py
{TEXTS["doubled"]}
=== more.py
{TEXTS["product"]}
=== festina.toml
review.pending = 1
=== test_mod.py
from mod import largest, total
from more import product
from other import doubled


def test_all():
    assert total({loops.TESTS["total"]}
    assert largest({loops.TESTS["largest"]}
    assert doubled({loops.TESTS["doubled"]}
    assert product({loops.TESTS["product"]}
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_a_skill_is_made_and_followed_here_and_everywhere(tmp_path, version):
    with bench(tmp_path, project=PROJECT) as made:
        made.fake.script(loops.model)
        run(made, version, "skill.lua")
        assert "name: loop-over-items" in (made.folder / loops.FILE).read_text()
        shutil.rmtree(made.folder / ".agents")  # all else is as it was: nothing was saved
        asked = [loops.asked_region(body) for body in made.fake.requests if "Follow" in str(body)]
        names = ("total", "largest", "product", "doubled")
        assert [one.split("(")[0] for one in asked] == [f"def {name}" for name in names]
