"""The proposals of one step in several files: each is judged with the others in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from festina import edits, steps
from festina.documents import Document
from festina.drafting import Draft
from festina.edits import Region
from festina.going import Going
from festina.lifecycle import Lifecycle
from festina.orders import Order
from festina.plans import Bounds, Change
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.session import Session, relative_path


class Together:
    """Keeps the files of a step in step.

    ``adopt`` takes a proposal that is made for one of them, ``lost`` is told of a file that has
    changed too much for what was drafted for it.
    """

    def __init__(
        self,
        session: Session,
        lifecycle: Lifecycle,
        adopt: Callable[[Going, Proposal], None],
        lost: Callable[[Going, str], None],
    ) -> None:
        self._session = session
        self._lifecycle = lifecycle
        self._adopt = adopt
        self._lost = lost

    def join(self, going: Going) -> None:
        """The last file has passed with the drafts beside it: each of them is proposed, too."""
        main = self._session.proposals.get(going.main)
        if main is None or main.state is not State.READY or not going.drafts:
            return
        drafts, going.drafts = going.drafts, []
        for one, uri in drafts:
            document = self._session.documents.get(uri)
            region = None
            if document is not None:
                region = edits.rebase(one.base, document.text, one.region)
            if document is None or region is None:
                self._lost(going, one.path)
                return
            self._propose_draft(going, one, document, region)
        self.align(going)

    def _propose_draft(self, going: Going, one: Draft, document: Document, region: Region) -> None:
        words = steps.asked(going.step, one.path)
        order = Order(document, region, words, one.name, bounds=Bounds(going.step))
        proposal = order.proposal(self._session.new_id())
        view = CandidateView(0, CandidateStatus.VERIFYING, one.text)
        proposal = replace(proposal, state=State.VERIFYING, candidates=(view,), calls=one.calls)
        self._adopt(going, replace(proposal, message="with the other files of the step"))

    def align(self, going: Going) -> None:
        """Have each file judged with the texts of the others that are on show, and no older ones.

        While one of them is being written, the others wait for it.
        """
        live = self._live(going)
        if any(one.state in {State.QUEUED, State.STREAMING, State.PARSED} for one in live):
            return
        wanted = self._wanted(going, live)
        for one in live:
            if (bounds := wanted[one.id]) != one.bounds:
                going.whole = False
                now = replace(one, bounds=bounds)
                self._lifecycle.runs.check_again(now, "another file of its step has another text")

    def aligned(self, going: Going) -> bool:
        """Whether each file was judged with the texts of the others that are on show."""
        live = self._live(going)
        wanted = self._wanted(going, live)
        return not going.drafts and all(wanted[one.id] == one.bounds for one in live)

    def _live(self, going: Going) -> list[Proposal]:
        found = [self._session.proposals[one] for one in going.ids]
        return [one for one in found if not one.state.final]

    def _wanted(self, going: Going, live: Sequence[Proposal]) -> dict[str, Bounds]:
        """Return the bounds that each file is to be judged by, as all of them are now."""
        changes = {one.id: self._change(going, one) for one in live}
        found = {}
        for one in live:
            others = (change for other, change in changes.items() if other != one.id)
            beside = tuple(change for change in others if change is not None)
            found[one.id] = Bounds(going.step, tuple(going.applied), beside)
        return found

    def _change(self, going: Going, proposal: Proposal) -> Change | None:
        view = proposal.candidate
        document = self._session.documents.get(proposal.uri)
        if view is None or not view.complete or not view.text or document is None:
            return None
        path = relative_path(document, going.paper.workspace)
        return Change(path, proposal.base, proposal.edits(view))
