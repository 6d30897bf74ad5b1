"""A whole editor session in one object, and what must hold in it at every moment."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from festina import accept, edits
from festina.documents import Change, Document
from festina.edits import Region, apply
from festina.findings import Rest, Status
from festina.lifecycle import Lifecycle
from festina.proposals import TRANSITIONS, CandidateStatus, Proposal, State
from festina.session import Refusal, Session
from festina.text import Encoding, Position, Range, Text
from festina.verify.base import verdict_key
from support.stepped import Loop, SteppedModels, SteppedVerifier

ROOT = Path("/w")
HERE, OTHER = "file:///w/a.py", "file:///w/b.py"
SOURCE = (
    "import os\n\n\ndef one():\n    return 0\n\n\n"
    "def two():\n    a = 0\n\n    return a\n\n\nclass Three:\n    pass\n"
)
AT_WORK = {CandidateStatus.STREAMING, CandidateStatus.VERIFYING}
WAITING = {State.READY, State.REJECTED, State.UNVERIFIED}

T = TypeVar("T")

Line = tuple[int, str]
"""A line with an identity: what a region stands on is told by these, not by how lines read."""


class _Errors(logging.Handler):
    """Takes what is logged as an error for what it is."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        self.problems.append(record.getMessage())


class Watched:
    """One session and what must hold in it, whatever happens; see :class:`support.life.Life`."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.problems = self.loop.problems
        self.errors = _Errors(self.problems)
        logging.getLogger("festina").addHandler(self.errors)
        self.session = Session(roots=(ROOT,), trusted_by_editor=True)
        self.session.changed = self._changed
        self.verifier = SteppedVerifier()
        self.models = SteppedModels()
        self.lifecycle = Lifecycle(self.session, self.verifier, self.models)
        self.ids = itertools.count()
        self.lines: list[Line] = []
        self.undone: list[list[Line]] = []
        self.states: dict[str, State] = {}
        self.own: dict[str, list[int]] = {}
        self.permissions: list[accept.Application] = []
        self.asking: set[asyncio.Task[None]] = set()
        self.accepted: dict[str, list[int]] = {}
        self.announced = True
        self.reached: set[State] = set()
        self._open(HERE, SOURCE)
        self._open(OTHER, "x = 1\n")

    # -- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        """Whatever happened, and however far it has come."""
        assert not self.problems, self.problems
        document = self._document
        for one in self.session.proposals.values():
            if one.state.final:
                continue
            assert document is not None
            assert one.base == document.text, f"{one.id} stands on another text"
            assert one.version == document.version
            assert self._ids(one.region) == self.own[one.id], f"{one.id} moved to other lines"
            if one.state is State.READY:
                self._check_ready(one)
            awaited = [view.index for view in one.candidates if view.rest is Rest.AWAITED]
            if awaited:
                assert one.state is State.VERIFYING, f"{one.id} waits for the suite, {one.state}"
                assert awaited == [one.visible], f"{one.id} waits for what is not on show"
        for accepted in self.lifecycle.aftermath._of.values():
            ids = self._ids(accepted.region)
            was = self.accepted.setdefault(accepted.proposal, ids)
            assert was == ids, f"what was accepted of {accepted.proposal} is elsewhere now"
        self._check_jobs()

    def settle(self) -> None:
        """Answer and judge everything, and let time pass, until nothing is at work."""
        self.models.missing = False
        for _ in range(300):
            for call in self.models.calls:
                if not call.answer.done():
                    call.answer.set_result(self._answer(call.proposal, 7))
            for trial in self.verifier.trials:
                if not trial.verdict.done():
                    trial.verdict.set_result(Status.PASSED)
            self.loop.now += 0.5
            self.loop.turn(3)
            self.check()
            if not self.lifecycle.runs.jobs._all and not self.asking:
                break
        else:
            raise AssertionError(f"it never comes to rest: {self.lifecycle.runs.jobs._all}")
        for one in self.session.proposals.values():
            assert one.state.final or one.state in WAITING, f"{one.id} is {one.state} for ever"
            if not one.state.final:
                assert not [view for view in one.candidates if view.status in AT_WORK], one.id
            assert not [view for view in one.candidates if view.rest is Rest.AWAITED], one.id
            if one.state is State.READY:
                view = one.candidate
                assert view is not None
                assert view.verdict is not None
                assert view.rest is not Rest.OPEN, f"{one.id} is never confirmed"
            if one.state is State.READY and self.announced:
                assert view.verdict.key == verdict_key(one.result(view).content, self._print())

        unfinished = [a for a in self.lifecycle.aftermath._of.values() if a.verdict is None]
        assert not unfinished, "an accepted edit is never confirmed"

    def close(self) -> None:
        """End the session at any moment; nothing is left."""
        logging.getLogger("festina").removeHandler(self.errors)
        try:
            for task in self.asking:
                task.cancel()
            self.loop.run_until_complete(self.lifecycle.close())
            self.loop.turn(3)
            assert not asyncio.all_tasks(self.loop)
            assert not self.models.calls
            assert not self.verifier.trials
            assert not self.problems, self.problems
        finally:
            self.loop.close()

    def abandon(self) -> None:
        """End a session that has failed already, without a further look at it."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        with contextlib.suppress(AssertionError):
            self.close()

    # -- inside -----------------------------------------------------------------------------

    @property
    def _document(self) -> Document | None:
        return self.session.documents.get(HERE)

    def _text(self) -> str:
        return "".join(text for _, text in self.lines)

    def _ids(self, region: Region) -> list[int]:
        return [number for number, _ in self.lines[region.start : region.end]]

    def _print(self) -> str:
        return self.verifier.print_of(self.session.snapshot(ROOT))

    def _answer(self, proposal_id: str, pick: int) -> str:
        proposal = self.session.proposals[proposal_id]
        lines = list(edits.prepare(proposal.base, proposal.region, language="python").lines)
        for number, line in enumerate(lines):
            if line.strip() and (pick + number) % 3:
                lines[number] = f"{line.partition('  #')[0]}  # {proposal_id} {pick % 4}"
        return "```python\n" + "\n".join(lines) + "\n```\n"

    def _do(self, work: Callable[[], T]) -> T | None:
        """Do something on the loop; a refusal is an answer."""

        def run() -> T | None:
            with contextlib.suppress(Refusal):
                return work()
            return None

        return self.loop.do(run)

    def _open(self, uri: str, text: str) -> None:
        path = ROOT / uri.rpartition("/")[2]
        version = 1 if uri == OTHER else 1 + next(self.ids)
        self.session.documents.open(Document(uri, path, "python", version, Text(text)))
        if uri == HERE:
            self.lines = [(next(self.ids), line) for line in Text(text).lines]

    def _become(self, lines: list[Line], *, keep: bool = True) -> None:
        if keep:
            self.undone.append(list(self.lines))
        self.lines = _same_lines(self.lines, lines)
        self.announced = False
        self._change(HERE, self._text())

    def _change(self, uri: str, *texts: str) -> None:
        """Tell the session of new texts at once, by changes as small as an editor would send."""
        before = self.session.documents.get(uri)
        assert before is not None
        steps = [before.text, *map(Text, texts)]
        changes = [_change(one, other.content) for one, other in itertools.pairwise(steps)]

        def tell() -> None:
            document = self.session.documents.change(
                uri, before.version + 1, changes, Encoding.UTF16
            )
            assert document is not None
            assert document.text == steps[-1]
            self.lifecycle.document_changed(before.text, document, steps[1:-1])

        self.loop.do(tell)

    def _changed(self, proposal: Proposal) -> None:
        before = self.states.get(proposal.id)
        self.states[proposal.id] = state = proposal.state
        self.reached.add(state)
        # a run's end goes through several states at once: whatever follows from a verification
        known = TRANSITIONS[before] if before else {State.QUEUED}
        if before in {State.STREAMING, State.PARSED}:
            known |= TRANSITIONS[State.VERIFYING] | {State.VERIFYING}
        if state is not before and state not in known:
            self.problems.append(f"{proposal.id} went from {before} to {state}")
        if state is State.APPLIED and before is not State.APPLIED:
            view, document = proposal.candidate, self._document
            if view is None or document is None or document.text != proposal.result(view):
                self.problems.append(f"{proposal.id} is applied, and its text is not there")

    def _check_permission(self, given: accept.Application, *, unverified: bool) -> None:
        verdict, document = given.candidate.verdict, self._document
        fits = (
            document is not None
            and document.version == given.proposal.version
            and apply(document.text, given.edits) == given.result
            and verdict is not None
            and verdict.key == verdict_key(given.result.content, self._print())
        )
        if not fits:
            self.problems.append(f"{given.proposal.id} may be applied, and its verdict is old")
        allowed = self.session.settings_of(ROOT).apply_unverified and unverified
        if verdict and verdict.status is not Status.PASSED and not allowed:
            self.problems.append(f"{given.proposal.id} may be applied, and is {verdict.status}")
        if verdict and verdict.status is Status.PASSED and not self._has_run(verdict.key):
            self.problems.append(f"{given.proposal.id} may be applied, and has not passed enough")

    def _check_ready(self, one: Proposal) -> None:
        view = one.candidate
        assert view is not None
        assert view.verdict is not None, f"{one.id} is ready and has no verdict"
        assert view.applicable, f"{one.id} is ready and shows what did not pass"
        earned = self.verifier.earned.get(view.verdict.key)
        assert earned == one.result(view).content, f"{one.id} is ready for another text"
        assert self._has_run(view.verdict.key), f"{one.id} is ready, and has not passed enough"

    def _has_run(self, key: str) -> bool:
        """Whether as much of the suite has passed as was asked for, and nothing refuted it."""
        whole = self.verifier.whole.get(key)
        if self.verifier.asked[key] == "full":
            return whole is Status.PASSED
        return whole is not Status.FAILED

    def _check_jobs(self) -> None:
        running: dict[str, int] = {}
        for task in self.lifecycle.runs.jobs._all:
            if not task.done() and not task.cancelling():
                running[task.get_name()] = running.get(task.get_name(), 0) + 1
        assert all(count == 1 for count in running.values()), running


def _same_lines(old: list[Line], new: list[Line]) -> list[Line]:
    """Give new lines the identity of old ones where the text did not change there."""
    count = min(len(old), len(new))
    head = next((n for n in range(count) if old[n][1] != new[n][1]), count)
    rest = count - head
    tail = next((n for n in range(rest) if old[-1 - n][1] != new[-1 - n][1]), rest)
    return [*old[:head], *new[head : len(new) - tail], *old[len(old) - tail :]]


def _change(old: Text, new: str) -> Change:
    content = old.content
    head = 0
    while head < min(len(content), len(new)) and content[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(content), len(new)) - head and content[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, end = (old.position(at, Encoding.UTF16) for at in (head, len(content) - tail))
    return Change(
        Range(Position(start.line, start.character), Position(end.line, end.character)),
        new[head : len(new) - tail],
    )
