"""Which model to use where little or nothing is configured, and why that one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from festina.config import ModelSettings, Settings
from festina.models.base import ModelError, Trouble
from festina.models.catalogue import Offer, list_models, pick
from festina.models.http import Http
from festina.models.keys import resolve_key, source_of
from festina.models.presets import (
    GENERIC,
    HOSTED,
    LOCAL,
    Preset,
    by_name,
    by_owner,
    for_url,
    origin_of,
)

PROBE_SECONDS = 1.0
"""A server on this machine that takes longer to list its models is not found."""
EMBEDDED_ORIGIN = "embedded"
DIALECTS = ("chat", "responses", "anthropic", "embedded")
OPENAI_BASE_VARIABLE = "OPENAI_BASE_URL"


@dataclass(frozen=True, slots=True)
class Choice:
    """The model to use.

    ``how`` is one of ``configured``, ``environment``, ``local server`` and ``embedded``; ``why``
    is for people. ``key_source`` says where the key is, and never holds the key. ``served_by`` is
    the name of the server's preset, where its list of models says which program it is.
    """

    dialect: str
    base_url: str
    model: str
    origin: str
    how: str
    why: str
    key_source: str = ""
    served_by: str = ""

    @property
    def preset(self) -> Preset:
        """What is known about the provider: by its address, else by what it says that it is."""
        known = for_url(self.base_url)
        return (by_name(self.served_by) or known) if known is GENERIC else known

    @property
    def shown(self) -> str:
        """The model for a person: ``gpt-oss-120b at https://api.cerebras.ai``."""
        if self.origin == EMBEDDED_ORIGIN:
            return f"the embedded model {self.model}".rstrip()
        return f"{self.model} at {self.origin}"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: what was found (``detail``), and what to do where it failed."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


async def discover(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    http: Http | None = None,
    local: Sequence[Preset] = LOCAL,
) -> Choice:
    """Return the model to use.

    That is the configured one, else one of the provider whose key is in the environment, else one
    of a server on this machine, else the embedded model.

    Raises:
        ModelError: there is none (``NO_MODEL``), or what is configured can not be used.
    """
    own = http or Http()
    try:
        return await _discover(settings.fast or ModelSettings(), environ, own, local)
    finally:
        if http is None:
            await own.aclose()


