"""Which names some lines use, as they would be looked up outside of the function they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from festina.context.trees.grammars import Tree, family_of
from festina.context.trees.kinds import KINDS, Kinds

if TYPE_CHECKING:
    from tree_sitter import Node

MOST = 60
MOST_NODES = 60_000
"""A region of more is data."""
_DEFAULTS = frozenset(["assignment_pattern", "object_assignment_pattern"])
_PARAMETERS = frozenset(["required_parameter", "optional_parameter"])
_ELEMENTS = frozenset(["jsx_opening_element", "jsx_closing_element", "jsx_self_closing_element"])
_TOKENS = frozenset(["token_tree", "token_repetition"])


@dataclass(frozen=True, slots=True)
class Used:
    """``names`` in parts, and ``members`` behind some dot, each in the order of its first use."""

    names: tuple[tuple[str, ...], ...]
    members: tuple[str, ...]


def used(tree: Tree, grammar: str, first: int, end: int) -> Used:
    """Return what the lines ``[first, end)`` use, then the heads of what is around them.

    The heads (parameters, what a class is derived from) say of which types the lines' names are.
    """
    collected = _Collected(tree, KINDS[family_of(grammar)], grammar == "rust")
    heads: list[Node] = []
    own: set[str] = set()
    for node in tree.root.children:
        if _overlaps(node, first, end):
            own |= collected.bound(node, first, end)
            collected.add(node, first, end, heads)
    for head in heads:
        collected.add_all(head)
    names = dict.fromkeys(
        parts
        for parts in collected.names
        if parts[0] not in own and parts[0] not in collected.kinds.known
    )
    return Used(tuple(names)[:MOST], tuple(collected.members)[:MOST])


def _overlaps(node: Node, first: int, end: int) -> bool:
    return node.start_point[0] < end and node.end_point[0] >= first


class _Collected:
    def __init__(self, tree: Tree, kinds: Kinds, macros: bool) -> None:
        self._tree = tree
        self._macros = macros
        self._left = MOST_NODES
        self.kinds = kinds
        self.names: list[tuple[str, ...]] = []
        self.members: dict[str, None] = {}

    def bound(self, node: Node, first: int, end: int) -> set[str]:
        """Return the names that are given in what is around some lines, and in them."""
        found: set[str] = set()
        pending = [node]
        while pending and self._left > 0:
            at = pending.pop()
            self._left -= 1
            kind = at.type
            if kind in self.kinds.apart:
                continue
            for field in self.kinds.binds.get(kind, ()):
                given = at.children_by_field_name(field) if field else at.named_children
                for each in given:
                    found.update(self._of_pattern(each))
            if kind not in self.kinds.scopes or _overlaps(at, first, end):
                pending += at.named_children
        self._left = MOST_NODES
        return found

    def _of_pattern(self, pattern: Node) -> set[str]:
        """Return the names that a pattern gives, not those of types and defaults in it."""
        found: set[str] = set()
        pending = [pattern]
        while pending:
            at = pending.pop()
            kind = at.type
            if kind in _PARAMETERS:
                continue  # they have patterns of their own
            if kind in _DEFAULTS:
                pending += [at.children[0]]
            elif kind in self.kinds.names or kind == "shorthand_property_identifier_pattern":
                name = self._tree.text(at)
                if not self._macros or not name[:1].isupper() or at == pattern:
                    found.add(name)
            elif kind not in self.kinds.dotted and kind not in ("type_annotation", "match_pattern"):
                pending += at.named_children
            elif kind == "match_pattern":
                pending += at.named_children[:1]  # behind it stands its condition
        return found

    def add(self, node: Node, first: int, end: int, heads: list[Node]) -> None:
        """Note what the lines in a node use; ``heads`` gets those of what is around the lines."""
        pending = [node]
        while pending and self._left > 0:
            at = pending.pop()
            self._left -= 1
            if not _overlaps(at, first, end) or at.type in self.kinds.apart:
                continue
            if first <= at.start_point[0] and at.end_point[0] < end:
                pending += self._note(at)
                continue
            if (body := at.child_by_field_name("body")) is not None and body.start_point[0] < end:
                heads += [
                    child
                    for child in at.named_children
                    if child != body and not _overlaps(child, first, end)
                ]
            if self._is_name(at):
                pending += self._note(at)
            else:
                pending += reversed(at.children)

    def _is_name(self, node: Node) -> bool:
        return node.type in self.kinds.dotted and node.start_point[0] == node.end_point[0]

    def add_all(self, node: Node) -> None:
        """Note all that a node uses."""
        pending = [node]
        while pending and self._left > 0:
            self._left -= 1
            at = pending.pop()
            if at.type not in self.kinds.apart:
                pending += self._note(at)

    def _note(self, node: Node) -> list[Node]:
        """Note a name, and return what else is to be looked at (the first one last)."""
        kind = node.type
        if kind in self.kinds.names:
            self._name(node)
            return []
        if kind in self.kinds.members:
            self.members[self._tree.text(node)] = None
            return []
        if kind == "keyed_element" and node.named_child_count > 1:  # a field's name, in Go
            return node.named_children[:0:-1]
        if kind in _TOKENS and self._macros:
            return self._tokens(node)
        if kind in self.kinds.dotted:
            return self._dotted(node)
        inner = node.children[::-1]
        return [each for each in inner if not self._of_html(each)] if kind in _ELEMENTS else inner

    def _of_html(self, name: Node) -> bool:
        return name.type == "identifier" and not self._tree.text(name)[:1].isupper()

    def _name(self, node: Node) -> None:
        if name := self._tree.text(node):
            self.names.append((name,))

    def _dotted(self, node: Node) -> list[Node]:
        parts: list[str] = []
        at: Node | None = node
        while at is not None and at.type in self.kinds.dotted:
            left, right = self.kinds.dotted[at.type]
            last = at.child_by_field_name(right)
            if last is not None:
                parts.append(self._tree.text(last))
            at = at.child_by_field_name(left)
        self.members.update(dict.fromkeys(reversed(parts)))
        if at is None or at.type not in (*self.kinds.names, "crate", "super", "self"):
            return [] if at is None else [at]
        root = self._tree.text(at)
        if root in ("crate", "super", "self"):
            if node.type == "field_expression":
                return []
            root = f"{root}::"  # not the name of a local
        self.names.append((root, *reversed(parts)))
        return []

    def _tokens(self, node: Node) -> list[Node]:
        """Note the names in a macro's tokens, which have no structure but their brackets."""
        parts: list[str] = []
        after = ""
        rest: list[Node] = []
        for child in node.children:
            text = self._tree.text(child) if child.child_count == 0 else ""
            if child.type in ("identifier", "crate", "super", "self"):
                if after == ".":
                    self.members[text] = None
                elif parts and after == "::":
                    parts.append(text)
                else:
                    self._path(parts)
                    parts = [text]
            elif child.type in _TOKENS:
                rest.append(child)
            after = text
        self._path(parts)
        return rest[::-1]

    def _path(self, parts: list[str]) -> None:
        if not parts:
            return
        self.members.update(dict.fromkeys(parts[1:]))
        root = f"{parts[0]}::" if parts[0] in ("crate", "super", "self") else parts[0]
        if len(parts) > 1 or not root.endswith("::"):
            self.names.append((root, *parts[1:]))
