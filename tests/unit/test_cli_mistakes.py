"""A newcomer's mistakes on the command line: each is made, and gets its sentence and its exit code.

The same in an editor: ``tests/e2e/test_mistakes.py``.
"""

import re
import socket

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "keep it below high")
UNPAID = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def told(ran, code, words):
    """One sentence or two on standard error, nothing else."""
    assert (ran.code, ran.out) == (code, "")
    (said,) = ran.err.splitlines()
    assert said.startswith("festina: ")
    assert said.endswith((".", ")"))
    assert re.search(words, said), said


def configure(line, *lines):
    line.config.parent.mkdir(parents=True, exist_ok=True)
    line.config.write_text("\n".join(["[models.fast]", "max_retries = 0", *lines]) + "\n")


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (fake_replies.status(401), Exit.USAGE, r"wants a key \(401\) and none is configured"),
        (fake_replies.status(403), Exit.USAGE, r"wants a key \(403\)"),
        (fake_replies.status(404), Exit.USAGE, r"does not know the model 'fake-coder'"),
        (fake_replies.document(b"404 page not found", 404), Exit.USAGE, r"usually ends in /v1"),
        (fake_replies.status(402), Exit.FAILED, r"no credit left \(402"),
        (fake_replies.status(429, UNPAID), Exit.FAILED, r"no credit left \(429 insufficient_quota"),
        (fake_replies.status(429), Exit.FAILED, r"the rate limit is reached .* in a minute"),
        (fake_replies.status(429, None, retry_after="600"), Exit.FAILED, r"in 10 minutes"),
        (fake_replies.status(407), Exit.USAGE, r"proxy .* wants a user name and password"),
        (fake_replies.status(500), Exit.FAILED, r"failed \(500"),
        (fake_replies.document(b"<html>Log in"), Exit.FAILED, r"a web page .* network login page"),
        (fake_replies.stream(fake_replies.Hold()), Exit.FAILED, r"raise first_content_seconds"),
    ],
)
def test_what_a_model_server_may_say(line, reply, code, words):
    with FakeModel(reply) as fake:
        at = [f'base_url = "{fake.base_url}"', f'model = "{fake.model}"']
        configure(line, *at, "first_content_seconds = 2")
        told(line.run(*ASK), code, words)


def closed() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("lines", "environment", "code", "words"),
    [
        (["model = 'nobody-has-it'"], {}, Exit.USAGE, r"No place for the model 'nobody-has-it'"),
        (["dialect = 'embedded'", "model = 'x'"], {}, Exit.USAGE, r"`festina model list` shows"),
        (["base_url = 'http://no-such.invalid/v1'", "model = 'm'"], {}, 1, r"does not resolve"),
        (
            ["base_url = 'https://api.example.test/v1'", "model = 'm'"],
            {"HTTPS_PROXY": f"http://{closed()}"},
            Exit.USAGE,
            r"The proxy .* refused the connection\. Check HTTPS_PROXY",
        ),
        (
            ["base_url = 'http://h.test/v1'", "model = 'm'", "api_key_env = 'NO_KEY'"],
            {},
            Exit.USAGE,
            r"expected in NO_KEY \(api_key_env\), which is not set",
        ),
        (
            ["base_url = 'http://h.test/v1'", "model = 'm'", "api_key_env = 'MY_KEY'"],
            {"MY_KEY": '"sk-planted"'},
            Exit.USAGE,
            r"The key from MY_KEY holds blanks, quotes",
        ),
    ],
    ids=["no model", "no such weights", "no network", "no proxy", "no key", "quoted key"],
)
def test_a_model_that_cannot_be_reached(line, lines, environment, code, words):
    configure(line, *lines)
    for name, value in environment.items():
        line.monkeypatch.setenv(name, value)
    ran = line.run(*ASK)
    told(ran, code, words)
    assert "planted" not in ran.err


def test_a_server_without_tls(line):
    with FakeModel(GOOD) as fake:
        secure = fake.base_url.replace("http:", "https:")
        configure(line, f'base_url = "{secure}"', 'model = "m"')
        told(line.run(*ASK), Exit.USAGE, r"No secure connection to https://127")


def test_no_server(line):
    configure(line, f'base_url = "http://{closed()}/v1"', 'model = "m"')
    told(line.run(*ASK), Exit.FAILED, r"refused the connection\. Start the model server")


def test_a_server_without_models(line):
    with FakeModel(GOOD, models=()) as fake:
        configure(line, f'base_url = "{fake.base_url}"')
        told(line.run(*ASK), Exit.USAGE, r"offers no model for chat \(0 listed\)")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("calc/core.py:1", r"Line 1 .* is in no function or class"),
        ("calc/core.py:99", r"has 11 lines, so there is no line 99"),
        ("calc/__init__.py", r"is empty, so there is nothing to edit"),
        ("blob.bin", r"it is a binary file"),
        ("big.py", r"5000 lines are selected, .* at most 2000"),
        ("../outside.py", r"is outside the workspace"),
        ("book.ipynb", r"is a notebook"),
        ("new.py", r"There is no file new\.py"),
        ("calc", r"is a folder; name a file"),
    ],
)
def test_what_cannot_be_edited(line, place, words):
    (line.project / "blob.bin").write_bytes(b"\x7fELF\0\1")
    (line.project / "big.py").write_text("x = 1\n" * 5000)
    (line.project.parent / "outside.py").write_text("x = 1\n")
    (line.project / "book.ipynb").write_text("{}")
    with FakeModel(GOOD) as fake:
        line.use(fake)
        told(line.run("edit", place, "-m", "x", "--workspace", "."), Exit.USAGE, words)
        assert fake.connections == 0


@pytest.mark.parametrize("name", ["calc/core.py", "calc"])
def test_what_cannot_be_written(line, name):
    place = line.project / name
    mode = place.stat().st_mode
    place.chmod(mode & 0o555)
    try:
        with FakeModel(GOOD) as fake:
            line.use(fake)
            ran = line.run(*ASK, "--apply")
            told(ran, Exit.USAGE, r"is read-only.* Make it writable, or use --diff")
            assert fake.connections == 0
    finally:
        place.chmod(mode)
