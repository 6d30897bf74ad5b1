"""Where the server's proposals get their model from, and whether it may be used."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from festina.config import Settings
from festina.models.base import Model, ModelError, Trouble
from festina.runs import Ready

if TYPE_CHECKING:
    from festina.lsp.client import Client
    from festina.models.discovery import Choice
    from festina.models.runner import Runner
    from festina.trust import TrustStore

ALLOW = "Allow"
REFUSE = "Not now"


class ModelSource:
    """Makes a model when it is first needed and keeps it until the settings change.

    ``environ`` is the server's environment, in which keys are looked up. The first time that code
    would go to an endpoint which was found rather than configured, the person is asked
    (design, invariant 9).
    """

    def __init__(
        self, environ: Mapping[str, str], trust: TrustStore, client: Callable[[], Client]
    ) -> None:
        self._settings = Settings()
        self._environ = environ
        self._trust = trust
        self._client = client
        self._made: dict[str | None, tuple[Model, Choice]] = {}
        self._retired: list[Model] = []
        self._configured = asyncio.Event()
        self._runner: Runner | None = None
        self._lock = asyncio.Lock()
        self._asking = asyncio.Lock()

    async def configure(self, settings: Settings) -> None:
        """Take new settings; whoever waits for a model waits until this was called once.

        Models made from other settings are not used again, but stay open: a stream may run.
        """
        async with self._lock:
            if (settings.fast, settings.slow) != (self._settings.fast, self._settings.slow):
                self._retired += [model for model, _ in self._made.values()]
                self._made.clear()
            self._settings = settings
        self._configured.set()

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        """Return the model ``name``, or the configured or discovered one.

        Raises:
            ModelError: there is none, or the person does not want code to be sent there.
        """
        await self._configured.wait()
        async with self._lock:
            if name not in self._made:
                say("looking for a model")
                # httpx2 takes 100 ms to import: not on the loop
                factory = await asyncio.to_thread(importlib.import_module, "festina.models.factory")
                self._made[name] = await factory.create(
                    self._settings,
                    self._environ,
                    model=name,
                    on_progress=say,
                    ask_key=self._client().key,
                )
            model, choice = self._made[name]
            if self._runner is None:
                runner = await asyncio.to_thread(importlib.import_module, "festina.models.runner")
                self._runner = runner.Runner()
            runner_now = self._runner
        await self._permit(choice)
        embedded = choice.how == "embedded"
        return Ready(model, runner_now, small=embedded, streams=8)

    async def aclose(self) -> None:
        """Close every model."""
        async with self._lock:
            models = [*self._retired, *(model for model, _ in self._made.values())]
            self._retired, self._made = [], {}
            runner, self._runner = self._runner, None
            for model in models:
                await model.aclose()
            if runner is not None:
                await runner.aclose()

    async def _permit(self, choice: Choice) -> None:
        if choice.how in {"configured", "embedded"} or self._trust.may_send(choice.origin):
            return
        question = (
            f"Festina found a model at {choice.origin} ({choice.why}). "
            "Send the selected code and its surroundings there?"
        )
        async with self._asking:  # of two proposals at once, the second goes by the answer
            if self._trust.may_send(choice.origin):
                return
            answer = await self._client().ask(question, [ALLOW, REFUSE])
            if answer == ALLOW:
                await asyncio.to_thread(self._trust.allow_send, choice.origin)
                return
        if answer is None:
            raise ModelError(
                Trouble.NO_MODEL,
                f"Festina found a model at {choice.origin} but has not been told that code may "
                "be sent there. Configure it as models.fast, or run `festina edit` once and agree.",
            )
        raise ModelError(Trouble.NO_MODEL, f"Nothing was sent to {choice.origin}.")
