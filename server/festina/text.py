r"""Text as the protocol sees it: immutable, with LSP line ends and positions in three encodings.

Line ends are ``\r\n``, ``\n`` and ``\r`` and nothing else (LSP 3.17, "Text Documents"): a form
feed or U+2028 is an ordinary character, unlike for ``str.splitlines``.
"""

from __future__ import annotations

import codecs
import enum
import functools
import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
BOM = "\ufeff"


class Encoding(enum.StrEnum):
    """Position encodings: in which units a position's ``character`` counts (LSP 3.17)."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: zero-based line, and code units of the negotiated encoding in it."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """From ``start`` to ``end``, the end exclusive."""

    start: Position
    end: Position


class NotText(Exception):  # noqa: N818 - reads as the sentence it makes
    """Bytes that are no text we can edit; ``str()`` is the reason, for a person."""


class Text:
    r"""An immutable text, equal and hashable by content.

    ``lines`` hold their terminators; there is no phantom last line: ``"a\n"`` has one line.
    """

    __slots__ = ("__dict__", "content")

    def __init__(self, content: str) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    def __repr__(self) -> str:
        return f"Text({len(self.lines)} lines)"  # never the content: it could end in a log

    @functools.cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, each with its terminator."""
        return tuple(_LINES.findall(self.content))

    @functools.cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset at which each line starts, in code points."""
        starts, offset = [], 0
        for line in self.lines:
            starts.append(offset)
            offset += len(line)
        return tuple(starts)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the UTF-8 content, in hexadecimal."""
        return hashlib.sha256(self.content.encode("utf-8", "surrogatepass")).hexdigest()

    def offset(self, position: Position, encoding: Encoding) -> int:
        """Return the offset of a position, in code points.

        A column past the end of its line means the end, before the terminator; a line past the end
        of the text means the end of the text (LSP 3.17, "Position"). A column inside a character
        means its start.
        """
        if position.line < 0:
            return 0
        if position.line >= len(self.lines):
            return len(self.content)
        start = self.starts[position.line]
        body = self.lines[position.line].rstrip("\r\n")
        return start + _column_to_index(body, position.character, encoding)

    def position(self, offset: int, encoding: Encoding) -> Position:
        r"""Return the position of an offset; one inside a ``\r\n`` means the end of its line."""
        offset = max(0, min(offset, len(self.content)))
        line = bisect_right(self.starts, offset) - 1
        if line < 0:
            return Position(0, 0)
        if offset == len(self.content) and self.lines[line].endswith(("\r", "\n")):
            return Position(line + 1, 0)
        body = self.lines[line].rstrip("\r\n")
        index = min(offset - self.starts[line], len(body))
        return Position(line, _width(body[:index], encoding))

    def replace(self, range: Range | None, new: str, encoding: Encoding) -> Text:  # noqa: A002
        """Return the text after one content change; ``range`` None replaces everything."""
        if range is None:
            return Text(new)
        start, end = sorted((self.offset(range.start, encoding), self.offset(range.end, encoding)))
        return Text(self.content[:start] + new + self.content[end:])

    def lines_text(self, start: int, end: int) -> str:
        """Return the lines ``[start, end)`` as one string."""
        return "".join(self.lines[max(0, start) : max(0, end)])


def decode(data: bytes) -> Text:
    """Read the bytes of a file. A byte order mark stays, as the first character.

    Raises:
        NotText: the bytes are binary, or not UTF-8.
    """
    if b"\0" in data:
        raise NotText("it holds NUL bytes, so it is a binary file")
    try:
        return Text(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        named = _declared(data)
        hint = f"; it declares {named}" if named else ""
        raise NotText(
            f"it is not UTF-8 (byte {error.start + 1}{hint}); convert it to UTF-8 first"
        ) from None


def encode(text: Text) -> bytes:
    """Return the bytes of a text; the inverse of :func:`decode`."""
    return text.content.encode("utf-8", "surrogatepass")


def _declared(data: bytes) -> str:
    """Return the encoding that a Python source declares in its first lines, if any (PEP 263)."""
    for line in data.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line):
            name = match[1].decode("ascii", "replace")
            try:
                return codecs.lookup(name).name
            except LookupError:
                return name
    return ""


def _column_to_index(body: str, column: int, encoding: Encoding) -> int:
    if column <= 0:
        return 0
    if encoding is Encoding.UTF32 or body.isascii():
        return min(column, len(body))
    units = 0
    for index, char in enumerate(body):
        units += _units(char, encoding)
        if units > column:
            return index
    return len(body)


def _width(body: str, encoding: Encoding) -> int:
    if encoding is Encoding.UTF32 or body.isascii():
        return len(body)
    return sum(_units(char, encoding) for char in body)


def _units(char: str, encoding: Encoding) -> int:
    code = ord(char)
    if encoding is Encoding.UTF16:
        return 2 if code > 0xFFFF else 1
    if code < 0x80:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4
