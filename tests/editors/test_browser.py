"""The browser gate with a real Chromium: a shop of web pages, good edits of it and broken ones."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from festina.findings import Status
from festina.gate_browser import Browser
from support import pages, projects
from support.processes import children_of, wait_until_gone

pytestmark = [
    pytest.mark.editors,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("chromium"),
]
WIDTHS = (375, 768, 1280)


def size_of(picture: str) -> tuple[int, int]:
    """Return width and height of a PNG."""
    data = Path(picture).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


async def test_each_broken_edit_is_rejected_for_what_is_wrong_with_it(engine, shop):
    work = (
        pages.judge(engine, shop, path, (pages.CANDIDATES / name).read_text())
        for name, (path, _) in pages.EDITS.items()
    )
    told = dict(zip(pages.EDITS, await asyncio.gather(*work), strict=True))
    for name, result in told.items():
        assert [shot.width for shot in result.shots[:3]] == [*WIDTHS], name
        assert [size_of(shot.path)[0] for shot in result.shots[:3]] == [*WIDTHS], name
        assert all(size_of(shot.before or "") for shot in result.shots), name
    for name, (path, words) in pages.EDITS.items():
        result = told[name]
        messages = [finding.message for finding in result.findings]
        assert result.status is (Status.FAILED if words else Status.PASSED), (name, result)
        assert bool(messages) == bool(words), (name, messages)
        assert not words or any(words in message for message in messages), (name, messages)
        assert len({finding.code for finding in result.findings}) <= 1, (name, messages)
        assert all(finding.path == path for finding in result.findings)
        assert all(Path(finding.screenshot or "").is_file() for finding in result.findings)
    assert engine._more._browser.warm.started == 1  # it stays for all of them
    lines = {name: result.findings[0].line for name, result in told.items() if result.findings}
    assert lines == {
        "broken-link.html": 18,
        "console-error.js": 23,
        "low-contrast.css": 22,
        "missing-picture.js": 9,
        "no-alt.js": 8,
        "overflow.css": 1,
        "page-error.js": 17,
    }
    pale = size_of(told["low-contrast.css"].findings[0].screenshot or "")
    assert pale[1] < 100, "a picture of the price alone"
    changed = told["good.css"].shots[0]
    assert changed.path != changed.before


async def test_fifteen_variations_are_rendered_and_two_rejected(shop):
    command = [sys.executable, "-m", "festina", "verify", pages.CARD, "--json"]
    environ = trusted(shop)
    before = projects.digest(shop)
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "--candidates", str(pages.VARIATIONS)],
        cwd=shop,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert projects.digest(shop) == before
    assert (done.returncode, done.stderr) == (1, "")
    *rows, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert (summary["passed"], summary["failed"], summary["unverified"]) == (13, 2, 0)
    gates = {row["candidate"]: row["gates"][-1] for row in rows}
    rejected = {name: gate["findings"] for name, gate in gates.items() if gate["findings"]}
    assert {name: found[0]["code"] for name, found in rejected.items()} == {
        "06.css": "color-contrast",
        "11.css": "overflow",
    }
    pictures = {shot["path"] for gate in gates.values() for shot in gate["shots"]}
    assert len(pictures) == 15 * len(WIDTHS)
    assert all(size_of(picture)[1] > 300 for picture in pictures)


async def test_a_browser_dies_with_the_program_that_started_it(shop, tmp_path):
    environ = trusted(shop)
    command = [sys.executable, "-m", "festina", "verify", pages.CARD, "--candidates"]
    running = subprocess.Popen(
        [*command, str(pages.VARIATIONS)], cwd=shop, env=environ, stdout=subprocess.DEVNULL
    )
    try:
        browsers: set[int] = set()
        while not browsers and running.poll() is None:
            await asyncio.sleep(0.05)
            browsers = {one for one in children_of(running.pid) if is_chromium(one)}
        started = children_of(running.pid)
    finally:
        running.kill()
        running.wait()
    assert browsers
    assert not wait_until_gone(started)


def is_chromium(process: int) -> bool:
    try:
        return b"--remote-debugging-pipe" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def trusted(shop: Path) -> dict[str, str]:
    """Trust the shop, in a home of its own; return the environment for that."""
    home = shop.parent / "home"
    home.mkdir()
    environ = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    trust = [sys.executable, "-m", "festina", "trust", str(shop)]
    subprocess.run(trust, cwd=shop, env=environ, check=True, capture_output=True)
    return environ


async def test_what_is_wrong_is_printed_for_a_person(shop):
    home = shop.parent / "home"
    home.mkdir()
    environ = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    festina = [sys.executable, "-m", "festina"]
    run = {"cwd": shop, "env": environ, "capture_output": True, "text": True, "check": False}
    untrusted = [*festina, "verify", pages.CARD, "--candidate", pages.CANDIDATES / "overflow.css"]
    done = await asyncio.to_thread(subprocess.run, untrusted, **run)
    assert done.returncode == 3
    assert "The workspace is not trusted" in " ".join(done.stdout.split())
    await asyncio.to_thread(subprocess.run, [*festina, "trust", str(shop)], **run)
    done = await asyncio.to_thread(subprocess.run, untrusted, **run)
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "rejected" in said
    assert '<article class="card"> reaches' in said
    picture = Path(said.partition("picture: ")[2].split()[0])
    assert picture.read_bytes().startswith(b"\x89PNG")


SHADOW = """\
  connectedCallback() {
    const tree = this.attachShadow({ mode: "open" });
    tree.innerHTML = `
      <h2>All of the things</h2>
      <p id="terms">Terms</p><a href="#terms">Terms</a> <a href="news.html">News</a>
      <svg width="30" height="30"><a href="${this.dataset.page}" aria-label="more">
      <path d="M0 0h30v30" /></a></svg> <a href="#100%">All</a>`;
    Object.assign(tree.querySelector("h2").style, { width: "90px", whiteSpace: "nowrap" });
  }
