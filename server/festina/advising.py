"""Who is asked for advice: the slow model, where one is configured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from festina.calls import Why
from festina.models.ready import Models, Ready
from festina.proposals import Proposal
from festina.session import Session
from festina.slow import Adviser

SLOW = "slow"
"""The name by which the models' source knows the model of ``models.slow``."""


def slow_model(session: Session, models: Models, say: Callable[[str], None]) -> Adviser | None:
    """Return the slow model, or None where none is configured. Nothing is asked of it yet.

    Models are the person's own settings, so they are the same for every folder.
    """
    if session.settings_of(None).slow is None:
        return None

    async def get() -> Ready:
        return await models.get(SLOW, say)

    return Adviser(get, small=partial(models.small, SLOW))


def planner(
    session: Session, models: Models, proposal: Proposal, say: Callable[[str], None]
) -> Adviser | None:
    """Return who writes a better instruction for a proposal: once, then nobody any more."""
    if any(call.why is Why.REPLAN for call in proposal.calls):
        return None
    asking = "asking the slow model for a better instruction"
    return slow_model(session, models, lambda words: say(f"{asking}: {words}"))


def answerer(
    session: Session, models: Models, model: str | None, say: Callable[[str], None]
) -> Adviser:
    """Return who answers questions: the model asked for, else the slow one, else the fast one."""
    if model is None and (slow := slow_model(session, models, say)) is not None:
        return slow

    async def get() -> Ready:
        return await models.get(model, say)

    who = SLOW if model == SLOW else "fast"
    return Adviser(get, who, partial(models.small, model))
