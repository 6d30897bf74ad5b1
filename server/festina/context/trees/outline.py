"""What one file defines, imports and passes on: values, made once for each text."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

from festina.context.source import Block
from festina.context.trees.grammars import Tree, tree_of

KEPT = 256
"""Outlines that are kept, of the texts that were looked at last."""

DOC_LINES = 3
"""A comment on a definition is shown whole up to so many lines, else its first words."""
_MARKS = "/*! \t#"


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name. ``block`` are its lines, with what is said about it above.

    ``line`` is where it begins itself, ``head`` how many lines and bytes of the last one come
    before its body (None where it has none to leave out), ``of`` the type that a method or an
    ``impl`` belongs to. Lines are zero-based.
    """

    name: str
    block: Block
    line: int
    head: tuple[int, int] | None = None
    members: tuple[Definition, ...] = ()
    of: str = ""

    def brief(self, own: Sequence[str], shown: Sequence[str]) -> list[str]:
        """Return it in short: what is said about it, its head, and its members' heads.

        ``own`` are all lines of the file, ``shown`` the same as they may be sent.
        """
        said = list(shown[self.block.start : self.line])
        if len(said) > DOC_LINES:
            said = _first_words(said)
        if self.head is None:
            return [*said, *shown[self.line : self.block.end]]
        lines = [*said, *self._head(own, shown)]
        if not self.members:
            lines[-1] += " ... }" if lines[-1].rstrip().endswith("{") else " ..."
            return lines
        for member in self.members:
            if member.head is None:
                lines += shown[member.line : member.block.end][:DOC_LINES]
            else:
                head = member._head(own, shown)
                head[-1] += " ... }" if head[-1].rstrip().endswith("{") else " ..."
                lines += head
        return [*lines, "}"]

    def _head(self, own: Sequence[str], shown: Sequence[str]) -> list[str]:
        assert self.head is not None
        last, column = self.head
        lines = list(shown[self.line : last + 1])
        if lines[-1] == own[last]:  # else a placeholder moved what stands there
            lines[-1] = (
                own[last].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace")
            )
        return lines


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for: something in a module, or (with no ``name``) the module itself.

    ``module`` is as it is written; empty for the file's own.
    """

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """One file. ``exports`` are the names that it passes on under another, or from elsewhere."""

    definitions: tuple[Definition, ...] = ()
    imports: dict[str, Binding] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    exports: dict[str, Binding] = field(default_factory=dict)
    star_exports: tuple[str, ...] = ()
    package: str = ""

    def named(self, name: str) -> list[Definition]:
        """Return the definitions of a name, methods aside."""
        return [each for each in self.definitions if each.name == name and not each.of]

    def methods(self, of: str, names: frozenset[str]) -> Iterator[Definition]:
        """Yield the methods of a type that are defined outside of it, those of some names."""
        for each in self.definitions:
            if each.of == of:
                if each.name in names:
                    yield each
                yield from (member for member in each.members if member.name in names)

    def at(self, block: Block) -> Definition | None:
        """Return the definition that stands on some lines."""
        for each in self.definitions:
            if each.block == block:
                return each
            for member in each.members:
                if member.block == block:
                    return member
        return None


def _first_words(said: Sequence[str]) -> list[str]:
    """Return the first line that says something, as a comment, and what is no comment."""
    kept: list[str] = []
    for line in said:
        bare = line.strip()
        if bare.startswith(("//", "/*", "*")):
            words = bare.strip(_MARKS)
            if words and not any(one.lstrip().startswith("//") for one in kept):
                indent = line[: len(line) - len(line.lstrip())]
                mark = "///" if bare.startswith("///") else "//"
                indent = indent.removesuffix(" ") if bare.startswith("*") else indent
                kept.append(f"{indent}{mark} {words}")
        elif bare.startswith(("@", "#[")):
            kept.append(line)
    return kept


Reader = Callable[[Tree], Outline]
_outlines: OrderedDict[bytes, Outline] = OrderedDict()
_lock = Lock()
NOTHING = Outline()


def outline_of(text: str, grammar: str, read: Reader) -> Outline:
    """Return a text's outline, by its content's hash. Blocks: call it in a thread."""
    digest = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=16, person=grammar.encode()
    ).digest()
    with _lock:
        if (kept := _outlines.get(digest)) is not None:
            _outlines.move_to_end(digest)
            return kept
    tree = tree_of(text, grammar)
    made = NOTHING if tree is None else read(tree)
    with _lock:
        _outlines[digest] = made
        if len(_outlines) > KEPT:
            _outlines.popitem(last=False)
    return made
