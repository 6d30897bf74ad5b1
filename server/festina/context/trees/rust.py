"""Rust: what a file defines and uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from festina.context.trees.grammars import Tree
from festina.context.trees.outline import Binding, Definition, Outline
from festina.context.trees.reading import Reader, Siblings

if TYPE_CHECKING:
    from tree_sitter import Node

_ITEMS = frozenset(
    (
        *("function_item", "function_signature_item", "struct_item", "enum_item", "union_item"),
        *("trait_item", "type_item", "const_item", "static_item", "macro_definition"),
    )
)
_BODIES = frozenset(["function_item", "trait_item"])
_NAMES = frozenset(["identifier", "type_identifier", "crate", "self", "super", "metavariable"])


def read(tree: Tree) -> Outline:
    """Return a file's outline; what a module in it defines counts as the file's own."""
    reader = _Reader(tree)
    reader.items(tree.root.children, 0)
    return Outline(tuple(reader.definitions), reader.imports, tuple(reader.stars), reader.exports)


class _Reader(Reader):
    def items(self, nodes: list[Node], depth: int) -> None:
        siblings = Siblings(self.tree, nodes)
        for index, node in siblings:
            kind = node.type
            named = node.child_by_field_name("name")
            if kind == "use_declaration":
                argument = node.child_by_field_name("argument")
                for path, alias in self._used(argument, []) if argument is not None else ():
                    self._bind(path, alias, depth)
            elif kind in _ITEMS and named is not None:
                members = self._members(node, "") if kind == "trait_item" else []
                body = node if kind in _BODIES else None
                self.definitions.append(
                    siblings.define(index, self.tree.text(named), body, members)
                )
            elif kind == "impl_item":
                self._implementation(siblings, index, node)
            elif kind == "mod_item" and named is not None:
                self._module(node, self.tree.text(named), depth)
            elif kind in ("ERROR", "foreign_mod_item"):
                body = node.child_by_field_name("body") or node
                self.items(body.children, depth)

    def _module(self, node: Node, name: str, depth: int) -> None:
        body = node.child_by_field_name("body")
        if body is None:
            self.exports[name] = Binding("self::" + name)
        else:
            self.items(body.children, depth + 1)

    def _implementation(self, siblings: Siblings, index: int, node: Node) -> None:
        typed = node.child_by_field_name("type")
        if typed is None:
            return
        of = self.tree.text(typed).partition("<")[0].rpartition("::")[2]
        name = f"impl {of}"
        members = self._members(node, "")
        self.definitions.append(siblings.define(index, name, node, members, of))

    def _members(self, node: Node, of: str) -> list[Definition]:
        body = node.child_by_field_name("body")
        siblings = Siblings(self.tree, [] if body is None else body.children)
        return [
            siblings.define(index, self.tree.text(named), member, of=of)
            for index, member in siblings
            if (named := member.child_by_field_name("name")) is not None
        ]

    def _used(self, node: Node, before: list[str]) -> Iterator[tuple[list[str], str]]:
        """Yield the paths that a ``use`` names, and what each is called here."""
        kind = node.type
        if kind in ("scoped_use_list", "use_list"):
            path, inner = node.child_by_field_name("path"), node.child_by_field_name("list")
            start = [*before, *(self._path(path) if path is not None else [])]
            for child in (inner or node).named_children:
                yield from self._used(child, start)
        elif kind == "use_as_clause":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            if path is not None and alias is not None:
                yield [*before, *self._path(path)], self.tree.text(alias)
        elif kind == "use_wildcard":
            inner_path = self._path(node.named_child(0)) if node.named_child_count else []
            yield [*before, *inner_path], "*"
        else:
            path_here = self._path(node)
            if path_here == ["self"] and before:
                path_here = []
            found = [*before, *path_here]
            if found:
                yield found, found[-1]

    def _path(self, node: Node) -> list[str]:
        if node.type in _NAMES:
            return [self.tree.text(node)]
        return [part.strip() for part in self.tree.text(node).split("::") if part.strip()]

    def _bind(self, path: list[str], alias: str, depth: int) -> None:
        """Note what a ``use`` brings; from a module in the file, the file is ``super``."""
        while depth and path[:1] == ["super"]:
            path, depth = path[1:], depth - 1
        if alias == "*":
            if path:
                self.stars.append("::".join(path))
        elif len(path) > 1:
            self.imports[alias] = Binding("::".join(path[:-1]), path[-1])
        elif path and path[0] != alias:
            self.imports[alias] = Binding("self", path[0])
