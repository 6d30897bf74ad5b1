"""The way to the server: certificates, proxies, names, refusals; each with words that help."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from festina.models.base import Trouble
from festina.models.http import Http
from festina.models.proxies import proxy_for
from festina.models.runner import Runner
from support.asking import REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reset, chunk, data, status, stream

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context_for(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[FakeModel]:
    with FakeModel("ok\n", tls=context_for(authority, "127.0.0.1")) as fake:
        yield fake


async def test_a_certificate_of_nobody_we_trust(secure: FakeModel) -> None:
    model = model_at(secure, "sk-secret-key")
    error = await failure(model)
    assert error.trouble is Trouble.TLS
    assert "SSL_CERT_FILE" in str(error)
    assert "self-signed" in str(error) or "issuer" in str(error)
    assert secure.heads == []
    await model.aclose()


async def test_ssl_cert_file_is_honoured(
    secure: FakeModel, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    model = model_at(secure)
    assert (await ask(model))[0] == "ok\n"
    await model.aclose()


async def test_ssl_cert_dir_is_honoured(
    secure: FakeModel, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl names the files of a certificate directory, and is not installed")
    command = [openssl, "x509", "-hash", "-noout", "-in", str(pem)]
    subject = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    folder = tmp_path / "certs"
    folder.mkdir()
    pem.rename(folder / f"{subject}.0")
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    model = model_at(secure)
    assert (await ask(model))[0] == "ok\n"
    await model.aclose()


async def test_ssl_cert_file_that_is_not_there(
    secure: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    model = model_at(secure)
    error = await failure(model, names_origin=False)
    assert error.trouble is Trouble.TLS
    assert "gone.pem" in str(error)
    await model.aclose()


async def test_a_certificate_for_another_host(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca2.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca2.pem"))
    with FakeModel("ok\n", tls=context_for(authority, "example.org")) as fake:
        model = model_at(fake)
        error = await failure(model)
        assert error.trouble is Trouble.TLS
        await model.aclose()


async def test_https_to_a_server_that_speaks_http() -> None:
    with FakeModel() as fake:
        model = model_at(fake, base_url=fake.base_url.replace("http:", "https:"), max_retries=0)
        error = await failure(model)
        assert error.trouble is Trouble.TLS
        await model.aclose()


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with FakeModel() as fake:
        model = model_at(fake, base_url=f"http://127.0.0.1:{port}/v1")
        error = await failure(model)
        assert error.trouble is Trouble.NETWORK
        assert "Start the model server" in str(error)
        await model.aclose()


async def test_a_name_that_does_not_resolve() -> None:
    with FakeModel() as fake:
        model = model_at(fake, base_url="http://no-such-host.invalid/v1")
        error = await failure(model)
        assert error.trouble is Trouble.NETWORK
        assert "does not resolve" in str(error)
        await model.aclose()


async def test_a_reset_in_the_middle() -> None:
    with FakeModel(stream(data(chunk("x")), Reset())) as fake:
        model = model_at(fake)
        assert (await failure(model)).trouble is Trouble.NETWORK
        assert len(fake.requests) == 1
        await model.aclose()


async def test_a_proxy_is_asked_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeModel() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        model = model_at(proxy, base_url="http://model.test/v1")
        assert (await ask(model))[0] == "pass\n"
        assert proxy.heads[0].target == "http://model.test/v1/chat/completions"
        await model.aclose()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_a_proxy_is_never_asked_for_this_machine(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with FakeModel() as fake:
        model = model_at(fake, base_url=f"http://{name}:{fake.port}/v1")
        assert (await ask(model))[0] == "pass\n"
        await model.aclose()


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("https://api.test/v1", "", "http://secure:3"),
        ("http://api.test/v1", "", "http://all:1"),
        ("https://api.test/v1", "api.test", ""),
        ("https://api.test/v1", ".test", ""),
        ("https://api.test/v1", "other.test", "http://secure:3"),
        ("https://api.test/v1", "*", ""),
        ("https://api.test:8443/v1", "api.test:8443", ""),
        ("http://127.9.9.9/v1", "", ""),
        ("http://[::1]:8080/v1", "", ""),
    ],
)
def test_which_proxy(
    url: str, no_proxy: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "secure:3")
    monkeypatch.setenv("all_proxy", "http://all:1")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert proxy_for(url) == expected


async def test_a_socks_proxy_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:9")
    with FakeModel() as fake:
        model = model_at(fake, base_url="http://model.test/v1")
        error = await failure(model, names_origin=False)
        assert error.trouble is Trouble.PROXY
        assert "socksio" in str(error)
        assert "hunter2" not in str(error)
        await model.aclose()


@pytest.mark.parametrize("address", ["nonsense://proxy:1", "http://", "http://proxy:port"])
async def test_a_proxy_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", address)
    with FakeModel() as fake:
        model = model_at(fake, base_url="http://model.test/v1", max_retries=0)
        error = await failure(model, names_origin=False)
        assert error.trouble is Trouble.PROXY
        assert "HTTPS_PROXY" in str(error)
        await model.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_down_or_refuses(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeModel(status(407), connect_status=407) as proxy:
        address = proxy.origin.replace("://", "://user:hunter2@")
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", address)
        model = model_at(proxy, base_url=f"{scheme}://model.test/v1")
        error = await failure(model)
        assert error.trouble is Trouble.PROXY
        assert "HTTPS_PROXY" in str(error)
        assert "hunter2" not in str(error)
        await model.aclose()
    model = model_at(proxy, base_url=f"{scheme}://model.test/v1", max_retries=0)
    error = await failure(model)
    assert error.trouble is Trouble.PROXY
    assert proxy.origin in str(error)
    assert "hunter2" not in str(error)
    await model.aclose()


async def test_connections_are_closed_on_the_loop_that_they_live_on() -> None:
    with FakeModel() as fake:
        http = Http()
        model = model_at(fake, http=http)
        await ask(model)
        runner = Runner()
        await runner.complete(model, REQUEST)
        assert fake.connections == 2
        await http.aclose()
        await fake.until(lambda: fake.live == 0)
        await runner.aclose()


@pytest.mark.parametrize(("reuse", "connections"), [(True, 1), (False, 3)])
async def test_connections_are_used_again_unless_told_not_to(reuse: bool, connections: int) -> None:
    with FakeModel("text\n") as fake:
        async with Http(reuse=reuse) as http:
            for _ in range(3):
                response = await http.send("GET", f"{fake.base_url}/models", {})
                await response.start()
                await response.aclose()
        assert fake.connections == connections


async def test_closing_a_response_in_the_middle_leaves_nothing_to_the_garbage_collector() -> None:
    with FakeModel(stream(data(chunk("half")), Hold())) as fake:
        async with Http() as http:
            response = await http.send("POST", f"{fake.base_url}/chat/completions", {}, b"{}")
            chunks = response.chunks()
            assert b"half" in await anext(chunks)
            await response.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(chunks)
