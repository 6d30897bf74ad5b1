"""Reads the events of a stream that differ in their text alone, many at once.

Most servers send the same bytes with each token but for the token itself: the same id, the same
model, the same empty fields. Framing and parsing each such event costs about ten microseconds; to
see that it is the last one again, with another text, costs less than one. Whatever differs in
anything else is left to the full way.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any, Self

_INSIDE = re.compile(
    rb'[^"\\\x00-\x1f]*+'
    # surrogates are left out, since two events may share a pair
    rb'(?:\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
).match
"""The inside of a JSON string."""
_PLAIN = re.compile(r"[ !#-\[\]-~]+")  # what stands in JSON as it is
_OTHER = "another text"
_decode = json.JSONDecoder().decode


class Mould:
    """What stands before and after the text of an event."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = before
        self._after = after

    @classmethod
    def of(cls, raw: bytes, data: str, text_in: Callable[[Any], str]) -> Self | None:
        """Return the mould of an event, None where its text has no certain place in it.

        ``raw`` is all of the event, with its blank line, and ``data`` its data. ``text_in`` returns
        the text of an event, "" where anything beside the text counts.
        """
        try:
            text = text_in(_decode(data))
            quoted = f'"{text}"'
            before, *after = raw.split(quoted.encode())
            others = data.split(quoted)
            if len(after) != 1 or len(others) != 2 or not _PLAIN.fullmatch(text):
                return None
            if text_in(_decode(f'"{_OTHER}"'.join(others))) != _OTHER:
                return None
        except (ValueError, RecursionError):
            return None
        return cls(before + b'"', b'"' + after[0])

    def read(self, data: bytes, at: int) -> tuple[str, int, int]:
        """Return the text of the events from ``at`` on that fit, their number, and their end."""
        before, after = self._before, self._after
        insides: list[bytes] = []
        ends = [at]
        while data.startswith(before, at):
            start = at + len(before)
            found = _INSIDE(data, start)
            assert found is not None  # it may be empty
            end = found.end()
            if end == start or not data.startswith(after, end):
                break
            insides.append(found[0])
            at = end + len(after)
            ends.append(at)
        text, count = _joined(insides)
        # what is a whole string's inside here and there is one when joined
        return str(_decode(f'"{text}"')) if "\\" in text else text, count, ends[count]


def _joined(insides: list[bytes]) -> tuple[str, int]:
    """Join what is UTF-8; return that and how many there were before the first that is not."""
    joined = b"".join(insides)
    if joined.isascii():
        return joined.decode(), len(insides)
    texts: list[str] = []
    with contextlib.suppress(UnicodeDecodeError):
        for inside in insides:  # each by itself: a character that two share is damage
            texts.append(inside.decode())  # noqa: PERF401 - those before damage are kept
    return "".join(texts), len(texts)
