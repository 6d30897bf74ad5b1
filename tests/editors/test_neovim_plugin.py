"""The plugin `clients/neovim` in real Neovims without a screen.

The first test is quick enough for every run; the others are slow only because they are many.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from support import fake_replies
from support.bench import PROJECT, bench
from support.neovim_plugin import run

VERSIONS = [
    pytest.param("0.11", marks=pytest.mark.smoke),
    pytest.param("0.10", marks=pytest.mark.slow),
    pytest.param("0.12", marks=pytest.mark.slow),
]
pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_main_job(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "edit.lua")
        assert any("upper bound" in json.dumps(body) for body in made.fake.requests)


CLAMP = """\
def clamp(value, low, high):
    value = value {plus} 0
    low = low
    high = high
    return {result}
"""


def variations(body: dict[str, Any]) -> fake_replies.Reply:
    """Answer by the instruction; of several candidates each is another one that is right."""
    asked = body["messages"][-1]["content"].rpartition("Instruction:")[2]
    if "limit is reached" in asked and not LIMITED:
        LIMITED.append(True)
        return fake_replies.status(429, x_should_retry="false")
    if "never end" in asked:
        begun = fake_replies.text("```python\ndef clamp(value", finish=None, done=False)
        return fake_replies.Reply((*begun.steps[:-1], fake_replies.Hold()))
    if "wrong" in asked and "three ways" not in asked:
        code = CLAMP.format(plus="+", result="max(value, high)")
    else:
        number = next(NUMBERS)
        code = CLAMP.format(
            plus=("+", "-", "|", "^")[number % 4],
            result=("min(high, max(low, value))", "max(low, min(high, value))")[number % 2],
        )
    return fake_replies.text(f"```python\n{code}```\n")


NUMBERS = itertools.count()
LIMITED: list[bool] = []
CLAMPED = CLAMP.format(plus="*", result="max(low, value)").replace("* 0", "* 1")
THREE = PROJECT[: PROJECT.index("def clamp")] + CLAMPED + PROJECT[PROJECT.index("\n\ndef double") :]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_all_that_can_be_done_with_a_proposal(tmp_path: Path, version: str) -> None:
    with bench(tmp_path, project=THREE) as made:
        made.fake.script(variations)
        LIMITED.clear()
        run(made, version, "actions.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_what_a_person_does_meanwhile(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "survives.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_a_server_that_ends_or_stops(tmp_path: Path, version: str) -> None:
    seconds = 61 if version == "0.11" else 5
    with bench(tmp_path) as made:
        made.environment["FESTINA_TEST_STOPPED"] = str(seconds)
        run(made, version, "server.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_questions_saves_and_all_that_is_no_proposal(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        made.fake.script("It **doubles** a value, [see](https://e.example) `double`.")
        run(made, version, "rest.lua")
        assert "Question: what does it do?" in json.dumps(made.fake.requests[0])
