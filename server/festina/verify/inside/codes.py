"""What a code object is made of, without its positions, and the same in other lines.

Beside :mod:`~festina.verify.inside.swap`: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType


def within(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from within(const)


def own(code: CodeType) -> tuple[Any, ...]:
    """Return what a code object does by itself: without its lines, and code within it by name."""
    return (
        code.co_name,
        code.co_code,
        [_constant(const) for const in code.co_consts],
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        getattr(code, "co_exceptiontable", b""),
    )


def whole(code: CodeType) -> list[tuple[Any, ...]]:
    """Return what a code object and all within it do, and where."""
    return [(part.co_firstlineno, *own(part)) for part in within(code)]


def _constant(const: object) -> object:
    """Return what tells a constant apart: 1, 1.0 and True are equal, and not the same."""
    if isinstance(const, types.CodeType):
        return const.co_name
    if isinstance(const, (tuple, frozenset)):
        parts = [_constant(part) for part in const]
        return type(const).__name__, parts if isinstance(const, tuple) else sorted(map(repr, parts))
    return type(const).__name__, hex(const) if isinstance(const, int) else repr(const)


def docstring(code: CodeType) -> object:
    """Return the docstring that a function made of this code would get."""
    return code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None


def shifted(code: CodeType, by: int) -> CodeType:
    """Return the same code, so many lines further down."""
    first = code.co_firstlineno + by
    consts = code.co_consts
    if types.CodeType not in map(type, consts):
        return code.replace(co_firstlineno=first)
    moved = (shifted(const, by) if isinstance(const, types.CodeType) else const for const in consts)
    return code.replace(co_firstlineno=first, co_consts=tuple(moved))
