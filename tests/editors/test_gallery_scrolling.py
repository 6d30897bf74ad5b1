"""Seventy-five cards in a real Chromium: scrolled through while a trace is taken, and searched."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from festina.edits import Region
from festina.findings import Gate, GateResult, Status, Verdict
from festina.gallery.preview import Files
from festina.gallery.proposed import Shown
from festina.proposals import CandidateStatus, CandidateView
from festina.shots import Shot
from festina.text import Text
from support import gallery_page, pages
from support.gallery_page import Served, many, shown

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(300)]

COUNT = 75
AT_ONCE = 40
"""Cards that may be drawn at a time, of those that are in sight and around it: far from all."""


@pytest.fixture(autouse=True)
def chromium() -> None:
    gallery_page.skip_without_chromium()


# -- cards of each kind -------------------------------------------------------------------


def picture(wide: int, high: int) -> bytes:
    """A PNG of bands in all colours."""
    rows = bytearray()
    for y in range(high):
        colour = bytes((y % 256, y // 7 % 256, y * 3 % 256))
        rows += b"\0" + colour * (wide // 2) + bytes(3) * (wide - wide // 2)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(rows), 1))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def pictured(folder: Path, number: int) -> Verdict:
    """What the browser gate says of a candidate: pictures at three widths, of it alone."""
    shots = []
    for wide in (375, 768, 1280):
        file = folder / f"{number}-{wide}.png"
        if number == 0:
            file.write_bytes(picture(wide, 1600))
        else:  # the same picture at another address is drawn anew
            file.write_bytes((folder / f"0-{wide}.png").read_bytes())
        shots.append(Shot("/index.html", wide, str(file)))
    gate = GateResult(Gate.BROWSER, Status.PASSED, shots=tuple(shots))
    return Verdict.of((gate,), seconds=1.0)


def of_text(_: Path) -> Shown:
    """Three hundred lines on each."""
    return shown(many(COUNT, 300))


def _page(number: int) -> str:
    """The shop's page, with goods of its own."""
    goods = "".join(
        f'<article class="card"><h2>Pot {number}.{at}</h2><p class="price">{at} €</p></article>\n'
        for at in range(60)
    )
    page = (pages.FIXTURES / "shop/site/index.html").read_text()
    return page.replace("</body>", f"<main>{goods}</main></body>")


def _seen(folder: Path, verdict: Callable[[int], Verdict]) -> Shown:
    site = pages.put_shop(folder / "shop") / "site"
    old = (site / "index.html").read_text()
    views = [
        CandidateView(number, CandidateStatus.PASSED, _page(number), verdict(number))
        for number in range(COUNT)
    ]
    one = shown(views, files=Files(site), file="index.html", pictured=True)
    region = Region(0, len(Text(old).lines))
    return replace(
        one, proposal=replace(one.proposal, base=Text(old), region=region), language="html"
    )


def of_pages(folder: Path) -> Shown:
    """Live views above their lines: no browser gate has looked at them."""
    gate = GateResult(Gate.SYNTAX, Status.PASSED)
    return _seen(folder, lambda _: Verdict.of((gate,), seconds=1.0))


def of_pictures(folder: Path) -> Shown:
    """Pictures at three widths and a live view on each."""
    return _seen(folder, lambda number: pictured(folder, number))


# -- scrolling ----------------------------------------------------------------------------

LONG_TASKS = """() => {
  window.longTasks = [];
  const seen = (list) => window.longTasks.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(seen).observe({ type: "longtask" });
}"""
BUSY = """() => setTimeout(() => {
  for (const began = Date.now(); Date.now() < began + 90; );
})"""


@pytest.mark.parametrize("kind", [of_text, of_pages, of_pictures])
async def test_seventy_five_cards_are_scrolled_through(kind, tmp_path: Path, capsys) -> None:
    first, loop = kind(tmp_path), asyncio.get_running_loop()
    served = Served(first)

    def tell(seconds: float) -> None:
        """Have news of every card: its tests have run once more."""
        proposal = first.proposal
        for view in proposal.candidates:
            extra = GateResult(Gate.TESTS, Status.PASSED, seconds)
            verdict = replace(view.verdict, gates=(*view.verdict.gates, extra))
            proposal = proposal.with_candidate(replace(view, verdict=verdict))
        loop.call_soon_threadsafe(served.gallery.show, replace(first, proposal=proposal))

    try:
        tasks, work = await asyncio.to_thread(_scroll, await served.gallery.link(), kind, tell)
    finally:
        await served.gallery.aclose()
    longest = f"the longest {max(tasks):.0f} ms" if tasks else "none"
    by_clock = f"tasks over 50 ms by the clock: {len(tasks)}, {longest}"
    with capsys.disabled():  # the clock tells of whatever else the machine does
        print(f"\n75 cards, {kind.__name__}: {by_clock}; the most work in a task: {work:.1f} ms")


