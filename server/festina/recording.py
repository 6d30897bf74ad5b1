"""What became of each proposal, written down for ``festina report``: numbers, names and digests.

No text of a file, no instruction and no key is kept (issue 6, part 6).
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from festina.calls import Call
from festina.findings import Gate, GateResult, Status, Verdict
from festina.memory import Record, Store
from festina.proposals import Proposal, State
from festina.session import Refusal, Session, relative_path

Post = Callable[[Path, Callable[[Store], object]], object]

MOST_PICTURES = 3
"""Of what is wrong with one edit: the first say enough."""
MOST_LINES = 2000
"""Lines of one edit that are known again later; the rest of a larger edit is not counted."""

_OUTCOMES = {State.APPLIED: "accepted", State.REJECTED: "rejected", State.DISMISSED: "dismissed"}
ACCEPTED, REJECTED, DISMISSED = _OUTCOMES.values()
UNUSABLE = "no usable answer"
"""In the place of a gate, where no answer could be checked."""


class Recording:
    """Follows the proposals of a session; ``post`` hands work to a workspace's memory.

    A proposal is written down once a model was asked for it, each time that it comes to rest.
    """

    def __init__(self, session: Session, post: Post, now: Callable[[], float] = time.time) -> None:
        self._session = session
        self._post = post
        self._now = now
        self._open: dict[str, Record] = {}
        session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed."""
        now = self._now()
        record = self._open.get(proposal.id) or Record(proposal.id, "", asked_at=now, at=now)
        before = record
        if not record.ready_at and proposal.state is State.READY:
            record = replace(record, ready_at=now)
        if not record.failed_tests and tests_failed(view.verdict for view in proposal.candidates):
            record = replace(record, failed_tests=True)
        if not proposal.state.running:
            record = self._at_rest(record, proposal, now)
            if record != before and record.model:
                self._put(record, proposal)
        if proposal.state.final:
            self._open.pop(proposal.id, None)
        else:
            self._open[proposal.id] = record

    def _at_rest(self, record: Record, proposal: Proposal, now: float) -> Record:
        state, view = proposal.state, proposal.candidate
        outcome = _OUTCOMES.get(state, str(state))
        if state is State.DISMISSED and record.outcome == REJECTED:
            outcome = REJECTED  # its gates have decided that, whoever put it away
        if state.final and not record.decided_at and state in _OUTCOMES:
            record = replace(record, decided_at=now)
        return with_calls(
            replace(
                record,
                outcome=outcome,
                name=proposal.name,
                gate=stopped_by(view.verdict if view else None) if outcome == REJECTED else "",
                gates=of_gates(view.verdict if view else None) or record.gates,
                pictures=pictures(view.verdict if view else None) if outcome == REJECTED else {},
                skill=proposal.skill.name if proposal.skill else "",
                step=proposal.bounds.step.key if proposal.bounds else "",
                candidates=len(proposal.candidates),
                rounds=max(record.rounds, proposal.round),
            ),
            proposal.calls,
        )

    def _put(self, record: Record, proposal: Proposal) -> None:
        document = self._session.documents.get(proposal.uri)
        try:
            if document is None:
                return
            workspace = self._session.workspace_of(document)
        except Refusal:
            return
        record = replace(record, path=relative_path(document, workspace))
        view = proposal.candidate if record.outcome == ACCEPTED else None
        old, new = (proposal.base, view.text) if view is not None else (None, "")

        def put(store: Store) -> None:
            # here, and not on the loop: a file may have very many lines
            lines = digests(old.lines, new.splitlines()) if old is not None else ()
            store.records.put(replace(record, lines=lines))

        self._post(workspace, put)


def with_calls(record: Record, calls: Iterable[Call]) -> Record:
    """Return a record with what its calls of models took.

    Tokens and cost are those of all of them; the name and the time are the fast model's.
    """
    calls = tuple(calls)
    fast = [call for call in calls if call.who == "fast"]
    first = fast[0] if fast else None
    costs = [call.cost for call in calls if call.cost is not None]
    return replace(
        record,
        origin=first.origin if first else record.origin,
        model=first.model if first else record.model,
        requests=sum(call.requests for call in calls if call.prompt is not None),
        prompt=sum(call.prompt or 0 for call in calls),
        completion=sum(call.completion or 0 for call in calls),
        cost=sum(costs) if costs else None,
        written=sum(call.completion or 0 for call in fast),
        model_seconds=round(sum(call.seconds for call in fast if call.completion), 4),
    )


def of_gates(verdict: Verdict | None) -> dict[str, str]:
    """Return the outcome of each gate of a verdict, by the gate's label."""
    return {gate.label: str(gate.status) for gate in verdict.gates} if verdict else {}


def stopped_by(verdict: Verdict | None) -> str:
    """Return the label of the gate that rejected a candidate."""
    if verdict is None:
        return UNUSABLE
    failed: GateResult | None = next(
        (gate for gate in verdict.gates if gate.status is Status.FAILED), None
    )
    return failed.label if failed else UNUSABLE


def pictures(verdict: Verdict | None) -> dict[str, str]:
    """Return the pictures of what was found, with the code of what that is."""
    found: dict[str, str] = {}
    for one in verdict.findings if verdict else ():
        if one.screenshot is not None and len(found) < MOST_PICTURES:
            found.setdefault(one.screenshot, one.code or str(one.gate))
    return found


def digests(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """Return the digests of the lines that an edit adds, without those that say nothing.

    A line that only moved, or was there before in the same words, is not the edit's own.
    """
    known = {line.strip() for line in old}
    own = (line for line in new if len(line.strip()) > 2 and line.strip() not in known)
    return tuple(map(digest, itertools.islice(own, MOST_LINES)))


def digest(line: str) -> str:
    """Return by what a line is known again, however deep it stands."""
    return hashlib.sha256(line.strip().encode("utf-8", "replace")).hexdigest()[:12]


def tests_failed(verdicts: Iterable[Verdict | None]) -> bool:
    """Whether the tests failed with any of several candidates."""
    found = (verdict.gate(Gate.TESTS) for verdict in verdicts if verdict is not None)
    return any(gate is not None and gate.status is Status.FAILED for gate in found)
