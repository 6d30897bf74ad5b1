"""Go: what a file defines and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from festina.context.trees.grammars import Tree, below
from festina.context.trees.outline import Binding, Definition, Outline
from festina.context.trees.reading import Siblings

if TYPE_CHECKING:
    from tree_sitter import Node

_SPECS = frozenset(["type_spec", "type_alias", "const_spec", "var_spec"])
_GROUPS = frozenset(["var_spec_list"])
_SMALL_GROUP = 12
"""A group of constants of so many lines is shown whole: the first ones say what they are."""


def read(tree: Tree) -> Outline:
    """Return a file's outline. Imports are known by what a file calls them."""
    definitions: list[Definition] = []
    imports: dict[str, Binding] = {}
    stars: list[str] = []
    package = ""
    siblings = Siblings(tree, [*_outermost(tree.root)])
    for index, node in siblings:
        kind = node.type
        if kind == "package_clause" and node.named_child_count:
            package = tree.text(node.named_child(0))
        elif kind == "import_declaration":
            _imported(tree, node, imports, stars)
        elif kind == "function_declaration":
            if (named := node.child_by_field_name("name")) is not None:
                definitions.append(siblings.define(index, tree.text(named), node))
        elif kind == "method_declaration":
            if (named := node.child_by_field_name("name")) is not None:
                of = _receiver(tree, node)
                definitions.append(siblings.define(index, tree.text(named), node, of=of))
        elif kind in ("type_declaration", "const_declaration", "var_declaration"):
            definitions += _specs(tree, siblings, index, node)
    return Outline(tuple(definitions), imports, tuple(stars), package=package)


def _outermost(root: Node) -> list[Node]:
    return [
        inner for node in root.children for inner in (node.children if node.is_error else [node])
    ]


def _receiver(tree: Tree, node: Node) -> str:
    """Return the type that a method belongs to."""
    receiver = node.child_by_field_name("receiver")
    for part in below(receiver) if receiver is not None else ():
        if part.type == "type_identifier":
            return tree.text(part)
    return "?"


def _specs(tree: Tree, siblings: Siblings, index: int, node: Node) -> list[Definition]:
    inner = [
        child
        for part in node.children
        for child in (part.children if part.type in _GROUPS else [part])
    ]
    within = Siblings(tree, inner)
    alone = sum(each.type in _SPECS for each in inner) == 1
    together = alone or (
        node.type != "type_declaration" and node.end_point[0] - node.start_point[0] < _SMALL_GROUP
    )
    found = []
    for position, spec in within:
        if spec.type not in _SPECS:
            continue
        for named in spec.children_by_field_name("name"):
            if named.type == ",":
                continue
            name = tree.text(named)
            whole = siblings.define(index, name) if together else within.define(position, name)
            found.append(whole)
    return found


def _imported(tree: Tree, node: Node, imports: dict[str, Binding], stars: list[str]) -> None:
    for spec in below(node):
        path = spec.child_by_field_name("path") if spec.type == "import_spec" else None
        if path is None:
            continue
        module = tree.text(path).strip('"`')
        named = spec.child_by_field_name("name")
        alias = _last_part(module) if named is None else tree.text(named)
        if alias == ".":
            stars.append(module)
        elif alias != "_":
            imports[alias] = Binding(module)


def _last_part(module: str) -> str:
    """Return what a package is called that a path leads to, as a rule: not its version."""
    parts = module.split("/")
    last = parts[-1]
    if len(parts) > 1 and last[:1] == "v" and last[1:].isdigit():
        last = parts[-2]
    return last.partition(".")[0].replace("-", "_")
