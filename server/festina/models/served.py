"""What a llama.cpp server says of itself: on how many answers it works at once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from festina.config import ModelSettings
from festina.models.base import ModelError
from festina.models.http import Http
from festina.models.keys import header_value, key_headers
from festina.models.presets import GENERIC, LLAMA_CPP, Preset, endpoint, is_loopback

SECONDS = 1.0
"""A server that takes longer to say it is asked as if it had said nothing."""
MOST_BYTES = 4 << 20
"""Its template for chats is among what it says."""
MOST_SLOTS = 1000


async def within_slots(
    settings: ModelSettings, preset: Preset, key: str | None, key_source: str = ""
) -> ModelSettings:
    """Return the settings with as many requests at once as the server has slots, at most.

    What is sent beyond them waits in the server, where an answer's deadlines run. Only a llama.cpp
    server is asked, or one on this machine that may be one (``GET /props``, ``total_slots``;
    tools/server/README.md); nothing is raised, and one that says nothing is not bounded.
    """
    may_be = preset is GENERIC and is_loopback(settings.base_url)
    if preset.name != LLAMA_CPP.name and not may_be:
        return settings
    said = settings.parallel_requests
    try:
        async with Http() as http, asyncio.timeout(SECONDS):
            slots = await _slots(http, settings, key, key_source)
    except (ModelError, TimeoutError):
        return settings
    return replace(settings, parallel_requests=min(filter(None, (said, slots)), default=0))


async def _slots(http: Http, settings: ModelSettings, key: str | None, key_source: str) -> int:
    """Return the number of slots, 0 where it is not told."""
    address = endpoint(settings.base_url, "").removesuffix("/v1") + "/props"
    value = header_value(key, key_source) if key else ""
    response = await http.send("GET", address, key_headers("chat", value))
    body = bytearray()
    try:
        async for chunk in response.chunks():
            body += chunk
            if len(body) > MOST_BYTES:
                return 0
    finally:
        await response.aclose()
    try:
        told = json.loads(body) if response.status == 200 else None
    except (ValueError, RecursionError):
        return 0
    slots = told.get("total_slots") if isinstance(told, dict) else None
    good = isinstance(slots, int) and not isinstance(slots, bool) and 0 < slots <= MOST_SLOTS
    return slots if good and isinstance(slots, int) else 0
