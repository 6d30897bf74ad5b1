"""The messages that are Festina's own: names and payloads. ``docs/protocol.md`` documents each one.

A test fails when this file and that page drift apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import edits
from festina.asking import Answer
from festina.calls import total
from festina.clean import visible
from festina.lsp import convert, render
from festina.proposals import CandidateView, Proposal, State
from festina.text import Encoding
from festina.verify.examination import Examination

if TYPE_CHECKING:
    from festina.models.naming import Named

PROPOSAL = "festina/proposal"
"""Server to client, notification: the state of one proposal; for clients that declare it."""

STATUS = "festina/status"
"""Server to client, notification: how the last look at saved files went, for a status line."""

ANSWER = "festina/answer"
"""Server to client, notification: an answer so far; for clients that declare it."""

MODEL = "festina/model"
"""Server to client, notification: the model that would be asked; for clients that declare it."""

TRUST = "festina/trust"
"""Client to server, notification ``{trusted: bool}``: the person trusts the workspace, or not."""

KEY = "festina/key"
"""Server to client, request ``{origin}``, answered ``{key}``: for clients that have a plugin."""

CANDIDATE = "festina/candidate"
"""Client to server, request ``{proposal, candidate}``: one candidate, for a picker's preview."""

PROPOSE = "festina.propose"
ACCEPT = "festina.accept"
DISMISS = "festina.dismiss"
CANCEL = "festina.cancel"
REDIRECT = "festina.redirect"
NEXT = "festina.next"
PREVIOUS = "festina.previous"
VARIATIONS = "festina.variations"
GALLERY = "festina.gallery"
VERIFY = "festina.verify"
ASK = "festina.ask"
SHOW_PROMPT = "festina.showPrompt"
SAVE_SKILL = "festina.saveSkill"
RUN_SKILL = "festina.runSkill"
REVIEW = "festina.review"
APPROVE = "festina.approve"
PLAN = "festina.plan"
RUN_STEP = "festina.runStep"
SKIP_STEP = "festina.skipStep"
SPLIT_STEP = "festina.splitStep"
EXPLAIN_STEP = "festina.explainStep"
ACCEPT_STEP = "festina.acceptStep"

COMMANDS = (
    *(PROPOSE, ACCEPT, DISMISS, CANCEL, REDIRECT, NEXT, PREVIOUS, VARIATIONS, GALLERY, VERIFY),
    *(ASK, SHOW_PROMPT, SAVE_SKILL, RUN_SKILL, REVIEW, APPROVE),
    *(PLAN, RUN_STEP, SKIP_STEP, SPLIT_STEP, EXPLAIN_STEP, ACCEPT_STEP),
)

REWRITE = "refactor.rewrite.festina"
QUICKFIX = "quickfix.festina"

MOST_CALLS = 20
"""Calls of models that a ``festina/proposal`` notification tells of: the last ones."""

SOURCE = "festina"
"""The ``source`` of every diagnostic that we publish."""


def proposal_payload(
    proposal: Proposal, encoding: Encoding, *, offers_unverified: bool = False
) -> dict[str, Any]:
    """Return the parameters of ``festina/proposal``.

    ``range`` and the hunks' ranges are in the negotiated encoding and count in ``version``.
    ``offers_unverified`` says whether it may be applied although it is unverified.
    """
    view = proposal.candidate
    region = convert.line_range(proposal.base, proposal.region.start, proposal.region.end, encoding)
    choices = {choice.index for choice in proposal.choices}
    at_work = proposal.state.running
    return {
        "proposal": proposal.id,
        "uri": proposal.uri,
        "version": proposal.version,
        "range": plain(region),
        "name": visible(render.subject(proposal)),
        "instruction": visible(proposal.instruction),
        "skill": proposal.skill.name if proposal.skill is not None else "",
        "step": visible(proposal.bounds.step.title) if proposal.bounds is not None else "",
        "beside": [one.path for one in proposal.bounds.beside] if proposal.bounds else [],
        "model": visible(proposal.writer),
        "state": str(proposal.state),
        "candidate": proposal.visible,
        "candidates": [
            {
                "index": candidate.index,
                "status": str(candidate.status),
                "message": visible(candidate.words),
                "chosen": candidate.index in choices,
            }
            for candidate in proposal.candidates
        ],
        "text": view.text if view is not None else "",
        "hunks": _hunks(proposal, view, encoding),
        "verdict": _verdict(view),
        "message": visible(_message(proposal)),
        "again": proposal.again,
        "apply_unverified": offers_unverified,
        "progress": view.progress.to_json() if view is not None and at_work else None,
        "calls": [call.to_json() for call in proposal.calls[-MOST_CALLS:]],
        "usage": total(proposal.calls).to_json(),
    }


