"""What the browser gate makes of what a browser sees, with one that is not there.

``tests/editors/test_browser.py`` looks at the same pages with a real one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from festina import edits
from festina.config import VerifySettings
from festina.findings import Gate, GateResult, Status
from festina.gate_browser import Browser
from festina.plans import Bounds, Change, Step
from festina.text import Text
from festina.verify import browser_find, sandbox
from festina.verify.base import Candidate, Snapshot
from festina.verify.browser_server import Gone
from festina.verify.engine import Engine
from support import fake_chromium, projects
from support.fake_chromium import error, said, shots

PROJECT = """
=== site/index.html
<link rel="stylesheet" href="a.css">
=== site/b/other.html
<p>Nothing to do with it.</p>
=== site/a.css
p { color: black }
=== site/unused.css
p { color: red }
=== notes.txt
Nothing.
"""
PLACE = "site/a.css"
LOADED = {"/index.html": ["site/index.html", PLACE], "/b/other.html": ["site/b/other.html"]}
SITE = Browser("site")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = Engine(cache=tmp_path / "festina" / "baselines")
    yield engine
    await engine.aclose()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "project", PROJECT)


async def judge(
    engine: Engine,
    root: Path,
    new: str,
    path: str = PLACE,
    browser: Browser = SITE,
    *,
    trusted: bool = True,
) -> GateResult:
    settings = VerifySettings(gates=("browser",), browser=browser)
    snapshot = Snapshot(root, settings=settings, trusted=trusted, consent=True)
    before = projects.digest(root)
    verdict = await engine.verify(snapshot, Candidate(path, (root / path).read_text(), new))
    assert projects.digest(root) == before
    result = verdict.gate(Gate.BROWSER)
    assert result is not None
    return result


def sees(**by_text: Any):
    """See what is said of a page where a word is in the edited file's text, on top of its files."""

    def see(page: str, text: str) -> dict[str, Any]:
        more = next((what for word, what in by_text.items() if word in text), {})
        return said(files=LOADED.get(page, []), **(more if page == "/index.html" else {}))

    return see


async def test_an_edit_passes_by_the_pages_that_load_it_and_by_no_others(engine, root, monkeypatch):
    started = fake_chromium.install(monkeypatch, PLACE, sees(good={"shots": shots(375, 768)}))
    result = await judge(engine, root, "good")
    assert result.status is Status.PASSED
    assert [(shot.page, shot.width) for shot in result.shots] == [
        ("/index.html", 375),
        ("/index.html", 768),
    ]
    assert Path(result.shots[0].path).read_bytes().startswith(fake_chromium.PNG)
    assert not Path(result.shots[0].path).is_relative_to(root)
    (one,) = started
    assert one.looks == [("/index.html", ""), ("/b/other.html", ""), ("/index.html", "good")]
    assert result.sandbox


async def test_the_page_is_kept_as_it_stood_with_the_edit(engine, root, monkeypatch):
    drawn = {"shots": shots(375, 768), "still": "<!doctype html><p>drawn"}
    (started,) = [fake_chromium.install(monkeypatch, PLACE, sees(good=drawn))]
    result = await judge(engine, root, "good")
    narrow, wide = result.shots
    assert Path(narrow.still or "").read_text() == "<!doctype html><p>drawn"
    assert Path(narrow.still or "").parent == Path(narrow.path).parent
    assert wide.still == narrow.still
    assert started[0].stills == [False, False, True], "of the page without it nobody asks"


async def test_the_pages_without_an_edit_are_looked_at_once_and_the_browser_stays(
    engine, root, monkeypatch
):
    started = fake_chromium.install(monkeypatch, PLACE, sees(good={"shots": shots(375)}))
    for number in range(3):
        assert (await judge(engine, root, f"good {number}")).status is Status.PASSED
    (one,) = started
    assert [text for _, text in one.looks] == ["", "", "good 0", "good 1", "good 2"]
    (root / "site/b/other.html").write_text("Something else.\n")
    assert (await judge(engine, root, "good")).status is Status.PASSED
    assert started == [one]  # what was typed meanwhile is laid over its copy
    await engine.aclose()
    assert one.closed


