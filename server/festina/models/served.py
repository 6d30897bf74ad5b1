"""What a llama.cpp server says of itself: how many answers at once, of how many tokens each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from festina.config import ModelSettings
from festina.models.base import ModelError
from festina.models.discovery import Choice, key_for
from festina.models.http import Http
from festina.models.keys import header_value, key_headers
from festina.models.presets import GENERIC, LLAMA_CPP, Preset, endpoint, is_loopback

SECONDS = 1.0
"""A server that takes longer to say it is asked as if it had said nothing."""
MOST_BYTES = 4 << 20
"""Its template for chats is among what it says."""
MOST_SLOTS = 1000
MOST_TOKENS = 1 << 30


async def as_told(
    settings: ModelSettings, preset: Preset, key: str | None, key_source: str = ""
) -> tuple[ModelSettings, Preset]:
    """Return what is known of a server, with what it says of itself.

    That is on how many answers it works at once: what is sent beyond them waits in the server,
    where an answer's deadlines run, and is read anew more often. And how many tokens each of them
    may have, so that no more of the workspace is sent than has room.

    Only a llama.cpp server is asked, or one on this machine that may be one (``GET /props``, see
    its tools/server/README.md). Nothing is raised; what it does not say is as before.
    """
    may_be = preset is GENERIC and is_loopback(settings.base_url)
    if preset.name != LLAMA_CPP.name and not may_be:
        return settings, preset
    try:
        async with Http() as http, asyncio.timeout(SECONDS):
            told = await _props(http, settings, key, key_source)
    except (ModelError, TimeoutError):
        return settings, preset
    each = told.get("default_generation_settings")
    window = _number(each.get("n_ctx"), MOST_TOKENS) if isinstance(each, dict) else 0
    slots = _number(told.get("total_slots"), MOST_SLOTS)
    least = min(filter(None, (settings.parallel_requests, slots)), default=0)
    return replace(settings, parallel_requests=least), replace(preset, window=window)


async def window_of(choice: Choice, settings: ModelSettings, environ: Mapping[str, str]) -> int:
    """Return how many tokens prompt and answer may have together at a model that would be asked.

    0 where that is not known. Nothing is asked of the model.
    """
    if choice.dialect == "embedded":
        return 0
    try:
        key, source = await asyncio.to_thread(key_for, settings, choice.base_url, environ)
    except ModelError:
        return 0
    at = replace(settings, base_url=choice.base_url)
    return (await as_told(at, choice.preset, key, source))[1].window


async def _props(
    http: Http, settings: ModelSettings, key: str | None, key_source: str
) -> dict[str, Any]:
    """Return the server's properties, none where it does not tell them."""
    address = endpoint(settings.base_url, "").removesuffix("/v1") + "/props"
    value = header_value(key, key_source) if key else ""
    response = await http.send("GET", address, key_headers("chat", value))
    body = bytearray()
    try:
        async for chunk in response.chunks():
            body += chunk
            if len(body) > MOST_BYTES:
                return {}
    finally:
        await response.aclose()
    try:
        told = json.loads(body) if response.status == 200 else None
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(value: object, most: int) -> int:
    """Return a positive number, 0 where it is none that can be believed."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
    return value if good and isinstance(value, int) else 0
