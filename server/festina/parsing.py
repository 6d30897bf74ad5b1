"""Python's own parser, for all of us: one text at a time."""

from __future__ import annotations

import ast
import threading

PARSING = threading.Lock()
"""Held while a text is parsed: Python 3.11 counts the depth of all threads' trees together, and can
then raise SystemError (python/cpython#106905)."""


def parse(source: str | bytes, path: str = "<unknown>") -> ast.Module:
    """Return a text's tree. Who calls ``ast.parse`` itself must hold ``PARSING``.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it has a null byte.
        RecursionError, MemoryError: it is too deeply nested.
    """
    for last in (False, False, True):
        try:
            with PARSING:
                return ast.parse(source, path)
        except SystemError:  # somebody else's thread may parse as well
            if last:
                raise
    raise AssertionError("unreachable")
