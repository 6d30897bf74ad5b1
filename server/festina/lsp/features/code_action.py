"""``textDocument/codeAction`` and ``codeAction/resolve``.

Listing and resolving never start a model. A request that the editor made by itself lists what is
pending and, where something is selected, one static action; a request that the person made lists
everything (design, section 5; the same rule as gopls).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import accept, edits, markers
from festina.context import enclosing
from festina.edits import Region
from festina.lsp import convert, messages, render
from festina.lsp.features import aftermath, skill_running, skill_saving, skilled, step_accepting
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal
from festina.text import Range

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App

PRESETS = (
    "Fix bugs in this code",
    "Simplify this code without changing what it does",
    "Add type hints",
    "Add or improve docstrings",
)
"""What can be asked for with no typing at all; ``presets`` in the settings replaces the list."""

EXPLAIN = "What does this code do, and what has to be known to change it safely?"

MOST_DIAGNOSTICS = 10


async def actions(app: App, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Return the actions for a range, in the order in which a person reads them."""
    document = app.session.documents.get(params.text_document.uri)
    if document is None:
        return []
    chosen = convert.from_range(params.range)
    automatic = params.context.trigger_kind == lsp.CodeActionTriggerKind.Automatic
    found = _of_proposals(app, document, chosen)
    lines = _touched(document, chosen, app)
    found += aftermath.actions(app, document.uri, lines.start, lines.end)
    if app.checked.is_one(document):  # which nobody but a person edits
        found += app.checked.actions(document, lines.start, lines.end)
    elif automatic:
        if chosen.start != chosen.end:
            found += (await _edit_actions(app, document, chosen))[:1]
    else:
        found += await _edit_actions(app, document, chosen, asks=True)
        found += skill_saving.actions(app, document.uri, lines)
        found += _fixes(app, document, params)
    wanted = [action for action in found if _wanted(action.kind, params.context.only)]
    for action in wanted:
        if action.edit is not None and isinstance(action.data, dict):
            await _offered(app, action.data)
    return wanted


async def resolve(app: App, action: lsp.CodeAction) -> lsp.CodeAction:
    """Give an accept action its edit, after checking everything again.

    An action that may not be applied comes back without an edit, and a message says why: editors
    are silent about errors here. It has no ``data`` any more: Emacs resolves what has some, and
    neither edit nor command, again and again, and hangs.
    """
    data: Any = action.data
    if not isinstance(data, dict) or "proposal" not in data or action.edit is not None:
        return action
    if action.disabled is not None or data.get("static"):
        return action
    if data.get("step"):
        return await step_accepting.resolve(app, action, data)
    try:
        permission = await app.lifecycle.application(
            str(data["proposal"]), data.get("candidate"), unverified=bool(data.get("unverified"))
        )
    except Refusal as refusal:
        app.client.show_message(f"Festina: {refusal}", lsp.MessageType.Warning)
        action.data = None
        return action
    await app.journaling.give([permission])
    action.edit = app.workspace_edit(permission)
    return action


def _of_proposals(app: App, document: Document, chosen: Range) -> list[lsp.CodeAction]:
    lines = _touched(document, chosen, app)
    found: list[lsp.CodeAction] = []
    for proposal in app.session.live(document.uri):
        if _overlap(proposal.region, lines):
            found += _of_proposal(app, proposal)
    return found


