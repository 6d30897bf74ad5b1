"""Pictures of the pages that an edit shows in, as a hover: with the edit, and without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.findings import GateResult
from festina.lsp import render
from festina.proposals import Proposal
from festina.shots import Shot

if TYPE_CHECKING:
    from festina.lsp.app import App

_TAG = re.compile(r"<[^<>]*>")
_MOST = 3
"""Pictures of what is wrong: more than a hover has room for."""

Pictures = list[tuple[str, str | None]]
"""What each shows, and its path."""


def pictured(app: App, uri: str, line: int) -> Proposal | None:
    """Return the proposal whose region begins on a line, if there are pictures of it."""
    found = [one for one in app.session.live(uri) if one.region.start == line and _gate(one)]
    return found[-1] if found else None


def page(proposal: Proposal, *, markdown: bool) -> str:
    """Return the pictures, with what they show. Blocks: some may be gone from the cache."""
    gate = _gate(proposal)
    assert gate is not None
    parts = [_bold(render.headline(proposal), markdown)]
    for words, pictures in _chosen(gate):
        parts.append(_plain(words, markdown))
        there = [(name, path) for name, path in pictures if path and Path(path).is_file()]
        parts += [_picture(name, path, markdown) for name, path in there]
    return "\n\n".join(parts) + "\n"


def _gate(proposal: Proposal) -> GateResult | None:
    view = proposal.candidate
    gates = view.verdict.gates if view is not None and view.verdict is not None else ()
    return next((gate for gate in gates if gate.shots), None)


def _chosen(gate: GateResult) -> Iterator[tuple[str, Pictures]]:
    """Choose what to show: what is wrong, then the first page; of a good edit at two widths."""
    shots = {shot.path: shot for shot in gate.shots}
    said: dict[str, list[str]] = {}
    for finding in gate.findings:
        if finding.screenshot is not None:
            said.setdefault(finding.screenshot, []).append(finding.message)
    for path, messages in [*said.items()][:_MOST]:
        words = "\n".join(f"- {message}" for message in messages)
        yield words, _pair(shots[path]) if path in shots else [("with the edit", path)]
    if said.keys() & shots.keys():
        return
    first = [shot for shot in gate.shots if shot.page == gate.shots[0].page]
    for shot in _ends(first)[: 1 if said else 2]:
        yield _named(shot), _pair(shot)


def _pair(shot: Shot) -> Pictures:
    return [("with the edit", shot.path), ("without it", shot.before)]


def _ends(shots: Iterable[Shot]) -> list[Shot]:
    ordered = sorted(shots, key=lambda shot: shot.width)
    return ordered if len(ordered) < 2 else [ordered[0], ordered[-1]]


def _named(shot: Shot) -> str:
    return f"{shot.page.lstrip('/') or '/'} at {shot.width} px"


def _bold(text: str, markdown: bool) -> str:
    return f"**{_plain(text, markdown)}**" if markdown else text


def _plain(text: str, markdown: bool) -> str:
    from festina.markdown import safe

    if not markdown:
        return text
    return safe(_TAG.sub(lambda tag: f"`{tag[0].replace('`', ' ')}`", text))  # to be read


def _picture(name: str, path: str, markdown: bool) -> str:
    if not markdown:
        return f"{name}: {path}"
    return f"{name}:\n\n![{name}]({Path(path).as_uri()})"


def hover(text: str, *, markdown: bool) -> lsp.Hover:
    """Make a hover of a page."""
    kind = lsp.MarkupKind.Markdown if markdown else lsp.MarkupKind.PlainText
    return lsp.Hover(lsp.MarkupContent(kind, text))
