"""Edits that mean the same, that reach beyond a function's body, or that do not compile."""

from __future__ import annotations

import ast
import random
import re
import textwrap
from itertools import pairwise

from support.bench_source import Function, Made, Operator, Source, alone, blocks, body_of, inside


def comment(source: Source, function: Function, chance: random.Random) -> Made:
    """Explain a statement."""
    statement = chance.choice(chance.choice(blocks(function)))
    if not alone(source, statement):
        return None
    line = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    return "a comment", source.insert(line, " " * statement.col_offset + "# explained\n")


def renamed(source: Source, function: Function, chance: random.Random) -> Made:
    """Call a local variable something else."""
    if inside(function, Function, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal, ast.Match):
        return None
    if inside(function, ast.JoinedStr) or re.search(
        r"\b(locals|vars|eval|exec|super)\b", source.seg(function)
    ):
        return None
    taken = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    names = [node for node in inside(function, ast.Name) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)} - taken
    if not bound:
        return None
    old = chance.choice(sorted(bound))
    new = f"{old}_"
    text = source
    for node in reversed([node for node in names if node.id == old]):
        text = Source(text.path, text.replace(node, new), text.tree, text.functions)
    return f"{old} -> {new}", text.text


def reordered(source: Source, function: Function, chance: random.Random) -> Made:
    """Exchange two assignments that do not know of each other."""
    pairs = [
        (first, second)
        for block in blocks(function)
        for first, second in pairwise(block)
        if _simple(first) and _simple(second) and not _names(first) & _names(second)
    ]
    if not pairs:
        return None
    first, second = chance.choice(pairs)
    after = Source(source.path, source.replace(second, source.seg(first)), source.tree, ())
    return f"{source.seg(first)[:30]} after the next", after.replace(first, source.seg(second))


def _simple(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and all(isinstance(target, ast.Name) for target in statement.targets)
        and isinstance(statement.value, ast.Name | ast.Constant)
    )


def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def extracted(source: Source, function: Function, chance: random.Random) -> Made:
    """Give what is returned a name first."""
    nodes = [n for n in inside(function, ast.Return) if n.value is not None and alone(source, n)]  # type: ignore[attr-defined,arg-type]
    nodes = [n for n in nodes if not isinstance(n.value, ast.Name)]  # type: ignore[attr-defined]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.Return)
    assert node.value is not None
    value = source.seg(node.value)
    value = f"({value})" if "\n" in value or isinstance(node.value, ast.Tuple) else value
    indent = " " * node.col_offset
    return "a variable", source.replace(node, f"outcome = {value}\n{indent}return outcome")


def helped(source: Source, function: Function, chance: random.Random) -> Made:
    """Ask a question before it is needed, and use the answer."""
    nodes = [node for node in inside(function, ast.If) if isinstance(node, ast.If)]
    nodes = [n for n in nodes if alone_header(source, n) and not inside_of(n.test, ast.NamedExpr)]
    if not nodes:
        return None
    node = chance.choice(nodes)
    test = source.seg(node.test)
    test = f"({test})" if "\n" in test else test
    changed = Source(source.path, source.replace(node.test, "wanted"), source.tree, ())
    return f"wanted = {test[:40]}", changed.insert(
        node.lineno, f"{' ' * node.col_offset}wanted = {test}\n"
    )


def inverted(source: Source, function: Function, chance: random.Random) -> Made:
    """Ask the opposite, and exchange what is done."""
    nodes = [
        node
        for node in inside(function, ast.If)
        if isinstance(node, ast.If) and node.orelse and alone_header(source, node)
    ]
    if not nodes:
        return None
    node = chance.choice(nodes)
    turned = ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)
    new = textwrap.indent(ast.unparse(ast.fix_missing_locations(turned)), " " * node.col_offset)
    return f"if not ({source.seg(node.test)[:40]})", source.replace(node, new.lstrip())


def alone_header(source: Source, node: ast.If) -> bool:
    """Tell whether an "if" begins its line: an "elif" is one in the tree as well."""
    line = source.text.splitlines()[node.lineno - 1]
    return line.encode()[: node.col_offset].strip() == b"" and line.lstrip().startswith("if")


def inside_of(node: ast.AST, kind: type[ast.AST]) -> bool:
    """Tell whether there is such a node in a tree."""
    return any(isinstance(part, kind) for part in ast.walk(node))


# beyond a body


