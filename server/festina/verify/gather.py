"""A syntax tree walked once, for all who look through it. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*FUNCTIONS, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All nodes of a tree, those that run at import, and the outermost functions with all in them.

    ``outer`` leaves functions and lambdas out, and what is in them.
    """

    nodes: list[ast.AST]
    outer: list[ast.AST]
    functions: list[list[ast.AST]]


def gather(tree: ast.Module) -> Gathered:
    """Walk a tree."""
    found = Gathered([], [], [])
    stack: list[tuple[ast.AST, list[ast.AST] | None]] = [(node, None) for node in tree.body]
    while stack:
        node, within = stack.pop()
        found.nodes.append(node)
        if within is not None:
            within.append(node)
        elif isinstance(node, _SCOPES):
            within = [node]
            if isinstance(node, FUNCTIONS):
                found.functions.append(within)
        else:
            found.outer.append(node)
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                stack.append((value, within))
            elif isinstance(value, list):
                stack += [(item, within) for item in value if isinstance(item, ast.AST)]
    return found
