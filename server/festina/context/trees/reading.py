"""What the readers of all grammars share: the lines of a definition, with what is said above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from festina.context.source import Block
from festina.context.trees.grammars import Tree
from festina.context.trees.outline import Binding, Definition

if TYPE_CHECKING:
    from tree_sitter import Node

SAID = frozenset(["comment", "line_comment", "block_comment", "attribute_item", "decorator"])
"""What stands above a definition and belongs to it."""


def last_row(node: Node) -> int:
    """Return the row on which a node's last character stands."""
    row, column = node.end_point
    return row if column or row == node.start_point[0] else row - 1


def first_row(siblings: Sequence[Node], index: int) -> int:
    """Return the row on which a node begins, with the comments and attributes right above it."""
    first = siblings[index].start_point[0]
    for above in range(index - 1, -1, -1):
        node = siblings[above]
        if node.type not in SAID or last_row(node) + 1 < first:
            break
        row = node.start_point[0]
        if above and last_row(siblings[above - 1]) == row and row < first:
            break  # it is said of what stands before it on its line
        first = min(first, row)
    return first


def body_of(node: Node | None) -> tuple[int, int] | None:
    """Return where a definition's body begins, the brace (where it has one) left before it."""
    body = None if node is None else node.child_by_field_name("body")
    if body is None:
        return None
    row, column = body.start_point
    braces = body.child_count > 0 and body.child(0).type == "{"
    return (row, column + 1) if braces else (row, column)


class Siblings:
    """Nodes beside each other, and the definitions that they make."""

    def __init__(self, tree: Tree, nodes: Sequence[Node]) -> None:
        self.tree = tree
        self.nodes = nodes

    def __iter__(self) -> Iterator[tuple[int, Node]]:
        return iter(enumerate(self.nodes))

    def define(
        self,
        index: int,
        name: str,
        body: Node | None = None,
        members: Sequence[Definition] = (),
        of: str = "",
    ) -> Definition:
        """Return the definition that the node with an index is; ``body`` is what has its body."""
        node = self.nodes[index]
        return Definition(
            name,
            Block(first_row(self.nodes, index), last_row(node) + 1),
            node.start_point[0],
            body_of(body),
            tuple(members),
            of,
        )


class Reader:
    """What is found on the way through a file; ``stars`` are modules that it takes all names of."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.definitions: list[Definition] = []
        self.imports: dict[str, Binding] = {}
        self.exports: dict[str, Binding] = {}
        self.stars: list[str] = []
