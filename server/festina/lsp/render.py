"""Words for a person: titles of actions and lenses, and the diagnostic of a proposal."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from festina import edits
from festina.aftermath import Accepted
from festina.clean import visible
from festina.ending import NO_MORE
from festina.findings import Finding, Gate, Rest, Severity, Status, Verdict
from festina.promise import failing_test, why_refuted
from festina.proposals import CandidateView, Proposal, State
from festina.text import Text

TITLE_CHARS = 80
ACTION_CHARS = 100
NEWS_CHARS = 48
"""What Neovim shows of a message, in a terminal of 80 columns, without asking for a key."""
DIFF_LINES = 30
MOST_FINDINGS = 5

_LEAD = {
    State.QUEUED: "queued",
    State.STREAMING: "streaming",
    State.PARSED: "parsed",
    State.VERIFYING: "verifying",
    State.READY: "ready",
    State.REJECTED: "rejected",
    State.UNVERIFIED: "unverified",
}


def subject(proposal: Proposal | Accepted) -> str:
    """Name what a proposal is or was about: ``clamp``, or ``lines 3-9``."""
    if proposal.name:
        return proposal.name
    first, last = proposal.region.start + 1, max(proposal.region.end, proposal.region.start + 1)
    return f"line {first}" if first == last else f"lines {first}-{last}"


def headline(proposal: Proposal) -> str:
    """Say in at most 80 characters where the proposal stands."""
    return shorten(_headline(proposal))


def diagnostic_message(proposal: Proposal, path: str) -> str:
    """Return the headline, what it had no room for, and the change as a diff (30 lines at most).

    Most editors show neither ``relatedInformation`` nor long lines, so what a person needs to know
    is in the message, in lines of at most 80 characters.
    """
    return "\n".join([headline(proposal), *_details(proposal), *_diff(proposal, path)])


def _headline(proposal: Proposal) -> str:
    if (view := _withdrawn(proposal)) is not None:
        words = f"Festina: withdrawn: {why_refuted(view)}"
        if len(words) <= TITLE_CHARS or view.verdict is None:
            return words
        # which folder it is in is said below, in the finding
        return f"Festina: withdrawn: {_short(view.verdict)} failed in the whole suite"
    lead = "held back" if _held_back(proposal) else _LEAD.get(proposal.state, str(proposal.state))
    return f"Festina: {lead}: {_one_line(_words(proposal))}"


def _words(proposal: Proposal) -> str:
    """Say why the proposal is where it is: what matters comes first, for lines are cut."""
    view = proposal.candidate
    verdict = view.verdict if view is not None else None
    if view is not None and verdict is not None and proposal.state is State.READY:
        return f"{evidence(view)}{alike(proposal, view)}"
    if verdict is not None and proposal.state is State.REJECTED and verdict.findings:
        return f"{_failed_gate(verdict)} failed"
    if verdict is not None and proposal.state is State.UNVERIFIED:
        return _first_sentence(_why_unverified(verdict))
    return proposal.message


def _held_back(proposal: Proposal) -> bool:
    """Whether it is no fault of the edit that there is none: a limit has ended it."""
    view = proposal.candidate
    return proposal.again and (view is None or view.verdict is None)


def _withdrawn(proposal: Proposal) -> CandidateView | None:
    """Return the candidate on show, if it was ready and the rest of the suite refuted it."""
    view = proposal.candidate
    gone = proposal.state is State.REJECTED and view is not None and view.rest is Rest.WITHDRAWN
    return view if gone else None


def _details(proposal: Proposal) -> list[str]:
    """The failing tests and findings, or else what was cut off the headline."""
    verdict = proposal.candidate.verdict if proposal.candidate is not None else None
    fits = len(_headline(proposal)) <= TITLE_CHARS
    review = verdict.gate(Gate.REVIEW) if verdict is not None else None
    if review is not None and proposal.state is State.READY and review.findings:
        remarks = [line for one in review.findings for line in _wrapped(_remark(one), "* ")]
        return remarks if fits else [*_wrapped(_one_line(_words(proposal))), *remarks]
    if verdict is not None and proposal.state is State.REJECTED and verdict.findings:
        found = verdict.findings
        lines = [line for one in found[:MOST_FINDINGS] for line in _wrapped(_finding(one), "* ")]
        if (more := len(found) - MOST_FINDINGS) > 0:
            lines.append(f"* and {more} more")
        stopped = proposal.message.partition(NO_MORE)[2]
        return [*lines, *_wrapped(f"No more came: {stopped}")] if stopped else lines
    if verdict is not None and proposal.state is State.UNVERIFIED:
        why = _one_line(_why_unverified(verdict))
        # what a person can do about it comes after the first sentence
        return _wrapped(why.removeprefix(_first_sentence(why)).strip() if fits else why)
    return [] if fits else _wrapped(_one_line(_words(proposal)))


def _remark(finding: Finding) -> str:
    """Say what the slow model remarks; the line is that of the edited text."""
    serious = f"{finding.severity}: " if finding.severity is Severity.WARNING else ""
    return f"review: line {finding.line}: {serious}{finding.message}"


def _finding(finding: Finding) -> str:
    # a test's message begins with its id, which names the file
    if finding.line is None or not finding.path or finding.message.startswith(finding.path):
        return finding.message
    return f"{finding.path}:{finding.line}: {finding.message}"


def _wrapped(text: str, bullet: str = "") -> list[str]:
    return textwrap.wrap(
        shorten(text, 4 * TITLE_CHARS),
        TITLE_CHARS,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_long_words=False,  # a command must remain one that can be copied
        break_on_hyphens=False,
    )


def _diff(proposal: Proposal, path: str) -> list[str]:
    view = proposal.candidate
    if view is None or not view.text:
        return []
    if not view.complete:
        view = _so_far(proposal, view)
    diff = edits.unified(proposal.base, proposal.result(view), path, context=1)
    lines = diff.split("\n")[2:-1]  # the file is the one that it is shown in
    if sum(line.startswith("@@") for line in lines) == 1:
        lines = lines[1:]  # and the place is right below
    if len(lines) > DIFF_LINES:
        more = len(lines) - DIFF_LINES + 1
        lines = [*lines[: DIFF_LINES - 1], f"... {more} more lines"]
    return lines


def _so_far(proposal: Proposal, view: CandidateView) -> CandidateView:
    """Fill a text that is not complete with the old lines that it has not reached.

    Without them the diff would show everything below as removed.
    """
    complete = [line for line in Text(view.text).lines if line.endswith(("\r", "\n"))]
    region = proposal.region
    rest = proposal.base.lines_text(region.start + len(complete), region.end)
    return replace(view, text="".join(complete) + rest)


def news(proposal: Proposal) -> str:
    """Say in one short line that a proposal has come to an end; the diagnostic says the rest.

    A failed one leaves no diagnostic, so its message is given whole; of one that was held back it
    says when it can go on.
    """
    name, view = f"Festina: {shorten(subject(proposal), 16)}", proposal.candidate
    now, then = ("are", "were") if subject(proposal).startswith("lines ") else ("is", "was")
    verdict = view.verdict if view is not None else None
    if proposal.state is State.FAILED:
        return f"{name} failed: {proposal.message}"
    if _held_back(proposal):
        return f"{name} {now} held back: {proposal.message}"
    if proposal.state is State.READY and verdict is not None:
        tests = verdict.gate(Gate.TESTS)
        if tests is None or tests.tests is None or tests.status is Status.SKIPPED:
            return shorten(f"{name} {now} ready (no tests ran)", NEWS_CHARS)
        so_far = " so far" if view is not None and view.rest is Rest.OPEN else ""
        number = tests.tests.passed
        words = "1 test" if number == 1 else f"{number:,} tests"
        return shorten(f"{name} {now} ready: {words} ok{so_far}", NEWS_CHARS)
    if _withdrawn(proposal) is not None and verdict is not None:
        return shorten(f"{name} {then} withdrawn: {_short(verdict)} failed", NEWS_CHARS)
    if proposal.state is State.REJECTED and verdict is not None:
        words = f"{name} {then} rejected: {_failed_gate(verdict)} failed"
        return shorten(words if len(words) <= NEWS_CHARS else words[: -len(" failed")], NEWS_CHARS)
    if proposal.state is State.UNVERIFIED:
        return shorten(f"{name} could not be verified", NEWS_CHARS)
    verb = f"{then} rejected" if proposal.state is State.REJECTED else f"{now} {proposal.state}"
    return shorten(f"{name} {verb}: {proposal.message}", NEWS_CHARS)


def withdrawn_news(proposal: Proposal, view: CandidateView) -> str:
    """Say in one short line that a candidate was withdrawn, and another one is on show."""
    name = shorten(subject(proposal), 16)
    return f"Festina: {name}: candidate {view.index + 1} was withdrawn"


def aftermath(accepted: Accepted) -> str:
    """Say at the place of an accepted edit what the whole suite has found since."""
    assert accepted.verdict is not None
    found = accepted.verdict.findings[:MOST_FINDINGS]
    lines = [line for one in found for line in _wrapped(_finding(one), "* ")]
    name = shorten(subject(accepted), 24)
    headline = shorten(f"Festina: accepted edit of {name} fails {_short(accepted.verdict)}")
    return "\n".join([headline, "The whole suite ran after you had accepted it.", *lines])


def aftermath_test(accepted: Accepted, finding: Finding) -> str:
    """Say at a failing test which accepted edit it fails with."""
    lines = _wrapped(finding.message)
    return "\n".join([f"Festina: fails since the accepted edit of {subject(accepted)}", *lines])


def aftermath_news(accepted: Accepted) -> str:
    """Say in one short line that an accepted edit fails."""
    assert accepted.verdict is not None
    name = shorten(subject(accepted), 16)
    return shorten(f"Festina: accepted {name} fails {_short(accepted.verdict)}", NEWS_CHARS)


def _short(verdict: Verdict) -> str:
    return failing_test(verdict).rpartition("::")[2]


def _failed_gate(verdict: Verdict) -> str:
    return next((str(g.gate) for g in verdict.gates if g.status is Status.FAILED), "a gate")


def _why_unverified(verdict: Verdict) -> str:
    gates = [gate for gate in verdict.gates if gate.status is Status.UNVERIFIED and gate.reason]
    return gates[0].reason or "" if gates else "nothing was checked"


def _first_sentence(text: str) -> str:
    first, more, _ = _one_line(text).partition(". ")
    return f"{first}." if more else first


def accept_title(proposal: Proposal, view: CandidateView) -> str:
    """Title of the action that applies a passed candidate: says on what the verdict rests."""
    words = evidence(view)
    return shorten(f"Festina: accept edit of {subject(proposal)}: {words}", ACTION_CHARS)


def unverified_title(proposal: Proposal, view: CandidateView) -> str:
    """Title of the separate action that applies an unverified candidate: names the reason."""
    assert view.verdict is not None
    reason = _first_sentence(_why_unverified(view.verdict)).rstrip(".")
    title = f"Festina: apply unverified edit of {subject(proposal)}: {reason}"
    return shorten(title, ACTION_CHARS)


def pending_title(proposal: Proposal) -> str:
    """Title of the accept action of a proposal that is not ready, where it can be shown greyed."""
    return f"Festina: accept edit of {subject(proposal)} ({proposal.state})"


def disabled_reason(proposal: Proposal) -> str:
    """One line that says why the proposal cannot be accepted (yet)."""
    return shorten(f"{proposal.state}: {_one_line(proposal.message)}", 140)


def evidence(view: CandidateView) -> str:
    """Say on what a passed verdict rests; never claims more than was executed.

    That a file which was linted or tested can be compiled goes without saying.
    """
    verdict = view.verdict
    assert verdict is not None
    tests = verdict.gate(Gate.TESTS)
    more = tuple(gate for gate in verdict.gates if gate.gate is not Gate.SYNTAX)
    ran = any(gate.status is not Status.SKIPPED for gate in more)
    words = (replace(verdict, gates=more) if ran else verdict).summary(view.rest)
    if tests is None or tests.status is Status.SKIPPED:
        return f"{words} (no tests ran)"
    return words


def alike(proposal: Proposal, view: CandidateView) -> str:
    """Say how many other candidates are the same edit, "" where none is."""
    count = proposal.alike(view)
    return f"; same as {count} other{'s' if count > 1 else ''}" if count else ""


def shorten(text: str, limit: int = TITLE_CHARS) -> str:
    """Cut a line to ``limit`` characters, with an ellipsis where something was lost."""
    text = _one_line(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
