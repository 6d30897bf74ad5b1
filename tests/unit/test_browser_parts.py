"""The parts of the browser gate beside the browser: where pages come from, where pictures go."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from festina.config import Layer, VerifySettings, load
from festina.findings import Status
from festina.gate_browser import Browser, read
from festina.globs import applies
from festina.verify import browser_find, command_hints
from festina.verify.browser_pages import MOST_FOUND
from festina.verify.inside.browser_serve import Folder, Program, Unready
from festina.verify.shot_store import ShotStore
from support import projects
from support.fake_chromium import PNG

SITE = """
=== site/index.html
<p>home</p>
=== site/b/index.html
<p>b</p>
=== site/about.html
<p>about</p>
=== site/app.mjs
export {}
=== secret.txt
not served
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "project", SITE)


def get(address: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], ""


async def test_a_folder_is_served_with_texts_over_it(root):
    texts = {"site/b/index.html": "<p>edited</p>", "site/app.mjs": None}
    served = Folder(str(root), "site", texts)
    try:
        html = "text/html; charset=utf-8"
        assert get(f"{served.origin}/") == (200, html, "<p>home</p>\n")
        assert get(f"{served.origin}/b/?x=1") == (200, html, "<p>edited</p>")
        assert get(f"{served.origin}/about") == (200, html, "<p>about</p>\n")
        assert get(f"{served.origin}/abo")[0] == 404
        assert get(f"{served.origin}/app.mjs")[0] == 404
        assert get(f"{served.origin}/none%20such.css")[0] == 404
        assert served.asked == {
            "site/index.html",
            "site/b/index.html",
            "site/app.mjs",
            "site/about.html",
            "site/abo.html",
            "site/none such.css",
        }
        served.asked.clear()
        assert await served.status("/b/") == 200
        assert await served.status("/c/") == 404
        assert served.asked == set()  # a link to a page does not load it
    finally:
        served.close()


def test_a_folder_can_be_asked_without_a_server(root, monkeypatch):
    def none(*_: object) -> None:
        raise OSError("there are no sockets")

    monkeypatch.setattr(socket, "socket", none)
    served = Folder(str(root), "site", {"site/b/index.html": "<p>edited</p>"}, listens=False)
    assert served.answer("/b/?x=1") == (200, "text/html; charset=utf-8", b"<p>edited</p>")
    assert served.answer("/app.mjs")[:2] == (200, "text/javascript; charset=utf-8")
    assert served.answer("/../secret.txt")[0] == 404
    assert served.answer("/none.css")[0] == 404
    assert "site/none.css" in served.asked
    served.close()


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/b/..%2f..%2fsecret.txt"]
)
def test_nothing_above_the_folder_is_served(root, path):
    served = Folder(str(root), "site", {})
    try:
        assert get(f"{served.origin}{path}")[0] == 404
    finally:
        served.close()


def test_modules_have_the_type_that_browsers_ask_for(root):
    served = Folder(str(root), "site", {})
    try:
        assert get(f"{served.origin}/app.mjs")[1] == "text/javascript; charset=utf-8"
    finally:
        served.close()


async def test_a_program_serves_on_the_port_that_it_is_given(root):
    command = [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"]
    program = Program(command, str(root / "site"))
    try:
        await program.ready(30)
        assert await program.status("/index.html") == 200
        assert await program.status("/none") == 404
    finally:
        program.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["sh", "-c", "echo no such script >&2; exit 3"], "exit code 3: no such script"),
        (["sleep", "30"], "nothing listened on port"),
    ],
)
async def test_a_program_that_does_not_serve_says_why(root, command, words):
    program = Program(command, str(root))
    try:
        with pytest.raises(Unready, match=words):
            await program.ready(0.3)
    finally:
        program.close()


