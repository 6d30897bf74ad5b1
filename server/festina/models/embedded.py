"""The embedded model: llama.cpp in a child process, spoken to like any other server.

It listens on loopback, behind a random key that only we know, and dies with us. Where it dies
alone, the answers under way fail with a sentence, and the next request starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from festina.config import ModelSettings
from festina.models import lifeline, weights
from festina.models.base import Delta, Done, ModelError, Request, Trouble
from festina.models.chat import ChatModel
from festina.models.http import Http
from festina.models.presets import LLAMA_CPP

START_SECONDS = 120.0
SLOTS = 4
"""Each slot reads the prompt for itself; eight cost more than they gain (``tests/bench``)."""
CONTEXT_TOKENS = 4096
FIRST_CONTENT_SECONDS = 300.0
"""Longer than for a server that is fast: candidates wait here for a free slot."""
REAP_SECONDS = {Trouble.NETWORK: 2.0, Trouble.TRUNCATED: 0.2}
"""How long after its connections a dying process may still seem to live."""

Say = Callable[[str], None]

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served, and how: ``slots`` answers at once, each of ``context`` tokens at most.

    With ``draft``, tokens that repeat the prompt are guessed ahead. See ``tests/bench``.
    """

    label: str
    path: Path
    slots: int = SLOTS
    context: int = CONTEXT_TOKENS
    draft: bool = False


@dataclass(frozen=True, slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    chat: ChatModel
    base_url: str
    key: str


class EmbeddedModel:
    """A model in a child process. Its requests all run on one event loop, as for any model."""

    def __init__(self, plan: Plan, child: _Child) -> None:
        self._plan = plan
        self._child = child
        self._starting = asyncio.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        """The weights' name."""
        return self._plan.label

    @property
    def origin(self) -> str:
        """Always ``embedded``: nothing leaves this machine."""
        return "embedded"

    @property
    def base_url(self) -> str:
        """Where it listens now, on loopback, for programs that are given the key."""
        return self._child.base_url

    @property
    def key(self) -> str:
        """The key that it wants; made for this child alone."""
        return self._child.key

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.process.pid

    async def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        """Yield the answer's text as it comes, then ``Done``. See ``Model.stream``."""
        child = await self._alive()
        try:
            stream = child.chat.stream(request)
            async with contextlib.aclosing(stream):
                async for event in stream:
                    yield event
        except ModelError as error:
            patience = REAP_SECONDS.get(error.trouble)
            if patience is None or self._closed or not await _ended(child, patience):
                raise self._in_our_words(error) from None
            raise ModelError(
                Trouble.EMBEDDED,
                f"The embedded model {self.name} {_how(child.process)} in the middle of its work. "
                "Ask again: it is started anew. If that goes on, name a smaller model.",
            ) from None

    def _in_our_words(self, error: ModelError) -> ModelError:
        """Say it without an address and settings that nobody chose."""
        words = str(error)
        if "exceed_context_size" in words:
            words = (
                f"This is too much for the embedded model {self.name}, which takes "
                f"{self._plan.context} tokens at a time, its answer included. Ask for less at "
                "once (fewer lines)."
            )
        elif error.trouble is Trouble.TRUNCATED:
            words = (
                f"The embedded model {self.name} did not come to an end. Try again, ask for less "
                "at once (fewer lines), or use a larger model."
            )
        origin = self.base_url.removesuffix("/v1")
        return ModelError(error.trouble, words.replace(origin, f"the embedded model {self.name}"))

    def wait(self) -> int:
        """Block until the child has ended, and return its exit code."""
        return self._child.process.wait()

    async def aclose(self) -> None:
        """Close the connections and end the child."""
        self._closed = True
        async with self._starting:
            await self._child.chat.aclose()
            await asyncio.to_thread(_end, self._child.process)

    async def _alive(self) -> _Child:
        """Return the child; where it has ended meanwhile, another one."""
        async with self._starting:
            if self._child.process.poll() is not None and not self._closed:
                gone, self._child = self._child, await _launch(self._plan)
                await gone.chat.aclose()
                _end(gone.process)
            return self._child


async def start(
    name: str = "",
    say: Say | None = None,
    *,
    slots: int = SLOTS,
    context: int = CONTEXT_TOKENS,
    draft: bool | None = None,
) -> EmbeddedModel:
    """Start a model by name or path. For what the others mean, see ``Plan``.

    Unless told, the smallest model does not draft: it seldom repeats what it is given, so that most
    guesses are for nothing (``tests/bench/embedded_slots.py``). Better ones mostly repeat it.

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
    if draft is None:
        draft = label != weights.DEFAULT
    plan = Plan(label, path, slots, context, draft)
    if say is not None:
        say(f"starting {plan.label}")
    return EmbeddedModel(plan, await _launch(plan))


async def _launch(plan: Plan) -> _Child:
    key = secrets.token_urlsafe(32)
    configuration = {
        "path": str(plan.path.resolve()),
        "key": key,
        "slots": plan.slots,
        "draft": plan.draft,
        "context": plan.context,
        "threads": _threads(),
    }
    process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond, and is known at once
        [*lifeline.PYTHON, "-m", "festina.models.embedded_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not _SECRET.search(name)},
    )
    try:
        address = await asyncio.wait_for(
            asyncio.to_thread(_address, process, configuration), START_SECONDS
        )
    except BaseException as error:
        _end(process)
        if isinstance(error, TimeoutError):
            raise _failed(plan, f"it was not ready in {START_SECONDS:g} s") from None
        raise
    if "address" not in address:
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, REAP_SECONDS[Trouble.NETWORK])
        why = address.get("error") or f"it {_how(process)}"
        _end(process)
        raise _failed(plan, why)
    settings = ModelSettings(
        base_url=f"{address['address'].rstrip('/')}/v1",
        model=plan.label,
        first_content_seconds=FIRST_CONTENT_SECONDS,
        inter_token_seconds=FIRST_CONTENT_SECONDS,
        total_seconds=2 * FIRST_CONTENT_SECONDS,
        max_retries=0,  # what listens there after it has ended is not ours
        parallel_requests=plan.slots,  # whatever asks: more would wait in it, against the deadlines
    )
    # llama.cpp closes some connections just after an answer, when the next request is on its way
    http = Http(reuse=False)
    chat = ChatModel(settings, key, http, LLAMA_CPP, key_source="Festina")
    return _Child(process, chat, settings.base_url, key)


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


async def _ended(child: _Child, seconds: float) -> bool:
    """Whether a child whose connection broke is no more."""
    try:
        await asyncio.to_thread(child.process.wait, seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _how(process: subprocess.Popen[bytes]) -> str:
    """Say how a process ended."""
    code = process.poll()
    if code == -signal.SIGKILL:
        return "was killed (the system does that when memory runs out)"
    return "crashed" if code is not None and code < 0 else "ended"


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


def _failed(plan: Plan, why: str) -> ModelError:
    return ModelError(
        Trouble.EMBEDDED,
        f"The embedded model {plan.label} does not start: {why}. Name another model, or remove "
        f"{plan.path} if it may be damaged.",
    )