def _of_proposal(app: App, proposal: Proposal) -> list[lsp.CodeAction]:
    view = proposal.candidate
    found: list[lsp.CodeAction] = []
    if proposal.state is State.READY and view is not None and view.applicable:
        title = render.accept_title(proposal, view)
        found.append(_apply_action(app, proposal, view, title, unverified=False))
        found += step_accepting.actions(app, proposal)
    elif accept.offers_unverified(app.session, proposal):
        assert view is not None
        title = render.unverified_title(proposal, view)
        found.append(_apply_action(app, proposal, view, title, unverified=True))
    elif app.caps.disabled_support:
        found.append(
            lsp.CodeAction(
                title=render.pending_title(proposal),
                kind=_kind(proposal),
                disabled=lsp.CodeActionDisabled(reason=render.disabled_reason(proposal)),
                data={"proposal": proposal.id, "candidate": proposal.visible},
            )
        )
    if proposal.again:
        title = f"Festina: ask again for the edit of {render.subject(proposal)}"
        argument = {"proposal": proposal.id}
        kind, seen = _kind(proposal), proposal.visible
        found.append(_command_action(title, messages.REDIRECT, argument, kind, candidate=seen))
    if len(proposal.candidates) > 1:
        all_of_them = f"all {len(proposal.candidates)} candidates for {render.subject(proposal)}"
        title = f"Festina: show {all_of_them} on a page"
        argument = {"proposal": proposal.id}
        kind, seen = _kind(proposal), proposal.visible
        found.append(_command_action(title, messages.GALLERY, argument, kind, candidate=seen))
    ending = messages.CANCEL if proposal.state.running else messages.DISMISS
    word = "cancel" if proposal.state.running else "dismiss"
    found.append(
        _command_action(
            f"Festina: {word} edit of {render.subject(proposal)}",
            ending,
            {"proposal": proposal.id},
            _kind(proposal),
            candidate=proposal.visible,
        )
    )
    return found


def _apply_action(
    app: App, proposal: Proposal, view: CandidateView, title: str, *, unverified: bool
) -> lsp.CodeAction:
    """Carry the edit through resolve; else by command; else eagerly (design, section 5)."""
    data: dict[str, Any] = {"proposal": proposal.id, "candidate": view.index}
    if unverified:
        data["unverified"] = True
    kind = _kind(proposal)
    preferred = app.caps.is_preferred and kind == messages.QUICKFIX and not unverified
    action = lsp.CodeAction(title=title, kind=kind, is_preferred=preferred or None, data=data)
    if app.caps.resolve_edit:
        return action
    if app.caps.apply_edit:
        action.command = lsp.Command(title=title, command=messages.ACCEPT, arguments=[data])
    else:
        action.edit = app.workspace_edit(_permission(proposal, view))
    return action


async def _offered(app: App, data: dict[str, Any]) -> None:
    """An editor was given an edit that it may apply without asking again: write that down."""
    proposal = app.session.proposals.get(data["proposal"])
    view = proposal.find(data["candidate"]) if proposal is not None else None
    if proposal is not None and view is not None and not proposal.state.final:
        await app.journaling.offer(_permission(proposal, view))


def _permission(proposal: Proposal, view: CandidateView) -> accept.Application:
    return accept.Application(proposal, view, proposal.edits(view), proposal.result(view))


async def _edit_actions(
    app: App, document: Document, chosen: Range, *, asks: bool = False
) -> list[lsp.CodeAction]:
    """The edit that a ``festina:`` comment asks for, then the presets.

    With ``asks``, also skills that fit, and questions.

    A comment that ends in a question mark may as well be a question.

    Where nothing is selected the titles name the definition that is meant.
    """
    region = edits.snap(document.text, chosen, app.caps.encoding)
    name = ""
    if region.start == region.end:
        # parsing a large file takes tens of milliseconds: not on the loop
        found = await asyncio.to_thread(
            enclosing, document.text, chosen.start.line, document.language, document.uri
        )
        if found is not None:
            region, name = found
    meant = f" ({name})" if name else ""
    actions = [
        _propose(document, chosen, f"Festina: {preset}{meant}", instruction=preset)
        for preset in app.settings_of(document).presets or PRESETS
    ]
    instruction = markers.instruction(document.text, region)
    if instruction:
        title = render.shorten(f"Festina: {instruction}") + meant
        actions.insert(0, _propose(document, chosen, title, instruction=""))
    if asks and instruction.endswith("?"):
        title = render.shorten(f"Festina: answer: {instruction}") + meant
        actions.insert(1, _ask(document, chosen, title, instruction))
    if asks:
        offered = await skilled.offered(app, document)
        actions += [
            _propose(
                document, chosen, f"Festina: Follow the skill {one.name}{meant}", skill=one.name
            )
            for one in offered
        ]
        actions += await skill_running.actions(app, document, region, offered)
        actions.append(_ask(document, chosen, f"Festina: Explain this code{meant}", EXPLAIN))
    return actions


