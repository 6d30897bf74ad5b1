"""Every fault a server or network can show, on the whole way to a proposal (issue 4).

Each is gone through to its end, cancelled in the middle, and shut down in the middle. What a person
is told helps, nothing becomes applicable although the verifier here would pass anything, and
neither a task, nor a connection, nor a descriptor stays behind. ``support.faults`` names what Chat
Completions can show, ``support.faults_*`` what the other dialects can, and answers in one piece.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from festina.findings import Status
from festina.models.base import Request, Trouble
from festina.models.http import Http
from festina.models.runner import Runner
from support import chaos, faults, faults_anthropic, faults_responses, faults_whole
from support.asking import REQUEST, ask, failure, model_at
from support.chaos import PATIENT, check_end, end_of
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, Step, stream
from support.faults import TEXT, Fault

FAULTS = [
    *faults.FAULTS,
    *faults_responses.FAULTS,
    *faults_anthropic.FAULTS,
    *faults_whole.FAULTS,
]
ODD = [*faults.ODD, *faults_responses.ODD, *faults_anthropic.ODD]
WAYS = [chaos.to_the_end, chaos.cancelled, chaos.shut_down]


def name_of(value: object) -> str:
    if not isinstance(value, Fault):
        return str(getattr(value, "__name__", value))
    return f"{value.dialect}-{'whole-' if value.whole else ''}{value.name}"


def test_each_fault_has_a_name_of_its_own() -> None:
    for named in (FAULTS, ODD):
        names = [name_of(fault) for fault in named]
        assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("way", WAYS, ids=name_of)
@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
async def test_a_fault(
    fault: Fault, way: Callable[[Fault, Runner], Awaitable[None]], runner: Runner
) -> None:
    await way(fault, runner)


@pytest.mark.parametrize("fault", ODD, ids=name_of)
async def test_what_is_odd_and_does_no_harm(fault: Fault, runner: Runner) -> None:
    with FakeModel(fault.reply) as fake:
        assert (await end_of(chaos.model_for(fault, fake), runner)).status is Status.PASSED


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


AT = [
    *((one, "chat") for one in AWAY),
    *((one, dialect) for one in AWAY[:3] for dialect in ("responses", "anthropic")),
]


@pytest.mark.parametrize("how", ["to the end", "cancelled", "shut down"])
@pytest.mark.parametrize(
    ("away", "server", "dialect"),
    [(one, one, dialect) for one, dialect in AT],
    ids=[f"{dialect}-{one.name}" for one, dialect in AT],
    indirect=["server"],
)
async def test_a_way_that_leads_nowhere(
    away: Away,
    server: FakeModel,
    dialect: str,
    how: str,
    runner: Runner,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = away.make(server, authority, monkeypatch)
    model = model_at(server, base_url=url, dialect=dialect, **PATIENT)
    running = asyncio.create_task(end_of(model, runner))
    if how == "to the end":
        origin = "" if away.name == "proxy-socks" else model.origin
        check_end(await running, away.trouble, away.words, origin)
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

TRANSCRIPTS = {
    "chat": faults.data({"choices": [{"delta": {"content": TEXT}}]}) + faults.STOP,
    "responses": faults_responses.START + faults_responses.X + faults_responses.END,
    "anthropic": b"".join((*faults_anthropic.BEGUN, faults_anthropic.X, *faults_anthropic.GOOD)),
}
AT_ONCE = 90
FIRST_BYTES = 100
"""So many bytes and more are sent, for as many tokens: each request says how many."""


def sent_of(raw: bytes, *more: Step) -> Callable[[dict[str, Any]], Reply]:
    """Send as many bytes of a transcript as the request has tokens."""

    def reply(body: dict[str, Any]) -> Reply:
        fields = ("max_completion_tokens", "max_output_tokens", "max_tokens")
        end = next(body[name] for name in fields if name in body) - FIRST_BYTES
        return stream(raw[:end], *more)

    return reply


def ask_for(end: int) -> Request:
    return Request(REQUEST.messages, FIRST_BYTES + end)


async def stall(dialect: str, step: int) -> None:
    raw = TRANSCRIPTS[dialect]
    late = {"first_content_seconds": 3.0, "inter_token_seconds": 3.0}
    with FakeModel(sent_of(raw, Hold())) as fake:
        ends = list(range(0, len(raw) - 1, step))
        model = model_at(fake, http=Http(connections=AT_ONCE), dialect=dialect, **late)
        for some in (ends[i : i + AT_ONCE] for i in range(0, len(ends), AT_ONCE)):
            errors = await asyncio.gather(*(failure(model, ask_for(end)) for end in some))
            found = zip(some, errors, strict=True)
            assert not {end: e for end, e in found if e.trouble is not Trouble.TIMEOUT}
        assert len(fake.requests) > len(ends) / 2  # a busy machine may be late itself
        await fake.until(lambda: fake.streams == 0)
        await model.aclose()


async def test_a_stall_at_many_a_byte_ends_in_a_deadline() -> None:
    await asyncio.gather(stall("chat", 3), stall("responses", 11), stall("anthropic", 11))


@pytest.mark.slow
@pytest.mark.parametrize("dialect", TRANSCRIPTS)
async def test_a_stall_at_every_byte_ends_in_a_deadline(dialect: str) -> None:
    await stall(dialect, 1)


async def stall_left(dialect: str, step: int, how: str) -> None:
    """Stalls that nobody waits out: the requests are cancelled, or Festina ends."""
    raw = TRANSCRIPTS[dialect]
    ends = list(range(0, len(raw) - 1, step))
    for some in (ends[i : i + AT_ONCE] for i in range(0, len(ends), AT_ONCE)):
        with FakeModel(sent_of(raw, Hold())) as fake:
            runner = Runner()
            model = model_at(fake, http=Http(connections=AT_ONCE), dialect=dialect, **PATIENT)
            running = [asyncio.create_task(runner.complete(model, ask_for(end))) for end in some]
            await fake.until(lambda: fake.streams == len(running))  # noqa: B023 - it ends here
            if how == "cancelled":
                for task in running:
                    task.cancel()
            else:
                await runner.aclose()
            await asyncio.wait(running)
            assert all(task.cancelled() or task.exception() for task in running)
            await fake.until(lambda: fake.streams == 0)
            await runner.aclose()
            await fake.until(lambda: fake.live == 0)


@pytest.mark.parametrize("how", ["cancelled", "shut down"])
async def test_a_stall_at_many_a_byte_leaves_nothing_when_it_is_left(how: str) -> None:
    for dialect, step in (("chat", 3), ("responses", 11), ("anthropic", 11)):
        await stall_left(dialect, step, how)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cancelled", "shut down"])
@pytest.mark.parametrize("dialect", TRANSCRIPTS)
async def test_a_stall_at_every_byte_leaves_nothing_when_it_is_left(dialect: str, how: str) -> None:
    await stall_left(dialect, 1, how)


async def end_at(dialect: str, step: int) -> None:
    raw = TRANSCRIPTS[dialect]
    whole = len(raw) - 2  # a last event needs no blank line
    with FakeModel(sent_of(raw)) as fake:
        model = model_at(fake, dialect=dialect)
        for end in (*range(0, whole, step), whole - 1):
            error = await failure(model, ask_for(end))
            assert error.trouble in (Trouble.TRUNCATED, Trouble.DAMAGED), end
        for end in range(whole, len(raw) + 1):
            assert (await ask(model, ask_for(end)))[0] == TEXT, end
        await model.aclose()


@pytest.mark.parametrize("dialect", TRANSCRIPTS)
async def test_an_end_at_many_a_byte_is_no_answer_but_the_last(dialect: str) -> None:
    await end_at(dialect, 7)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", TRANSCRIPTS)
async def test_an_end_at_every_byte_is_no_answer_but_the_last(dialect: str) -> None:
    await end_at(dialect, 1)
