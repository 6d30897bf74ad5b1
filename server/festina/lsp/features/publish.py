"""How a proposal streams to the editor: diagnostic, notification, lens, progress and messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import accept
from festina.lsp import convert, messages, render
from festina.lsp.features.progressing import Progresses
from festina.lsp.throttle import Throttle
from festina.proposals import CandidateView, Proposal, State

if TYPE_CHECKING:
    from festina.lsp.app import App

NOTIFICATIONS_PER_SECOND = 30
REFRESHES_PER_SECOND = 10

_NEWS = {
    State.READY: lsp.MessageType.Info,
    State.UNVERIFIED: lsp.MessageType.Warning,
    State.REJECTED: lsp.MessageType.Warning,
    State.FAILED: lsp.MessageType.Error,
}
"""What a person is told. Not of a stale one: they are typing, and see its diagnostic go."""


class Publisher:
    """Shows every change of a proposal: as much as the client can take, as often as it should.

    No rate holds back what a person waits for: an answer's first words, and a state that lasts.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._states: dict[str, State] = {}
        self._titles: dict[str, object] = {}
        self._told: dict[str, State] = {}
        self._wordless: set[str] = set()
        self._logged: dict[str, int] = {}
        self._progresses = Progresses(app)
        self._notify = Throttle[Proposal](1 / NOTIFICATIONS_PER_SECOND, self._send_proposal)
        self._refresh = Throttle[None](1 / REFRESHES_PER_SECOND, self._send_refresh)
        app.board.sources.append(self._diagnostics)
        app.lifecycle.runs.confirming.withdrawn = self._withdrawn

    def changed(self, proposal: Proposal) -> None:
        """Take the newest value of a proposal."""
        before = self._states.get(proposal.id)
        moved = before is not proposal.state
        urgent = self._has_first_words(proposal, moved) or (moved and not proposal.state.running)
        if self._app.caps.proposals:
            if moved:
                self._notify.flush(proposal.id)  # the last of each state is always sent
            send = self._notify.now if urgent else self._notify.offer
            send(proposal.id, proposal)
        elif urgent:
            self._app.board.soon(proposal.uri)
        else:
            self._app.board.changed(proposal.uri)
        self._follow_progress(proposal)
        self._log_calls(proposal)
        view = proposal.candidate
        gates = () if view is None or view.verdict is None else view.verdict.gates
        title = (proposal.state, proposal.visible, view and view.rest, len(gates))
        if self._titles.get(proposal.id) != title:
            self._titles[proposal.id] = title
            refresh = self._refresh.now if urgent else self._refresh.offer
            refresh("lenses", None)
        if moved:
            self._states[proposal.id] = proposal.state
            self._news(proposal)
        if proposal.state.final:
            self._states.pop(proposal.id, None)
            self._titles.pop(proposal.id, None)
            self._told.pop(proposal.id, None)
            self._wordless.discard(proposal.id)
            self._logged.pop(proposal.id, None)

    def known(self, proposal: Proposal) -> None:
        """Take note that the person was told of a proposal's state before it came here."""
        self._told[proposal.id] = proposal.state

    def close(self) -> None:
        """Send nothing any more."""
        for each in (self._notify, self._refresh, self._progresses):
            each.close()

    def _has_first_words(self, proposal: Proposal, moved: bool) -> bool:
        """Whether this is the first value since the model was asked that shows some of its text."""
        if moved and proposal.state is State.STREAMING:
            self._wordless.add(proposal.id)
        view = proposal.candidate
        if proposal.id not in self._wordless or view is None or not view.text:
            return False
        self._wordless.discard(proposal.id)
        return True

    # -- the pieces -------------------------------------------------------------------------

    def _send_proposal(self, _: str, proposal: Proposal) -> None:
        offers = accept.offers_unverified(self._app.session, proposal)
        payload = messages.proposal_payload(
            proposal, self._app.caps.encoding, offers_unverified=offers
        )
        self._app.client.notify_proposal(payload)

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        if self._app.caps.proposals:
            return []  # it shows them itself
        path = self._app.path_of(uri)
        return [self.diagnostic(proposal, path) for proposal in self._app.session.live(uri)]

    def diagnostic(self, proposal: Proposal, path: str) -> lsp.Diagnostic:
        """Return what shows a proposal of a file, in an open document or not."""
        ready = proposal.state is State.READY
        line = convert.lines_range(
            proposal.base,
            proposal.region.start,
            proposal.region.start + 1,
            self._app.caps.encoding,
        )
        return lsp.Diagnostic(
            range=line,
            message=render.diagnostic_message(proposal, path),
            severity=lsp.DiagnosticSeverity.Hint if ready else lsp.DiagnosticSeverity.Information,
            source=messages.SOURCE,
            # the headline says the state; as a code, editors would print it once more
            related_information=self._related(proposal) or None,
            data={"proposal": proposal.id, "state": str(proposal.state)},
        )

    def _related(self, proposal: Proposal) -> list[lsp.DiagnosticRelatedInformation]:
        view = proposal.candidate
        if view is None or view.verdict is None or not self._app.caps.related_information:
            return []
        return [
            lsp.DiagnosticRelatedInformation(location, render.shorten(finding.message, 200))
            for finding in view.verdict.findings[:10]
            if (location := self._app.location_of(proposal.uri, finding)) is not None
        ]

    def _follow_progress(self, proposal: Proposal) -> None:
        progresses, subject, held = self._progresses, render.subject(proposal), proposal.held
        if proposal.state.running:

            def words(now: datetime) -> str:
                return f"{proposal.state}: {proposal.told(now)}"

            cancel = self._app.canceller(proposal.id)
            progresses.show(proposal.id, f"Festina: edit {subject}", words, held, cancel)
        else:
            progresses.end(proposal.id, f"{proposal.state}: {proposal.message}")
        key = f"review {proposal.id}"
        if proposal.state is State.READY and held is not None:
            title = f"Festina: review of {subject}"
            progresses.show(key, title, lambda now: str(held.at(now)), held)
        else:
            progresses.end(key)

    def _log_calls(self, proposal: Proposal) -> None:
        """Write each call of a model into the editor's log: there any client shows it.

        What a proposal comes with was made for a step's file or a skill's place, and written then.
        """
        known = self._logged.setdefault(proposal.id, len(proposal.calls))
        for call in proposal.calls[known:]:
            words = replace(call, said="").words  # what a model said may quote the source
            self._app.client.log(f"{proposal.id}: {words}")
        self._logged[proposal.id] = len(proposal.calls)

    def _send_refresh(self, _: str, __: None) -> None:
        self._app.client.refresh_lenses()

    def _withdrawn(self, proposal: Proposal, view: CandidateView) -> None:
        """Say that what was offered is not any more, where another candidate takes its place."""
        quiet = self._app.caps.proposals or self._app.caps.messages_wait
        if proposal.state is not State.REJECTED and not quiet:
            words = render.withdrawn_news(proposal, view)
            self._app.client.show_message(words, lsp.MessageType.Warning)

    def _news(self, proposal: Proposal) -> None:
        """Say once how a proposal ended; a client that renders proposals says it itself.

        What is verified again at each pause in typing, and ends as it did, is no news.
        """
        if proposal.state is State.STREAMING:
            self._told.pop(proposal.id, None)
        kind = _NEWS.get(proposal.state)
        if kind is None or self._app.caps.proposals:
            return
        if self._told.get(proposal.id) is proposal.state:
            return
        self._told[proposal.id] = proposal.state
        if self._app.caps.messages_wait and proposal.state is not State.FAILED:
            return  # the diagnostic says it, and does not stop the person's typing
        self._app.client.show_message(render.news(proposal), kind)
