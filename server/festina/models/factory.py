"""From settings to a model that can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from festina.config import ModelSettings, Settings
from festina.models.base import Model, ModelError, Trouble
from festina.models.discovery import Choice, at_preset, discover, key_for
from festina.models.presets import by_name, is_loopback
from festina.models.weights import WEIGHTS

AskKey = Callable[[str], Awaitable[str | None]]
Say = Callable[[str], None]


async def create(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    model: str | None = None,
    on_progress: Say | None = None,
    ask_key: AskKey | None = None,
) -> tuple[Model, Choice]:
    """Return the model to use and why it was chosen. Nothing is asked of it yet.

    ``model`` overrides the settings: ``fast``, ``slow``, a provider (``groq``), a provider's model
    (``groq:NAME``), ``embedded``, ``embedded:NAME``, a path to a GGUF file, or a model's id at
    the address that is configured or found; where none is configured, also the name of weights.
    ``ask_key`` is asked for the key of an origin on another machine where no other source has
    one. ``on_progress`` takes lines for a person.

    Raises:
        ModelError: there is no model (``NO_MODEL``, with the remedy), or it can not be used.
    """
    settings = named(settings, model)
    choice = await discover(settings, environ)
    fast = settings.fast or ModelSettings()
    if choice.dialect == "embedded":
        return await _embedded(choice, on_progress), choice
    return await _over_http(choice, fast, environ, ask_key)


def named(settings: Settings, model: str | None) -> Settings:
    """Return the settings with ``model`` (see ``create``) as the fast model.

    Raises:
        ModelError: ``slow`` is asked for and not configured.
    """
    if not model or model == "fast":
        return settings
    fast = settings.fast or ModelSettings()
    if model == "slow":
        if settings.slow is None:
            raise ModelError(
                Trouble.NO_MODEL,
                "No slow model is configured. Set models.slow, or leave it out.",
            )
        return replace(settings, fast=settings.slow)
    provider, _, name = model.partition(":")
    if provider == "embedded":
        return replace(settings, fast=_as_embedded(fast, name))
    if model.endswith(".gguf") or (not fast.base_url and model in WEIGHTS):
        return replace(settings, fast=_as_embedded(fast, model))
    preset = by_name(provider)
    if preset is not None:
        return replace(settings, fast=at_preset(fast, preset, name))
    return replace(settings, fast=replace(fast, model=model))


def _as_embedded(settings: ModelSettings, name: str) -> ModelSettings:
    return replace(settings, dialect="embedded", base_url="", model=name, mistake="")


async def _over_http(
    choice: Choice, fast: ModelSettings, environ: Mapping[str, str], ask_key: AskKey | None
) -> tuple[Model, Choice]:
    key, source = await asyncio.to_thread(key_for, fast, choice.base_url, environ)
    if key is None and ask_key is not None and not is_loopback(choice.base_url):
        key = await ask_key(choice.origin)
        source = "the editor" if key else ""
        choice = replace(choice, key_source=source)
    from festina.models.dialects import MODELS
    from festina.models.http import Http
    from festina.models.served import as_told

    at = replace(fast, dialect=choice.dialect, base_url=choice.base_url, model=choice.model)
    at, preset = await as_told(at, choice.preset, key, source)
    made = MODELS[choice.dialect]
    return made(at, key, Http(), preset, key_source=source), choice


async def _embedded(choice: Choice, say: Say | None) -> Model:
    from festina.models.embedded import start

    return await start(choice.model, say)
