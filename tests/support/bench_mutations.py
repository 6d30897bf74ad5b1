"""Edits that break a function's body, one small thing at a time: the usual mutation operators."""

from __future__ import annotations

import ast
import random

from support.bench_source import Function, Made, Operator, Source, alone, blocks, inside

_COMPARE = {
    ast.Lt: ">=", ast.LtE: "<", ast.Gt: "<=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*",
    ast.BitOr: "&", ast.BitAnd: "|", ast.LShift: ">>", ast.RShift: "<<", ast.Pow: "*",
}  # fmt: skip


def compare(source: Source, function: Function, chance: random.Random) -> Made:
    """Turn a comparison round."""
    nodes = [n for n in inside(function, ast.Compare) if len(n.ops) == 1]  # type: ignore[attr-defined]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.Compare)
    other = _COMPARE[type(node.ops[0])]
    new = f"{source.seg(node.left)} {other} {source.seg(node.comparators[0])}"
    return f"{source.seg(node)[:50]} -> {other}", source.replace(node, new)


def arithmetic(source: Source, function: Function, chance: random.Random) -> Made:
    """Take another arithmetic operator."""
    nodes = [n for n in inside(function, ast.BinOp) if type(n.op) in _ARITHMETIC]  # type: ignore[attr-defined]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.BinOp)
    other = _ARITHMETIC[type(node.op)]
    new = f"({source.seg(node.left)} {other} {source.seg(node.right)})"
    return f"{source.seg(node)[:50]} -> {other}", source.replace(node, new)


def boolean(source: Source, function: Function, chance: random.Random) -> Made:
    """Say "or" for "and", or the other way round."""
    nodes = [n for n in inside(function, ast.BoolOp) if len(n.values) == 2]  # type: ignore[attr-defined]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.BoolOp)
    other = "or" if isinstance(node.op, ast.And) else "and"
    left, right = (f"({source.seg(value)})" for value in node.values)
    return f"{source.seg(node)[:50]} -> {other}", source.replace(node, f"({left} {other} {right})")


def constant(source: Source, function: Function, chance: random.Random) -> Made:
    """Change a number, a text or a truth value."""
    documentation = {id(n.value) for n in inside(function, ast.Expr)}  # type: ignore[attr-defined]
    nodes = [
        node
        for node in inside(function, ast.Constant)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | str | float)
        and id(node) not in documentation
        and node.lineno == node.end_lineno
    ]
    if not nodes:
        return None
    node = chance.choice(nodes)
    value = node.value
    if isinstance(value, bool):
        new = repr(not value)
    elif isinstance(value, str):
        new = '""' if value and chance.random() < 0.5 else repr(value + "x")
    else:
        assert isinstance(value, int | float)
        new = repr(value + chance.choice((1, -1)) if abs(value) < 1e9 else 0)
    return f"{value!r:.40} -> {new:.40}", source.replace(node, new)


def returned(source: Source, function: Function, chance: random.Random) -> Made:
    """Return nothing, or the opposite."""
    nodes = [n for n in inside(function, ast.Return) if n.value is not None]  # type: ignore[attr-defined]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.Return)
    assert node.value is not None
    new = "return None" if chance.random() < 0.6 else f"return not ({source.seg(node.value)})"
    return f"{source.seg(node)[:40]} -> {new[:40]}", source.replace(node, new)


def removed(source: Source, function: Function, chance: random.Random) -> Made:
    """Leave a statement out."""
    nodes = [
        statement
        for block in blocks(function)
        for statement in block
        if not isinstance(statement, ast.Pass | ast.Return | Function | ast.ClassDef)
        and statement.end_lineno - statement.lineno < 12  # type: ignore[operator]
        and alone(source, statement)
    ]
    if not nodes:
        return None
    node = chance.choice(nodes)
    return f"without {source.seg(node)[:50]}", source.replace(node, "pass")


def swapped(source: Source, function: Function, chance: random.Random) -> Made:
    """Exchange the first two arguments of a call."""
    nodes = [
        node
        for node in inside(function, ast.Call)
        if isinstance(node, ast.Call)
        and len(node.args) >= 2
        and not any(isinstance(argument, ast.Starred) for argument in node.args[:2])
        and source.seg(node.args[0]) != source.seg(node.args[1])
    ]
    if not nodes:
        return None
    node = chance.choice(nodes)
    first, second = (source.seg(argument) for argument in node.args[:2])
    there = source.replace(node.args[1], first)
    here = Source(source.path, there, source.tree, source.functions)
    return f"swapped in {source.seg(node)[:50]}", here.replace(node.args[0], second)


def off_by_one(source: Source, function: Function, chance: random.Random) -> Made:
    """Take an index, a length or a bound that is one too large."""
    nodes = [n.slice for n in inside(function, ast.Subscript) if not isinstance(n.slice, ast.Slice)]  # type: ignore[attr-defined]
    nodes = [n for n in nodes if isinstance(n, ast.Name | ast.Constant | ast.UnaryOp)]
    nodes = [n for n in nodes if not isinstance(getattr(n, "value", 0), str)]
    for call in inside(function, ast.Call):
        assert isinstance(call, ast.Call)
        if isinstance(call.func, ast.Name) and call.func.id in ("range", "len"):
            nodes.append(call.args[-1] if call.func.id == "range" and call.args else call)
    for piece in inside(function, ast.Slice):
        assert isinstance(piece, ast.Slice)
        nodes += [end for end in (piece.lower, piece.upper) if end is not None]
    if not nodes:
        return None
    node = chance.choice(nodes)
    new = f"{source.seg(node)} {chance.choice('+-')} 1"
    return f"{source.seg(node)[:40]} -> {new[:40]}", source.replace(node, new)


def exception(source: Source, function: Function, chance: random.Random) -> Made:
    """Catch or raise another exception."""
    nodes: list[ast.expr] = []
    for node in inside(function, ast.ExceptHandler, ast.Raise):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            nodes.append(node.type)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            nodes.append(node.exc.func)
    if not nodes:
        return None
    expression = chance.choice(nodes)
    new = "ZeroDivisionError"
    return f"{source.seg(expression)[:40]} -> {new}", source.replace(expression, new)


def negated(source: Source, function: Function, chance: random.Random) -> Made:
    """Do a thing where it was not to be done."""
    nodes = inside(function, ast.If, ast.While, ast.IfExp)
    if not nodes:
        return None
    node = chance.choice(nodes)
    test: ast.expr = node.test  # type: ignore[attr-defined]
    return f"not {source.seg(test)[:50]}", source.replace(test, f"not ({source.seg(test)})")


def early(source: Source, function: Function, chance: random.Random) -> Made:
    """Return, or go on, before a statement is reached."""
    block = chance.choice(blocks(function))
    statement = chance.choice(block)
    if not alone(source, statement) or isinstance(statement, ast.Nonlocal | ast.Global):
        return None
    line = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    new = " " * statement.col_offset + "return None\n"
    return f"returns before {source.seg(statement)[:40]}", source.insert(line, new)


BODY: tuple[Operator, ...] = (
    compare, arithmetic, boolean, constant, returned, removed, swapped, off_by_one, exception,
    negated, early,
)  # fmt: skip
