"""The browser gate with a real Chromium where Landlock is all that keeps code apart: no sockets."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from festina.findings import Status
from festina.gate_browser import Browser
from festina.verify import sandbox
from support import levels, pages

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def landlock(chromium: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without namespaces."""
    if why := levels.missing(sandbox.Level.LANDLOCK):
        pytest.skip(why)

    async def probe() -> sandbox.Probe:
        return sandbox.Probe(sandbox.Level.LANDLOCK, "only that")

    monkeypatch.setattr(sandbox, "probe", probe)


async def test_edits_are_judged_as_with_a_server(engine, shop):
    for name, (path, words) in pages.EDITS.items():
        result = await pages.judge(engine, shop, path, (pages.CANDIDATES / name).read_text())
        messages = [finding.message for finding in result.findings]
        assert result.status is (Status.FAILED if words else Status.PASSED), (name, result)
        assert not words or any(words in message for message in messages), (name, messages)
        assert [shot.width for shot in result.shots[:3]] == [375, 768, 1280], name
        assert all(Path(shot.path).read_bytes().startswith(b"\x89PNG") for shot in result.shots)
        assert result.sandbox == "landlock"
    assert engine._more._browser.warm.started == 1


REACHES = """\
const tried = ["http://127.0.0.1:%d/", "http://localhost:%d/", "ws://127.0.0.1:%d/"].map(
  (address) =>
    address.startsWith("ws")
      ? new Promise((done) => {
          const socket = new WebSocket(address);
          socket.onopen = () => done("reached");
          socket.onerror = () => done("refused");
        })
      : fetch(address, { mode: "no-cors" }).then(() => "reached", () => "refused"),
);
const said = await Promise.all(tried);
if (said.join(" ") !== "refused refused refused") throw new Error(said.join(" "));
"""


async def test_a_page_reaches_nothing_but_the_files(engine, shop):
    reached = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        script = f'<script type="module">{REACHES % (port, port, port)}</script></body>'
        page = (shop / "site/about.html").read_text()
        new = page.replace("</body>", script)
        result = await pages.judge(engine, shop, "site/about.html", new)
    assert reached == []
    assert "page-error" not in [one.code for one in result.findings], result


async def test_what_a_program_serves_is_unverified_and_that_is_said(engine, shop):
    served = Browser(run=(sys.executable, "-m", "http.server", "{port}"), pages=("/index.html",))
    result = await pages.judge(engine, shop, pages.CARD, "", served)
    assert result.status is Status.UNVERIFIED
    assert "no program gets a port" in (result.reason or "")
    assert "`folder`" in (result.reason or "")
