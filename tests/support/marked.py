"""Marker fixtures: one text file a case, read and written back (``pytest --update-fixtures``).

A case is some words about it, then sections that each begin with ``-- name --``:

``-- path/of/a.py --``
    a file. In exactly one of them stand the marks: ``<|>`` for a cursor, or ``[[`` and ``]]``
    around a selection.
``-- instruction --``, ``-- answer --``
    what the person asks for, and what the model answers. Without one the region alone is told.
``-- edited path/of/a.py --``
    what the file becomes while the model is at work: any number of them, in order.
``-- expected --``
    what comes of it. ``--update-fixtures`` writes this part.

Characters that cannot be seen are written by name in guillemets, such as ``‹CR›`` or ``‹U+202E›``.
``‹no line end›`` says that the section's last line has none. A line that holds a mark and nothing
else is not part of its file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from festina.text import Encoding, Range, Text

FOLDER = Path(__file__).parents[1] / "fixtures" / "edits"
EXPECTED = "expected"
LEFT, RIGHT = "\u2039", "\u203a"
NO_END = f"{LEFT}no line end{RIGHT}"
CURSOR, OPEN, CLOSE = "<|>", "[[", "]]"
NAMES = {"CR": "\r", "TAB": "\t", "NUL": "\0", "BOM": "\ufeff", "FF": "\f", "SP": " "}

_HEADER = re.compile(r"^-- (.+) --\n", re.MULTILINE)
_NAMED = re.compile(f"{LEFT}(?:(?P<name>[A-Z]+)|U\\+(?P<code>[0-9A-F]{{2,6}})){RIGHT}")
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufffd\ud800-\udfff\U000e0000-\U000e007f]"
)


@dataclass
class Case:
    """One fixture. ``chosen`` is in UTF-16 positions, as an editor would send it."""

    path: Path
    about: str
    sections: list[tuple[str, str]]
    files: dict[str, str] = field(default_factory=dict)
    marked: str = ""
    chosen: Range | None = None

    @property
    def text(self) -> Text:
        return Text(self.files[self.marked])

    @property
    def range(self) -> Range:
        assert self.chosen is not None, f"{self.path.name} has no marks"
        return self.chosen

    def section(self, name: str) -> str | None:
        return next((content for own, content in self.sections if own == name), None)

    def edited(self) -> list[Text]:
        return [Text(body) for name, body in self.sections if name == f"edited {self.marked}"]


def load(path: Path) -> Case:
    about, *parts = _HEADER.split(path.read_text("utf-8"))
    sections = [
        (name, content if name == EXPECTED else decode(content))
        for name, content in zip(parts[::2], parts[1::2], strict=True)
    ]
    case = Case(path, about, sections)
    for name, content in sections:
        if not _is_file(name):
            continue
        body, offsets = _without_marks(content)
        case.files[name] = body
        if offsets:
            assert not case.marked, f"{path.name} has marks in two files"
            text = Text(body)
            start, end = (text.position(offset, Encoding.UTF16) for offset in offsets)
            case.marked, case.chosen = name, Range(start, end)
    assert case.marked, f"{path.name} has no marks"
    return case


def store(case: Case, expected: str) -> None:
    """Write the case back with another expectation; all else stays as it is, to the byte."""
    raw = case.path.read_text("utf-8")
    head, _, _ = raw.partition(f"-- {EXPECTED} --\n")
    case.path.write_text(f"{head}-- {EXPECTED} --\n{expected}", "utf-8")


def decode(shown: str) -> str:
    text = shown.removesuffix("\n").removesuffix(NO_END) if NO_END in shown else shown
    assert NO_END not in text, "no line end, except at the end"
    return _NAMED.sub(
        lambda match: NAMES[match["name"]] if match["name"] else chr(int(match["code"], 16)), text
    )


def encode(text: str) -> str:
    """Write a diff, so that every character can be seen and no editor takes blanks away."""
    names = {char: name for name, char in NAMES.items()}

    def name(match: re.Match[str]) -> str:
        return "".join(
            f"{LEFT}{names.get(char) or f'U+{ord(char):04X}'}{RIGHT}" for char in match[0]
        )

    shown = re.sub(r"(?m)^ $", "", _UNSEEN.sub(name, text))
    return re.sub(r"(?m) +$", name, shown)


def _is_file(name: str) -> bool:
    return name not in {"instruction", "answer", EXPECTED} and not name.startswith("edited ")


def _without_marks(content: str) -> tuple[str, tuple[int, int] | None]:
    if CURSOR in content:
        before, _, after = content.partition(CURSOR)
        return before + after, (len(before), len(before))
    if OPEN in content:
        before, _, rest = re.sub(rf"(?m)^({re.escape(OPEN)}|{CLOSE})\n", r"\1", content).partition(
            OPEN
        )
        chosen, mark, after = rest.rpartition(CLOSE)
        assert mark, "a selection begins and does not end"
        return before + chosen + after, (len(before), len(before) + len(chosen))
    return content, None
