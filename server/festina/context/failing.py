"""The failing tests that an edit is to fix: their source, and what they said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from festina.context.files import Files
from festina.context.names import used
from festina.context.source import Block, Source
from festina.findings import Gate

if TYPE_CHECKING:
    from festina.context.gather import Wish

MOST = 3
MOST_LINES = 60
LEAST_CHARS = 400


@dataclass(frozen=True, slots=True)
class Failing:
    """One test as it may be sent: its name, its source, the end of what it said when it failed."""

    name: str
    source: str
    said: str

    @property
    def size(self) -> int:
        """How many characters it takes."""
        return len(self.name) + len(self.source) + len(self.said)


def named(wish: Wish) -> list[tuple[str, str]]:
    """Return ids of the failing tests among what is to be resolved, with what they said."""
    return [
        (finding.code or finding.path, finding.detail or finding.message)
        for finding in wish.resolves
        if finding.gate is Gate.TESTS
    ][:MOST]


def learn(files: Files, wish: Wish) -> None:
    """Note the secrets of the failing tests, and of what they said."""
    for name, said in named(wish):
        files.learn(name.partition("::")[0])
        files.masking.learn(said)


def tests(files: Files, wish: Wish, *, chars: int) -> list[Failing]:
    """Return the failing tests, as many as there is room for; the first one in any case."""
    found: list[Failing] = []
    for name, said in named(wish):
        source = _source(files, name, wish.path)
        words = end(files.told(said), max(chars - len(source), LEAST_CHARS))
        test = Failing(files.masking.mask(name), source, words)
        chars -= test.size
        if chars < 0 and found:
            break
        found.append(test)
    return found


def end(text: str, chars: int) -> str:
    """Return the end of a long text, in whole lines: there a traceback says what went wrong."""
    if len(text) <= chars:
        return text
    kept = text[-chars:]
    _, _, whole = kept.partition("\n")
    return f"[...]\n{whole or kept}"


def _source(files: Files, name: str, edited: str) -> str:
    """Return a test's function and what it uses of its own file, such as fixtures."""
    path, *scopes = name.split("::")
    if not scopes or path == edited or (source := files.source(path)) is None:
        return ""
    function = scopes[-1].partition("[")[0]
    around = scopes[-2] if len(scopes) > 1 else ""
    blocks = source.find(function, around)
    if not blocks:
        return ""
    chosen = [*_helpers(source, blocks[-1]), blocks[-1]]
    shown = files.masked(path)
    return "\n\n".join("\n".join(shown[b.start : b.end][:MOST_LINES]) for b in chosen)


def _helpers(source: Source, test: Block) -> Iterator[Block]:
    lines = source.lines[test.start : test.end]
    arguments = [
        word.partition(":")[0].strip()
        for line in lines
        if line.lstrip().startswith(("def ", "async def "))
        for word in line.partition("(")[2].rpartition(")")[0].split(",")
    ]
    for name in dict.fromkeys([*arguments, *used(tuple(lines))]):
        for block in source.find(name.partition(".")[0]):
            if block.end - block.start <= MOST_LINES // 3 and block != test:
                yield block
