"""What `festina doctor` tries of a model: from the name to the first token."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

from festina.config import ModelSettings, Settings
from festina.models import embedded, weights
from festina.models.base import Delta, Done, Message, Model, ModelError, Request, Trouble
from festina.models.catalogue import list_models
from festina.models.dialects import MODELS
from festina.models.discovery import Check, Choice, has_embedded, key_for
from festina.models.http import Http
from festina.models.presets import for_url, is_loopback
from festina.models.proxies import proxy_for

_UNREACHED = frozenset({Trouble.NETWORK, Trouble.PROXY, Trouble.TIMEOUT})
_TRIAL = Request((Message("user", "Reply with the word OK."),), max_tokens=512)
LISTED = 5


async def run(choice: Choice, settings: Settings, environ: Mapping[str, str]) -> list[Check]:
    """Return what was tried, in order; what cannot work after a failure is left out."""
    if choice.dialect == "embedded":
        return await _embedded(choice.model)
    fast = settings.fast or ModelSettings()
    try:
        key, source = await asyncio.to_thread(key_for, fast, choice.base_url, environ)
    except ModelError as error:
        return [_failed("key", error)]
    async with Http() as http:
        checks = [await _name(choice), *await _server(choice, http, key, source)]
        if all(check.ok or check.name == "model" for check in checks):
            at = replace(
                fast,
                dialect=choice.dialect,
                base_url=choice.base_url,
                model=choice.model,
                max_retries=0,
            )
            made = MODELS[choice.dialect]
            model = made(at, key, http, choice.preset, key_source=source)
            token = await _first_token(model)
            if token.ok:  # some servers take more names than they list
                checks = [replace(check, ok=True, remedy="") for check in checks]
            checks.append(token)
            if token.ok and (limits := model.limits):
                checks.append(Check("limits", True, limits))
    return checks


async def _embedded(name: str) -> list[Check]:
    if not has_embedded():
        return [Check("engine", False, "xllamacpp is not installed", "Install festina[local].")]
    checks = [Check("engine", True, "installed")]
    known = weights.WEIGHTS.get((name or weights.DEFAULT).lower())
    if known is not None and weights.cached(known) is None:
        # a look around is no reason to fetch that much
        later = (
            f"{known.megabytes} MB, fetched at first use (or now: festina model pull {known.name})"
        )
        return [*checks, Check("weights", True, later)]
    try:
        model = await embedded.start(name, slots=1)
    except ModelError as error:
        return [*checks, _failed("start", error)]
    try:
        return [*checks, Check("start", True, "its process runs"), await _first_token(model)]
    finally:
        await model.aclose()


async def _name(choice: Choice) -> Check:
    parts = urlsplit(choice.origin)
    host = parts.hostname or ""
    if proxy_for(choice.base_url):
        return Check("name", True, f"{host} is left to the proxy to find")
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return Check(
            "name",
            False,
            f"{host} does not resolve",
            "Check the network connection and base_url.",
        )
    return Check("name", True, f"{host} is {found[0][4][0]}")


async def _server(choice: Choice, http: Http, key: str | None, source: str) -> list[Check]:
    """Ask for the list of models, and tell from the answer how far the way is clear."""
    error: ModelError | None = None
    ids: list[str] = []
    try:
        ids = [
            offer.id
            for offer in await list_models(
                http, choice.base_url, key, key_source=source, dialect=choice.dialect
            )
        ]
    except ModelError as problem:
        error = problem
    if error is not None and error.trouble in _UNREACHED:
        return [_failed("connection", error)]
    checks = [Check("connection", True, f"{choice.origin} answers")]
    if choice.origin.startswith("https:"):
        if error is not None and error.trouble is Trouble.TLS:
            return [*checks, _failed("TLS", error)]
        checks.append(Check("TLS", True, "certificate accepted"))
    if error is not None and error.trouble is Trouble.AUTH:
        return [*checks, _failed("key", error)]
    if key or not is_loopback(choice.base_url):
        checks.append(Check("key", True, f"from {source}" if source else "none needed"))
    if error is not None or choice.model in ids:
        # some servers list nothing and serve all the same: the first token tells
        detail = choice.model if error is None else f"{choice.model} (the server lists none)"
        return [*checks, Check("model", True, detail)]
    shown = ", ".join(ids[:LISTED]) + (", ..." if len(ids) > LISTED else "")
    remedy = f"Set models.fast.model to one that it lists: {shown}."
    if not ids:
        how = for_url(choice.base_url).no_model_remedy
        remedy = f"The server has no model at all: {how or 'load one'}."
    return [*checks, Check("model", False, f"{choice.model} is not listed", remedy)]


async def _first_token(model: Model) -> Check:
    began = time.monotonic()
    try:
        asked = cast("AsyncGenerator[Delta | Done]", model.stream(_TRIAL))
        async with aclosing(asked) as stream:
            async for item in stream:
                if isinstance(item, Delta):
                    break
    except ModelError as error:
        return _failed("first token", error)
    return Check("first token", True, f"after {time.monotonic() - began:.2f} s")


def _failed(name: str, error: ModelError) -> Check:
    what, _, remedy = str(error).partition(". ")
    return Check(name, False, what, remedy)