def signature(source: Source, function: Function, chance: random.Random) -> Made:
    """Rename a parameter in the header alone."""
    arguments = [a for a in function.args.args if a.arg not in ("self", "cls")]
    if not arguments:
        return None
    last = chance.choice(arguments)
    note = f": {source.seg(last.annotation)}" if last.annotation else ""
    return f"{function.name}({last.arg}_)", source.replace(last, f"{last.arg}_{note}")


def parameter(source: Source, function: Function, chance: random.Random) -> Made:
    """Add a parameter that nobody gives: it means the same."""
    arguments = function.args.args
    if not arguments or function.args.vararg or function.args.kwonlyargs or function.args.kwarg:
        return None
    last = function.args.defaults[-1] if function.args.defaults else arguments[-1]
    note = source.seg(last)
    return f"{function.name}(..., extra=None)", source.replace(last, f"{note}, extra=None")


def default(source: Source, function: Function, chance: random.Random) -> Made:
    """Give a parameter another default."""
    known = [*function.args.defaults, *(d for d in function.args.kw_defaults if d)]
    if not known:
        return None
    node = chance.choice(known)
    value = node.value if isinstance(node, ast.Constant) else ...
    if isinstance(value, bool):
        new = repr(not value)
    elif isinstance(value, int):
        new = repr(value + 1)
    else:
        new = "0" if value is None else "None"
    return f"{function.name}: {source.seg(node)[:30]} -> {new}", source.replace(node, new)


def undecorated(source: Source, function: Function, chance: random.Random) -> Made:
    """Take a decorator away."""
    if not function.decorator_list:
        return None
    node = chance.choice(function.decorator_list)
    if node.lineno != node.end_lineno:
        return None
    lines = source.text.splitlines(keepends=True)
    del lines[node.lineno - 1]
    return f"without @{source.seg(node)[:40]}", "".join(lines)


def module_level(source: Source, function: Function, chance: random.Random) -> Made:
    """Change a constant of the module or an attribute of a class."""
    nodes = [
        node
        for parent in [source.tree, *(n for n in source.tree.body if isinstance(n, ast.ClassDef))]
        for node in parent.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.expr)
    ]
    if not nodes:
        return None
    node = chance.choice(nodes)
    assert node.value is not None
    value = node.value.value if isinstance(node.value, ast.Constant) else ...
    if isinstance(value, bool):
        new = repr(not value)
    elif isinstance(value, int):
        new = repr(value + 1)
    elif isinstance(value, str):
        new = repr(value + "x")
    else:
        new = "0" if value is None else "None"
    return f"{source.seg(node)[:40]} -> {new[:30]}", source.replace(node.value, new)


def helper(source: Source, function: Function, chance: random.Random) -> Made:
    """Send what is returned through a new function of the module, which may or may not keep it."""
    nodes = [n for n in inside(function, ast.Return) if n.value is not None]  # type: ignore[attr-defined]
    owner = next(
        (n for n in source.tree.body if n.lineno <= function.lineno <= (n.end_lineno or 0)), None
    )
    if not nodes or owner is None:
        return None
    node = chance.choice(nodes)
    assert isinstance(node, ast.Return)
    assert node.value is not None
    kept = chance.random() < 0.4
    changed = source.replace(node.value, f"_passed_on(({source.seg(node.value)}))")
    line = min([owner.lineno, *(d.lineno for d in getattr(owner, "decorator_list", ()))])
    lines = changed.splitlines(keepends=True)
    answer = "value" if kept else "value or None"
    lines.insert(line - 1, f"def _passed_on(value):\n    return {answer}\n\n\n")
    return f"a helper that returns {answer}", "".join(lines)


def broken(source: Source, function: Function, chance: random.Random) -> Made:
    """Take a colon or a bracket away."""
    lines = source.text.splitlines(keepends=True)
    number = body_of(function)[0].lineno - 2
    if chance.random() < 0.5 and lines[number].rstrip().endswith(":"):
        lines[number] = lines[number].rstrip()[:-1] + "\n"
        return f"no colon in {function.name}", "".join(lines)
    number = chance.randrange(function.lineno - 1, function.end_lineno or function.lineno)
    lines[number] = lines[number].replace(")", "", 1)
    return f"no bracket in {function.name}", "".join(lines)


SAME: tuple[Operator, ...] = (comment, renamed, reordered, extracted, helped, inverted)
BEYOND: tuple[Operator, ...] = (
    signature, parameter, default, undecorated, module_level, module_level, helper, helper,
)  # fmt: skip
BROKEN: tuple[Operator, ...] = (broken,)
