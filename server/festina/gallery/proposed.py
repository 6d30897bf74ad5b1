"""From a proposal to what its gallery shows."""

from __future__ import annotations

from dataclasses import dataclass

from festina.gallery import preview
from festina.gallery.cards import Entry, Subject
from festina.gallery.preview import Files
from festina.gallery.views import View
from festina.proposals import CandidateView, Proposal, State


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as it is now. ``unverified``: what could not be verified may be applied.

    ``files`` are those of its workspace, and ``file`` is the one of them that is edited.
    ``pictured``: a gate takes pictures of what that makes.
    """

    proposal: Proposal
    path: str
    name: str
    language: str
    unverified: bool = False
    files: Files | None = None
    file: str = ""
    pictured: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing can be done with it any more."""
        return self.proposal.state.final


def subject(shown: Shown, view: View | None = None) -> Subject:
    """Return what a proposal is about, how it stands, and how its file can be seen."""
    proposal, region = shown.proposal, shown.proposal.region
    return Subject(
        path=shown.path,
        name=shown.name,
        language=shown.language,
        instruction=proposal.instruction,
        before=proposal.base.lines_text(region.start, region.end),
        first_line=region.start + 1,
        proposal=proposal.id,
        model=proposal.writer,
        state=str(proposal.state),
        message=proposal.message,
        shown=proposal.visible,
        running=proposal.state.running,
        over=shown.over,
        unverified=shown.unverified,
        view=view,
        pictured=shown.pictured,
    )


def view_of(shown: Shown) -> View | None:
    """Find out how its file can be seen; None where nobody looks at it. Blocks."""
    if shown.files is None:
        return None
    text = shown.proposal.base.content
    return preview.view(shown.files, shown.file, text, pictured=shown.pictured)


def look(shown: Shown, index: int) -> str | None:
    """Return the page with a candidate in it; None where there is nothing to look at. Blocks."""
    view = shown.proposal.find(index)
    if shown.files is None or view is None or not view.complete:
        return None
    return preview.render(shown.files, shown.file, shown.proposal.result(view).content)


def entries(proposal: Proposal) -> list[Entry]:
    """Return all its candidates."""
    return [_entry(proposal, view) for view in proposal.candidates]


def _entry(proposal: Proposal, view: CandidateView) -> Entry:
    verdict = view.verdict.to_json() if view.verdict is not None else None
    ready = proposal.state is State.READY and view.passed
    return Entry(
        view.index, view.status, view.text, view.words, verdict, view.progress.to_json(), ready
    )
