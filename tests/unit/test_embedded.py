"""The embedded model: mistakes in words, and the real weights behind a key."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from festina.models import embedded, weights
from festina.models.base import Message, ModelError, Request, Trouble
from festina.models.runner import Runner
from support import processes


@pytest.mark.parametrize(
    ("name", "words"),
    [("no-such-model", "festina model list"), ("/nowhere/at-all.gguf", "There is no file")],
)
async def test_a_model_that_is_not_there_is_named_in_a_sentence(name, words):
    with pytest.raises(ModelError, match=words):
        await weights.ensure(name)


async def test_any_gguf_file_can_be_named_by_its_path(tmp_path):
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF")
    assert await weights.ensure(str(file)) == file


async def test_without_the_engine_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'festina\[local\]'"):
        await embedded.start()


@pytest.mark.embedded
async def test_a_damaged_file_is_told(tmp_path):
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ModelError) as refused:
        await embedded.start(str(file))
    assert "does not start: llama.cpp cannot load it. Name another model, or" in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.embedded
async def test_nothing_of_the_current_folder_is_run(tmp_path, monkeypatch):
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"no weights at all")
    for name in ("festina", "json", "xllamacpp"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)  # as a server is that an editor starts in an untrusted workspace
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load it"):
        await embedded.start(str(file))
    assert not (tmp_path / "ran").exists()


# -- a child of our own, in the place of llama.cpp -------------------------------------------------

CHILD = """
import http.server, json, os, socket, sys
configuration = json.loads(sys.stdin.buffer.readline())
if os.environ.get("CHILD") == "killed while it loads":
    os.kill(os.getpid(), 9)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.headers["Authorization"] == "Bearer " + configuration["key"]
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        def say(delta, finish=None):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            self.wfile.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\\n\\n")
        words = asked["messages"][-1]["content"]
        say({"content": json.dumps(configuration) if "conf" in words else str(os.getpid())})
        if words == "die":
            os.kill(os.getpid(), 9)
        say({}, "stop")
        self.wfile.write(b"data: [DONE]\\n\\n")
    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"address": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
