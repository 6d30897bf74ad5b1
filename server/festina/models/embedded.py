"""The embedded model: llama.cpp in a child process, spoken to like any other server.

It listens on loopback, behind a random key that only we know, and dies with us.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from festina.config import ModelSettings
from festina.models import weights
from festina.models.base import Delta, Done, ModelError, Request, Trouble
from festina.models.chat import ChatModel
from festina.models.http import Http
from festina.models.presets import for_url

START_SECONDS = 120.0
SLOTS = 8
CONTEXT_TOKENS = 4096
FIRST_CONTENT_SECONDS = 300.0
"""Longer than for a server that is fast: candidates wait here for a free slot."""

Say = Callable[[str], None]


class EmbeddedModel:
    """A model in a child process. Its requests all run on one event loop, as for any model."""

    def __init__(
        self, process: subprocess.Popen[bytes], chat: ChatModel, name: str, base_url: str, key: str
    ) -> None:
        self._process = process
        self._chat = chat
        self._name = name
        self.base_url = base_url
        """Where it listens, on loopback, for programs that are given the key."""
        self.key = key
        """The key that it wants; made for this child alone."""

    @property
    def name(self) -> str:
        """The weights' name."""
        return self._name

    @property
    def origin(self) -> str:
        """Always ``embedded``: nothing leaves this machine."""
        return "embedded"

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        """Yield the answer's text as it comes, then ``Done``. See ``Model.stream``."""
        if self._process.poll() is not None:
            raise ModelError(
                Trouble.EMBEDDED,
                f"The embedded model {self._name} has ended unexpectedly. Ask again to start it.",
            )
        stream = self._chat.stream(request)
        async with contextlib.aclosing(stream):
            async for event in stream:
                yield event

    def wait(self) -> int:
        """Block until the child has ended, and return its exit code."""
        return self._process.wait()

    async def aclose(self) -> None:
        """Close the connections and end the child."""
        await self._chat.aclose()
        await asyncio.to_thread(_end, self._process)


async def start(
    name: str = "", say: Say | None = None, *, slots: int = SLOTS, context: int = CONTEXT_TOKENS
) -> EmbeddedModel:
    """Start a model by name or path; ``slots`` is how many answers it gives at once.

    ``context`` is how many tokens each of them may use, prompt included.

    Raises:
        ModelError: the extra is not installed, the weights cannot be had, or it does not start.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelError(
            Trouble.EMBEDDED,
            "The embedded model needs its engine: pip install 'festina[local]'. Or connect "
            "another model; `festina doctor` says how.",
        )
    path = await weights.ensure(name, say)
    label = name or weights.DEFAULT
    if say is not None:
        say(f"starting {label}")
    key = secrets.token_urlsafe(32)
    configuration = {
        "path": str(path.resolve()),
        "key": key,
        "slots": slots,
        "draft": slots == 1,  # with several slots, batching gains more than drafts do
        "context": context,
        "threads": _threads(),
    }
    # From this thread, not a helper's: the child is killed when the thread ends that made it.
    process = subprocess.Popen(  # noqa: ASYNC220 - for that reason; it takes a millisecond
        [sys.executable, "-m", "festina.models.embedded_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = await asyncio.wait_for(
            asyncio.to_thread(_address, process, configuration), START_SECONDS
        )
    except BaseException as error:
        _end(process)
        if isinstance(error, TimeoutError):
            raise _failed(label, path, f"it was not ready in {START_SECONDS:g} s") from None
        raise
    if "address" not in address:
        _end(process)
        raise _failed(label, path, address.get("error", "it ended at once"))
    settings = ModelSettings(
        base_url=f"{address['address'].rstrip('/')}/v1",
        model=label,
        first_content_seconds=FIRST_CONTENT_SECONDS,
        inter_token_seconds=FIRST_CONTENT_SECONDS,
        total_seconds=2 * FIRST_CONTENT_SECONDS,
    )
    chat = ChatModel(settings, key, Http(), for_url(settings.base_url), key_source="Festina")
    return EmbeddedModel(process, chat, label, settings.base_url, key)


def _address(process: subprocess.Popen[bytes], configuration: dict[str, object]) -> dict[str, str]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(configuration).encode() + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        answer = json.loads(line) if line else {}
    except (OSError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and reap it. It holds nothing that would need a calmer end."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _threads() -> int:
    """Leave a processor to the tests: llama.cpp's threads wait for each other by spinning."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    return max(1, min(8, count - 1))


def _failed(name: str, path: Path, why: str) -> ModelError:
    return ModelError(
        Trouble.EMBEDDED,
        f"The embedded model {name} does not start: {why}. Remove {path} if it may be damaged, or "
        "name another model.",
    )
