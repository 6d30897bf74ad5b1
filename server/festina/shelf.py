"""Edits that were made in the background and wait for a person, until their file is open.

An editor's proposals live in open documents. One that was made for a file that is not open stays
here, as it was judged; when the file is opened it becomes a proposal like any other, which is
rebased, verified again and accepted like them. When the file is closed before that, it comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from festina import edits
from festina.documents import Document
from festina.lifecycle import Lifecycle
from festina.pending import Pending
from festina.proposals import CandidateView, Proposal, State, step
from festina.reducer import STATUS
from festina.session import Refusal, Session
from festina.skill_file import Skill
from festina.skill_work import Tried
from festina.verify.base import verdict_key

CHECKING = "looking whether all is as it was when it passed"


@dataclass(frozen=True, slots=True)
class Shelved:
    """An edit that waits: ``proposal`` is what it becomes in the open document of ``path``."""

    workspace: Path
    path: str
    proposal: Proposal

    @property
    def file(self) -> Path:
        """The file that it is of."""
        return self.workspace / self.path


class Shelf:
    """The edits of one session that wait for their files to be opened, in their order.

    ``changed`` is told of each file for which there is more or less; ``adopted`` of a proposal
    before it comes into the session, since the person knows of it.
    """

    def __init__(self, session: Session, lifecycle: Lifecycle, pending: Pending) -> None:
        self.changed: Callable[[Path], None] = lambda _: None
        self.adopting: Callable[[Proposal], None] = lambda _: None
        self._moved = pending.moved
        self._session = session
        self._lifecycle = lifecycle
        self._here: list[Shelved] = []
        self._adopted: dict[str, Shelved] = {}
        session.followers.append(self._follow)
        pending.waiting.append(self._count)

    def put(self, workspace: Path, skill: Skill, tried: Tried) -> None:
        """Keep an edit that was made; where its file is open, it is a proposal at once."""
        assert tried.verdict is not None
        place = tried.place
        view = CandidateView(
            0, STATUS[tried.verdict.status], tried.region_text, tried.verdict, rest=tried.rest
        )
        writer = next((call.model for call in tried.calls if call.who == "fast"), "")
        proposal = Proposal(
            id=self._session.new_id(),
            uri="",
            version=None,
            base=place.text,
            region=place.region,
            instruction=skill.asked(),
            state=State.READY if view.applicable else State.UNVERIFIED,
            candidates=(view,),
            name=place.name,
            writer=writer,
            message=view.words,
            calls=tried.calls,
            skill=skill,
        )
        one = Shelved(workspace, place.path, proposal)
        document = self._document(one.file)
        if document is not None:
            self._adopt(one, document)
        else:
            self._here.append(one)
            self.changed(one.file)

    def waiting(self) -> list[Shelved]:
        """Return the edits whose files are not open, in their order."""
        return list(self._here)

    def at(self, file: Path) -> list[Shelved]:
        """Return the edits that wait for a file to be opened."""
        return [one for one in self._here if one.file == file]

    def opened(self, document: Document) -> None:
        """A document was opened: what waited for it are its proposals from now on."""
        found = [] if document.path is None else self.at(document.path)
        for one in found:
            self._here.remove(one)
            self._adopt(one, document)
        if found:
            self.changed(found[0].file)

    def closing(self, uri: str) -> None:
        """A document is about to be closed: what was not decided waits here again."""
        for proposal in self._session.live(uri):
            one = self._adopted.pop(proposal.id, None)
            if one is None:
                continue
            if proposal.state in {State.READY, State.UNVERIFIED}:
                one = replace(one, proposal=proposal)
            elif proposal.state is not State.VERIFYING:
                self._moved.set()
                continue
            self._lifecycle.runs.stop(proposal.id)
            self._session.let_go(proposal.id)
            self._here.append(one)
            self.changed(one.file)

    def take_away(self, keep: Callable[[Path], bool]) -> None:
        """Drop what waits in workspaces that are not to be kept: they are not trusted any more."""
        gone = [one for one in self._here if not keep(one.workspace)]
        self._here = [one for one in self._here if keep(one.workspace)]
        for one in gone:
            self.changed(one.file)
        if gone:
            self._moved.set()

    def _count(self, workspace: Path) -> int:
        return sum(one.workspace == workspace for one in self._here)

    def _document(self, file: Path) -> Document | None:
        return next((one for one in self._session.documents if one.path == file), None)

    def _adopt(self, one: Shelved, document: Document) -> None:
        try:
            if self._session.workspace_of(document) != one.workspace:
                raise Refusal("It lies in another folder of the editor by now.")
        except Refusal:
            self._moved.set()
            return
        made = one.proposal
        region = edits.rebase(made.base, document.text, made.region)
        if region is None:  # those lines are others by now
            self._moved.set()
            return
        proposal = replace(
            made,
            uri=document.uri,
            version=document.version,
            base=document.text,
            region=region,
        )
        self._adopted[proposal.id] = one
        self.adopting(proposal)
        view = proposal.candidate
        assert view is not None
        if document.text != made.base:
            self._lifecycle.runs.check_again(proposal, "the file has changed")
            return
        self._lifecycle.runs.results.note(proposal.id, view.index, proposal.result(view))
        here = self._session.put(replace(proposal, state=State.VERIFYING, message=CHECKING))
        self._lifecycle.runs.jobs.start(f"adopt {proposal.id}", self._check(here, proposal, one))

    async def _check(self, here: Proposal, judged: Proposal, one: Shelved) -> None:
        """Let it be as it was judged, if all is as it was then; else have it verified again."""
        view = judged.candidate
        assert view is not None
        assert view.verdict is not None
        new, same = judged.result(view).content, False
        try:
            snapshot = self._session.snapshot(one.workspace)
            fingerprint = await self._lifecycle.verifier.fingerprint(snapshot)
            same = view.verdict.key == verdict_key(new, fingerprint)
        finally:
            now = self._session.proposals.get(here.id)
            if now == here and same:
                self._session.put(step(here, judged.state, judged.message))
            elif now == here:
                self._lifecycle.runs.check_again(here, "something that it rests on has changed")

    def _follow(self, proposal: Proposal) -> None:
        if proposal.id in self._adopted and (
            proposal.state.final or proposal.state is State.REJECTED
        ):
            del self._adopted[proposal.id]
