"""The main job in real Neovims without a screen, with exactly the lines that the README gives.

The first one is quick enough for every run; the others are slow only because they are many.
"""

import json
from pathlib import Path

import pytest

from support import readme
from support.bench import asked_about, bench, headless

SCRIPT = Path(__file__).parent / "neovim.lua"
ASK = Path(__file__).parent / "neovim_ask.lua"
ON_SAVE = Path(__file__).parent / "neovim_on_save.lua"
VERSIONS = [
    pytest.param("0.11", marks=pytest.mark.smoke),
    pytest.param("0.10", marks=pytest.mark.slow),
    pytest.param("0.12", marks=pytest.mark.slow),
]


@pytest.mark.editors
@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_main_job_with_the_stock_client(tmp_path, version):
    with bench(tmp_path) as made:
        made.released.set()
        run(made, version, SCRIPT)
    assert any("upper bound" in json.dumps(body) for body in made.fake.requests)


@pytest.mark.slow
@pytest.mark.editors
@pytest.mark.timeout(300)
def test_a_save_with_the_stock_client(tmp_path):
    with bench(tmp_path) as made:
        run(made, "0.11", ON_SAVE)


@pytest.mark.slow
@pytest.mark.editors
@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", ["0.11", "0.12"])
def test_a_question_with_the_stock_client(tmp_path, version):
    with bench(tmp_path) as made:
        made.fake.script("It **doubles** a value, [see](https://e.example) `double`.")
        run(made, version, ASK)
        definition, lines = made.fake.requests
        assert asked_about(definition) == (
            "what does it do?",
            "def double(value):\n    return value * 2\n",
        )
        assert asked_about(lines) == ("which one is it?", "return max(low, value)\n")


def run(made, version, script):
    """Run a script in a Neovim that is configured as the README says; all its checks must hold."""
    config = made.home / ".config" / "nvim"
    config.mkdir(parents=True)
    words = "Neovim 0.10" if version == "0.10" else "Neovim 0.11 or newer"
    lines = readme.block("lua", words)
    if version != "0.10":
        lines += readme.block("lua", "init.lua: questions")
    (config / "init.lua").write_text(lines)
    headless(made, version, script)
