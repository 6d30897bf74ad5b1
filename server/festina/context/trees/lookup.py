"""The definitions behind the names that a region uses, and how they are handed over."""

from __future__ import annotations

from collections.abc import Sequence

from festina.context.files import Files
from festina.context.related import MOST_LINES, WHOLE_LINES, Excerpt
from festina.context.source import Block
from festina.context.trees.find_go import GoFinder
from festina.context.trees.find_rust import RustFinder
from festina.context.trees.find_script import ScriptFinder
from festina.context.trees.finding import Finder
from festina.context.trees.grammars import family_of, grammar_of_file, tree_of
from festina.context.trees.names import used
from festina.context.trees.outline import Outline, outline_of
from festina.context.trees.readers import reader_of

_FINDERS: dict[str, type[Finder]] = {"go": GoFinder, "rust": RustFinder, "script": ScriptFinder}
_IMPORTS = (
    *("import ", "use ", "pub use ", "pub(crate) use ", "mod ", "pub mod ", "package "),
    *("export * ", "export {", "export type {"),
)


def places(
    files: Files, path: str, grammar: str, region: range, *, own: bool
) -> list[tuple[str, Block, str]]:
    """Return where that is defined which a region of a file uses, by its first use.

    With ``own``, definitions in the file itself are among them: else the file is shown anyway.
    """
    source = files.source(path)
    tree = None if source is None else tree_of(source.text, grammar)
    if tree is None:
        return []
    wanted = used(tree, grammar, region.start, region.stop)
    finder = _FINDERS[family_of(grammar)](files, path, grammar, wanted.members)
    found: dict[tuple[str, int], tuple[str, Block, str]] = {}
    defined = [each for parts in wanted.names for each in finder.find(parts)]
    for where, each, label in [*defined, *finder.methods()]:
        if where != path or (own and each.block.start not in region):
            found.setdefault((where, each.block.start), (where, each.block, label))
    return list(found.values())


def excerpt(files: Files, path: str, grammar: str, block: Block, name: str) -> Excerpt:
    """Return a definition as it may be sent; ``grammar`` is for a path that does not tell it."""
    source = files.source(path)
    assert source is not None
    masked = files.masked(path)
    shown = masked[block.start : block.end]
    outline = _outline(source.text, grammar_of_file(path) or grammar)
    definition = outline.at(block)
    if definition is not None and block.end - definition.line > WHOLE_LINES:
        shown = definition.brief(source.lines, masked)
    if len(shown) > MOST_LINES:
        shown = [*shown[:MOST_LINES], "..."]
    outer = name.replace("::", ".").rpartition(".")[0]
    head = [f"// in {outer}:"] if outer and shown[0][:1].isspace() else []
    return Excerpt(path, block.start + 1, name, "\n".join([*head, *shown]))


def heads(own: Sequence[str], shown: Sequence[str], grammar: str) -> list[str]:
    """Return a long file's heads: imports, definitions, and what classes have."""
    outline = _outline("\n".join(own), grammar)
    kept: dict[int, str] = {
        number: shown[number] for number, line in enumerate(own) if line.startswith(_IMPORTS)
    }
    for definition in outline.definitions:
        for each in (definition, *definition.members):
            last = each.line if each.head is None else each.head[0]
            for number in range(each.line, min(last, each.line + WHOLE_LINES) + 1):
                kept[number] = shown[number]
    return [kept[number] for number in sorted(kept)]


def _outline(text: str, grammar: str) -> Outline:
    return outline_of(text, grammar, reader_of(grammar))
