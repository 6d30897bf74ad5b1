"""The body of a Chat Completions request, and what it learns from a server's refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from festina.models.base import Request
from festina.models.fields import STREAM, named_fields, wants_streams
from festina.models.presets import NEW_FIELD, OLD_FIELD, Preset

OPTIONAL = ("stream_options", "seed", "temperature")
"""Fields that an answer can do without. Some servers and models refuse to be sent them."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields a model is sent. ``refused`` are the token limits that it would not take.

    ``streams_only``: it does not send an answer in one piece.
    """

    limits: tuple[str, ...]
    left_out: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    streams_only: bool = False

    @classmethod
    def of(cls, preset: Preset) -> Fields:
        """Return what the preset says of the provider."""
        refused = [("stream_options", preset.usage), ("seed", preset.seed)]
        return cls(preset.limit_fields, frozenset(name for name, takes in refused if not takes))

    def body(
        self, request: Request, model: str, least_temperature: float, extra: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the request's body; ``extra`` has the last word."""
        body: dict[str, object] = {
            "model": model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            STREAM: request.stream or self.streams_only,
            "stream_options": {"include_usage": True},
            "temperature": max(request.temperature, least_temperature),
            **dict.fromkeys(self.limits, request.max_tokens),
        }
        if request.seed is not None:
            body["seed"] = request.seed
        if request.stop:
            body["stop"] = list(request.stop)
        for name in self.left_out if body[STREAM] else self.left_out | {"stream_options"}:
            body.pop(name, None)
        return body | dict(extra)

    def after(self, status: int, answer: bytes, sent: Mapping[str, object]) -> Fields | None:
        """Return what to send instead of ``sent``, which was refused; None where that is not why.

        Each field is given up once, so asking again and again comes to an end.
        """
        if wants_streams(status, answer, sent):
            # another request may have learnt it meanwhile; then this one is sent again as well
            return replace(self, streams_only=True)
        known = frozenset({*OPTIONAL, NEW_FIELD, OLD_FIELD})
        named = named_fields(status, answer, known) & sent.keys()
        unwanted = named & set(OPTIONAL)
        limits, refused = self.limits, self.refused
        bounds = named & {NEW_FIELD, OLD_FIELD}
        if bounds:
            both = NEW_FIELD in sent and OLD_FIELD in sent
            gone = OLD_FIELD if both and OLD_FIELD in bounds else next(iter(bounds))
            other = NEW_FIELD if gone == OLD_FIELD else OLD_FIELD
            if other not in refused:
                limits, refused = (other,), refused | {gone}
        if not unwanted and (limits, refused) == (self.limits, self.refused):
            changed = any(sent.keys() & {name} for name in self.left_out | self.refused)
            return self if changed and named else None
        return replace(self, limits=limits, left_out=self.left_out | unwanted, refused=refused)
