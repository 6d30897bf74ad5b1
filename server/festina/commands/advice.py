"""The slow model on the command line: made when it is first needed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from festina.commands import job
from festina.commands.base import Stop
from festina.config import Settings
from festina.models.base import ModelError, Trouble
from festina.models.ready import Ready
from festina.slow import Adviser
from festina.spending import Spent
from festina.trust import TrustStore

if TYPE_CHECKING:
    from festina.models.runner import Runner
    from festina.terminal import Terminal


def slow_model(
    settings: Settings,
    runner: Runner,
    *,
    trust: TrustStore,
    agreed: bool,
    terminal: Terminal | None,
) -> Adviser | None:
    """Return the slow model, or None where none is configured; ``runner`` closes it in the end."""
    if settings.slow is None:
        return None
    made: list[Ready] = []

    async def get() -> Ready:
        if made:
            return made[0]
        from festina.models import factory

        bounded = job.seen(settings, terminal)
        model, choice = await factory.create(bounded, os.environ, model="slow")
        try:
            job.permit(choice, trust, agreed=agreed, terminal=terminal)
        except Stop as stop:
            await runner.close(model)
            raise ModelError(Trouble.NO_MODEL, str(stop)) from None
        made.append(Ready(model, runner))
        return made[0]

    return Adviser(get, small=partial(is_small, settings, "slow"))


async def is_small(settings: Settings, name: str | None) -> bool:
    """Whether a model is an embedded one, without starting it."""
    from festina.models import discovery, factory

    try:
        wanted = factory.named(settings, name)
        if wanted.fast and wanted.fast.base_url and wanted.fast.dialect != "embedded":
            return False
        choice = await discovery.discover(wanted, os.environ)
    except ModelError:
        return False  # it is told where it is looked for once more
    return choice.how == "embedded"


@contextlib.asynccontextmanager
async def own_slow_model(
    settings: Settings,
    spent: Spent,
    *,
    trust: TrustStore,
    agreed: bool,
    terminal: Terminal | None,
) -> AsyncIterator[Adviser | None]:
    """Give the slow model for the length of a block, with a thread of its own to talk to it.

    ``spent`` is what the edit has taken before.
    """
    runner = job.runner_for(settings, spent)
    try:
        yield slow_model(settings, runner, trust=trust, agreed=agreed, terminal=terminal)
    finally:
        await runner.aclose()
