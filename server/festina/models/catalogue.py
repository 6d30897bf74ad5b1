"""The models that a server lists, and which of them to prefer. No model id is known by heart."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from festina.models.base import ModelError, Trouble
from festina.models.failures import Failures
from festina.models.http import Http
from festina.models.keys import header_value, key_headers
from festina.models.presets import endpoint, for_url, origin_of

LIST_SECONDS = 15.0
MAX_LIST_BYTES = 16 << 20

_NOT_FOR_ANY = re.compile(
    r"embed|whisper|tts|rerank|moderation|guard|audio|realtime|transcribe|image|dall-e|sora"
    r"|vision|ocr|clip|bge-|computer-use|search|davinci|babbage|turbo-instruct"
)
_NOT_FOR_CHAT = re.compile(rf"{_NOT_FOR_ANY.pattern}|codex")
"""OpenAI offers those in its Responses API alone."""
_LIKED = (
    (re.compile(r"(?<!de)(?<!en)coder|(?<![a-z])code(?![a-z])|codestral|devstral"), 4),
    (re.compile(r"instruct|chat|(?<![a-z])it(?![a-z])"), 2),
    (re.compile(r"mini|flash|fast|turbo|oss|haiku"), 1),
    (re.compile(r"preview|beta|experimental|(?<![a-z])base(?![a-z])"), -2),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A model in a provider's list; ``created`` is a Unix time, 0 where it is not given.

    ``owner`` is who the list says it belongs to: with servers of one's own, the program.
    """

    id: str
    created: int = 0
    owner: str = ""


MAX_PAGES = 20


async def list_models(
    http: Http,
    base_url: str,
    key: str | None = None,
    *,
    key_source: str = "",
    seconds: float = LIST_SECONDS,
    dialect: str = "chat",
) -> list[Offer]:
    """Return what ``GET {base_url}/models`` offers, in the provider's order.

    Raises:
        ModelError: it can not be had, or is not a list of models.
    """
    preset = for_url(base_url)
    origin = origin_of(base_url)
    value = header_value(key, key_source) if key else ""
    failures = Failures(origin, "", key_source, preset.key_variable, key=value)
    headers = key_headers(dialect, value)
    address = endpoint(base_url, "/models")
    offers: list[Offer] = []
    after = ""
    try:
        async with asyncio.timeout(seconds):
            for _ in range(MAX_PAGES):
                body = await _get(http, _page(address, after), headers, failures)
                page, after = _offers(body, origin)
                offers += page
                if not after:
                    break
    except TimeoutError:
        raise failures.first_content(seconds) from None
    return offers


async def _get(http: Http, address: str, headers: dict[str, str], failures: Failures) -> bytes:
    response = await http.send("GET", address, headers)
    try:
        body = bytearray()
        async for chunk in response.chunks():
            body += chunk
            if len(body) > MAX_LIST_BYTES:
                break
    finally:
        await response.aclose()
    if response.status != 200:
        raise failures.status(response.status, response.headers, bytes(body))
    return bytes(body)


def _page(address: str, after: str) -> str:
    """Return the address of the page that follows a model."""
    if not after:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'after_id': after})}"


def pick(offers: Sequence[Offer], dialect: str = "chat") -> Offer | None:
    """Return the offer that looks best for writing code: by its name, then the newest."""
    unfit = _NOT_FOR_ANY if dialect == "responses" else _NOT_FOR_CHAT
    usable = [offer for offer in offers if not unfit.search(offer.id.lower())]
    return max(usable, key=lambda offer: (_score(offer.id), offer.created), default=None)


def _score(model_id: str) -> int:
    name = model_id.lower()
    return sum(points for pattern, points in _LIKED if pattern.search(name))


def _offers(body: bytes, origin: str) -> tuple[list[Offer], str]:
    """Return what a page lists, and after which model the next one begins ("" for no more)."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    listed = value.get("data") if isinstance(value, dict) else value
    if listed is None and isinstance(value, dict) and value.get("object") == "list":
        listed = []  # Ollama without models
    if not isinstance(listed, list):
        raise ModelError(
            Trouble.DAMAGED,
            f"{origin} does not list models as an OpenAI-compatible API does. "
            "Check base_url (it usually ends in /v1), or set models.fast.model.",
        )
    offers = [
        Offer(item["id"], _created(item), str(item.get("owned_by") or ""))
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]
    ]
    more = value.get("has_more") is True if isinstance(value, dict) else False
    return offers, offers[-1].id if more and offers else ""


def _created(item: dict[str, object]) -> int:
    """Return when a model came about: a Unix time, or RFC 3339 as Anthropic has it."""
    created, at = item.get("created"), item.get("created_at")
    if isinstance(created, int):
        return created
    try:
        return int(datetime.fromisoformat(at).timestamp()) if isinstance(at, str) else 0
    except (ValueError, OverflowError):
        return 0