def _scroll(
    link: str, kind: Callable[[Path], Shown], tell: Callable[[float], None]
) -> tuple[list[float], float]:
    near = {of_pages: "iframe", of_pictures: "iframe"}.get(kind, ".diff")
    with gallery_page.browser() as running, gallery_page.tab(running) as tab:
        tab.open(link)
        tab.until(f"document.querySelectorAll('article').length === {COUNT}")
        tab.until(f"document.querySelectorAll('article {near}').length > 2")
        assert _drawn(tab, near) < AT_ONCE, "what is far away is not drawn yet"
        tab.tab.evaluate(LONG_TASKS)
        running.start_tracing(page=tab.tab, categories=["disabled-by-default-devtools.timeline"])
        tab.tab.mouse.move(700, 500)
        _wheel(tab, tell)
        tab.until(f"[...document.querySelectorAll('article')].every({TOLD})")
        for _ in range(COUNT - 1):
            tab.press("j")
            tab.until(f"document.querySelector('article.here {near}') !== null")
        tab.until(f"{_count(near)} < {AT_ONCE}")  # what is far away by now is let go of
        if near == "iframe":
            _has_live_view(tab)
        _wheel(tab)  # again, with all the garbage that there is by now
        trace = json.loads(running.stop_tracing())["traceEvents"]
        assert tab.here == tab.texts("article h3 .number")[-1]
        assert tab.wrong == []
        found = [float(one) for one in tab.tab.evaluate("() => window.longTasks")]
        tab.tab.evaluate(BUSY)
        tab.until(f"window.longTasks.length > {len(found)}")  # one that is there is seen
        return found, _most_work(trace)


def _count(near: str) -> str:
    """An expression for the number of cards that have one of those."""
    return f"document.querySelectorAll('article:has({near})').length"


def _drawn(tab: gallery_page.Page, near: str) -> int:
    return int(tab.tab.evaluate(_count(near)))


def _has_live_view(tab: gallery_page.Page) -> None:
    """See to it that the card in focus shows its own page."""
    wanted = f"Pot {int(tab.here[1:]) - 1}.59"
    frame = tab.tab.locator("article.here iframe").element_handle().content_frame()
    frame.wait_for_selector(f"text={wanted}", state="attached")


TOLD = "(one) => one.textContent.includes('tests 9.0 s')"


def _wheel(tab: gallery_page.Page, tell: Callable[[float], None] = lambda _: None) -> None:
    """Scroll through all of it, and back; now and then there is news."""
    for way in (1, -1):
        for at in range(120):
            tab.tab.mouse.wheel(0, way * 700)
            tab.tab.wait_for_timeout(16)
            if at % 24 == 0:
                tell(at // 24 + 5.0)


def _most_work(trace: list[dict[str, Any]]) -> float:
    """Return the milliseconds of work in the task of the page's main thread that has the most."""
    named = [one for one in trace if one["name"] == "thread_name"]
    mains = {(o["pid"], o["tid"]) for o in named if o["args"]["name"] == "CrRendererMain"}
    tasks = [o for o in trace if o["name"] == "RunTask" and (o["pid"], o["tid"]) in mains]
    assert len(tasks) > 100, "the trace has the tasks of the page"
    # no task works longer than it takes, though what is measured of a thread may say so
    return max(min(float(one.get("tdur", 0)), float(one.get("dur", 0))) for one in tasks) / 1000


# -- searching ----------------------------------------------------------------------------

SIGHT = """() => {
  const line = document.querySelector(".found");
  if (line === null) return "";
  const { top, bottom } = line.getBoundingClientRect();
  return top > 0 && bottom < innerHeight ? line.textContent : "";
}"""


async def test_lines_that_are_not_drawn_are_found(tmp_path: Path) -> None:
    served = Served(of_text(tmp_path))
    try:
        await asyncio.to_thread(_search, await served.gallery.link())
    finally:
        await served.gallery.aclose()
    assert served.wishes == []


def _search(link: str) -> None:
    with gallery_page.browser() as running, gallery_page.tab(running) as tab:
        tab.open(link)
        tab.until(f"document.querySelectorAll('article').length === {COUNT}")
        far = "value297 = value * 366"  # of the card that was written as the seventieth
        assert tab.tab.locator(f".diff:has-text('{far}')").count() == 0
        tab.press("Control+f")
        tab.tab.keyboard.type(far.upper())
        tab.until("document.querySelector('#find output').textContent === '1 of 1, in 1 candidate'")
        tab.until(f"({SIGHT})().includes('{far}')")
        assert tab.here == "#70"
        tab.press("Control+a")
        tab.tab.keyboard.type("value * 300 +")  # in most of them, at another line in each
        tab.until("document.querySelector('#find output').textContent.includes(' of 72, in 72 ')")
        seen = set()
        for _ in range(3):
            tab.press("Enter")
            line = tab.until(f"({SIGHT})()")
            seen.add((tab.here, line))
            tab.until(f"({SIGHT})() !== ''")
        assert len(seen) == 3
        tab.press("Control+a")
        tab.tab.keyboard.type("(nowhere at all")
        tab.until("document.querySelector('#find output').textContent === 'nowhere'")
        here = tab.here
        tab.press("Escape")
        tab.press("j")
        assert tab.here != here, "the keys are the cards' again"
        assert tab.wrong == []
