"""The gallery over real sockets: who gets in, who does not, and what is told and done there."""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from festina.edits import Region
from festina.findings import Gate, GateResult, Status, Verdict
from festina.gallery import door, guard, page, serving
from festina.gallery.cards import Board
from festina.gallery.door import Door
from festina.gallery.preview import Files
from festina.gallery.proposed import Shown
from festina.gallery.serving import Gallery
from festina.gallery.site import Wish
from festina.progress import Progress
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.shots import Shot
from festina.text import Text
from support.fakes import failed, passed
from support.gallery_page import many
from support.visitor import Visitor

BASE = Text("def one():\n    return 2\n")
GOOD = "def one():\n    return 1\n"


def proposal(state: State = State.READY) -> Proposal:
    views = (
        CandidateView(0, CandidateStatus.PASSED, GOOD, passed()),
        CandidateView(1, CandidateStatus.STREAMING, "def o"),
    )
    return Proposal("p1", "file:///w/a.py", 1, BASE, Region(0, 2), "return one", state, views)


def shown(state: State = State.READY) -> Shown:
    return Shown(proposal(state), "a.py", "one", "python")


class Served:
    """A gallery that is served, with what was wished for there."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.over = asyncio.Event()
        self.gallery = Gallery(shown(), self.grant, self.over.set)

    async def grant(self, wish: Wish) -> dict:
        self.wishes.append(wish)
        return {"ok": True, "message": "Granted."}

    async def visitor(self) -> Visitor:
        return Visitor(await self.gallery.link())

    async def inside(self) -> Visitor:
        visitor = await self.visitor()
        answer = await asyncio.to_thread(visitor.enter)
        assert answer.status == 200, answer
        return visitor


@pytest.fixture
async def served():
    one = Served()
    yield one
    await one.gallery.aclose()
    await asyncio.wait_for(one.over.wait(), 20)


async def ask(visitor, *args, **more):
    return await asyncio.to_thread(visitor.send, *args, **more)


# -- getting in ---------------------------------------------------------------------------


async def test_a_link_gives_the_page_once(served):
    visitor = await served.inside()
    page_again = await ask(visitor, visitor.at)
    assert 'src="gallery.js"' in page_again.text
    late = Visitor(visitor.link)
    answer = await asyncio.to_thread(late.enter)
    assert (answer.status, late.cookie) == (403, "")
    assert "open the gallery again from your editor" in answer.text


async def test_the_cookie_is_for_this_page_alone_and_no_script_reads_it(served):
    visitor = await served.visitor()
    answer = await ask(visitor, visitor.link.removeprefix(f"http://{visitor.host}"))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"path={visitor.at.lower()}" in cookie
    assert "domain" not in cookie


async def test_a_wrong_token_is_refused(served):
    visitor = await served.visitor()
    for token in ("x", "token=x", "x" * 43, "%F0%9F%98%8B", "%00", "%ff"):
        wrong = Visitor(f"http://{visitor.host}{visitor.at}?{token}")
        answer = await asyncio.to_thread(wrong.enter)
        assert (answer.status, wrong.cookie) == (403, ""), token
    right = await asyncio.to_thread(visitor.enter)
    assert right.status == 200, "the right one is still good"


def test_a_link_is_not_good_for_ever():
    now = [0.0]
    one = Door(lambda: now[0])
    ticket = one.ticket()
    now[0] = door.TICKET_SECONDS + 1
    assert one.enter(ticket) is None


def test_links_that_nobody_used_make_way():
    one = Door()
    tickets = [one.ticket() for _ in range(door.MOST + 1)]
    assert one.enter(tickets[0]) is None
    guest = one.enter(tickets[1])
    assert guest is not None
    assert one.knows(guest)
    assert not one.knows("")


async def test_nothing_is_given_out_without_the_cookie(served):
    visitor = await served.visitor()
    for what in ("", "gallery.js", "gallery.css", "events", "export"):
        for cookie in ("", f"{guard.COOKIE}=", f"{guard.COOKIE}=guessed", "other=1"):
            answer = await ask(visitor, visitor.at + what, cookie=cookie)
            assert answer.status == 403, (what, cookie)
            assert "return 1" not in answer.text


# -- from elsewhere -----------------------------------------------------------------------


HOSTS = [
    "evil.example",
    "evil.example:80",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil",
    "",
    "0",
    "[::]",
]


async def test_another_name_for_this_machine_is_refused(served):
    visitor = await served.inside()
    for host in HOSTS:
        answer = await ask(visitor, visitor.at, host=host)
        assert answer.status in {400, 403}, host
        assert "gallery.js" not in answer.text


async def test_a_port_that_the_editor_forwards_is_no_other_name(served):
    visitor = await served.inside()
    answer = await ask(visitor, visitor.at, host="localhost:61234")
    assert answer.status == 200


ELSEWHERE = [
    "http://evil.example",
    "http://127.0.0.1:1",
    "https://{host}",
    "null",
    "http://{host}.evil",
]


async def test_another_origin_gets_nothing_and_nothing_done(served):
    visitor = await served.inside()
    for elsewhere in ELSEWHERE:
        origin = elsewhere.format(host=visitor.host)
        assert (await ask(visitor, visitor.at, origin=origin)).status == 403, origin
        sent = {"method": "POST", "body": b'{"what": "dismiss"}', "origin": origin}
        answer = await ask(visitor, f"{visitor.at}wish", content_type="application/json", **sent)
        assert answer.status == 403, origin
    assert served.wishes == []


async def test_a_wish_without_an_origin_or_the_cookie_is_refused(served):
    visitor = await served.inside()
    sent = {"method": "POST", "body": b'{"what": "dismiss"}', "content_type": "application/json"}
    assert (await ask(visitor, f"{visitor.at}wish", **sent)).status == 403
    sent["origin"] = f"http://{visitor.host}"
    assert (await ask(visitor, f"{visitor.at}wish", **sent, cookie="other=1")).status == 403
    assert served.wishes == []
    assert (await ask(visitor, f"{visitor.at}wish", **sent)).status == 200


async def test_another_page_of_the_browser_cannot_make_it_ask(served):
    visitor = await served.inside()
    for site in ("cross-site", "same-site"):
        assert (await ask(visitor, visitor.at, sec_fetch_site=site)).status == 403


PATHS = [
    "/",
    "//",
    "/favicon.ico",
    "/{place}",
    "/{place}//",
    "/{place}/./",
    "/{place}/../",
    "/{place}/../{place}/",
    "/{place}/gallery.js/..",
    "/{place}/%2e%2e/%2e%2e/etc/passwd",
    "/{place}/..%2f..%2fetc/passwd",
    "/{place}/..\\..\\etc\\passwd",
    "/{place}/gallery.js%00",
    "/{place}/%67allery.js",
    "/{place}/GALLERY.JS",
    "/{place}/gallery.js;x",
    "/{place}/page.html",
    "/{place}/1-dom.js",
    "/other/{place}/",
    "http://evil.example/{place}/",
]


async def test_no_path_but_those_that_there_are_leads_anywhere(served):
    visitor = await served.inside()
    for path in PATHS:
        answer = await ask(visitor, path.format(place=visitor.at.strip("/")))
        assert answer.status in {400, 404}, path
        assert "root:" not in answer.text


async def test_no_other_method_is_answered(served):
    visitor = await served.inside()
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"):
        assert (await ask(visitor, visitor.at, method=method)).status == 405, method


# -- what is in the page ------------------------------------------------------------------


async def test_every_answer_says_that_nothing_comes_from_elsewhere(served):
    visitor = await served.inside()
    for what in ("", "gallery.js", "nothing"):
        answer = await ask(visitor, visitor.at + what)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


async def test_nothing_in_the_page_is_inline_or_from_elsewhere(served):
    visitor = await served.inside()
    html = (await ask(visitor, visitor.at)).text
    assert "<style" not in html
    assert re.findall(r"<script(?! src=)", html) == []
    assert re.findall(r"\son\w+=|\sstyle=|https?:", html) == []
    assert "innerHTML" not in page.script()
    assert re.findall(r"https?://|url\(|@import", page.style() + page.script()) == []


# -- news and wishes ----------------------------------------------------------------------


async def test_news_come_as_they_are_and_only_what_is_new(served):
    visitor = await served.inside()
    boards = visitor.boards()
    first = await asyncio.to_thread(next, boards)
    assert first["head"]["ranked"] == [0, 1]
    assert first["cards"][1]["status"] == "streaming"
    view = CandidateView(1, CandidateStatus.STREAMING, "def one", progress=Progress(5))
    served.gallery.show(replace(shown(), proposal=proposal().with_candidate(view)))
    second = await asyncio.to_thread(next, boards)
    assert (first["cards"][1]["tokens"], second["cards"][1]["tokens"]) == (0, 5)
    assert second["cards"][0] is first["cards"][0], "it was not sent again"
    served.gallery.show(shown(State.APPLIED))
    last = await asyncio.to_thread(next, boards)
    assert (last["head"]["over"], last["head"]["state"]) == (True, "applied")
    assert await asyncio.to_thread(next, boards, None) is None, "then the events end"


async def test_it_is_served_until_the_proposal_is_over(served, monkeypatch):
    monkeypatch.setattr(serving, "LINGER_SECONDS", 0.1)
    visitor = await served.inside()
    served.gallery.show(shown(State.DISMISSED))
    await asyncio.wait_for(served.over.wait(), 20)
    with pytest.raises(ConnectionRefusedError):
        await ask(visitor, visitor.at)


async def test_a_wish_is_granted_on_our_own_loop(served):
    visitor = await served.inside()
    card = {"candidate": 0, "digest": "d"}
    answer = await asyncio.to_thread(visitor.wish, "accept", card)
    assert answer.json == {"ok": True, "message": "Granted."}
    await asyncio.to_thread(visitor.wish, "variations", count=4)
    assert served.wishes == [Wish("accept", 0, "d"), Wish("variations", count=4)]


BAD = [
    b"",
    b"[]",
    b"{",
    b"[" * 5000,
    b"{" + b" " * 20_000 + b"}",
    b'{"what": "festina.propose"}',
    b'{"what": ["accept"]}',
    b"\xff",
]


async def test_what_is_no_wish_is_told_so(served):
    visitor = await served.inside()
    sent = {"method": "POST", "origin": f"http://{visitor.host}"}
    kind = {"content_type": "application/json"}
    for body in BAD:
        answer = await ask(visitor, f"{visitor.at}wish", body=body, **kind, **sent)
        assert (answer.status, answer.json["ok"]) == (400, False), body[:40]
    kind["content_type"] = "text/plain"
    answer = await ask(visitor, f"{visitor.at}wish", body=b'{"what": "dismiss"}', **kind, **sent)
    assert answer.status == 400, "a form of another page could send that"
    assert served.wishes == []


def events(visitor, stop):
    """Take what the page is told, as it is sent, until ``stop`` of all of it."""
    connection = visitor._begin(f"{visitor.at}events", "GET", None, None, None, {})
    seen = []
    try:
        for line in connection.getresponse():
            if line.startswith(b"data: "):
                seen.append(json.loads(line.removeprefix(b"data: ")))
                if stop(seen):
                    return seen
    finally:
        connection.close()


async def test_many_lines_come_in_parts_and_none_comes_twice(served):
    visitor = await served.inside()
    first = replace(shown(), proposal=replace(proposal(), candidates=tuple(many(20, 300))))
    served.gallery.show(first)
    heads = []

    def stop(seen):
        if "head" not in seen[-1]:
            return False
        heads.append(len(seen))
        if len(heads) == 1:
            views = [replace(view, verdict=failed()) for view in first.proposal.candidates]
            other = replace(views[0], text="def one():\n    return 3\n")
            views = (replace(other, verdict=passed()), *views[1:])
            news = replace(first, proposal=replace(first.proposal, candidates=views))
            asyncio.run_coroutine_threadsafe(_show(served, news), loop)
        return len(heads) == 2

    loop = asyncio.get_running_loop()
    seen = await asyncio.to_thread(events, visitor, stop)
    assert heads == [4, 5]
    whole = [card for event in seen[:4] for card in event["cards"]]
    assert sorted(card["id"] for card in whole) == list(range(20))
    assert all(sum(len(card["rows"]) for card in event["cards"]) <= 1500 for event in seen[:4])
    again = {card["id"]: card for card in seen[4]["cards"]}
    assert len(again) == 20
    assert [number for number, card in again.items() if "rows" in card or "text" in card] == [0]


async def _show(served, news):
    served.gallery.show(news)


async def test_a_page_is_shown_with_a_candidate_in_it_by_a_policy_of_its_own(served, tmp_path):
    visitor = await served.inside()
    assert (await ask(visitor, f"{visitor.at}look/0")).text.startswith("No page")
    (tmp_path / "a.css").write_text("p { color: red }")
    files = Files(tmp_path)
    html = proposal()
    link = "<link rel=stylesheet href=a.css>\n"
    html = replace(html, base=Text("<p>two</p>\n<p>2</p>\n" + link))
    html = html.with_candidate(CandidateView(0, CandidateStatus.PASSED, "<p>one</p>\n"))
    served.gallery.show(replace(shown(), proposal=html, files=files, file="a.html"))
    board = await asyncio.to_thread(visitor.watch, lambda now: now["cards"][0]["looks"])
    assert board["cards"][1]["looks"] == "", "it is not whole yet"
    answer = await ask(visitor, f"{visitor.at}look/0?{board['cards'][0]['digest']}")
    assert answer.text == "<p>one</p>\n<style>p { color: red }</style>\n"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script" not in policy
    for candidate in (1, 7):
        assert (await ask(visitor, f"{visitor.at}look/{candidate}")).text.startswith("No page")


async def test_a_page_as_a_browser_has_drawn_it_is_shown_by_the_same_policy(served, tmp_path):
    visitor = await served.inside()
    drawn, picture = tmp_path / "page.html", tmp_path / "after.png"
    drawn.write_text("<p>drawn<script>alert(1)</script>")
    picture.write_text("SECRET")
    shot = Shot("/index.html", 375, str(picture), still=str(drawn))
    verdict = Verdict.of((GateResult(Gate.BROWSER, Status.PASSED, shots=(shot,)),), seconds=1.0)
    views = (CandidateView(0, CandidateStatus.PASSED, GOOD, verdict),)
    one = replace(shown(), proposal=replace(proposal(), candidates=views))
    served.gallery.show(replace(one, files=Files(tmp_path), file="card.js", pictured=True))
    board = await asyncio.to_thread(visitor.watch, lambda now: now["cards"][0]["looks"])
    assert board["cards"][0]["looks"] == "still/1"
    answer = await ask(visitor, f"{visitor.at}still/1")
    assert answer.text == drawn.read_text()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script" not in policy
    for number in (0, 2, 99_999):
        assert (await ask(visitor, f"{visitor.at}still/{number}")).text == "That page is gone."
    stranger = await served.visitor()
    assert (await ask(stranger, f"{visitor.at}still/1")).status == 403


async def test_no_picture_is_given_out_but_those_of_the_page(served):
    visitor = await served.inside()
    for number in (0, 1, 99_999):
        assert (await ask(visitor, f"{visitor.at}shot/{number}")).status == 404


# -- as a file ----------------------------------------------------------------------------


async def test_the_page_can_be_saved_as_a_file_with_all_in_it(served):
    visitor = await served.inside()
    answer = await ask(visitor, f"{visitor.at}export")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert page.MARK in answer.text
    assert "return 1" in answer.text
    assert re.findall(r'(?:src|href)="', answer.text) == []


def test_a_file_holds_only_its_own_script_whatever_a_candidate_has_written():
    text = "</script><script>alert(1)</script><!-- <script>"
    whole = page.export(Board({"name": text, "ranked": [0]}, {0: {"text": text}}))
    assert len(re.findall(r"<script", whole)) == 2
    assert "alert(1)</script>" not in whole
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; img", whole)


def test_a_server_without_a_gallery_has_not_loaded_what_serves_one():
    code = "import sys, festina.lsp.app; print({'starlette', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
