"""A whole editor session in one object: everything a person, a model and a disk can do to it.

Each public method is one thing that happens; ``pick`` chooses among what there is. Nothing waits:
time passes in :meth:`Life.wait` alone. :meth:`Life.check` holds after each of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

from festina.config import Settings
from festina.edits import Region
from festina.findings import Rest, Status
from festina.lifecycle import Order
from festina.models.base import ModelError, Trouble
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal
from festina.text import Text
from support.watched import HERE, OTHER, WAITING, Watched

REGIONS = (Region(3, 5), Region(7, 11), Region(13, 15), Region(8, 10), Region(0, 1))


class Life(Watched):
    """One session, from its beginning to its end."""

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

    def accept_another(self, pick: int) -> None:
        """Accept a candidate that has passed less than the settings ask for."""

        def completed(view: CandidateView) -> None:
            if view.verdict is None or view.rest in {Rest.OWED, Rest.AWAITED}:
                self.problems.append("the whole suite is said to have run, and has not")

        self._with(pick, lambda one: self.lifecycle.complete(one.id, pick % 4, completed))

    def take_hunks(self, pick: int) -> None:
        """Take some hunks of the visible candidate."""

        def taken(view: CandidateView) -> None:
            if view.verdict is None:
                self.problems.append("hunks are said to be judged, and have no verdict")

        self._with(pick, lambda one: self.lifecycle.take(one.id, None, [pick % 2], taken))

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

    def type_on_both_sides(self, pick: int) -> None:
        """Two cursors: an editor tells of two changes at once, the lower one first."""
        live = self.session.live(HERE)
        if live:
            region = live[pick % len(live)].region
            lines = list(self.lines)
            texts = []
            for at in (region.end, region.start):
                number = next(self.ids)
                lines.insert(at, (number, f"v{number} = 0\n"))
                texts.append("".join(text for _, text in lines))
            self.undone.append(self.lines)
            self.lines = lines
            self.announced = False
            self._change(HERE, *texts)
            if self.session.proposals[live[pick % len(live)].id].state is State.STALE:
                self.problems.append("stale, though its lines were not touched")

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
        trusted = bool(pick % 2)
        self.session.trusted_by_editor = trusted
        self.announced = False
        self._do(lambda: self.lifecycle.trust_changed(trusted=trusted))

    def change_settings(self, pick: int) -> None:
        scope = ("auto", "auto", "full", "impacted")[pick % 4]
        verify = replace(Settings().verify, timeout_seconds=10.0 + pick % 2, tests_scope=scope)
        settings = Settings(
            verify=verify,
            apply_unverified=pick % 3 > 0,
            repair_rounds=pick % 2,
            repair_candidates=4 if pick % 5 == 0 else 1,
        )
        self.session.settings[None] = settings
        self.announced = False

    def change_the_suite(self, pick: int) -> None:
        """The whole suite takes long or not, and what a change affects is known or not."""
        self.verifier.slow, self.verifier.tells = pick % 2 == 0, pick % 5 > 0

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

    # -- inside ---------------------------------------------------------------------------

    def _with(self, pick: int, work: Callable[[Proposal], object]) -> None:
        live = self.session.live(HERE)
        proposals = live if live and pick % 8 else list(self.session.proposals.values())[-4:]
        if proposals:
            self._do(lambda: work(proposals[pick % len(proposals)]))

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