def _ask(document: Document, chosen: Range, title: str, question: str) -> lsp.CodeAction:
    where = messages.plain(convert.to_range(chosen))
    argument = {"uri": document.uri, "range": where, "question": question}
    return _command_action(title, messages.ASK, argument, messages.REWRITE)


def _fixes(app: App, document: Document, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    found = []
    for diagnostic in _fixable(params.context.diagnostics)[:MOST_DIAGNOSTICS]:
        plain = {
            "range": messages.plain(diagnostic.range),
            "message": diagnostic.message,
            "source": diagnostic.source,
            "code": diagnostic.code,
        }
        title = render.shorten(f"Festina: fix: {diagnostic.message}", 100)
        action = _propose(
            document,
            convert.from_range(params.range),
            title,
            kind=messages.QUICKFIX,
            diagnostics=[plain],
        )
        action.diagnostics = [diagnostic]
        found.append(action)
    return found


def _fixable(diagnostics: Sequence[lsp.Diagnostic]) -> list[lsp.Diagnostic]:
    """Return what can be asked to be fixed: not proposals, and nothing that two linters say twice.

    Our own diagnostics have a code where they are of saved files, and none where they show a
    proposal.
    """
    theirs = [one for one in diagnostics if one.source != messages.SOURCE]
    said = {(one.range.start.line, one.code) for one in theirs}
    ours = (one for one in diagnostics if one.source == messages.SOURCE and one.code)
    return theirs + [one for one in ours if (one.range.start.line, one.code) not in said]


def _propose(
    document: Document,
    chosen: Range,
    title: str,
    *,
    kind: str = messages.REWRITE,
    instruction: str = "",
    skill: str = "",
    diagnostics: list[dict[str, Any]] | None = None,
) -> lsp.CodeAction:
    argument: dict[str, Any] = {
        "uri": document.uri,
        "range": messages.plain(convert.to_range(chosen)),
        "version": document.version,
    }
    if instruction:
        argument["instruction"] = instruction
    if skill:
        argument["skill"] = skill
    if diagnostics:
        argument["diagnostics"] = diagnostics
    return _command_action(title, messages.PROPOSE, argument, kind)


def _command_action(
    title: str, command: str, argument: dict[str, Any], kind: str, **data: object
) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=title,
        kind=kind,
        command=lsp.Command(title=title, command=command, arguments=[argument]),
        data={**argument, **data, "static": True},
    )


def _kind(proposal: Proposal) -> str:
    return messages.QUICKFIX if proposal.resolves else messages.REWRITE


def _touched(document: Document, chosen: Range, app: App) -> Region:
    region = edits.snap(document.text, chosen, app.caps.encoding)
    return Region(region.start, max(region.end, region.start + 1))


def _overlap(one: Region, other: Region) -> bool:
    return one.start < other.end and other.start < max(one.end, one.start + 1)


def _wanted(kind: str | None, only: Sequence[lsp.CodeActionKind | str] | None) -> bool:
    """Kinds match hierarchically: ``refactor`` asks for ``refactor.rewrite.festina`` too."""
    if not only:
        return True
    mine = str(kind)
    wanted = [k.value if isinstance(k, lsp.CodeActionKind) else str(k) for k in only]
    return any(k == "" or mine == k or mine.startswith(f"{k}.") for k in wanted)
