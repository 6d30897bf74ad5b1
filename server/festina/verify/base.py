"""The seam between the pipeline and whatever verifies candidates: candidate in, verdict out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from festina.config import VerifySettings
from festina.findings import Finding, Verdict
from festina.plans import Bounds
from festina.progress import Step as Step
from festina.verify.digests import sha

if TYPE_CHECKING:
    from festina.verify.examination import Examination


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The workspace as the person sees it: the files on disk, with open buffers laid over them.

    ``buffers`` maps workspace-relative paths (forward slashes) to the text of open documents that
    differ, or may differ, from the disk. ``trusted`` says whether anything of the workspace may be
    executed (design, invariant 8); ``consent`` whether tests may run where no sandbox can be had.
    ``trust_remedy`` says how to trust the workspace where ``festina trust`` is not the way.
    """

    workspace: Path
    buffers: Mapping[str, str] = field(default_factory=dict)
    settings: VerifySettings = field(default_factory=VerifySettings)
    trusted: bool = False
    consent: bool = False
    trust_remedy: str = ""


@dataclass(frozen=True)
class Candidate:
    """One new text for one file of a snapshot.

    ``old`` and ``new`` are the whole file's text, before and after, with their own line ends.
    ``path`` is workspace-relative with forward slashes. ``resolves`` are findings (a diagnostic
    or a failing test) that must be gone for the candidate to pass. ``bounds`` are those of the
    step of a plan that it belongs to, if it does.
    """

    path: str
    old: str
    new: str
    resolves: tuple[Finding, ...] = ()
    bounds: Bounds | None = None

    @functools.cached_property
    def digest(self) -> str:
        """The digest of the new text, found out once: of a long text it takes a millisecond."""
        return sha(self.new)

    @property
    def laid(self) -> Mapping[str, str]:
        """The texts of other files that are part of the same change, as they are to be checked."""
        return {} if self.bounds is None else self.bounds.laid


OnStep = Callable[[Step], None]

Scope = Literal["auto", "impacted", "full"]
"""How much of the suite is asked for: :meth:`Verifier.verify`."""

ExamineScope = Literal["lint", "impacted", "full"]
"""How much is asked for of saved files: :meth:`Verifier.examine`."""


class Verifier(Protocol):
    """Judges candidates. Any number of ``verify`` calls may run at once.

    Cancelling a call kills every process that it started. Never raises for what a candidate or a
    project does: that is a verdict.
    """

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        """Judge one candidate: cheap gates first, stop at the first failure.

        ``scope`` says how much of the suite must pass: the tests that the change can affect
        (``impacted``), all of them (``full``), or all of them where that is known to take less than
        ``settings.tests_confirm_seconds``, else the impacted ones (``auto``); None leaves it to
        ``settings.tests_scope``. What can affect what is not always known: then everything runs.
        ``tests.scope`` of the verdict says which it rests on. A second call with a larger scope
        repeats nothing that is known of the first.
        """

    async def examine(
        self,
        before: Snapshot | None,
        after: Snapshot,
        paths: Sequence[str],
        *,
        scope: ExamineScope,
        on_step: OnStep | None = None,
    ) -> Examination:
        """Look at files that were saved: what is wrong in them now, and was not before.

        ``after`` is the workspace as it is now, ``before`` the same workspace with the texts of
        ``paths`` as they were when they were verified last (as buffers; a path that is not among
        them was not known then), None where there is no such state. Never raises for what a
        project does, ``Examination.reason`` says why its tests could not tell. Cancelling kills
        every process that was started.
        """

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        """Start what a verification of an edit of ``path`` will need; the model is at work yet.

        Returns soon and never raises.
        """

    async def fingerprint(self, snapshot: Snapshot) -> str:
        """Hash what a verdict rests on: files, buffers, settings, interpreter, distributions."""

    async def aclose(self) -> None:
        """Kill every process and remove every file of this verifier."""


def verdict_key(new: str, fingerprint: str) -> str:
    """Return the key of a verdict: hash of the candidate's whole text and of what it rests on."""
    return key_of(sha(new), fingerprint)


def key_of(digest: str, fingerprint: str) -> str:
    """Return the same for a digest that is known already, as `Candidate.digest` is."""
    return sha(f"{digest} {fingerprint}")
