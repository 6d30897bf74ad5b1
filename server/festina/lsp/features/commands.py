"""``workspace/executeCommand``: each command takes one object and answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import edits, markers
from festina.asking import Question
from festina.context import enclosing, withheld
from festina.edits import Region
from festina.lsp import messages
from festina.lsp.features import (
    arguments,
    checked,
    plan_commands,
    skill_running,
    skill_saving,
    skilled,
    to_fix,
)
from festina.orders import Order
from festina.proposals import CandidateStatus
from festina.session import Refusal, relative_path
from festina.skill_file import Skill
from festina.text import Range

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App

Handler = Callable[["App", dict[str, Any]], Awaitable[dict[str, Any]]]


async def run(app: App, command: str, argument: object, *, tells: bool = True) -> dict[str, Any]:
    """Carry out a command. A refusal is an answer with a sentence, never a JSON-RPC error.

    ``tells``: it is a message in the editor, too, where its plugin does not show it.
    """
    try:
        if not isinstance(argument, dict):
            raise Refusal(f"{command} takes one object as its argument.")
        return await HANDLERS[command](app, argument)
    except Refusal as refusal:
        if tells and not app.caps.proposals:
            app.client.show_message(f"Festina: {refusal}", lsp.MessageType.Warning)
        return {"ok": False, "message": str(refusal)}


async def propose(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.propose``: begin a proposal on a range of an open document."""
    version = argument.get("version")
    if isinstance(version, int) and version != _document(app, argument).version:
        raise Refusal("The document has changed since the action was listed. Try again.")
    document, region, name = await _place(app, argument)
    await checked.refuse(app, document)
    skill, document, region = await _skill(app, argument, document, region)
    diagnostics = to_fix.findings(app, document, argument.get("diagnostics"))
    instruction = arguments.string(argument, "instruction") or markers.instruction(
        document.text, region
    )
    if not instruction and diagnostics:
        instruction = "Fix: " + "; ".join(to_fix.words(finding) for finding in diagnostics)
    if skill is not None:
        instruction = skill.asked(instruction)
    if not instruction:
        raise Refusal(
            "There is no instruction. Write a comment such as `# festina: handle an empty list` "
            "in the region, or choose an action that says what to do."
        )
    order = Order(
        document=document,
        region=region,
        instruction=instruction,
        name=name,
        resolves=diagnostics,
        variations=arguments.count(argument, "variations", app.settings_of(document).variations),
        model=arguments.string(argument, "model") or None,
        skill=skill,
    )
    return {"proposal": app.lifecycle.start(order).id}


