"""Having a step of a plan written anew, or taken apart, by the slow model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from festina import advising, planner
from festina.calls import Wait
from festina.events import Called
from festina.instead import Instead
from festina.models.meter import counting
from festina.models.ready import Models
from festina.planner import Planned
from festina.plans import Plan, Step
from festina.session import Refusal, Session
from festina.slow import Adviser

NOT_WRITTEN = "plan.md stays as it is."
NO_SLOW = "No slow model is configured. Set models.slow in your config.toml."


class Replanning:
    """Asks the slow model of a session. It writes nothing itself."""

    def __init__(self, session: Session, models: Models) -> None:
        self._session = session
        self._models = models

    @property
    def possible(self) -> bool:
        """Whether there is a slow model."""
        return self._session.settings_of(None).slow is not None

    def check(self) -> None:
        """See to it that there is a slow model.

        Raises:
            Refusal: there is none.
        """
        if not self.possible:
            raise Refusal(NO_SLOW)

    async def ask(
        self,
        workspace: Path,
        plan: Plan,
        instead: Instead,
        say: Callable[[str], None],
        called: Callable[[Called], None],
    ) -> tuple[Step, ...]:
        """Return what stands in the place of a step.

        Raises:
            Refusal: there is nothing that could, and why.
        """
        adviser = advising.slow_model(self._session, self._models, say)
        if adviser is None:
            raise Refusal(NO_SLOW)
        goal = plan.goal or instead.step.title
        planned = await self._planned(workspace, goal, adviser, say, called, instead)
        return planned.steps

    async def plan(
        self,
        workspace: Path,
        goal: str,
        say: Callable[[str], None],
        called: Callable[[Called], None],
    ) -> Planned:
        """Return a whole plan: of the slow model where there is one, else of the fast one.

        Raises:
            Refusal: there is none, and why.
        """
        adviser = advising.answerer(self._session, self._models, None, say)
        return await self._planned(workspace, goal, adviser, say, called)

    async def _planned(
        self,
        workspace: Path,
        goal: str,
        adviser: Adviser,
        say: Callable[[str], None],
        called: Callable[[Called], None],
        instead: Instead | None = None,
    ) -> Planned:
        settings = self._session.settings_of(workspace)
        commands = tuple(command.name for command in settings.verify.commands)
        snapshot = self._session.snapshot(workspace)
        order = planner.Order(goal, snapshot, settings.context_tokens, commands, instead)

        def on_text(text: str) -> None:
            say(f"about {len(text) // 4} tokens so far")

        def on_wait(wait: Wait | None) -> None:
            say("waiting for the model" if wait is None else str(wait))

        with counting(f"plan {workspace}"):
            planned = await planner.plan(order, adviser, on_text=on_text, on_wait=on_wait)
        for call in planned.calls:
            called(Called(call))
        if planned.error is not None:
            raise Refusal(f"{planned.error} {NOT_WRITTEN}")
        if planned.reasons:
            told = " ".join(planned.reasons[:3])
            raise Refusal(f"The model's plan cannot be followed: {told} {NOT_WRITTEN}")
        return planned
