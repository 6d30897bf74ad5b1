"""The gallery in a real Chromium: picked from by keyboard, and what it keeps out."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from festina.edits import Region
from festina.gallery import page
from festina.gallery.preview import Files
from festina.proposals import CandidateStatus, CandidateView
from festina.text import Text
from support import clamp, gallery_page, vscode_edits
from support.editor import Editor
from support.fake_model import FakeModel
from support.fakes import passed
from support.gallery_page import Served, many, shown
from support.presets import VSCODE

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(300)]

SORTED = clamp.GOOD.replace("min(high, max(low, value))", "sorted((low, value, high))[1]")
BRANCHES = """\
def clamp(value, low, high):
    if value < low:
        return low
    if value > high:
        return high
    return value
"""


@pytest.fixture(autouse=True)
def chromium() -> None:
    gallery_page.skip_without_chromium()


# -- the whole job ------------------------------------------------------------------------


async def test_pick_by_keyboard_while_verdicts_arrive(tmp_path: Path) -> None:
    workspace, home = tmp_path / "project", tmp_path / "home"
    for folder in (workspace, home):
        folder.mkdir()
    source = clamp.put(workspace)
    texts = [clamp.WRONG, clamp.GOOD, SORTED, clamp.GOOD]
    held, go = vscode_edits.halfway(clamp.fenced(BRANCHES), "if value > high")
    with FakeModel(*map(clamp.fenced, texts), held) as fake:
        environment = clamp.config(tmp_path, fake)
        async with Editor.start(VSCODE, workspace, home, env=environment) as editor:
            buffer = await editor.open(clamp.MODULE)
            proposal = await clamp.propose(editor, buffer, variations=5)
            opened = await editor.execute("festina.gallery", {"proposal": proposal})
            assert opened["ok"]
            await editor.until(lambda: editor.client.shown_documents, "the page")
            link = editor.client.shown_documents[-1].uri
            await asyncio.to_thread(_pick, link, go)
            await editor.until(lambda: buffer.text != source, "the edit")
            assert buffer.text == source.replace(clamp.of(source), SORTED)
            assert len(editor.edits) == 1
            editor.undo(buffer)
            assert buffer.text == source


SEEN = """() => {
  const look = () => (window.seen ||= document.querySelector(".gate.running, .gate.waiting"));
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


def _pick(link: str, go: threading.Event) -> None:
    with gallery_page.browser() as running, gallery_page.tab(running) as tab:
        tab.open(link)
        assert "?" not in tab.tab.url, "the token is not in the address any more"
        tab.until("document.querySelector('article.streaming')")
        tab.tab.evaluate(SEEN)
        go.set()
        tab.until("window.seen !== undefined")
        tab.until("document.querySelectorAll('article.passed').length === 3")
        tab.until("document.querySelectorAll('article.failed').length === 1")
        tab.until("document.querySelector('.state.ready')")
        assert tab.count("article") == 4, "equal ones are one card"
        assert "written 2 times" in tab.tab.locator("article.best").inner_text()
        assert "rejected by tests" in tab.texts("h2")
        assert any("test_mod.py:" in text for text in tab.texts(".finding"))
        _step_and_compare(tab)
        tab.press("1")
        tab.picture("ready")
        card = tab.tab.locator("article", has_text="sorted((low")
        card.locator("h3").click()
        tab.press("a")
        tab.until("document.querySelector('.state.applied')")
        accepting = "[...document.querySelectorAll('article button')]"
        tab.until(f"!{accepting}.some((one) => one.textContent.includes('accept'))")  # it is over
        tab.press("a")
        assert tab.wrong == []
        with gallery_page.tab(running) as other:
            other.tab.goto("about:blank")
            answer = other.tab.goto(link, wait_until="commit")
            assert answer.status == 403, "a link works once"


def _step_and_compare(tab: gallery_page.Page) -> None:
    numbers = tab.texts("article h3 .number")
    tab.press("1")
    assert tab.here == numbers[0]
    tab.press("j")
    assert tab.here == numbers[1]
    tab.press("j", "k")
    assert tab.here == numbers[1]
    tab.press("d")
    assert (tab.count("article.aside"), tab.here) == (1, numbers[2])
    tab.press("1", "j")
    assert tab.here == numbers[2], "what was put aside is passed over"
    tab.tab.locator("article.aside h3").click()
    tab.press("d")
    assert tab.count("article.aside") == 0
    tab.press("1", "Space", "2", "Space", "c")
    tab.until("document.querySelector('#compare[open]')")
    assert tab.count("#compare .diff tr.changed") > 0
    assert tab.count("#compare h3") == 2
    tab.picture("compare")
    tab.press("Escape", "?")
    tab.until("document.querySelector('#help[open]')")
    assert len(tab.texts("#help ol li")) == 7, "the rubric is shown"
    tab.press("Escape")


# -- what it keeps out --------------------------------------------------------------------


@contextmanager
def elsewhere(html: str = "") -> Iterator[tuple[str, list[str]]]:
    """Another server of this machine; yields its address, and the paths that it is asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


ATTACK = """async (at) => {
  const body = JSON.stringify({ what: "dismiss" });
  const found = {};
  const headers = { "content-type": "application/json" };
  const asks = {
    plain: [at + "wish", { method: "POST", body, credentials: "include", mode: "no-cors" }],
    json: [at + "wish", { method: "POST", body, credentials: "include", headers }],
    read: [at, { credentials: "include" }],
    script: [at + "gallery.js", { credentials: "include", mode: "no-cors" }],
  };
  for (const [name, [address, how]] of Object.entries(asks)) {
    try {
      const answer = await fetch(address, how);
      found[name] = answer.type === "opaque" ? "opaque" : await answer.text();
    } catch (error) {
      found[name] = "refused";
    }
  }
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: at + "wish", target: "into" });
  form.enctype = "text/plain";
  const frame = document.createElement("iframe");
  Object.assign(frame, { name: "into", src: at });
  document.body.append(frame, form);
  await new Promise((done) => (frame.onload = done));
  form.submit();
  await new Promise((done) => setTimeout(done, 500));
  try {
    found.frame = frame.contentDocument === null ? "closed" : frame.contentDocument.body.innerText;
  } catch (error) {
    found.frame = "closed";
  }
  return found;
}"""


async def test_another_page_in_the_same_browser_gets_nothing_done() -> None:
    served = Served(shown(many(2)))
    link = await served.gallery.link()

    def attack() -> dict[str, str]:
        with gallery_page.browser() as running, gallery_page.tab(running) as tab:
            tab.open(link)
            at = tab.tab.url
            assert tab.tab.context.cookies(at), "the browser has the cookie"
            with elsewhere("<!doctype html><body>") as (address, asked):
                evil = tab.tab.context.new_page()
                evil.goto(address)
                found: dict[str, str] = evil.evaluate(ATTACK, at)
                found["cookies sent elsewhere"] = str(tab.tab.context.cookies(address))
                assert asked[0] == "/"
            return found

    try:
        found = await asyncio.to_thread(attack)
    finally:
        await served.gallery.aclose()
    assert served.wishes == []
    assert found.pop("cookies sent elsewhere") == "[]"
    assert set(found.values()) <= {"refused", "opaque", "closed"}, found


NASTY = """\
<link rel="stylesheet" href="{canary}/style.css"><link rel="dns-prefetch" href="{canary}">
<meta http-equiv="refresh" content="0; url={canary}/refresh">
<style>
@import url("{canary}/import.css");
p {{ background: url("{canary}/css.png"); color: rgb(1, 2, 3) }}
</style>
<p id="it">shown</p><img src="{canary}/img.png" onerror="document.body.append('EXECUTED')">
<script>
document.body.append("EXECUTED"); fetch("{canary}/script"); location = "{canary}/location";
</script>
<iframe src="{canary}/frame"></iframe><object data="{canary}/object"></object>
<form action="{canary}/form"><button id="send">send</button></form>
<a id="link" href="{canary}/link">go</a><a id="top" target="_top" href="{canary}/top">go</a>
"""


async def test_a_page_of_a_model_runs_nothing_and_reaches_nobody(tmp_path: Path) -> None:
    with elsewhere() as (canary, asked):
        html = NASTY.format(canary=canary)
        views = [CandidateView(0, CandidateStatus.PASSED, html, passed())]
        first = shown(views, files=Files(tmp_path), file="index.html")
        base = replace(first.proposal, base=Text("<p>old</p>\n"), region=Region(0, 1))
        served = Served(replace(first, proposal=base, language="html"))
        link = await served.gallery.link()

        def look() -> None:
            with gallery_page.browser() as running, gallery_page.tab(running) as tab:
                tab.open(link)
                at = tab.tab.url
                tab.tab.wait_for_selector("iframe")
                frame = next(one for one in tab.tab.frames if "/look/" in one.url)
                frame.wait_for_selector("#it")
                colour = "getComputedStyle(document.getElementById('it')).color"
                assert frame.evaluate(colour) == "rgb(1, 2, 3)", "its own style is there"
                assert frame.evaluate("self.origin") == "null"
                assert "EXECUTED" not in frame.locator("body").inner_text()
                for name in ("#send", "#top", "#link"):
                    frame.locator(name).click()
                    tab.tab.wait_for_timeout(300)
                assert tab.tab.url == at

        try:
            await asyncio.to_thread(look)
        finally:
            await served.gallery.aclose()
        assert asked == []
        assert served.wishes == []


# -- as a file ----------------------------------------------------------------------------


async def test_an_exported_file_is_read_without_a_server(tmp_path: Path) -> None:
    from festina.gallery import proposed
    from festina.gallery.cards import Maker

    views = [
        CandidateView(0, CandidateStatus.PASSED, clamp.GOOD, passed()),
        CandidateView(1, CandidateStatus.PASSED, SORTED, passed()),
    ]
    one = shown(views)
    board = Maker().board(proposed.subject(one), proposed.entries(one.proposal))
    file = tmp_path / "choices.html"
    file.write_text(page.export(board))

    def read() -> None:
        with gallery_page.browser() as running, gallery_page.tab(running) as tab:
            requests: list[str] = []
            tab.tab.on("request", lambda request: requests.append(request.url))
            tab.open(file.as_uri())
            tab.until("document.querySelectorAll('article .diff').length === 2")
            tab.press("j", "Space", "k", "Space", "c")
            tab.until("document.querySelector('#compare[open]')")
            assert tab.count("button:has-text('accept')") == 0, "there is nobody to ask"
            assert requests == [file.as_uri()]
            assert tab.wrong == []

    await asyncio.to_thread(read)
