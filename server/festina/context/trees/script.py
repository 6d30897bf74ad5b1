"""JavaScript and TypeScript: what a file defines, imports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from festina.context.trees.grammars import Tree
from festina.context.trees.outline import Binding, Definition, Outline
from festina.context.trees.reading import Reader, Siblings

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS = frozenset(
    ["arrow_function", "function_expression", "generator_function", "class", "function"]
)
_NAMED = frozenset(
    (
        *("function_declaration", "generator_function_declaration", "function_signature"),
        *("class_declaration", "abstract_class_declaration", "interface_declaration"),
        *("type_alias_declaration", "enum_declaration"),
    )
)
_WHOLE = frozenset(["interface_declaration", "type_alias_declaration", "enum_declaration"])
"""Their body is what they say."""
_VARIABLES = frozenset(["lexical_declaration", "variable_declaration"])
_SPACES = frozenset(["internal_module", "module"])


def read(tree: Tree) -> Outline:
    """Return a file's outline."""
    reader = _Reader(tree)
    reader.statements(Siblings(tree, tree.root.children))
    return Outline(
        tuple(reader.definitions),
        reader.imports,
        (),
        reader.exports,
        tuple(reader.stars),
    )


class _Reader(Reader):
    def statements(self, siblings: Siblings) -> None:
        for index, node in siblings:
            kind = node.type
            if kind == "import_statement":
                self._import(node)
            elif kind == "export_statement":
                self._export(siblings, index, node)
            elif kind == "ambient_declaration":
                for child in node.named_children:
                    if child.type == "statement_block":  # of `declare global`
                        self.statements(Siblings(self.tree, child.children))
                    self.definitions += self._declared(siblings, index, child)
            elif kind == "expression_statement":
                self._expression(siblings, index, node)
            elif kind == "ERROR":
                self.statements(Siblings(self.tree, node.children))
            else:
                self.definitions += self._declared(siblings, index, node)

    def _declared(self, siblings: Siblings, index: int, node: Node) -> list[Definition]:
        """Return what a declaration defines; its lines are those of the sibling it stands in."""
        kind = node.type
        if kind in _VARIABLES:
            return list(self._variables(siblings, index, node))
        if kind in _SPACES:
            return [self._space(siblings, index, node)]
        named = node.child_by_field_name("name")
        if kind not in _NAMED or named is None:
            return []
        members: list[Definition] = []
        if kind.endswith("class_declaration"):
            members = _members(self.tree, node)
        body = None if kind in _WHOLE else node
        return [siblings.define(index, self.tree.text(named), body, members)]

    def _variables(self, siblings: Siblings, index: int, node: Node) -> Iterator[Definition]:
        for each in node.named_children:
            named = each.child_by_field_name("name")
            if each.type != "variable_declarator" or named is None:
                continue
            value = each.child_by_field_name("value")
            if self._required(named, value):
                continue
            members = _members(self.tree, value) if value and value.type == "class" else []
            names = [named] if named.type == "identifier" else _of_pattern(named)
            for name in names:
                yield siblings.define(index, self.tree.text(name), _function(value), members)

    def _required(self, named: Node, value: Node | None) -> bool:
        """Note what ``require`` gives to a name or a pattern; whether it is one."""
        attribute = ""
        if value is not None and value.type == "member_expression":
            if (last := value.child_by_field_name("property")) is not None:
                attribute = self.tree.text(last)
            value = value.child_by_field_name("object")
        if value is None or value.type != "call_expression":
            return False
        function, given = (value.child_by_field_name(name) for name in ("function", "arguments"))
        if function is None or given is None or self.tree.text(function) != "require":
            return False
        module = next((self._string(n) for n in given.named_children if n.type == "string"), "")
        if not module:
            return False
        if named.type == "identifier":
            self.imports[self.tree.text(named)] = Binding(module, attribute)
            return True
        for part in named.named_children:
            key, inner = (part.child_by_field_name(name) for name in ("key", "value"))
            if part.type == "shorthand_property_identifier_pattern":
                self.imports[self.tree.text(part)] = Binding(module, self.tree.text(part))
            elif key is not None and inner is not None and inner.type == "identifier":
                self.imports[self.tree.text(inner)] = Binding(module, self.tree.text(key))
        return True

    def _space(self, siblings: Siblings, index: int, node: Node) -> Definition:
        """Return a namespace, whose members are what it defines."""
        inner = _Reader(self.tree)
        body, named = node.child_by_field_name("body"), node.child_by_field_name("name")
        if body is not None:
            inner.statements(Siblings(self.tree, body.children))
        name = "" if named is None else self.tree.text(named)
        return siblings.define(index, name, node, inner.definitions)

    def _expression(self, siblings: Siblings, index: int, node: Node) -> None:
        inner = node.named_child(0) if node.named_child_count else None
        if inner is not None and inner.type == "internal_module":
            self.definitions.append(self._space(siblings, index, inner))
        if inner is None or inner.type != "assignment_expression":
            return
        left, right = (inner.child_by_field_name(name) for name in ("left", "right"))
        if left is None or right is None:
            return
        target = self.tree.text(left)
        if target == "module.exports":
            self._common(siblings, index, right)
        elif target.startswith(("module.exports.", "exports.")):
            name = target.rpartition(".")[2]
            if right.type == "identifier":
                self.exports[name] = Binding("", self.tree.text(right))
            else:
                self.definitions.append(siblings.define(index, name, _function(right)))

    def _common(self, siblings: Siblings, index: int, value: Node) -> None:
        """Note what ``module.exports`` is set to: one thing, or an object of them."""
        if value.type == "identifier":
            self.exports["default"] = Binding("", self.tree.text(value))
        elif value.type == "object":
            for part in value.named_children:
                key, inner = (part.child_by_field_name(name) for name in ("key", "value"))
                if part.type == "shorthand_property_identifier":
                    name = self.tree.text(part)
                    self.exports.setdefault(name, Binding("", name))
                elif key is not None and inner is not None and inner.type == "identifier":
                    self.exports[self.tree.text(key)] = Binding("", self.tree.text(inner))
        else:
            self.definitions.append(siblings.define(index, "default", _function(value)))

    def _import(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        for clause in node.named_children:
            if clause.type == "import_require_clause":
                inner = clause.child_by_field_name("source")
                if inner is not None and clause.named_child_count:
                    name = self.tree.text(clause.named_child(0))
                    self.imports[name] = Binding(self._string(inner))
            if clause.type != "import_clause" or source is None:
                continue
            module = self._string(source)
            for part in clause.named_children:
                if part.type == "identifier":
                    self.imports[self.tree.text(part)] = Binding(module, "default")
                elif part.type == "namespace_import" and part.named_child_count:
                    self.imports[self.tree.text(part.named_child(0))] = Binding(module)
                elif part.type == "named_imports":
                    for alias, name in self._specifiers(part):
                        self.imports[alias] = Binding(module, name)

    def _export(self, siblings: Siblings, index: int, node: Node) -> None:
        declared, source, value = (
            node.child_by_field_name(name) for name in ("declaration", "source", "value")
        )
        module = "" if source is None else self._string(source)
        default = any(child.type == "default" for child in node.children)
        if declared is not None:
            found = self._declared(siblings, index, declared)
            self.definitions += found
            if default and found:
                self.exports["default"] = Binding("", found[0].name)
        elif value is not None and value.type == "identifier":
            self.exports["default"] = Binding("", self.tree.text(value))
        elif value is not None:
            members = _members(self.tree, value) if value.type == "class" else []
            self.definitions.append(siblings.define(index, "default", _function(value), members))
        else:
            self._passed_on(node, module)

    def _passed_on(self, node: Node, module: str) -> None:
        for part in node.named_children:
            if part.type == "export_clause":
                for alias, name in self._specifiers(part):
                    self.exports[alias] = Binding(module, name)
            elif part.type == "namespace_export" and part.named_child_count:
                self.exports[self.tree.text(part.named_child(0))] = Binding(module)
        if module and any(child.type == "*" for child in node.children):
            self.stars.append(module)

    def _specifiers(self, node: Node) -> Iterator[tuple[str, str]]:
        for part in node.named_children:
            name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
            if name is not None:
                yield self.tree.text(alias or name), self.tree.text(name)

    def _string(self, node: Node) -> str:
        return self.tree.text(node).strip("\"'`")


def _function(value: Node | None) -> Node | None:
    """Return what of a value has a body: a function, or the first one that a call is given."""
    if value is None or value.type in _FUNCTIONS:
        return value
    if value.type == "call_expression":
        given = value.child_by_field_name("arguments")
        for each in given.named_children if given is not None else ():
            if each.type in _FUNCTIONS:
                return each
    return None


def _members(tree: Tree, node: Node) -> list[Definition]:
    """Return the methods and fields of a class."""
    body = node.child_by_field_name("body")
    siblings = Siblings(tree, [] if body is None else body.children)
    found = []
    for index, member in siblings:
        named = member.child_by_field_name("name")
        named = named or member.child_by_field_name("property")
        if named is not None:
            value = member.child_by_field_name("value")
            found.append(siblings.define(index, tree.text(named), _function(value) or member))
    return found


def _of_pattern(node: Node) -> list[Node]:
    """Return the names that a pattern binds at its outermost level."""
    kinds = ("identifier", "shorthand_property_identifier_pattern")
    return [child for child in node.named_children if child.type in kinds]