def test_pictures_are_kept_once_and_the_oldest_go(tmp_path, monkeypatch):
    store = ShotStore(tmp_path / "shots")
    first = Path(store.save(PNG + b"one"))
    assert store.save(PNG + b"one") == str(first)
    assert first.read_bytes() == PNG + b"one"
    os.utime(first, (1, 1))
    monkeypatch.setattr("festina.verify.shot_store._MOST_BYTES", 25)
    second = Path(ShotStore(tmp_path / "shots").save(PNG + b"x" * 15))
    third = Path(ShotStore(tmp_path / "shots").save(PNG + b"three"))
    assert [first.exists(), second.exists(), third.exists()] == [False, True, True]
    with pytest.raises(ValueError, match="no PNG"):
        store.save(b"<svg>")


def test_pages_are_kept_beside_pictures_and_go_as_they_do(tmp_path, monkeypatch):
    store = ShotStore(tmp_path / "shots")
    first = Path(store.save_page("<p>ö\udc80"))
    assert first.read_text("utf-8") == "<p>ö?"
    assert first.suffix == ".html"
    assert store.save_page("") == ""
    os.utime(first, (1, 1))
    monkeypatch.setattr("festina.verify.shot_store._MOST_BYTES", 5)
    ShotStore(tmp_path / "shots").save(PNG)
    assert not first.exists()


def programs(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)


def test_playwrights_own_browser_comes_before_the_machines_and_the_newest_first(tmp_path):
    fetched, system = tmp_path / "fetched", tmp_path / "bin"
    programs(system, "chromium")
    environ = {"PLAYWRIGHT_BROWSERS_PATH": str(fetched), "PATH": str(system), "HOME": "/home/x"}
    assert browser_find.find(environ).chromium == system / "chromium"
    programs(
        fetched,
        "chromium-900/chrome-linux/chrome",
        "chromium-1200/chrome-linux/chrome",
        "chromium_headless_shell-1200/chrome-linux/headless_shell",
        "firefox-1500/firefox/firefox",
    )
    found = browser_find.find(environ)
    shell = fetched / "chromium_headless_shell-1200/chrome-linux/headless_shell"
    assert found.chromium == shell
    assert shell.parent in found.read_only
    assert all((Path(folder) / "playwright").is_dir() for folder in found.packages[:1])
    assert "axe" in found.axe.name


def test_a_browser_that_lies_in_a_home_does_not_show_all_of_it(tmp_path):
    programs(tmp_path, "chromium")
    environ = {
        "HOME": str(tmp_path),
        "PATH": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none"),
    }
    assert tmp_path not in browser_find.find(environ).read_only
    assert tmp_path / "chromium" in browser_find.find(environ).read_only


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        (VerifySettings(browser=Browser(".")), "skipped", "the browser judges this one"),
        (VerifySettings(gates=("tests",), browser=Browser(".")), "unverified", 'add "browser" to'),
        (VerifySettings(), "unverified", 'below [verify]: browser = { folder = "site" }'),
    ],
)
def test_what_judges_a_stylesheet_is_said(root, settings, status, words):
    result = command_hints.for_other_files(settings, root, "site/a.css", {})
    assert result.status is Status(status)
    assert words in (result.reason or "")


def test_no_folder_of_pages_is_guessed_where_there_is_none(tmp_path):
    result = command_hints.for_other_files(VerifySettings(), tmp_path, "a.css", {})
    assert "verify.commands" in (result.reason or "")


def test_templates_are_looked_at_where_a_program_makes_pages_of_them():
    served, own = read({"run": ["serve"]}), read({"run": ["serve"], "when": ["*.css"]})
    assert applies(served.when, "views/page.html.erb")
    assert applies(served.when, "views/page.css")
    assert not applies(read({"folder": "site"}).when, "views/page.html.erb"), "no page loads it"
    assert own.when == ("*.css",)


def test_the_page_of_the_documentation_has_every_key_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "browser.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", page, re.MULTILINE))
    assert set(rows) == {one.name for one in dataclasses.fields(Browser)}
    defaults = Browser()
    assert rows["widths"] == f"`{[*defaults.widths]}`"
    for name in ("timeout_seconds", "ready_seconds"):
        assert rows[name] == f"{getattr(defaults, name):g}"
    assert f"{MOST_FOUND} at most" in rows["pages"]
    blocks = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        settings, problems = load([Layer("docs", tomllib.loads(block), user=False)])
        assert problems == ()
        assert settings.verify != VerifySettings()
