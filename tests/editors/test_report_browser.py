"""The page of `festina report --html` in a real Chromium: it stands by itself, and can be read."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from festina.memory import Record, Store
from festina.recording import digests
from support import gallery_page, vscode_tools

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(300)]

FAST, SLOWER = "gpt-oss-120b", "qwen-3-coder"
ONE = Record(
    *("p", "accepted", "shop.py", "total"),
    gates={"lint": "passed", "tests": "passed"},
    origin="https://api.cerebras.ai",
    model=FAST,
    requests=1,
    prompt=1_900,
    completion=240,
    written=240,
    cost=0.0009,
    model_seconds=0.2,
)


@pytest.fixture(scope="module")
def chromium() -> None:
    if problem := vscode_tools.programs():
        pytest.skip(f"Chromium could not be fetched: {problem}")


def lines(number: int) -> list[str]:
    """The lines that an accepted edit added."""
    return [f"total_{number} = {part}" for part in range(3)]


def records() -> list[Record]:
    """A week of somebody's work: what was asked for, and what became of it."""
    now = time.time()
    found: list[Record] = []
    for number in range(40):
        at = now - 3600 * number
        one = replace(
            ONE,
            proposal=f"p{number}",
            asked_at=at,
            ready_at=at + 1.2,
            decided_at=at + 5 + number % 9,
            rounds=number % 5 == 0,
            skill="loop-over-items" if number % 3 == 0 else "",
            model=SLOWER if number % 4 == 0 else FAST,
            lines=digests((), lines(number)),
        )
        if number % 8 == 1:
            gate = "tests" if number % 16 == 1 else "lint"
            one = replace(one, outcome="rejected", gate=gate, gates={gate: "failed"})
            one = replace(one, failed_tests=gate == "tests", ready_at=0.0, decided_at=0.0, rounds=2)
            one = replace(one, lines=())
        elif number % 10 == 7:
            one = replace(one, outcome="dismissed", lines=())
        found.append(one)
    return found


def test_it_stands_by_itself_and_can_be_read(chromium, tmp_path, monkeypatch):
    project, state = tmp_path / "shop", tmp_path / "state"
    project.mkdir()
    standing = [line for number in range(40) if number % 7 for line in lines(number)]
    (project / "shop.py").write_text("\n".join(standing))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    store = Store(project)
    for record in records():
        store.records.put(record)
    store.close()
    page = tmp_path / "report.html"
    command = [sys.executable, "-m", "festina", "report", "--html", str(page)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    with gallery_page.browser() as running, gallery_page.tab(running) as tab:
        asked: list[str] = []
        tab.tab.on("request", lambda request: asked.append(request.url))
        tab.tab.goto(page.as_uri())
        assert tab.tab.title() == "Festina: shop"
        facts = dict(zip(tab.texts("dt"), tab.texts("dd"), strict=True))
        assert facts["edits asked for"] == "40"
        assert facts["rejected by checks"] == "5 (12%): tests 3, lint 2"
        assert facts["still there"] == "81 of 96 (84%) accepted lines are as they were accepted"
        assert [len(tab.texts(f"table >> nth={at} >> tr")) for at in (0, 1)] == [3, 2]
        for width in (1440, 1040, 700):
            tab.tab.set_viewport_size({"width": width, "height": 790})
            wide = tab.tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, "nothing lies beyond the edge; a wide table scrolls by itself"
        tab.tab.set_viewport_size({"width": 1040, "height": 790})
        if folder := os.environ.get("FESTINA_MEDIA"):
            tab.tab.screenshot(path=str(Path(folder) / "report.png"), full_page=True)
        assert asked == [page.as_uri()], "it loads nothing"
        assert tab.wrong == []
