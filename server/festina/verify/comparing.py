"""Comparisons that say yes to what is not equal, so that assertions prove nothing. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Use = tuple[str, int, str]
"""What is used, in which line, and why that matters."""

BLIND = "so that comparisons in tests may prove nothing"

_COMPARING = frozenset(["__eq__", "__ne__", "__bool__", "__lt__", "__le__", "__gt__", "__ge__"])
_TYPE_CHECKS = frozenset(["isinstance", "issubclass", "type", "hasattr", "callable", "id"])
_BASES = frozenset(["int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set"])
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def comparing(node: ast.AST) -> Iterator[Use]:
    """Yield what is doubtful about comparisons that a node defines."""
    yield from _comparing(node, getattr(node, "lineno", 0))
    if isinstance(node, ast.ClassDef):
        yield from _compared(node)


def _comparing(node: ast.AST, line: int) -> Iterator[Use]:
    """Comparisons that answer without a look at what they compare: in a class, or for one."""
    found: list[tuple[object, ast.arguments, list[ast.expr]]] = []
    if isinstance(node, _FUNCTIONS) and node.name in _COMPARING:
        parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
        found = [(node.name, node.args, [part for part in parts if part is not None])]
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        names = [getattr(target, "id", None) for target in node.targets]
        found = [(name, node.value.args, [node.value.body]) for name in names]
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, ast.Lambda):
                found.append((getattr(key, "value", None), value.args, [value.body]))
    for name, arguments, answers in found:
        if name in _COMPARING and _is_blind(node, arguments, answers):
            yield f"`{name}` with a fixed answer", line, BLIND


def _is_blind(whole: ast.AST, arguments: ast.arguments, answers: list[ast.expr]) -> bool:
    """Whether no answer depends on the last argument, and not all of them are NotImplemented."""
    given = [*arguments.posonlyargs, *arguments.args]
    last = given[-1].arg if given else ""
    names = {part.id for it in answers for part in ast.walk(it) if isinstance(part, ast.Name)}
    unsure = all(isinstance(it, ast.Name) and it.id == "NotImplemented" for it in answers)
    return not (last in names or unsure or any(_looks_into(part, last) for part in ast.walk(whole)))


def _looks_into(node: ast.AST, name: str) -> bool:
    """Whether this is a look at what ``name`` holds, and not only at what it is."""
    within: list[ast.expr] = []
    if isinstance(node, ast.Attribute):
        within = [node.value] if not node.attr.startswith("__") else []
    elif isinstance(node, (ast.Subscript, ast.Starred)):
        within = [node.value]
    elif isinstance(node, (ast.For, ast.comprehension)):
        within = [node.iter]
    elif isinstance(node, ast.Compare):
        if not all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
            within = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") not in _TYPE_CHECKS:
        within = [*node.args]
    return any(isinstance(part, ast.Name) and part.id == name for part in within)


def _compared(node: ast.ClassDef) -> Iterator[Use]:
    """Equality of one's own where a builtin has its own, and equality that is none."""
    methods = {part.name: part for part in node.body if isinstance(part, _FUNCTIONS)}
    equal = methods.get("__eq__")
    if equal is None:
        return
    line = equal.lineno
    if any(isinstance(base, ast.Name) and base.id in _BASES for base in node.bases):
        yield f"`__eq__` in a kind of {ast.unparse(node.bases[0])}", line, BLIND
    parts = list(ast.walk(equal))
    targets = [
        target
        for part in parts
        if isinstance(part, (ast.Assign, ast.AugAssign))
        for target in (part.targets if isinstance(part, ast.Assign) else [part.target])
    ]
    if any(isinstance(target, (ast.Subscript, ast.Attribute)) for target in targets):
        yield "`__eq__` that changes something", line, BLIND
    operators = {type(op) for part in parts if isinstance(part, ast.Compare) for op in part.ops}
    answers = [part.value for part in parts if isinstance(part, ast.Return) and part.value]
    unequal = any(
        isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.NotEq)
        for answer in answers
        if not (isinstance(answer, ast.UnaryOp) and isinstance(answer.op, ast.Not))
        for part in ast.walk(answer)
    )
    if unequal or (operators & {ast.Lt, ast.LtE, ast.Gt, ast.GtE} and ast.Eq not in operators):
        yield "`__eq__` that asks for something other than equality", line, BLIND
