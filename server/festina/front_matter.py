"""The front matter of a Markdown file, read as the few forms of YAML that a SKILL.md is written in.

Why not a YAML library: what is read here was written by others, often by a model, and six fields of
text are wanted of it. A whole YAML takes ``on`` for a boolean and ``1.10`` for 1.1, follows aliases
and tags, lets the second of two equal keys win, and refuses the commonest mistake of all, a colon
in a description without quotes, which the clients' guide of Agent Skills asks to be understood.
Here everything is text, a field that nobody asks for is not looked into, and what is not understood
is told with its line. Where YAML has a meaning for what is read, it is that one.

Values only; no I/O. Nothing that is said here quotes the file: it may be one that was not meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"---[ \t]*")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
_KEY = re.compile(
    r"(?P<key>[A-Za-z0-9_][\w ./+-]{0,62}?|\"[^\"\\]*\"|'[^']*')[ ]*:(?:[ \t]+(?P<rest>.*))?"
)
_BLOCK = re.compile(r"(?P<style>[|>])(?P<how>[1-9]?[+-]?|[+-][1-9])(?:[ \t]+#.*|[ \t]*)")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*")
_DOUBLE = re.compile(r'"(?P<inner>(?:[^"\\]|\\.)*)"(?:\s+#[^\n]*+)*\s*', re.DOTALL)
_SINGLE = re.compile(r"'(?P<inner>(?:[^']|'')*)'(?:\s+#[^\n]*+)*\s*", re.DOTALL)
_CONTINUED = re.compile(r"\\(?:\n[ \t]*|.)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x(?P<two>[0-9A-Fa-f]{2})|u(?P<four>[0-9A-Fa-f]{4})|U(?P<eight>[0-9A-Fa-f]{8})|(?P<one>.))",
    re.DOTALL,
)
_ONE = dict(
    zip('0abt\tnvfre "/\\N_LP', '\0\a\b\t\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True)
)
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_LAST = 0x10FFFF


class NotUnderstood(ValueError):  # noqa: N818 - a sentence about a file, for who wrote it
    """The front matter has a form that is not read; ``str()`` says in which line, and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"Line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it stands: what follows its colon, and the lines below that belong to it.

    ``line`` counts from 1. It is looked into when it is asked for.
    """

    line: int
    indent: int
    first: str
    below: tuple[str, ...]

    def text(self) -> str:
        """Return the field's text; empty where there is none.

        Raises:
            NotUnderstood: it is a list or a map, or something of YAML that has no place here.
        """
        first, below, line = _begun(self)
        if header := _BLOCK.fullmatch(first):
            return _block(header, below, self.indent, line)
        if first[:1] == '"':
            return _unescaped(_quoted(_DOUBLE, first, below, line), line)
        if first[:1] == "'":
            return _quoted(_SINGLE, first, below, line).replace("''", "'")
        if first[:1] in {"[", "{"} or first == "-" or first.startswith("- "):
            raise NotUnderstood(line, "here is a list or a map where a text belongs.")
        if first and first[0] in "&*!|>%@`?,]}":
            raise NotUnderstood(line, f"a text that begins with {first[0]} needs quotes around it.")
        lines = [_COMMENT.sub("", each, count=1).strip() for each in (first, *below)]
        text = _folded([lines[0], *_without_comments(below, lines[1:])]).strip("\n")
        return "" if text in _NOTHING else text

    def fields(self) -> dict[str, Field]:
        """Return the fields of a field that is a map of one level.

        Raises:
            NotUnderstood: it is something else.
        """
        if _COMMENT.sub("", self.first).strip():
            raise NotUnderstood(self.line, "here is something else where a map belongs.")
        numbered = [(self.line + 1 + at, each) for at, each in enumerate(self.below)]
        lead = next((_lead(each) for _, each in numbered if not _is_blank(each)), 0)
        return _fields(numbered, lead)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a front matter, and the text below it."""

    fields: Mapping[str, Field]
    body: str


