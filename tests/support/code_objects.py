"""A second opinion on what two texts have in common: by their compiled code, whole texts alone."""

from __future__ import annotations

import ast
import dis
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import CodeType


def compiled(text: str, names: Iterable[str] = ()) -> CodeType:
    """Compile a whole text as a module. Raises what ``compile`` does.

    ``names`` are made to be global in one more function. Elsewhere that changes nothing but how a
    module writes them (``STORE_GLOBAL`` for ``STORE_NAME``, the same there), so that texts in which
    different functions declare different names can be compared.
    """
    if names := sorted(names):
        text += f"\ndef _(): global {', '.join(names)}\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(text.encode("utf-8", "surrogatepass"), "m.py", "exec", dont_inherit=True)


def declared(text: str) -> set[str]:
    """Return all names that a text declares as global somewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text.removeprefix("\ufeff"))
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def inner(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from inner(const)


def found(code: CodeType, first: int, leaf: str) -> CodeType:
    """Return the one function of that name that begins in that line."""
    (only,) = [part for part in inner(code) if (part.co_firstlineno, part.co_name) == (first, leaf)]
    return only


def shape(code: CodeType, without: Iterable[CodeType] = ()) -> object:
    """Return all of a code object but its positions, and but some code objects in it."""
    left_out = [id(part) for part in without]

    def constant(const: object) -> object:
        if isinstance(const, CodeType):
            return const.co_name if id(const) in left_out else shape(const, without)
        return _typed(const)

    body: object = (code.co_code, [constant(const) for const in code.co_consts])
    if "__firstlineno__" in code.co_names:
        body = _class_body(code, constant)
    return (
        code.co_name,
        body,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        getattr(code, "co_exceptiontable", b""),
    )


def _class_body(code: CodeType, constant: Callable[[object], object]) -> object:
    """Return what a class body does, but for two notes about itself that it takes since 3.13.

    They are the line in which it begins, and the names that its methods give to ``self``.
    """
    words: list[object] = []
    for step in dis.get_instructions(code):
        value = step.argval
        if step.argval in ("__firstlineno__", "__static_attributes__"):
            words.pop()
        if isinstance(value, CodeType) or "CONST" in step.opname:
            value = constant(value)
        words.append((step.opname, value))
    return words


def exact(code: CodeType) -> object:
    """Return all of a code object, with its positions."""
    return (
        shape(code),
        [(part.co_firstlineno, list(part.co_positions())) for part in inner(code)],
        [part.co_qualname for part in inner(code)],
    )


def _typed(const: object) -> object:
    if isinstance(const, tuple):
        return [_typed(part) for part in const]
    if isinstance(const, frozenset):
        return sorted(repr(_typed(part)) for part in const)
    return (type(const).__name__, hex(const) if isinstance(const, int) else repr(const))
