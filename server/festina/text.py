r"""Text as the protocol sees it: immutable, with LSP line ends and positions in three encodings.

Line ends are ``\r\n``, ``\n`` and ``\r`` and nothing else (LSP 3.17, "Text Documents"): a form
feed or U+2028 is an ordinary character, unlike for ``str.splitlines``.
"""

from __future__ import annotations

import codecs
import enum
import functools
import hashlib
import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_UTF8 = frozenset({"utf-8", "utf-8-sig", "ascii"})
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
        return tuple(itertools.accumulate(map(len, self.lines[:-1]), initial=0))[: len(self.lines)]

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
        """Return the text after one content change; ``range`` None replaces everything.

        Halves of a surrogate pair that a change brings together become one character, as they do in
        an editor that counts in UTF-16.
        """
        if range is None:
            return Text(_joined(new))
        start, end = sorted((self.offset(range.start, encoding), self.offset(range.end, encoding)))
        content = self.content[:start] + new + self.content[end:]
        joined = _joined(content)
        text = Text(joined)
        if joined is content:
            text.__dict__["lines"] = self._lines_after(start, end, content)
        return text

    def _lines_after(self, start: int, end: int, content: str) -> tuple[str, ...]:
        """Return the lines of ``content``, which differs from this text in ``[start, end)`` alone.

        One line more on each side is looked at: line ends may be joined there, or parted.
        """
        first = max(0, bisect_right(self.starts, start) - 2)
        last = min(len(self.lines), bisect_right(self.starts, end) + 1)
        begin = self.starts[first] if self.lines else 0
        below = len(self.content) - (
            self.starts[last] if last < len(self.lines) else len(self.content)
        )
        changed = _LINES.findall(content[begin : len(content) - below])
        return (*self.lines[:first], *changed, *self.lines[last:])

    def lines_text(self, start: int, end: int) -> str:
        """Return the lines ``[start, end)`` as one string."""
        return "".join(self.lines[max(0, start) : max(0, end)])


def decode(data: bytes) -> Text:
    """Read the bytes of a file. A byte order mark stays, as the first character.

    Raises:
        NotText: the bytes are binary, or in another encoding than UTF-8.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise NotText(f"it is in {name}; convert it to UTF-8 first")
    if b"\0" in data:
        raise NotText("it holds NUL bytes, so it is a binary file")
    if data.isascii():
        return Text(data.decode("ascii"))
    declared = _declared(data)
    if declared and declared not in _UTF8:
        # written back as UTF-8, what an edit adds would be read as other characters
        raise NotText(f"it declares the encoding {declared}; convert it to UTF-8 first")
    try:
        return Text(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotText(
            f"it is not UTF-8 (byte {error.start + 1}); convert it to UTF-8 first"
        ) from None


def encode(text: Text) -> bytes:
    """Return the bytes of a text; the inverse of :func:`decode`."""
    return text.content.encode("utf-8", "surrogatepass")


def _declared(data: bytes) -> str:
    """Return the encoding that a source declares in its first lines, if it is one (PEP 263)."""
    for line in data.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line):
            name = re.sub(r"-(?:unix|dos|mac)$", "", match[1].decode("ascii").lower())
            try:
                return codecs.lookup(name).name
            except LookupError:
                return ""
    return ""


def _joined(content: str) -> str:
    if content.isascii() or not _PAIR.search(content):
        return content
    return content.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _column_to_index(body: str, column: int, encoding: Encoding) -> int:
    if column <= 0:
        return 0
    if encoding is Encoding.UTF32 or body.isascii():
        return min(column, len(body))
    # no character is narrower than a unit, so what lies beyond the column need not be looked at
    head = body[:column]
    if encoding is Encoding.UTF16:
        units, end = head.encode("utf-16-le", "surrogatepass"), 2 * column
        around = units[end - 2 : end + 2]
        if len(around) == 4 and len(around.decode("utf-16-le", "surrogatepass")) == 1:
            end -= 2  # the column is inside a pair
        return len(units[:end].decode("utf-16-le", "surrogatepass"))
    units, end = head.encode("utf-8", "surrogatepass"), column
    while end < len(units) and units[end] & 0xC0 == 0x80:  # a byte inside a character
        end -= 1
    return len(units[:end].decode("utf-8", "surrogatepass"))


def _width(body: str, encoding: Encoding) -> int:
    if encoding is Encoding.UTF32 or body.isascii():
        return len(body)
    if encoding is Encoding.UTF16:
        return len(body.encode("utf-16-le", "surrogatepass")) // 2
    return len(body.encode("utf-8", "surrogatepass"))