"""


async def test_what_a_component_has_in_a_tree_of_its_own_is_looked_at(engine, shop):
    card = (shop / "site/card.js").read_text()
    start, end = card.index("  connectedCallback"), card.index("}\n\ncustomElements")
    new = f"{card[:start]}{SHADOW}{card[end:]}"
    result = await pages.judge(engine, shop, "site/card.js", new)
    found = sorted((one.code, one.message) for one in result.findings)
    assert [code for code, _ in found] == ["broken-link", "broken-link", "overflow"], found
    assert 'broken link "#100%": nothing on the page has that name' in found[0][1]
    assert 'broken link "news.html": it leads nowhere' in found[1][1]
    assert "holds text that reaches" in found[2][1]
    assert all(Path(one.screenshot or "").is_file() for one in result.findings)


ESCAPES = """\
const tried = [];
for (const address of ["http://127.0.0.1:%d/", "http://localhost:%d/", "http://[::1]:%d/"]) {
  tried.push(fetch(address, { mode: "no-cors" }).then(() => "reached", () => "refused"));
}
const file = document.createElement("iframe");
file.src = "file:///etc/passwd";
document.body.append(file);
document.title = (await Promise.all(tried)).join(" ");
if (document.title.includes("reached")) throw new Error("reached something");
"""


async def test_a_page_reaches_nothing_but_its_own_server(engine, shop):
    reached = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        script = f'<script type="module">{ESCAPES % (port, port, port)}</script></body>'
        page = (shop / "site/about.html").read_text()  # the others say themselves what they load
        new = page.replace("</body>", script)
        # whatever tests and commands may have, a page that is served from files has no network
        result = await pages.judge(engine, shop, "site/about.html", new, network="local")
    assert reached == []
    codes = [one.code for one in result.findings]
    assert "page-error" not in codes, result
    assert "console-error" in codes, "the browser itself says that a page may load no file"


async def test_a_script_that_does_not_end_is_unverified_and_holds_up_nobody(engine, shop):
    endless = (shop / "site/card.js").read_text() + "while (true);\n"
    quick = replace(pages.SITE, timeout_seconds=12)  # also on a machine that has much else to do
    result = await pages.judge(engine, shop, "site/card.js", endless, quick)
    assert result.status is Status.UNVERIFIED
    assert "index.html did not come to rest in 12.0 s with the edit" in (result.reason or "")
    good = (pages.CANDIDATES / "good.js").read_text()
    assert (await pages.judge(engine, shop, "site/card.js", good, quick)).status is Status.PASSED


@pytest.mark.parametrize(
    "run",
    [
        (sys.executable, "-m", "http.server", "{port}", "--directory", "site"),
        ("sh", "-c", 'exec python3 -m http.server "$PORT" --directory site'),
    ],
    ids=["port", "environment"],
)
async def test_a_program_serves_the_pages(engine, shop, run):
    served = Browser(run=run, pages=("/index.html", "/about.html"))
    good = (pages.CANDIDATES / "good.css").read_text()
    result = await pages.judge(engine, shop, pages.CARD, good, served)
    assert result.status is Status.PASSED, result
    assert {shot.page for shot in result.shots} == {"/index.html"}  # the other one has no card
    bad = (pages.CANDIDATES / "overflow.css").read_text()
    result = await pages.judge(engine, shop, pages.CARD, bad, served)
    assert result.status is Status.FAILED
    assert result.findings[0].code == "overflow"


async def test_a_program_that_serves_nothing_is_named(engine, shop):
    broken = Browser(run=("sh", "-c", "echo no such script; exit 3"))
    result = await pages.judge(engine, shop, pages.CARD, "x", broken)
    assert result.status is Status.UNVERIFIED
    assert "serves no pages: it ended with exit code 3: no such script" in (result.reason or "")


async def test_a_verification_that_is_cancelled_leaves_the_browser_to_the_next_one(engine, shop):
    text = (pages.CANDIDATES / "good.css").read_text()
    assert (await pages.judge(engine, shop, pages.CARD, text)).status is Status.PASSED
    slow = asyncio.create_task(pages.judge(engine, shop, pages.CARD, text + "\n"))
    await asyncio.sleep(0.1)
    slow.cancel()
    await asyncio.wait([slow])
    assert (await pages.judge(engine, shop, pages.CARD, text + "\n\n")).status is Status.PASSED
    assert engine._more._browser.warm.started == 1
