"""The code lenses of ``plan.md``: what can be done about each step that is not done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.going import Going
from festina.lsp import convert, messages, render
from festina.lsp.features import code_lens, step_accepting
from festina.plans import Damaged

if TYPE_CHECKING:
    from festina.lsp.app import App

IDLE = (
    ("Festina: run", messages.RUN_STEP),
    ("skip", messages.SKIP_STEP),
    ("split", messages.SPLIT_STEP),
    ("explain", messages.EXPLAIN_STEP),
)


def lenses(app: App, uri: str) -> list[lsp.CodeLens]:
    """Return the lenses of a plan; none where the document is no plan, or a damaged one."""
    document = app.session.documents.get(uri)
    if document is None or document.path is None or not app.planning.seen.is_plan(document):
        return []
    plan = app.planning.seen.read(document)
    if isinstance(plan, Damaged):
        return []
    found = []
    for entry in plan.entries:
        if entry.step.done:
            continue
        place = convert.lines_range(document.text, entry.start, entry.start + 1, app.caps.encoding)
        going = app.planning.stepping.find(document.path.parent, entry.step)
        if going is None:
            offered = IDLE if entry.step.places else IDLE[1:]  # what names no file is a person's
            argument = {"uri": uri, "line": entry.start}
            found += [
                lsp.CodeLens(place, lsp.Command(title=title, command=command, arguments=[argument]))
                for title, command in offered
            ]
            continue
        found += _under_way(app, going, place)
    return _in_order(found)


def _in_order(lenses: list[lsp.CodeLens]) -> list[lsp.CodeLens]:
    """Give each lens of a line a column of its own: Neovim sorts by it, and shuffles equal ones."""
    columns: Counter[int] = Counter()
    for lens in lenses:
        line, end = lens.range.start.line, lens.range.end
        column = columns[line] if end.line > line else min(columns[line], end.character)
        lens.range = lsp.Range(lsp.Position(line, column), end)
        columns[line] += 1
    return lenses


def _under_way(app: App, going: Going, place: lsp.Range) -> list[lsp.CodeLens]:
    """Return what can be done with a step's edits: with all of them as one first, if it can be."""
    found = []
    if app.caps.apply_edit and (whole := step_accepting.ready(app, going)):
        files, evidence = step_accepting.words(len(whole)), render.evidence(whole[-1][1])
        command = lsp.Command(
            title=render.shorten(f"Festina: accept {files} ({evidence})", 120),
            command=messages.ACCEPT_STEP,
            arguments=[step_accepting.argument(whole)],
        )
        found.append(lsp.CodeLens(place, command))
    for proposal_id in going.ids:
        if (proposal := app.session.proposals.get(proposal_id)) is not None:
            file = app.path_of(proposal.uri) if len(going.ids) > 1 else ""
            found += code_lens.of(app, proposal, place, file)
    return found