def key_for(
    settings: ModelSettings, base_url: str, environ: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return the key that may be sent to ``base_url``, and where it is from; (None, "") if none.

    A key is bound to the origin that it was configured for: the settings' own to the settings'
    base_url (or to the provider whose variable they name), a well-known variable to its provider.
    Blocks like ``resolve_key``, and raises what it raises.
    """
    origin = origin_of(base_url)
    source = source_of(settings)
    if source:
        bound_to = settings.base_url or _base_of_variable(settings.api_key_env, environ)
        if bound_to and origin_of(bound_to) == origin:
            return resolve_key(settings, environ), source
        return None, ""
    for preset in HOSTED:
        key = environ.get(preset.key_variable, "").strip()
        if key and origin_of(environment_base(preset, environ)) == origin:
            return key, preset.key_variable
    return None, ""


def has_embedded() -> bool:
    """Whether the embedded model's engine is installed."""
    return importlib.util.find_spec("xllamacpp") is not None


async def _discover(
    settings: ModelSettings, environ: Mapping[str, str], http: Http, local: Sequence[Preset]
) -> Choice:
    if settings.mistake:
        raise ModelError(
            Trouble.BAD_REQUEST,
            f"It is open which model is meant, so none is asked: {settings.mistake.rstrip('.')}. "
            "Correct that, or remove it to have a model looked for.",
        )
    if settings.dialect not in DIALECTS:
        raise ModelError(
            Trouble.BAD_REQUEST,
            f"models.fast.dialect is {settings.dialect!r}, which this version does not speak. "
            f"Use one of: {', '.join(DIALECTS)}.",
        )
    if settings.dialect == "embedded":
        return _embedded(settings.model, "configured as models.fast")
    configured = settings.base_url or _base_of_variable(settings.api_key_env, environ)
    if configured:
        spoken = _preset_of(configured, settings, environ).spoken(settings.dialect)
        return await _at(configured, spoken, settings, environ, http, "configured", "models.fast")
    if source_of(settings):
        raise ModelError(
            Trouble.BAD_REQUEST,
            f"models.fast names a key ({source_of(settings)}) but not the address that it is for. "
            "Set models.fast.base_url.",
        )
    if (preset := provider_in(environ, settings.dialect)) is not None:
        base = environment_base(preset, environ)
        why = f"{preset.key_variable} is set"
        spoken = preset.spoken(settings.dialect)
        return await _at(base, spoken, settings, environ, http, "environment", why)
    return await _nearby(settings, http, local)


def provider_in(environ: Mapping[str, str], dialect: str) -> Preset | None:
    """Return the provider whose key is in the environment; the first, where there are several."""
    keys = (one for one in HOSTED if environ.get(one.key_variable, "").strip())
    return next((preset for preset in keys if preset.speaks(dialect)), None)


async def _at(
    base_url: str,
    dialect: str,
    settings: ModelSettings,
    environ: Mapping[str, str],
    http: Http,
    how: str,
    why: str,
) -> Choice:
    origin = origin_of(base_url)
    key, source = await asyncio.to_thread(key_for, settings, base_url, environ)
    if settings.model:
        return Choice(dialect, base_url, settings.model, origin, how, why, source)
    offers = await list_models(http, base_url, key, key_source=source, dialect=dialect)
    offer = pick(offers, dialect)
    if offer is None:
        raise ModelError(
            Trouble.NO_MODEL,
            f"{origin} offers no model for chat ({len(offers)} listed). "
            "Set models.fast.model to one that it serves.",
        )
    server = by_owner(offer.owner)
    return Choice(
        dialect,
        base_url,
        offer.id,
        origin,
        how,
        _picked(why, offer, offers),
        source,
        server.name if server else "",
    )


async def _nearby(settings: ModelSettings, http: Http, local: Sequence[Preset]) -> Choice:
    answers = await asyncio.gather(*(_probe(http, preset) for preset in local))
    empty: list[Preset] = []
    for preset, offers in zip(local, answers, strict=True):
        if offers is None:
            continue
        if settings.model and any(offer.id == settings.model for offer in offers):
            found: Offer | None = Offer(settings.model)
        else:
            found = None if settings.model else pick(offers)
        if found is None:
            empty.append(preset)
            continue
        origin = origin_of(preset.base_url)
        why = _picked(f"{preset.title} answers at {origin}", found, offers)
        spoken = preset.spoken(settings.dialect)
        return Choice(spoken, preset.base_url, found.id, origin, "local server", why)
    if has_embedded() and not settings.model:
        return _embedded("", "no key in the environment and no model server on this machine")
    raise _no_model(settings.model, empty)


async def _probe(http: Http, preset: Preset) -> list[Offer] | None:
    try:
        return await list_models(http, preset.base_url, seconds=PROBE_SECONDS)
    except ModelError:
        return None


def _no_model(wanted: str, empty: Sequence[Preset]) -> ModelError:
    keys = ", ".join(preset.key_variable for preset in HOSTED)
    what = "No model was found"
    if wanted:
        what = f"No place for the model {wanted!r} was found: models.fast.base_url is not set"
    if empty:
        first = empty[0]
        has = f"does not have {wanted!r}" if wanted else "has no model"
        what += f"; {first.title} is running but {has} ({first.no_model_remedy})"
    rest = "" if has_embedded() else ", or install festina[local] for the embedded one"
    return ModelError(
        Trouble.NO_MODEL,
        f"{what}. Set one of {keys}, or start a model server such as Ollama{rest}.",
    )


def _embedded(model: str, why: str) -> Choice:
    if not has_embedded():
        raise ModelError(
            Trouble.NO_MODEL,
            "The embedded model needs its engine, which is not installed. "
            "Install festina[local], or configure another model as models.fast.",
        )
    return Choice("embedded", "", model, EMBEDDED_ORIGIN, "embedded", why)


def _picked(why: str, offer: Offer, offers: Sequence[Offer]) -> str:
    if len(offers) == 1:
        return f"{why}; {offer.id} is the one model it lists"
    return f"{why}; {offer.id} picked from {len(offers)} models it lists"


def _preset_of(base_url: str, settings: ModelSettings, environ: Mapping[str, str]) -> Preset:
    """Return the provider that an address or, failing that, a well-known key variable means."""
    for preset in HOSTED:
        if settings.api_key_env == preset.key_variable and origin_of(base_url) == origin_of(
            environment_base(preset, environ)
        ):
            return preset
    return for_url(base_url)


def _base_of_variable(variable: str, environ: Mapping[str, str]) -> str:
    """Return the address of the provider whose well-known key variable this is, "" if none's."""
    for preset in HOSTED:
        if variable and variable == preset.key_variable:
            return environment_base(preset, environ)
    return ""


def environment_base(preset: Preset, environ: Mapping[str, str]) -> str:
    """Return a provider's address; OPENAI_BASE_URL says whose the key in OPENAI_API_KEY is."""
    if preset.name == "openai":
        return environ.get(OPENAI_BASE_VARIABLE, "").strip() or preset.base_url
    return preset.base_url


def at_preset(settings: ModelSettings, preset: Preset, model: str = "") -> ModelSettings:
    """Return settings for a provider by name: its address, and only a key that is its own."""
    if settings.base_url and origin_of(settings.base_url) == origin_of(preset.base_url):
        return replace(settings, model=model or settings.model, mistake="")
    return replace(
        settings,
        dialect=settings.dialect if preset.speaks(settings.dialect) else preset.dialect,
        base_url=preset.base_url if preset.local else "",  # else it follows from the variable
        model=model,
        api_key_env=preset.key_variable,
        api_key_command=(),
        api_key_keyring="",
        extra_body={},
        requests_per_minute=0,
        tokens_per_minute=0,
        parallel_requests=0,
        mistake="",
    )


async def check(
    choice: Choice,
    settings: Settings | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Check]:
    """Try the model step by step, for `festina doctor`; see ``festina.models.checks``."""
    from festina.models import checks

    return await checks.run(choice, settings or Settings(), environ or os.environ)