async def accept(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.accept``: check a candidate, then have it applied as one versioned edit.

    Nothing is waited for that needs the editor or the person: the answer says that the edit may be
    applied, a message says so if it was not. With ``hunks``, they are verified first; a candidate
    for which the whole suite is to run and has not, is judged by that first.
    """
    proposal_id, index = (
        arguments.string(argument, "proposal"),
        arguments.index(argument, "candidate"),
    )
    app.lifecycle.alive(proposal_id)
    if (chosen := arguments.hunks(argument)) is not None:
        then = app.accepting.after(proposal_id, "the chosen hunks alone")
        view = app.lifecycle.take(proposal_id, index, chosen, then)
        if view.status is CandidateStatus.VERIFYING:
            return {"ok": True, "message": "Verifying the chosen hunks."}
        index = view.index
    then = app.accepting.after(proposal_id, "the edit")
    if app.lifecycle.complete(proposal_id, index, then):
        return {"ok": True, "message": "Running the whole suite first."}
    if not app.caps.apply_edit:
        raise Refusal("This editor cannot take edits from a command; use the code action instead.")
    unverified = argument.get("unverified") is True
    await app.accepting.begin(proposal_id, index, unverified=unverified)
    return {"ok": True, "message": "Applying the edit."}


async def dismiss(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.dismiss``: put a proposal away, what was found after an accept, or an answer."""
    if answer := arguments.string(argument, "ask"):
        app.asking.dismiss(answer)
        return {"ok": True, "message": "Dismissed."}
    proposal_id = arguments.string(argument, "proposal")
    if not app.lifecycle.aftermath.forget(proposal_id):
        app.lifecycle.dismiss(proposal_id)
    return {"ok": True, "message": "Dismissed."}


async def cancel(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.cancel``: stop the model and the gates of a proposal, or an answer."""
    if answer := arguments.string(argument, "ask"):
        app.asking.cancel(answer)
        return {"ok": True, "message": "Cancelled."}
    app.lifecycle.cancel(arguments.string(argument, "proposal"))
    return {"ok": True, "message": "Cancelled."}


async def redirect(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.redirect``: stop, and go on from what came with a further instruction."""
    app.lifecycle.redirect(
        arguments.string(argument, "proposal"), arguments.string(argument, "instruction")
    )
    return {"ok": True, "message": "Redirected."}


async def turn_next(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.next``: show the next candidate, or the one that is named."""
    chosen = arguments.index(argument, "candidate")
    proposal = app.lifecycle.turn(arguments.string(argument, "proposal"), 1, to=chosen)
    return {"ok": True, "message": f"Candidate {proposal.visible + 1}."}


async def turn_previous(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.previous``: show the previous candidate."""
    proposal = app.lifecycle.turn(arguments.string(argument, "proposal"), -1)
    return {"ok": True, "message": f"Candidate {proposal.visible + 1}."}


async def variations(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.variations``: ask for further candidates."""
    count = arguments.count(argument, "count", 4)
    app.lifecycle.variations(arguments.string(argument, "proposal"), count)
    return {"ok": True, "message": f"Asking for {count} more."}


async def gallery(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.gallery``: open a page with all candidates, outside the editor."""
    app.galleries.open(app.lifecycle.alive(arguments.string(argument, "proposal")))
    return {"ok": True, "message": "Opening the gallery."}


async def verify(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.verify``: check a file as its buffer is, now; the result comes as diagnostics."""
    return {"ok": True, "message": app.saving.verify(_document(app, argument))}


async def ask(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.ask``: answer a question about a range, in Markdown; no code is touched."""
    document, region, name = await _place(app, argument)
    words = arguments.string(argument, "question") or markers.instruction(document.text, region)
    question = Question(document, region, words, name, arguments.string(argument, "model") or None)
    return {"ask": app.asking.ask(question).id}


async def show_prompt(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.showPrompt``: show what was sent for a proposal, or what would be for a range."""
    if proposal_id := arguments.string(argument, "proposal"):
        app.prompting.show(app.lifecycle.alive(proposal_id))
    else:
        document, region, _ = await _place(app, argument)
        skill, document, region = await _skill(app, argument, document, region)
        words = arguments.string(argument, "instruction")
        words = words or markers.instruction(document.text, region)
        words = skill.asked(words) if skill is not None else words or "..."
        model = arguments.string(argument, "model") or None
        order = Order(document, region, words, model=model, skill=skill)
        app.prompting.show(order.proposal(""))
    return {"ok": True, "message": "Showing the prompt."}


HANDLERS: dict[str, Handler] = {
    messages.PROPOSE: propose,
    messages.ACCEPT: accept,
    messages.DISMISS: dismiss,
    messages.CANCEL: cancel,
    messages.REDIRECT: redirect,
    messages.NEXT: turn_next,
    messages.PREVIOUS: turn_previous,
    messages.VARIATIONS: variations,
    messages.GALLERY: gallery,
    messages.VERIFY: verify,
    messages.ASK: ask,
    messages.SHOW_PROMPT: show_prompt,
    messages.SAVE_SKILL: skill_saving.save,
    messages.RUN_SKILL: skill_running.run_skill,
    messages.REVIEW: skill_running.review,
    messages.APPROVE: checked.approve,
    **plan_commands.HANDLERS,
}


async def _place(app: App, argument: dict[str, Any]) -> tuple[Document, Region, str]:
    """Return the document that is meant, as it is now, and the lines in it with their name."""
    document, chosen = _document(app, argument), arguments.range_of(argument)
    await app.session.settled.wait()  # before that it is not known what is left alone, and kept
    await _check_allowed(app, document)
    if "\0" in document.text.content:
        raise Refusal("This looks like a binary file. Festina edits text.")
    region, name = await _region(document, chosen, app)
    return *_moved_on(app, argument, document, region), name


async def _skill(
    app: App, argument: dict[str, Any], document: Document, region: Region
) -> tuple[Skill | None, Document, Region]:
    """Return the skill that is named, if one is, and the place as it is when it was found."""
    if not (name := arguments.string(argument, "skill")):
        return None, document, region
    skill = await skilled.named(app, document, name)
    return skill, *_moved_on(app, argument, document, region)


async def _check_allowed(app: App, document: Document) -> None:
    """Refuse a file without a workspace, and one that the person keeps from models."""
    workspace = app.session.workspace_of(document)
    snapshot, path = app.session.snapshot(workspace), relative_path(document, workspace)
    if why := await asyncio.to_thread(withheld, snapshot, path):
        raise Refusal(why)


async def _region(document: Document, chosen: Range, app: App) -> tuple[Region, str]:
    region = edits.snap(document.text, chosen, app.caps.encoding)
    name = edits.name_of(document.text, region)
    if region.start == region.end:
        # parsing a large file takes tens of milliseconds: not on the loop
        found = await asyncio.to_thread(
            enclosing, document.text, chosen.start.line, document.language, document.uri
        )
        if found is None:
            raise Refusal(
                "Nothing is selected and the cursor is in no definition. Select the lines to edit."
            )
        region, name = found
    size = region.end - region.start
    if size > edits.MAX_REGION_LINES:
        raise Refusal(
            f"{size} lines are too many for one edit (the limit is {edits.MAX_REGION_LINES}). "
            "Select one function or class."
        )
    chars = len(document.text.lines_text(region.start, region.end))
    if chars > edits.MAX_REGION_CHARS:
        raise Refusal(
            f"{chars:,} characters are too many for one edit "
            f"(the limit is {edits.MAX_REGION_CHARS:,}). Select fewer lines."
        )
    return region, name


def _moved_on(
    app: App, argument: dict[str, Any], before: Document, region: Region
) -> tuple[Document, Region]:
    """Return the document as it is by now, and the region in it: somebody may type meanwhile."""
    now = _document(app, argument)
    moved = edits.rebase(before.text, now.text, region)
    if moved is None:
        raise Refusal("The document has changed since the action was listed. Try again.")
    return now, moved


def _document(app: App, argument: dict[str, Any]) -> Document:
    uri = arguments.string(argument, "uri")
    document = app.session.documents.get(uri)
    if document is None:
        raise Refusal(f"{uri or 'The document'} is not open in the editor.")
    return document