async def test_what_is_new_is_held_against_an_edit_and_what_was_there_is_not(
    engine, root, monkeypatch
):
    old, new = error("was there"), error("is new", path="/a.css", line=1, column=3)

    def see(page: str, text: str) -> dict[str, Any]:
        errors = [old, new] if text and page == "/index.html" else [old]
        return said(files=LOADED[page], errors=errors, shots=shots(375, 1280, note=text))

    fake_chromium.install(monkeypatch, PLACE, see)
    result = await judge(engine, root, "bad")
    assert result.status is Status.FAILED
    (finding,) = result.findings
    assert finding.message == "index.html: console error: is new"
    assert (finding.path, finding.line, finding.column) == (PLACE, 1, 3)
    assert finding.code == "console-error"
    assert finding.screenshot == result.shots[0].path
    assert Path(finding.screenshot).is_file()


async def test_what_comes_and_goes_rejects_nothing(engine, root, monkeypatch):
    looks = 0

    def see(page: str, text: str) -> dict[str, Any]:
        nonlocal looks
        looks += bool(text)
        errors = [error("now and then")] if text and looks == 1 else []
        return said(files=LOADED[page], errors=errors)

    fake_chromium.install(monkeypatch, PLACE, see)
    result = await judge(engine, root, "x")
    assert result.status is Status.UNVERIFIED
    assert result.reason is not None
    assert "once, and not a second time: console error: now and then" in result.reason


async def test_what_the_pages_do_now_and_then_without_the_edit_is_not_its_fault(
    engine, root, monkeypatch
):
    looks = 0

    def see(page: str, text: str) -> dict[str, Any]:
        nonlocal looks
        looks += not text
        errors = [error("now and then")] if text or looks > len(LOADED) else []
        return said(files=LOADED[page], errors=errors)

    fake_chromium.install(monkeypatch, PLACE, see)
    assert (await judge(engine, root, "x")).status is Status.UNVERIFIED


async def test_a_crash_is_the_edits_where_a_new_browser_shows_it_again(engine, root, monkeypatch):
    started = fake_chromium.install(monkeypatch, PLACE, sees(bad={"crashed": True}))
    result = await judge(engine, root, "bad")
    assert result.status is Status.FAILED
    assert result.findings[0].message == "index.html: the page crashes the browser"
    assert len(started) == 2


async def test_a_browser_that_ends_is_no_fault_of_the_edit(engine, root, monkeypatch):
    def see(page: str, text: str) -> dict[str, Any]:
        if text:
            raise Gone("it ended with -9")
        return said(files=LOADED[page])

    started = fake_chromium.install(monkeypatch, PLACE, see)
    result = await judge(engine, root, "x")
    assert result.status is Status.UNVERIFIED
    assert result.reason == "The browser could not look at the pages: it ended with -9."
    assert len(started) == 2  # it was tried once more


async def test_an_answer_that_makes_no_sense_is_no_verdict(engine, root, monkeypatch):
    def see(page: str, text: str) -> dict[str, Any]:
        pictures = {"375": "bm90IGEgcG5n"} if text else {}
        return said(files=LOADED[page], shots=pictures)

    fake_chromium.install(monkeypatch, PLACE, see)
    result = await judge(engine, root, "x")
    assert result.status is Status.UNVERIFIED
    assert "cannot be understood" in (result.reason or "")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"late": True}, "index.html did not come to rest in 30.0 s with the edit"),
        ({"trouble": "It went elsewhere."}, "could not be looked at with the edit: It went else"),
        (
            {"outside": [{"url": "https://cdn.example/x.js", "type": "script"}]},
            "index.html loads https://cdn.example/x.js with the edit, which is out of reach",
        ),
    ],
)
async def test_pages_that_cannot_tell_say_why(engine, root, monkeypatch, what, words):
    fake_chromium.install(monkeypatch, PLACE, sees(bad=what))
    result = await judge(engine, root, "bad")
    assert result.status is Status.UNVERIFIED
    assert words in (result.reason or "")


async def test_fonts_and_pictures_from_elsewhere_are_not_missed(engine, root, monkeypatch):
    outside = [
        {"url": "https://fonts.googleapis.com/css?family=X", "type": "stylesheet"},
        {"url": "https://cdn.example/x.png", "type": "image"},
    ]
    fake_chromium.install(monkeypatch, PLACE, sees(good={"outside": outside}))
    assert (await judge(engine, root, "good")).status is Status.PASSED


async def test_a_file_that_no_page_loads_is_not_verified(engine, root, monkeypatch):
    fake_chromium.install(monkeypatch, "site/unused.css", sees())
    result = await judge(engine, root, "p { }", "site/unused.css")
    assert result.status is Status.UNVERIFIED
    assert "(index.html, b/other.html) loads site/unused.css" in (result.reason or "")


