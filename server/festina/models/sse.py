"""Server-sent events from bytes, as the HTML standard parses them, and stricter where it matters.

Stricter: UTF-8 is decoded strictly and per event, so that a cut or damaged character is seen
instead of becoming U+FFFD, and sizes are bounded. More tolerant: an event that the end of the
stream leaves without its blank line still counts, and a body that is not an event stream at all
(an error as JSON, a proxy's web page) is kept for the caller to explain.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 4 << 20
"""Enough for a whole answer in one event."""
MAX_TOTAL_BYTES = 64 << 20

_LF = 0x0A
_CR = 0x0D
_NAMES = (b"", b"data", b"event", b"id", b"retry")
_BODY_STARTS = frozenset(b"{[<")
_LOOK_AHEAD = 1024


class Damage(enum.StrEnum):
    """Why a stream can not be trusted any further."""

    UTF8 = "it holds bytes that are not UTF-8"
    LINE = "one of its lines is no event"
    EVENT_SIZE = "one of its events is too large"
    TOTAL_SIZE = "it is too large"


class Event(NamedTuple):
    """One dispatched event: its data lines joined by line feeds, and its type ("" if unnamed)."""

    data: str
    type: str


class SseReader:
    """Turns chunks of bytes, cut anywhere, into events. The cuts never change what comes out.

    ``damage`` is set when the stream broke a rule; the events before that were returned, and
    nothing comes after. ``body`` holds the bytes of a stream that is not an event stream (it
    starts with ``{``, ``[`` or ``<``), else None. ``strange`` says that there was a line of which
    the standard knows nothing; such lines are passed over, but for JSON that is in no event. Sizes
    are in bytes.
    """

    def __init__(
        self, *, max_event: int = MAX_EVENT_BYTES, max_total: int = MAX_TOTAL_BYTES
    ) -> None:
        self.damage: Damage | None = None
        self.body: bytearray | None = None
        self.strange = False
        self._max_event = max_event
        self._left = max_total
        self._head: bytes | None = b""
        self._partial = bytearray()
        self._skip_lf = False
        self._data: list[bytes] = []
        self._type = b""
        self._size = 0

    @property
    def between_events(self) -> bool:
        """Whether nothing is begun: what comes next is the start of an event."""
        return (
            self._head is None
            and self.body is None
            and self.damage is None
            and not (self._partial or self._data or self._type or self._size or self._skip_lf)
        )

    def near_limit(self, chunk: bytes) -> bool:
        """Whether a limit could be passed by these bytes."""
        return len(chunk) > min(self._left, self._max_event)

    def skip(self, count: int) -> None:
        """Count bytes of whole events that were read without this reader."""
        self._left -= count

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events that they complete."""
        if self.damage is not None:
            return []
        flooded = len(chunk) > self._left
        if flooded:
            chunk = chunk[: self._left]
        self._left -= len(chunk)
        if self._head is not None:
            chunk = self._start(self._head + chunk)
        events = self._lines(chunk) if self.body is None else self._keep(chunk)
        if flooded and self.damage is None:
            self.damage = Damage.TOTAL_SIZE
        return events

    def close(self) -> list[Event]:
        """Say that the stream has ended; return the event that it left unterminated, if any."""
        if self.damage is not None or self.body is not None:
            return []
        events: list[Event] = []
        last = self._head or bytes(self._partial)
        self._head, self._partial = None, bytearray()
        if last.strip():
            self._line(last, events)
        if self.damage is None:
            self._line(b"", events)
        return events

    def _start(self, head: bytes) -> bytes:
        """Skip a byte order mark and white space, then see what kind of stream this is."""
        if len(head) < len(BOM) and BOM.startswith(head):
            self._head = head
            return b""
        rest = head.removeprefix(BOM)
        first = rest[:_LOOK_AHEAD].lstrip()[:1]
        if not first and len(rest) < _LOOK_AHEAD:
            self._head = head
            return b""
        self._head = None
        if first and first[0] in _BODY_STARTS:
            self.body = bytearray()
        return rest

    def _keep(self, chunk: bytes) -> list[Event]:
        assert self.body is not None
        self.body += chunk
        if len(self.body) > self._max_event:
            self.damage = Damage.TOTAL_SIZE
        return []

    def _lines(self, chunk: bytes) -> list[Event]:
        events: list[Event] = []
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk[0] == _LF:
                chunk = chunk[1:]
        if not chunk:
            return events
        last = chunk[-1]
        self._skip_lf = last == _CR
        lines = chunk.splitlines()  # of bytes: at \n, \r\n and \r, and nowhere else
        open_line = b"" if last in (_LF, _CR) else lines.pop()
        if lines and self._partial:
            lines[0] = bytes(self._partial) + lines[0]
            self._partial.clear()
        for line in lines:
            self._line(line, events)
            if self.damage is not None:
                return events
        self._partial += open_line
        if self._size + len(self._partial) > self._max_event:
            self.damage = Damage.EVENT_SIZE
        return events

    def _line(self, line: bytes, events: list[Event]) -> None:
        if line:
            self._size += len(line)
            if self._size > self._max_event:
                self.damage = Damage.EVENT_SIZE
                return
            # a line that starts with a colon is a comment: its field name is empty
            field, colon, value = line.partition(b":")
            if field == b"data":
                self._data.append(value[1:] if value[:1] == b" " else value)
            elif field == b"event":
                self._type = value[1:] if value[:1] == b" " else value
            elif field not in _NAMES and (colon or not any(n.startswith(field) for n in _NAMES)):
                self.strange = True
                # an event without its beginning; but llama.cpp tells of errors like that
                if (b'{"' in line or b'"}' in line) and field != b"error":
                    self.damage = Damage.LINE
            return
        if self._data:
            try:
                data = b"\n".join(self._data).decode()
                events.append(Event(data, self._type.decode()))
            except UnicodeDecodeError:
                self.damage = Damage.UTF8
            self._data = []
        self._type = b""
        self._size = 0
