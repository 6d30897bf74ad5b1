"""Every fault a server or network can show, on the whole way to a proposal (issue 4).

Each is gone through to its end, cancelled in the middle, and shut down in the middle. What a person
is told helps, nothing becomes applicable although the verifier here would pass anything, and
neither a task, nor a connection, nor a descriptor stays behind.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from festina.edits import Region
from festina.events import Finished, Judged, Parsed
from festina.findings import Status
from festina.models.base import Request, Trouble
from festina.models.chat import ChatModel
from festina.models.http import Http
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.task import Task
from festina.text import Text
from festina.verify.base import Snapshot
from support import processes
from support.asking import REQUEST, ask, check_message, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, body_of, events, stream
from support.fakes import ScriptedVerifier, passed
from support.faults import FAULTS, TEXT, Fault

TASK = Task(Snapshot(Path("/w")), "a.py", Text("def one():\n    return 2\n"), Region(0, 2), "one")
PATIENT = {"first_content_seconds": 60.0, "inter_token_seconds": 60.0, "total_seconds": 60.0}
by_name = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """No test may leave a task, a thread or a descriptor."""
    descriptors = processes.open_descriptors()
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not [one for one in threading.enumerate() if one.name == "festina-models"]
    for _ in range(200):
        if processes.open_descriptors() <= descriptors:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("descriptors are left")


@pytest.fixture
async def runner(nothing_left: None) -> AsyncIterator[Runner]:
    runner = Runner()
    yield runner
    await runner.aclose()


async def end_of(model: ChatModel, runner: Runner) -> Finished:
    """Run a proposal to its end; nothing of it becomes applicable unless it is the right text."""
    verifier = ScriptedVerifier(lambda new: passed())
    async with aclosing(propose(TASK, model, runner, verifier)) as stream:
        seen = [event async for event in stream]
    last = seen[-1]
    assert isinstance(last, Finished)
    if last.status is not Status.PASSED:
        assert not verifier.judged
        assert not [event for event in seen if isinstance(event, Parsed | Judged)]
    return last


async def check_end(last: Finished, trouble: Trouble, words: str, origin: str) -> None:
    assert (last.best, last.status) == (None, Status.FAILED)
    assert last.error is not None
    assert (last.error.trouble, last.message) == (trouble, str(last.error))
    assert words in last.message
    check_message(last.error, origin)


@by_name
async def test_a_proposal_ends_with_words_that_help(fault: Fault, runner: Runner) -> None:
    late = {fault.late: 0.3} if fault.late else {}
    with FakeModel(fault.reply) as fake:
        model = model_at(fake, **{**PATIENT, **late})
        last = await end_of(model, runner)
        await check_end(last, fault.trouble, fault.words, fake.origin)
        asked = len(fake.requests)
        fake.script(TEXT)
        again = await end_of(model, runner)
        if fault.held:  # it said when, so nothing is sent before
            assert (again.status, len(fake.requests)) == (Status.FAILED, asked)
            assert fault.words in again.message
        else:
            assert again.status is Status.PASSED
        await runner.aclose()
        await fake.until(lambda: fake.live == 0)


@by_name
async def test_cancelled_in_the_middle_it_leaves_nothing(fault: Fault, runner: Runner) -> None:
    with FakeModel(fault.reply) as fake:
        model = model_at(fake, **PATIENT)
        running = asyncio.create_task(end_of(model, runner))
        await fake.until(lambda: bool(fake.requests))
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():  # it was over before
            assert running.result().status is Status.FAILED
        await fake.until(lambda: fake.streams == 0)
        fake.script(TEXT)
        if not fault.held:  # which may have been heard before
            assert (await end_of(model, runner)).status is Status.PASSED
        await runner.aclose()
        await fake.until(lambda: fake.live == 0)


@by_name
async def test_shut_down_in_the_middle_it_leaves_nothing(fault: Fault, runner: Runner) -> None:
    with FakeModel(fault.reply) as fake:
        running = asyncio.create_task(end_of(model_at(fake, **PATIENT), runner))
        await fake.until(lambda: bool(fake.requests))
        await runner.aclose()
        assert (await running).status is Status.FAILED
        await fake.until(lambda: fake.live == 0)


# --- no server, or not the one that was meant


@dataclass(frozen=True)
class Away:
    """A way to a server that leads nowhere; ``make`` returns the base URL to use."""

    name: str
    make: Callable[[FakeModel, trustme.CA, pytest.MonkeyPatch], str]
    trouble: Trouble
    words: str
    server: dict[str, Any] | None = None


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def refused(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    return f"http://127.0.0.1:{closed_port()}/v1"


def no_name(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    return "http://no-such-host.invalid/v1"


def stranger(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    return fake.base_url


def other_scheme(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    scheme = "http" if fake.tls else "https"
    return fake.base_url.replace(fake.origin.partition(":")[0], scheme, 1)


def proxy_down(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    patch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    return "http://model.test/v1"


def proxy_refuses(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    patch.setenv("HTTPS_PROXY", fake.origin)
    return "https://model.test/v1"


def proxy_socks(fake: FakeModel, authority: trustme.CA, patch: pytest.MonkeyPatch) -> str:
    patch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    return "http://model.test/v1"


AWAY = [
    Away("refused", refused, Trouble.NETWORK, "Start the model server"),
    Away("dns", no_name, Trouble.NETWORK, "does not resolve"),
    Away("tls-stranger", stranger, Trouble.TLS, "SSL_CERT_FILE", {"tls": "127.0.0.1"}),
    Away("tls-other-host", stranger, Trouble.TLS, "certificate", {"tls": "example.org"}),
    Away("https-to-http", other_scheme, Trouble.TLS, "secure connection"),
    Away("http-to-https", other_scheme, Trouble.NETWORK, "broke", {"tls": "127.0.0.1"}),
    Away("proxy-down", proxy_down, Trouble.PROXY, "HTTPS_PROXY"),
    Away("proxy-407", proxy_refuses, Trouble.PROXY, "HTTPS_PROXY", {"connect_status": 407}),
    Away("proxy-403", proxy_refuses, Trouble.PROXY, "HTTPS_PROXY", {"connect_status": 403}),
    Away("proxy-socks", proxy_socks, Trouble.PROXY, "socksio"),
]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(request: Any, authority: trustme.CA) -> Iterator[FakeModel]:
    options = dict(request.param.server or {})
    if "tls" in options:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(options["tls"]).configure_cert(context)
        options["tls"] = context
    with FakeModel(**options) as fake:
        yield fake


ways = pytest.mark.parametrize(
    ("away", "server"),
    [(one, one) for one in AWAY],
    ids=[one.name for one in AWAY],
    indirect=["server"],
)


@ways
@pytest.mark.parametrize("how", ["to the end", "cancelled", "shut down"])
async def test_a_way_that_leads_nowhere(
    away: Away,
    server: FakeModel,
    how: str,
    runner: Runner,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = model_at(server, base_url=away.make(server, authority, monkeypatch), **PATIENT)
    running = asyncio.create_task(end_of(model, runner))
    if how == "to the end":
        origin = "" if away.name == "proxy-socks" else model.origin
        await check_end(await running, away.trouble, away.words, origin)
    else:
        await asyncio.sleep(0.002)
        if how == "cancelled":
            running.cancel()
        else:
            await runner.aclose()
        await asyncio.wait([running])
        assert running.cancelled() or running.result().status is Status.FAILED
    assert not server.requests


# --- at every byte


async def test_a_stall_at_every_byte_ends_in_a_deadline() -> None:
    pieces = [{"choices": [{"delta": {"content": "x"}}]}, {"choices": [{"finish_reason": "stop"}]}]
    raw = body_of(events(*pieces))

    def stall(body: dict[str, Any]) -> Reply:
        return stream(raw[: body["seed"]], Hold())

    with FakeModel(stall) as fake:
        http = Http(connections=len(raw))
        model = model_at(fake, http=http, first_content_seconds=1.5, inter_token_seconds=1.5)
        requests = [Request(REQUEST.messages, 9, seed=end) for end in range(len(raw))]
        errors = await asyncio.gather(*(failure(model, request) for request in requests))
        assert {error.trouble for error in errors} == {Trouble.TIMEOUT}
        assert len(fake.requests) == len(raw)
        await fake.until(lambda: fake.streams == 0)
        await model.aclose()


async def test_an_end_at_every_byte_is_no_answer_but_the_last() -> None:
    raw = body_of(events({"choices": [{"delta": {"content": TEXT}, "finish_reason": "stop"}]}))
    whole = raw.index(b"\n\n")  # a last event needs no blank line

    def cut(body: dict[str, Any]) -> Reply:
        return stream(raw[: body["seed"]])

    with FakeModel(cut) as fake:
        model = model_at(fake)
        for end in range(len(raw) + 1):
            request = Request(REQUEST.messages, 9, seed=end)
            if end < whole:
                assert (await failure(model, request)).trouble is not Trouble.TIMEOUT, end
            elif end in (whole, whole + 2, len(raw)):
                assert (await ask(model, request))[0] == TEXT, end
        await model.aclose()
