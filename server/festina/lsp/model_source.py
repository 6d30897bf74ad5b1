"""Where the server's proposals get their model from, and whether it may be used."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from festina.config import ModelSettings, Settings
from festina.models.base import Model, ModelError, Trouble
from festina.models.ledger import Ledger
from festina.models.meter import Meter
from festina.models.ready import EMBEDDED_STREAMS, STREAMS, Ready

if TYPE_CHECKING:
    from festina.lsp.client import Client
    from festina.models.discovery import Choice
    from festina.models.naming import Named
    from festina.models.runner import Runner
    from festina.trust import TrustStore

logger = logging.getLogger(__name__)

ALLOW = "Allow"
REFUSE = "Not now"


@dataclass(slots=True, eq=False)
class _Made:
    """A model, why it was chosen, and how many proposals use it now."""

    model: Model
    choice: Choice
    users: int = 0


class ModelSource:
    """Makes a model when it is first needed and keeps it until the settings change.

    ``environ`` is the server's environment, in which keys are looked up. The first time that code
    would go to an endpoint which was found rather than configured, the person is asked
    (design, invariant 9).
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        trust: TrustStore,
        client: Callable[[], Client],
        ledger: Ledger | None = None,
    ) -> None:
        self._settings = Settings()
        self._environ = environ
        self._trust = trust
        self._client = client
        self._made: dict[str | None, _Made] = {}
        self._retired: list[_Made] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._configured = asyncio.Event()
        self._runner: Runner | None = None
        self._meter = Meter(ledger=ledger)
        self._lock = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._allowed: set[str] = set()

    async def configure(self, settings: Settings) -> None:
        """Take new settings; whoever waits for a model waits until this was called once.

        Models made from other settings are not used again, and closed once no stream of theirs
        runs: an embedded one holds gigabytes.
        """
        async with self._lock:
            if (settings.fast, settings.slow) != (self._settings.fast, self._settings.slow):
                self._retired += self._made.values()
                self._made.clear()
                self._close_idle()
            self._settings = settings
            self._meter.caps = settings.limits
        self._configured.set()

    async def look(self, name: str | None) -> Choice | None:
        """Return which model would be asked, without starting it; None where none is found."""
        await self._configured.wait()
        if (made := self._made.get(name)) is not None:
            return made.choice
        try:
            from festina.models import discovery, factory

            return await discovery.discover(factory.named(self._settings, name), self._environ)
        except ModelError:
            return None

    async def small(self, name: str | None) -> bool:
        """Whether a model is an embedded one, without starting it."""
        choice = await self.look(name)
        return choice is not None and choice.how == "embedded"

    async def name(self) -> Named:
        """Return which model would be asked, as far as nobody is troubled for that."""
        await self._configured.wait()
        # httpx2 takes 100 ms to import: not on the loop
        naming = await asyncio.to_thread(importlib.import_module, "festina.models.naming")
        named: Named = await naming.name(self._settings, self._environ, self._may_send)
        return named

    async def window(self, name: str | None, choice: Choice | None) -> int:
        """Return how many tokens a model takes at a time, without starting it; 0: not known."""
        if (made := self._made.get(name)) is not None:
            return int(getattr(made.model, "window", 0))
        if choice is None:
            return 0
        from festina.models import factory, served

        fast = factory.named(self._settings, name).fast or ModelSettings()
        return await served.window_of(choice, fast, self._environ)

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
                model, choice = await factory.create(
                    self._settings,
                    self._environ,
                    model=name,
                    on_progress=say,
                    ask_key=self._client().key,
                )
                self._made[name] = _Made(model, choice)
            made = self._made[name]
            if self._runner is None:
                runner = await asyncio.to_thread(importlib.import_module, "festina.models.runner")
                self._runner = runner.Runner(self._meter)
            runner_now = self._runner
            made.users += 1

        def release() -> None:
            made.users -= 1
            self._close_idle()

        try:
            await self._permit(made.choice)
        except BaseException:
            release()
            raise
        small = made.choice.how == "embedded"
        streams = EMBEDDED_STREAMS if small else STREAMS
        return Ready(made.model, runner_now, small=small, streams=streams, release=release)

    def _close_idle(self) -> None:
        """Close retired models that nobody uses, in the background."""
        for made in [made for made in self._retired if not made.users]:
            self._retired.remove(made)
            task = asyncio.create_task(self._close(made.model))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close(self, model: Model) -> None:
        if self._runner is not None:  # whose loop holds its connections
            await self._runner.close(model)

    async def aclose(self) -> None:
        """Close every model."""
        async with self._lock:
            if self._closing:
                await asyncio.wait(self._closing)
            models = [made.model for made in (*self._retired, *self._made.values())]
            self._retired, self._made = [], {}
            runner, self._runner = self._runner, None
            for model in models:
                await model.aclose()
            if runner is not None:
                await runner.aclose()

    def _may_send(self, origin: str) -> bool:
        return origin in self._allowed or self._trust.may_send(origin)

    async def _permit(self, choice: Choice) -> None:
        if choice.how in {"configured", "embedded"} or self._may_send(choice.origin):
            return
        question = (
            f"Festina found a model at {choice.origin} ({choice.why}). "
            "Send the selected code and its surroundings there?"
        )
        async with self._asking:  # of two proposals at once, the second goes by the answer
            if self._may_send(choice.origin):
                return
            answer = await self._client().ask(question, [ALLOW, REFUSE])
            if answer == ALLOW:
                try:
                    await asyncio.to_thread(self._trust.allow_send, choice.origin)
                except OSError as error:  # then it is asked again by the next server
                    logger.warning("the answer cannot be kept: %s", error.strerror)
                    self._allowed.add(choice.origin)
                return
        if answer is None:
            raise ModelError(
                Trouble.NO_MODEL,
                f"Festina found a model at {choice.origin} but has not been told that code may "
                "be sent there. Configure it as models.fast, or run `festina edit` once and agree.",
            )
        raise ModelError(Trouble.NO_MODEL, f"Nothing was sent to {choice.origin}.")