async def test_files_of_one_change_are_looked_at_together(engine, root, monkeypatch):
    """As where a page is changed so that it loads a stylesheet which no page has loaded before."""
    page, place = "site/index.html", "site/unused.css"

    def see(path: str, text: str) -> dict[str, Any]:
        return said(files=[*LOADED[path], *([place] if text and path == "/index.html" else [])])

    started = fake_chromium.install(monkeypatch, place, see)
    old = Text((root / page).read_text())
    link = edits.rewrite(old, edits.Region(0, 1), '<link rel="stylesheet" href="unused.css">\n')
    bounds = Bounds(Step("Link it"), beside=(Change(page, old, link),))
    settings = VerifySettings(gates=("browser",), browser=SITE)
    snapshot = Snapshot(root, settings=settings, trusted=True)
    candidate = Candidate(place, (root / place).read_text(), "p { color: blue }\n", bounds=bounds)
    verdict = await engine.verify(snapshot, candidate)
    assert verdict.status is Status.PASSED, verdict
    assert set(started[0].laid[-1]) == {page, place}
    assert started[0].looks[-1] == ("/index.html", candidate.new)


async def test_of_a_program_the_answers_show_whether_the_edit_is_in_them(engine, root, monkeypatch):
    def see(page: str, text: str) -> dict[str, Any]:
        return said(bodies={page: text})

    served = Browser(run=("sh", "serve.sh"), pages=("/",))
    started = fake_chromium.install(monkeypatch, PLACE, see)
    result = await judge(engine, root, "x", browser=served)
    assert result.status is Status.UNVERIFIED  # the texts are in the copy, not laid over it
    assert "the same with the edit of site/a.css and without it" in (result.reason or "")
    assert [one.closed for one in started] == [True, True]


async def test_other_files_are_passed_over(engine, root, monkeypatch):
    started = fake_chromium.install(monkeypatch, "notes.txt", sees())
    result = await judge(engine, root, "x", "notes.txt")
    assert result.status is Status.SKIPPED
    assert started == []


async def test_nothing_is_looked_at_in_a_workspace_that_is_not_trusted(engine, root, monkeypatch):
    started = fake_chromium.install(monkeypatch, PLACE, sees())
    result = await judge(engine, root, "x", trusted=False)
    assert result.status is Status.UNVERIFIED
    assert "The workspace is not trusted" in (result.reason or "")
    assert started == []


async def test_without_sockets_no_program_serves_pages_and_that_is_said(engine, root, monkeypatch):
    started = fake_chromium.install(monkeypatch, PLACE, sees())

    async def probe() -> sandbox.Probe:
        return sandbox.Probe(sandbox.Level.LANDLOCK, "only that")

    monkeypatch.setattr(sandbox, "probe", probe)
    result = await judge(engine, root, "x", browser=Browser(run=("serve", "{port}")))
    assert result.status is Status.UNVERIFIED
    assert (result.reason or "").startswith(
        "`serve` cannot serve pages here: where Landlock is all"
    )
    assert "festina doctor" in (result.reason or "")
    assert started == []
    result = await judge(engine, root, "good")  # of files no server is needed
    assert (result.status, result.sandbox) == (Status.PASSED, "landlock")


@pytest.mark.parametrize(
    ("hidden", "words"),
    [("playwright", "pip install 'festina[browser]'"), ("chromium", "No Chromium was found")],
)
async def test_what_is_not_installed_is_named(engine, root, monkeypatch, tmp_path, hidden, words):
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    is_there = browser_find._is_there
    monkeypatch.setattr(browser_find, "_is_there", lambda name: name != hidden and is_there(name))
    monkeypatch.setattr(browser_find, "_SYSTEM", ("no-such-browser",))
    result = await judge(engine, root, "x")
    assert result.status is Status.UNVERIFIED
    assert words in (result.reason or "")


async def test_a_folder_without_pages_is_told(engine, root, monkeypatch):
    fake_chromium.install(monkeypatch, "site/b/x.css", sees())
    (root / "site/b/x.css").write_text("p { }\n")
    (root / "site/b/other.html").unlink()
    result = await judge(engine, root, "x", "site/b/x.css", Browser("site/b"))
    assert result.status is Status.UNVERIFIED
    assert "There is no page in site/b" in (result.reason or "")
