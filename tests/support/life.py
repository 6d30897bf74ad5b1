"""A whole editor session in one object: everything a person, a model and a disk can do to it.

Each public method is one thing that happens; ``pick`` chooses among what there is. Nothing waits:
time passes in :meth:`wait` alone. :meth:`check` holds after each of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from festina import accept
from festina.config import Settings
from festina.documents import Change, Document
from festina.edits import Region, apply
from festina.findings import Status
from festina.lifecycle import Lifecycle, Order
from festina.models.base import ModelError, Trouble
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
REGIONS = (Region(3, 5), Region(7, 11), Region(13, 15), Region(8, 10), Region(0, 1))
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


class Life:
    """One session, from its beginning to its end."""

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
        self.announced = True
        self.reached: set[State] = set()
        self._open(HERE, SOURCE)
        self._open(OTHER, "x = 1\n")

    # -- what a person does to proposals ----------------------------------------------------

    def start(self, pick: int) -> None:
        """Ask for an edit; one proposal in five asks for several candidates."""
        if self._document is None or len(self.session.live(HERE)) >= 3:
            return
        region = REGIONS[pick % len(REGIONS)]
        if region.end > len(self.lines):
            return
        order = Order(self._document, region, "do it", variations=3 if pick % 5 == 0 else 1)
        proposal = self._do(lambda: self.lifecycle.start(order))
        if proposal is not None:
            self.own[proposal.id] = self._ids(region)

    def redirect(self, pick: int) -> None:
        self._with(pick, lambda one: self.lifecycle.redirect(one.id, "otherwise"))

    def variations(self, pick: int) -> None:
        self._with(pick, lambda one: self.lifecycle.variations(one.id, 1 + pick % 3))

    def cancel(self, pick: int) -> None:
        self._with(pick, lambda one: self.lifecycle.cancel(one.id))

    def dismiss(self, pick: int) -> None:
        self._with(pick, lambda one: self.lifecycle.dismiss(one.id))

    def show_next(self, pick: int) -> None:
        self._with(pick, lambda one: self.lifecycle.turn(one.id, 1 if pick % 2 else -1))

    def ask_to_accept(self, pick: int) -> None:
        """Ask for leave to apply a candidate, the visible one or any other."""
        candidate = None if pick % 3 else pick % 4
        unverified = pick % 2 == 0

        async def ask(proposal_id: str) -> None:
            with contextlib.suppress(Refusal):
                given = await self.lifecycle.application(
                    proposal_id, candidate, unverified=unverified
                )
                self._check_permission(given, unverified=unverified)
                self.permissions.append(given)

        def begin(one: Proposal) -> None:
            task = self.loop.create_task(ask(one.id))
            self.asking.add(task)
            task.add_done_callback(self.asking.discard)

        self._with(pick, begin)

    def apply(self, pick: int) -> None:
        """Let the editor apply an edit that it was given, if its version still fits."""
        if not self.permissions:
            return
        given = self.permissions.pop(pick % len(self.permissions))
        document = self._document
        if document is None or document.version != given.proposal.version:
            return
        before = self.session.proposals[given.proposal.id]
        lines = list(self.lines)
        for edit in reversed(given.edits):
            new = [(next(self.ids), line) for line in Text(edit.new_text).lines]
            lines[edit.start : edit.end] = new
        self._become(lines)
        if self._text() != given.result.content:
            self.problems.append("the edits do not give the text that was permitted")
        now = self.session.proposals[given.proposal.id]
        waited = before.state in {*WAITING, State.VERIFYING}
        if waited and before.find(given.candidate.index) and now.state is not State.APPLIED:
            same = before.find(given.candidate.index).text == given.candidate.text  # type: ignore[union-attr]
            if same and before.state is not State.REJECTED:
                self.problems.append(f"{now.id} was {before.state}, accepted, and is {now.state}")

    # -- what a person does to files --------------------------------------------------------

    def type_above(self, pick: int) -> None:
        self._edit_at(pick, lambda region: (region.start, region.start))

    def type_below(self, pick: int) -> None:
        self._edit_at(pick, lambda region: (region.end, region.end))

    def type_inside(self, pick: int) -> None:
        self._edit_at(pick, lambda region: (region.start, region.start + 1))

    def type_anywhere(self, pick: int) -> None:
        at = pick % (len(self.lines) + 1)
        self._edit(at, min(len(self.lines), at + pick % 3), pick)

    def undo(self, pick: int) -> None:
        del pick
        if self.undone and self._document is not None:
            self._become(self.undone.pop(), keep=False)

    def type_in_another_file(self, pick: int) -> None:
        self._change(OTHER, f"x = {pick % 5}\n")
        self.announced = False

    def save_another_file(self, pick: int) -> None:
        self.verifier.files += pick % 2
        self.announced = True
        self._do(lambda: self.lifecycle.workspace_changed(OTHER))

    def change_a_file_unseen(self, pick: int) -> None:
        del pick
        self.verifier.files += 1
        self.announced = False

    def close_and_reopen(self, pick: int) -> None:
        del pick
        text = self._text()

        def close() -> None:
            self.lifecycle.document_closed(HERE)
            self.session.documents.close(HERE)

        self._do(close)
        self.announced = False
        self.undone = []
        self._open(HERE, text)

    # -- what else changes ------------------------------------------------------------------

    def change_trust(self, pick: int) -> None:
        self.session.trusted_by_editor = bool(pick % 2)
        self.announced = False

    def change_settings(self, pick: int) -> None:
        verify = replace(Settings().verify, timeout_seconds=10.0 + pick % 2)
        settings = Settings(verify=verify, apply_unverified=pick % 3 > 0, repair_rounds=pick % 2)
        self.session.settings[None] = settings
        self.announced = False

    def lose_the_model(self, pick: int) -> None:
        self.models.missing = pick % 3 == 0

    # -- what the model and the gates do ----------------------------------------------------

    def stream(self, pick: int) -> None:
        if self.models.calls:
            call = self.models.calls[pick % len(self.models.calls)]
            text = self._answer(call.proposal, pick)
            if call.on_text is not None and not call.answer.done():
                say = call.on_text
                self._do(lambda: say(text[: pick % (len(text) + 1)]))

    def answer(self, pick: int) -> None:
        if self.models.calls:
            call = self.models.calls[pick % len(self.models.calls)]
            if not call.answer.done():
                answers = [self._answer(call.proposal, pick)] * 5
                answer = [*answers, "", "I'm sorry, but I can't."][pick % 7]
                self._do(lambda: call.answer.done() or call.answer.set_result(answer))

    def fail_to_answer(self, pick: int) -> None:
        if self.models.calls:
            call = self.models.calls[pick % len(self.models.calls)]
            if not call.answer.done():
                error = ModelError(Trouble.NETWORK, "The network is down.")
                self._do(lambda: call.answer.done() or call.answer.set_exception(error))

    def judge(self, pick: int) -> None:
        if self.verifier.trials:
            trial = self.verifier.trials[pick % len(self.verifier.trials)]
            kinds = [Status.PASSED, Status.PASSED, Status.FAILED, Status.UNVERIFIED]
            if not trial.verdict.done():
                self._do(lambda: trial.verdict.done() or trial.verdict.set_result(kinds[pick % 4]))

    def turn(self, pick: int) -> None:
        self.loop.turn((1, 2, 5, 12)[pick % 4])

    def wait(self, pick: int) -> None:
        self.loop.now += (0.1, 0.3, 1.0)[pick % 3]
        self.loop.turn(2)

    def go_well(self, pick: int) -> None:
        """Answer and judge one after the other, and let some time pass."""
        self.answer(pick)
        self.loop.turn(6)
        self.judge(pick)
        self.loop.turn(6)
        self.wait(pick)

    def accept_at_once(self, pick: int) -> None:
        self.ask_to_accept(3 * (pick % 2) + 1)
        self.loop.turn(4)
        self.apply(-1)

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
            raise AssertionError("it never comes to rest")
        for one in self.session.proposals.values():
            assert one.state.final or one.state in WAITING, f"{one.id} is {one.state} for ever"
            if not one.state.final:
                assert not [view for view in one.candidates if view.status in AT_WORK], one.id
            if one.state is State.READY and self.announced:
                view = one.candidate
                assert view is not None
                assert view.verdict is not None
                assert view.verdict.key == verdict_key(one.result(view).content, self._print())

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
        name = f"{proposal_id}_{pick % 4}"
        return f"```python\ndef {name}():\n    return {pick % 3}\n```\n"

    def _do(self, work: Callable[[], T]) -> T | None:
        """Do something on the loop; a refusal is an answer."""

        def run() -> T | None:
            with contextlib.suppress(Refusal):
                return work()
            return None

        return self.loop.do(run)

    def _with(self, pick: int, work: Callable[[Proposal], object]) -> None:
        live = self.session.live(HERE)
        proposals = live if live and pick % 8 else list(self.session.proposals.values())[-4:]
        if proposals:
            self._do(lambda: work(proposals[pick % len(proposals)]))

    def _open(self, uri: str, text: str) -> None:
        path = ROOT / uri.rpartition("/")[2]
        version = 1 if uri == OTHER else 1 + next(self.ids)
        self.session.documents.open(Document(uri, path, "python", version, Text(text)))
        if uri == HERE:
            self.lines = [(next(self.ids), line) for line in Text(text).lines]

    def _edit_at(self, pick: int, where: Callable[[Region], tuple[int, int]]) -> None:
        live = self.session.live(HERE)
        if live:
            self._edit(*where(live[pick % len(live)].region), pick)

    def _edit(self, start: int, end: int, pick: int) -> None:
        """Put a line in the place of some; one in four reads like many others."""
        text = "\n" if pick % 4 == 0 else f"v{next(self.ids)} = 0\n"
        new = [(next(self.ids), text)] * (pick % 5 > 0)
        if start == end and not new:
            return
        certain = start == end and text != "\n"
        outside = [
            one
            for one in self.session.live(HERE)
            if certain and not one.region.start < start < one.region.end
        ]
        self._become([*self.lines[:start], *new, *self.lines[end:]])
        for one in outside:
            if self.session.proposals[one.id].state is State.STALE:
                self.problems.append(f"{one.id} is stale though its lines were not touched")

    def _become(self, lines: list[Line], *, keep: bool = True) -> None:
        if keep:
            self.undone.append(list(self.lines))
        self.lines = _same_lines(self.lines, lines)
        self.announced = False
        self._change(HERE, self._text())

    def _change(self, uri: str, text: str) -> None:
        """Tell the session of a new text, by one change as small as an editor would send."""
        before = self.session.documents.get(uri)
        assert before is not None
        change = _change(before.text, text)

        def tell() -> None:
            document = self.session.documents.change(
                uri, before.version + 1, [change], Encoding.UTF16
            )
            assert document is not None
            assert document.text.content == text
            self.lifecycle.document_changed(before.text, document)

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

    def _check_ready(self, one: Proposal) -> None:
        view = one.candidate
        assert view is not None
        assert view.verdict is not None, f"{one.id} is ready and has no verdict"
        assert view.applicable, f"{one.id} is ready and shows what did not pass"
        earned = self.verifier.earned.get(view.verdict.key)
        assert earned == one.result(view).content, f"{one.id} is ready for another text"

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
