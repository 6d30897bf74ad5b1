"""Several processes with one key: each has a budget of its own, and the provider's word mends it.

What a process has on its way is not told to the others. It need not be: the headers of every
answer count what all of them have sent, and a refusal holds one process back for as long as the
provider says, with one request alone going ahead after it. So an editor and a command line beside
it cost a few refusals, and no answer.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

import pytest

from festina.config import ModelSettings
from festina.models.base import ModelError
from festina.models.dialects import MODELS
from festina.models.http import Http
from festina.models.presets import for_url
from festina.models.retry import Policy
from support.asking import ask
from support.fake_model import FakeModel
from support.limited import Limited

SPAWN = multiprocessing.get_context("spawn")
EACH = 60
LIMIT = 20


def many(base_url: str, told: Any) -> None:
    """In a process of its own: one request that goes ahead, then all the others at once."""

    async def work() -> int:
        settings = ModelSettings(base_url=base_url, model="fake-coder")
        model = MODELS["chat"](
            settings, "sk-one", Http(), for_url(base_url), policy=Policy(base=0.05, cap=0.1)
        )
        good = 0
        for count in (1, EACH - 1):
            answers = await asyncio.gather(
                *(ask(model) for _ in range(count)), return_exceptions=True
            )
            strange = [a for a in answers if isinstance(a, BaseException)]
            assert all(isinstance(each, ModelError) for each in strange)
            good += count - len(strange)
        await model.aclose()
        return good

    told.put(asyncio.run(work()))


@pytest.mark.parametrize("steady", [True, False], ids=["little by little", "all at once"])
def test_two_processes_lose_no_answer_and_are_seldom_refused(steady: bool) -> None:
    told = SPAWN.Queue()
    limited = Limited(LIMIT, 1.0, steady=steady)
    with FakeModel(limited) as fake:
        processes = [SPAWN.Process(target=many, args=(fake.base_url, told)) for _ in range(2)]
        for process in processes:
            process.start()
        good = [told.get(timeout=60) for _ in processes]
        for process in processes:
            process.join(30)
        sent = len(fake.requests)
    print(f"{limited.refused} of {sent} requests were refused")
    assert good == [EACH, EACH]
    assert sent == 2 * EACH + limited.refused
    windows = 2 * EACH // LIMIT + 1
    assert limited.refused <= 2 * 4 * windows, "a few for each process, each time nothing remains"