def read(text: str) -> FrontMatter:
    """Take a file with a front matter apart. Lines end with line feeds.

    Raises:
        NotUnderstood: there is no front matter, or it is not written as one.
    """
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        raise NotUnderstood(1, "a front matter begins with a line `---`, and there is none.")
    end = next((at for at, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)
    if end is None:
        raise NotUnderstood(1, "the front matter that begins here has no end, a line `---`.")
    fields = _fields([(at + 1, lines[at]) for at in range(1, end)], 0)
    return FrontMatter(fields, "\n".join(lines[end + 1 :]))


def _fields(lines: Iterable[tuple[int, str]], indent: int) -> dict[str, Field]:
    """Divide lines into fields whose names begin in the column ``indent``."""
    found: dict[str, tuple[int, str, list[str]]] = {}
    below: list[str] | None = None
    for number, line in lines:
        lead = _lead(line)
        if _is_blank(line) or lead > indent:
            if below is None and not _is_blank(line):
                raise NotUnderstood(number, "this line is indented, and belongs to no field.")
            if below is not None:
                below.append(line)
            continue
        if line[lead:].startswith("#"):
            if below is not None:
                below.append("")  # so that lines can be counted
            continue
        if line[lead] == "\t":
            raise NotUnderstood(number, "YAML is indented by blanks, and here is a tab.")
        match = _KEY.fullmatch(line, lead)
        if lead == indent and match:
            key, below = match["key"].strip("\"'"), []
            if key in found:
                raise NotUnderstood(number, "this field is there twice.")
            found[key] = (number, (match["rest"] or "").strip(), below)
        elif lead == indent and below is not None and line[lead] in "-]}":
            below.append(line)  # a list may begin, and brackets may end, in the column of the field
        else:
            raise NotUnderstood(number, "this is not `name: value`.")
    return {
        key: Field(line, indent, first, tuple(under)) for key, (line, first, under) in found.items()
    }


def _begun(field: Field) -> tuple[str, tuple[str, ...], int]:
    """Return where a text begins, which may be a line below the field's name, and what follows."""
    if _COMMENT.sub("", field.first).strip():
        return field.first, field.below, field.line
    for at, line in enumerate(field.below):
        if _COMMENT.sub("", line).strip():
            return line.strip(), field.below[at + 1 :], field.line + 1 + at
    return "", (), field.line


def _without_comments(raw: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Leave out the lines that hold nothing but a comment."""
    return [line for given, line in zip(raw, lines, strict=True) if line or not given.strip()]


def _quoted(form: re.Pattern[str], first: str, below: Sequence[str], line: int) -> str:
    """Return what stands between quotes, its lines folded."""
    match = form.fullmatch("\n".join([first, *below]))
    if match is None:
        raise NotUnderstood(line, "these quotes have no end, or something stands behind it.")
    inner = match["inner"]
    if form is _DOUBLE:
        inner = _CONTINUED.sub(lambda one: "" if one[0][1] == "\n" else one[0], inner)
    lines = inner.split("\n")
    if len(lines) == 1:
        return inner
    middle = [each.strip(" \t") for each in lines[1:-1]]
    return _folded([lines[0].rstrip(" \t"), *middle, lines[-1].lstrip(" \t")], last=True)


def _folded(lines: Sequence[str], *, last: bool = False) -> str:
    """Join lines by blanks; empty lines between them are line ends.

    ``last``: the last line counts also where it is empty.
    """
    text, empty = lines[0], 0
    for at, line in enumerate(lines[1:], 2):
        if not line and not (last and at == len(lines)):
            empty += 1
            continue
        text += ("\n" * empty or " ") + line
        empty = 0
    return text


def _unescaped(text: str, line: int) -> str:
    def one(match: re.Match[str]) -> str:
        code = match["two"] or match["four"] or match["eight"]
        if code is not None and int(code, 16) <= _LAST:
            return chr(int(code, 16))
        if (char := _ONE.get(match["one"] or "")) is None:
            raise NotUnderstood(line, "a backslash stands here before what it does not go with.")
        return char

    # a character beyond 16 bits may be written as JSON does, in two halves
    halves = _ESCAPE.sub(one, text).encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le", "replace")


def _block(header: re.Match[str], below: Sequence[str], parent: int, line: int) -> str:
    """Return the text below ``|`` (lines as they are) or ``>`` (lines folded)."""
    how = header["how"]
    digits = how.strip("+-")
    indent = parent + int(digits) if digits else _own_indent(below)
    folds = header["style"] == ">"
    text, empty = "", 0
    before: str | None = None
    for at, each in enumerate(below, 1):
        content = each[indent:]
        if not each.strip(" ") and not content:
            empty += 1
            continue
        if _lead(each) < indent:
            raise NotUnderstood(line + at, "this line is indented less than those above it.")
        if before is None:
            text += "\n" * empty
        elif folds and before[0] not in " \t" and content[0] not in " \t":
            text += "\n" * empty or " "
        else:
            text += "\n" * (empty + 1)
        text, before, empty = text + content, content, 0
    if "-" in how:
        return text
    if "+" in how:
        return text + "\n" * (empty + (before is not None))
    return text + "\n" if before is not None else text


def _own_indent(lines: Sequence[str]) -> int:
    full = (_lead(line) for line in lines if line.strip(" "))
    return next(full, max(map(_lead, lines), default=0))


def _lead(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_blank(line: str) -> bool:
    return not line.strip()
