"""The work behind ``festina ask``: a model's Markdown is printed block by block, made safe."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from festina import markers
from festina.asking import NO_ANSWER, request_of
from festina.calls import Why
from festina.clean import stripped, visible
from festina.commands import held, job, target
from festina.commands.base import Exit, Stop
from festina.commands.target import Target
from festina.config import Settings
from festina.context import Wish
from festina.edits import Region
from festina.markdown import complete, safe
from festina.models.ready import Ready
from festina.slow import Adviser, Said
from festina.trust import TrustStore

if TYPE_CHECKING:
    from festina.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked about which lines, and under which settings."""

    args: argparse.Namespace
    target: Target
    region: Region
    name: str
    question: str
    settings: Settings

    @property
    def place(self) -> str:
        """The region for a person: ``pkg/mod.py:40-58  clamp``."""
        return self.target.place(self.region, self.name)


@dataclass(slots=True)
class Blocks:
    """Prints an answer as it comes: each block once it is complete."""

    terminal: Terminal
    printed: int = 0
    _last: str = field(default="", init=False)

    def take(self, text: str) -> None:
        """Print what is complete of the answer so far, and show the rest as progress."""
        text = self._last = stripped(text)
        end = self.printed + complete(text[self.printed :])
        self._print(text[self.printed : end])
        self.printed = end
        words = f"answering, about {len(text) // 4} tokens"
        self.terminal.status(words, text[end:].rstrip().split("\n"))

    def finish(self, text: str) -> None:
        """Print what is left of the whole answer."""
        self._print(stripped(text)[self.printed :])

    def _print(self, text: str) -> None:
        if clean := safe(text):
            self.terminal.markdown(clean)


async def shown(args: argparse.Namespace) -> int:
    """Answer a person: the answer streams, then who gave it."""
    from festina.terminal import Terminal

    terminal = Terminal()
    order = _order(args, terminal.warn)
    blocks = Blocks(terminal)
    with terminal.progress("looking for a model"):
        said = await _ask(order, terminal, blocks.take)
        if said.error is None:
            blocks.finish(said.text)
    _check(said)
    terminal.note(f"{order.place} · {said.call.words}")
    return Exit.DONE


async def as_json(args: argparse.Namespace) -> int:
    """Answer a program: one JSON object on standard output."""
    order = _order(args, _warn)
    said = await _ask(order, None, None)
    _check(said)
    data = {
        "path": order.target.relative,
        "region": {"start": order.region.start + 1, "end": order.region.end},
        "question": order.question,
        "answer": safe(said.text),
        "call": said.call.to_json(),
    }
    sys.stdout.write(json.dumps(data) + "\n")
    return Exit.DONE


def _order(args: argparse.Namespace, warn: Callable[[str], None]) -> Order:
    """Find out what is meant.

    Raises:
        Stop: the mistake, in a sentence.
    """
    file, lines = target.split(args.target)
    found = target.read(file, args.workspace)
    region, name = target.region_of(found, lines)
    target.check_size(found, region)
    question = args.message or markers.instruction(found.text, region)
    if not question.strip():
        raise Stop("Say what you want to know: -m QUESTION.")
    return Order(args, found, region, name, question, job.settings_of(found.workspace, warn))


async def _ask(
    order: Order, terminal: Terminal | None, on_text: Callable[[str], None] | None
) -> Said:
    args, place = order.args, order.target
    name = args.model or ("slow" if order.settings.slow is not None else None)
    trust = TrustStore()
    snapshot = job.snapshot_of(place.workspace, order.settings, trust)
    wish = Wish(snapshot, place.relative, place.text, order.region, order.question, place.language)
    request = partial(request_of, wish, order.settings.context_tokens)
    async with job.model_for(
        order.settings, name, trust=trust, agreed=args.yes, terminal=terminal
    ) as ready:

        async def get() -> Ready:
            return Ready(ready.model, ready.runner, small=ready.choice.how == "embedded")

        adviser = Adviser(get, who="slow" if name == "slow" else "fast")
        with held.shown(terminal, "waiting for the model") as on_wait:
            return await adviser.ask(request, Why.ASK, on_text=on_text, on_wait=on_wait)


def _check(said: Said) -> None:
    """See to it that there is an answer.

    Raises:
        Stop: there is none, and why.
    """
    if said.error is not None:
        raise Stop(str(said.error), job.exit_of_error(said.error))
    if not said.text.strip():
        raise Stop(NO_ANSWER, Exit.FAILED)


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")
