"""The conventions of a project: the nearest ``AGENTS.md``, which is text and never executed."""

from __future__ import annotations

from festina.context.files import Files

NAMES = ("AGENTS.md", "CLAUDE.md")


def place(files: Files, edited: str, *, trusted: bool) -> str:
    """Return the file of conventions for an edit: that of the nearest folder which has one.

    ``edited`` is the path of the file; empty for the workspace as a whole.

    ``CLAUDE.md`` counts where there is no ``AGENTS.md`` at all. Empty where there is none, and in
    a workspace that is not trusted: conventions tell a model what to write.
    """
    if not trusted:
        return ""
    folder = edited.split("/")[:-1]
    for name in NAMES:
        for up in range(len(folder), -1, -1):
            path = "/".join([*folder[:up], name])
            if path != edited and (files.read(path) or "").strip():
                return path
    return ""


def text_of(files: Files, path: str, *, chars: int) -> str:
    """Return conventions as they may be sent, as much of their beginning as there is room for."""
    return cut("\n".join(files.masked(path)).strip(), chars) if path else ""


def cut(text: str, chars: int) -> str:
    """Return the beginning of a text, in whole lines."""
    if len(text) <= chars:
        return text
    whole, _, _ = text[:chars].rpartition("\n")
    return f"{whole or text[:chars]}\n[...]"