def candidate_payload(
    proposal: Proposal, view: CandidateView, encoding: Encoding
) -> dict[str, Any]:
    """Return the answer to ``festina/candidate``: what a notification says of the visible one."""
    return {
        "index": view.index,
        "status": str(view.status),
        "text": view.text,
        "hunks": _hunks(proposal, view, encoding),
        "verdict": _verdict(view),
        "message": visible(view.words),
    }


def _hunks(
    proposal: Proposal, view: CandidateView | None, encoding: Encoding
) -> list[dict[str, Any]]:
    if view is None or not view.text or not view.complete:
        return []
    return [
        {
            "id": hunk.id,
            "range": plain(convert.line_range(proposal.base, hunk.start, hunk.end, encoding)),
            "newText": hunk.new_text,
        }
        for hunk in edits.hunks(proposal.edits(view))
    ]


def _verdict(view: CandidateView | None) -> dict[str, Any] | None:
    if view is None or view.verdict is None:
        return None
    verdict: dict[str, Any] = harmless(view.verdict.to_json())
    return verdict


def _message(proposal: Proposal) -> str:
    view = proposal.candidate
    if proposal.state is not State.READY or view is None:
        return proposal.message
    return f"{proposal.message}{render.alike(proposal, view)}"


def answer_payload(answer: Answer, text: str, where: lsp.Range | None) -> dict[str, Any]:
    """Return the parameters of ``festina/answer``; ``text`` is Markdown that is safe to show.

    ``where`` is the region as it is now, None once it was edited.
    """
    return {
        "ask": answer.id,
        "uri": answer.uri,
        "range": None if where is None else plain(where),
        "question": visible(answer.words),
        "state": str(answer.stage),
        "text": text,
        "message": visible(answer.message),
        "call": None if answer.call is None else answer.call.to_json(),
    }


def model_payload(named: Named) -> dict[str, Any]:
    """Return the parameters of ``festina/model``."""
    return {
        "model": visible(named.model),
        "origin": visible(named.origin),
        "message": visible(named.why),
    }


_WORDS = frozenset({"message", "detail", "reason"})


def harmless(value: Any) -> Any:
    """Return JSON data in which the words for a person hold no control characters."""
    if isinstance(value, list):
        return [harmless(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: visible(item) if key in _WORDS and isinstance(item, str) else harmless(item)
        for key, item in value.items()
    }


def status_payload(workspace: str, state: str, found: Examination | None) -> dict[str, Any]:
    """Return the parameters of ``festina/status``; ``found`` is None while something runs."""
    counts = None if found is None else found.counts
    return {
        "workspace": workspace,
        "state": state,
        "scope": None if found is None else found.scope,
        "selected": None if counts is None else counts.selected,
        "failed": None if found is None or counts is None else len(found.broken),
        "findings": None if found is None else len(found.lint),
        "seconds": None if found is None else round(found.seconds, 4),
        "message": "" if found is None else visible(_words(state, found)),
    }


def _words(state: str, found: Examination) -> str:
    if state != "unchanged":
        return found.summary()
    old = len(found.tests)
    words = "no change left to verify"
    return f"{words}, {old} failed before, too" if old else words


def plain(value: lsp.Range) -> dict[str, dict[str, int]]:
    """Return a range as JSON data."""
    return {
        "start": {"line": value.start.line, "character": value.start.character},
        "end": {"line": value.end.line, "character": value.end.character},
    }