server.serve_forever()
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Starts this child in the place of ours; everything around it is real."""
    (tmp_path / "m.gguf").touch()
    popen = subprocess.Popen

    def start(command, **options):
        if command[-1] == "festina.models.embedded_child":
            command = [sys.executable, "-c", CHILD]
        return popen(command, **options)

    monkeypatch.setattr(embedded.subprocess, "Popen", start)
    return str(tmp_path / "m.gguf")


@pytest.fixture
async def runner():
    runner = Runner()
    yield runner
    await runner.aclose()


def ask(words, most=10):
    return Request((Message("user", words),), max_tokens=most, temperature=0.0)


async def test_a_child_that_dies_in_an_answer_is_told_and_the_next_request_starts_another(
    child, runner
):
    model = await embedded.start(child)
    first, key = model.pid, model.key
    assert (await runner.complete(model, ask("hello"))).text == str(first)
    with pytest.raises(ModelError) as told:
        await runner.complete(model, ask("die"))
    assert told.value.trouble is Trouble.EMBEDDED
    assert "was killed (the system does that when memory runs out) in the middle" in str(told.value)
    answers = await asyncio.gather(*(runner.complete(model, ask("hello")) for _ in range(4)))
    assert {answer.text for answer in answers} == {str(model.pid)}  # one for all of them
    assert (model.pid != first, model.key != key) == (True, True)
    last = model.pid
    await runner.run(model.aclose())
    assert not processes.running(last)


async def test_a_child_that_died_between_two_requests_is_not_noticed(child, runner):
    model = await embedded.start(child)
    os.kill(model.pid, signal.SIGKILL)
    model.wait()
    assert (await runner.complete(model, ask("hello"))).text == str(model.pid)


async def test_a_child_that_is_killed_while_it_loads_is_told(child, monkeypatch):
    monkeypatch.setenv("CHILD", "killed while it loads")
    with pytest.raises(ModelError, match=r"does not start: it was killed \(the system does that"):
        await embedded.start(child)


async def test_a_child_that_is_never_ready_is_given_up(child, monkeypatch, runner):
    monkeypatch.setattr(sys.modules[__name__], "CHILD", "import sys\nfor line in sys.stdin: pass")
    monkeypatch.setattr(embedded, "START_SECONDS", 0.2)
    with pytest.raises(ModelError, match=r"does not start: it was not ready in 0\.2 s"):
        await embedded.start(child)


@pytest.mark.parametrize(("told", "drafts"), [(None, True), (False, False), (True, True)])
async def test_a_better_model_than_the_smallest_drafts_unless_told(child, runner, told, drafts):
    model = await embedded.start(child, draft=told)
    configuration = json.loads((await runner.complete(model, ask("configuration"))).text)
    await runner.run(model.aclose())
    assert configuration["draft"] is drafts
    assert configuration["slots"] == embedded.SLOTS


async def test_no_key_of_a_provider_is_in_its_environment(child, monkeypatch, runner):
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-1")
    model = await embedded.start(child)
    environment = Path(f"/proc/{model.pid}/environ").read_bytes()
    await runner.run(model.aclose())
    assert b"PATH=" in environment
    assert b"CEREBRAS" not in environment


# -- the real one ----------------------------------------------------------------------------------


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_the_default_weights_answer_behind_a_key_and_end_with_us(runner):
    model = await embedded.start(slots=1, context=512)
    origin = model.base_url.removesuffix("/v1")
    port = int(origin.rpartition(":")[2])
    for address in _others():
        with socket.socket() as probe, pytest.raises(OSError):
            probe.connect((address, port))
    for path in (
        *("/v1/models", "/props", "/slots", "/metrics", "/tools", "/lora-adapters"),
        *("/completion", "/v1/chat/completions", "/tokenize", "/slots/0?action=erase"),
    ):
        assert _status(origin + path, None) == 401
        assert _status(origin + path, "wrong") == 401
    assert _status(f"{origin}/slots", model.key) == 501  # switched off
    answer = await runner.complete(model, ask("Say yes.", 256))
    assert answer.text.strip()
    pid = model.pid
    await runner.run(model.aclose())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_what_candidates_share_is_read_once_by_a_slot_and_lengths_are_told_in_words(runner):
    model = await embedded.start(slots=1, context=1024)
    told = []
    for number in range(2):
        body = {
            "messages": [
                {"role": "user", "content": "one two three four five six seven eight " * 20},
                {"role": "user", "content": f"Say {number}."},
            ],
            "max_tokens": 1,
        }
        told.append(await asyncio.to_thread(_post, model, body))
    with pytest.raises(ModelError, match=r"too much for the embedded model smollm2-135m,"):
        await runner.complete(model, ask("word " * 2000))
    with pytest.raises(ModelError, match=r"^The embedded model smollm2-135m did not come to"):
        await runner.complete(model, ask("Count: one two three four five six", 2))
    await runner.run(model.aclose())
    first, second = (answer["timings"] for answer in told)
    assert first["prompt_n"] > 150
    assert second["prompt_n"] < 30


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_a_festina_that_is_killed_takes_the_model_along():
    code = (
        "import asyncio\nfrom festina.models import embedded\n"
        "model = asyncio.run(embedded.start(slots=1, context=512))\n"
        "print(model.pid, flush=True)\nmodel.wait()"
    )
    doomed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert doomed.stdout is not None
    pid = int(await asyncio.to_thread(doomed.stdout.readline))
    assert processes.running(pid)
    doomed.kill()
    doomed.wait()
    doomed.stdout.close()
    assert not await asyncio.to_thread(processes.wait_until_gone, {pid})


def _others():
    """The addresses of this machine besides loopback."""
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return {address for address in found if not address.startswith("127.")} | {"127.0.0.2"}


def _status(url, key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    method = "GET" if "complet" not in url and "tokenize" not in url else "POST"
    asked = urllib.request.Request(url, headers=headers, method=method)
    try:
        with urllib.request.urlopen(asked, data=b"{}" if method == "POST" else None) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def _post(model, body):
    asked = urllib.request.Request(
        f"{model.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {model.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)
