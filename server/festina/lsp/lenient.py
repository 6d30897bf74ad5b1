"""Reading what a client declares although parts of it are unknown to, or wrong for, our types.

One new enum value among a client's capabilities must not keep the whole server from starting, and
another server's odd diagnostic must not cost the person every code action.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cattrs import Converter
from lsprotocol import types as lsp

_MISSING = object()
_DEEPEST = 8

Fits = Callable[[Any], bool]


def initialize_params(converter: Converter, params: Mapping[str, Any]) -> lsp.InitializeParams:
    """Structure the parameters of ``initialize``, without the parts that cannot be read."""
    bare: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    return converter.structure(
        _largest({**bare, **params}, _fits(converter, lsp.InitializeParams), bare),
        lsp.InitializeParams,
    )


def code_action_params(converter: Converter, params: Mapping[str, Any]) -> lsp.CodeActionParams:
    """Structure the parameters of ``textDocument/codeAction``, without unreadable diagnostics.

    Raises:
        Exception: whatever cattrs raises for what is wrong besides.
    """
    fits = _fits(converter, lsp.Diagnostic)
    context = params["context"]
    readable = [diagnostic for diagnostic in context["diagnostics"] if fits(diagnostic)]
    repaired = {**params, "context": {**context, "diagnostics": readable}}
    return converter.structure(repaired, lsp.CodeActionParams)


def _fits(converter: Converter, wanted: type[Any]) -> Fits:
    def fits(value: Any) -> bool:
        try:
            converter.structure(value, wanted)
        except Exception:  # noqa: BLE001 - cattrs raises all sorts of things
            return False
        return True

    return fits


def _largest(value: Any, fits: Fits, bare: Any = _MISSING, depth: int = 0) -> Any:
    """Return as much of a JSON value as fits, on top of ``bare``; ``_MISSING`` if nothing does."""
    if fits(value):
        return value
    if depth < _DEEPEST and isinstance(value, list):
        return [item for item in value if fits([item])]
    if depth == _DEEPEST or not isinstance(value, dict):
        return _MISSING
    kept: dict[str, Any] = {} if bare is _MISSING else dict(bare)
    for key, item in value.items():
        part = _largest(item, _inside(fits, kept, key), depth=depth + 1)
        if part is not _MISSING:
            kept[key] = part
    return kept if fits(kept) else _MISSING


def _inside(fits: Fits, kept: dict[str, Any], key: str) -> Fits:
    return lambda item: fits({**kept, key: item})
