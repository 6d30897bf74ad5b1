"""The definition around a line, where nothing is selected: functions, methods, types, tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from festina.context.trees.grammars import Tree, family_of, tree_of
from festina.context.trees.reading import SAID, first_row, last_row
from festina.edits import Region

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS = {
    "script": frozenset(
        (
            *("function_declaration", "generator_function_declaration", "class_declaration"),
            *("abstract_class_declaration", "interface_declaration", "type_alias_declaration"),
            *("enum_declaration", "method_definition", "internal_module", "module"),
        )
    ),
    "go": frozenset(["function_declaration", "method_declaration", "type_spec", "type_alias"]),
    "rust": frozenset(
        (
            *("function_item", "struct_item", "enum_item", "union_item", "trait_item", "mod_item"),
            *("impl_item", "macro_definition", "type_item", "function_signature_item"),
        )
    ),
}
_VALUES = frozenset(["variable_declarator", "public_field_definition", "field_definition", "pair"])
_FUNCTIONS = frozenset(
    ["arrow_function", "function_expression", "generator_function", "class", "func_literal"]
)
_TESTS = frozenset(["describe", "it", "test", "suite", "context", "Run"])
_OUTER = frozenset(
    (
        *("export_statement", "lexical_declaration", "variable_declaration", "ambient_declaration"),
        *("expression_statement", "type_declaration"),
    )
)
"""What a definition may be the only part of: then its lines are meant."""


def enclosing(text: str, line: int, grammar: str) -> tuple[Region, str] | None:
    """Return the innermost definition around a line, with what is said above it, and its name.

    None where there is none. Blocks: call it in a thread.
    """
    tree = tree_of(text, grammar)
    if tree is None:
        return None
    family = family_of(grammar)
    found: tuple[Region, str] | None = None
    nodes = tree.root.children
    while (index := _around(nodes, line)) is not None:
        node = nodes[index]
        if (named := _named(tree, node, family)) is not None:
            whole = Region(first_row(nodes, index), last_row(node) + 1)
            if found is None or (whole.end, named) != (found[0].end, found[1]):
                found = (whole, named)  # else it is the same one without what is around it
        nodes = node.children
    return found


def _around(nodes: Sequence[Node], line: int) -> int | None:
    """Return which of some nodes a line is in: of several the one with the most lines."""
    found = [
        index
        for index, node in enumerate(nodes)
        if node.type not in SAID and first_row(nodes, index) <= line <= last_row(node)
    ]
    return max(found, key=lambda at: last_row(nodes[at]) - nodes[at].start_point[0], default=None)


def _named(tree: Tree, node: Node, family: str) -> str | None:
    """Return the name of the definition that a node is; None where it is none."""
    kind = node.type
    if kind in _OUTER:
        inner = [
            child for child in node.named_children if child.type not in ("decorator", "comment")
        ]
        if len(inner) != 1:
            return None
        anonymous = kind == "export_statement" and inner[0].type in _FUNCTIONS
        return _named(tree, inner[0], family) or ("default" if anonymous else None)
    if kind in _VALUES:
        value = node.child_by_field_name("value")
        if value is None or value.type not in _FUNCTIONS:
            return None
    elif kind == "call_expression":
        return _test(tree, node)
    elif kind == "impl_item":
        return f"impl {tree.text(typed)}" if (typed := node.child_by_field_name("type")) else None
    elif kind not in _DEFINITIONS[family]:
        return None
    named = next(
        (
            found
            for field in ("name", "property", "key")
            if (found := node.child_by_field_name(field))
        ),
        None,
    )
    return None if named is None else tree.text(named)


def _test(tree: Tree, node: Node) -> str | None:
    """Return the name of the test that a call is, such as ``it("adds", () => ...)``."""
    function, given = (node.child_by_field_name(name) for name in ("function", "arguments"))
    if function is None or given is None or given.named_child_count < 2:
        return None
    words = set(tree.text(function).split("."))
    first, last = given.named_children[0], given.named_children[-1]
    if not words & _TESTS or last.type not in _FUNCTIONS or "string" not in first.type:
        return None
    return tree.text(first).strip("\"'`")[:60]
