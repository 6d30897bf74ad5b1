"""Ten thousand damaged streams: none is a complete answer, but for damage that nobody can see.

What can be seen, what is hidden, and what is harmless: ``support.mutations``.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from festina.models.base import ModelError, Request
from festina.models.exchange import Exchange
from support.asking import REQUEST, ask, check_message, model_at
from support.fake_model import FakeModel
from support.fake_replies import Reply, document, stream
from support.mutations import STREAMS, Mutant, mutant, read, transcripts

BASE = 1000
"""A request asks for so many tokens and as many as the number of its mutant."""
AT_ONCE = 16

Answer = tuple[str, bool]
"""The text, and whether it counts as complete."""


def made(count: int, seed: int) -> list[Mutant]:
    """Damage in turn to transcripts of each dialect."""
    rng = random.Random(seed)
    found = transcripts()
    of = [[one for one in found if one.dialect == dialect] for dialect in STREAMS]
    return [mutant(rng, rng.choice(of[number % len(of)]), found) for number in range(count)]


def judged(one: Mutant, text: str, *, complete: bool) -> str:
    """What a mutant came to; see the module."""
    assert "\ufffd" not in text or "\ufffd" in one.of.text, one
    text.encode()  # no half of a surrogate pair
    same = complete and one.of.good and text == one.of.text
    if one.harmless:
        assert same or (not one.of.good and not complete), one
        return "harmless"
    if not complete:
        return "seen"
    if not one.of.good:
        assert one.hidden, one
        return "mended"
    if not same:
        assert one.hidden, one
        return "hidden"
    return "same"


def check_share(outcomes: Counter[str]) -> None:
    """Most damage is seen, and little of it is such that nobody could."""
    total = sum(outcomes.values())
    assert outcomes["seen"] > 0.75 * total, outcomes
    assert 0 < outcomes["hidden"] < 0.04 * total, outcomes
    assert outcomes["mended"] < 0.01 * total, outcomes
    assert outcomes["harmless"] > 0.05 * total, outcomes


async def over_the_wire(mutants: list[Mutant]) -> Counter[str]:
    """Ask for each of them through real sockets; nothing but the model layer's errors comes."""
    outcomes: Counter[str] = Counter()

    def reply(body: dict[str, Any]) -> Reply:
        fields = ("max_completion_tokens", "max_output_tokens", "max_tokens")
        one = mutants[next(body[name] for name in fields if name in body) - BASE]
        return document(one.raw) if one.of.in_one_piece else stream(one.raw)

    async def try_one(number: int, models: dict[str, Exchange]) -> None:
        one = mutants[number]
        model, request = models[one.of.dialect], Request(REQUEST.messages, BASE + number)
        try:
            text, _ = await ask(model, request)
        except ModelError as error:
            check_message(error, model.origin)
            outcomes[judged(one, "", complete=False)] += 1
        else:
            outcomes[judged(one, text, complete=True)] += 1

    with FakeModel(reply) as fake:
        models = {name: model_at(fake, dialect=name, max_retries=0) for name in STREAMS}
        for first in range(0, len(mutants), AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, len(mutants)))
            tries = (try_one(number, models) for number in numbers)
            ended = await asyncio.gather(*tries, return_exceptions=True)
            for error in filter(None, ended):
                raise error
            fake.requests.clear()
            fake.heads.clear()
        await fake.until(lambda: fake.streams == 0)
        for model in models.values():
            await model.aclose()
        await fake.until(lambda: fake.live == 0)
    return outcomes


def test_two_thousand_damaged_streams_however_they_are_cut() -> None:
    rng, outcomes = random.Random(7), Counter[str]()
    for one in made(2000, seed=8):
        text, problem = read(one.of.dialect, one.raw, rng)
        outcomes[judged(one, text, complete=problem is None)] += 1
    check_share(outcomes)


def test_damage_upon_damage_is_no_crash() -> None:
    rng, found = random.Random(11), transcripts()
    for one in made(1000, seed=12):
        again = replace(one.of, raw=one.raw or one.of.raw, good=False)
        text, _ = read(one.of.dialect, mutant(rng, again, found).raw, rng)
        text.encode()


async def test_three_hundred_damaged_streams_over_the_wire() -> None:
    check_share(await over_the_wire(made(300, seed=9)))


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_ten_thousand_damaged_streams_over_the_wire() -> None:
    check_share(await over_the_wire(made(10_000, seed=10)))
