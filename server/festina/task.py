"""What the pipeline is to do: one edit of one region of one file of a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from festina import edits, markers, prompt, slow
from festina.context import Gathered, Wish, budget
from festina.earning import Earning
from festina.edits import Region
from festina.findings import Finding
from festina.models.base import Request
from festina.models.ready import STREAMS
from festina.plans import Bounds
from festina.plans.bounds import in_words
from festina.skill_file import Skill
from festina.text import Text
from festina.verify.base import Snapshot, Verifier

OTHER_TOKENS = 1000
"""About what a prompt has beside a region and its surroundings, and an answer beside a region."""


@dataclass(frozen=True, slots=True)
class Task:
    """One edit to propose: ``region`` of ``text``, the content of ``path`` in the snapshot.

    ``count`` candidates are asked for; ``rounds`` repairs are tried when all were rejected, and
    then more candidates are asked for, ``most`` in all.
    ``streams`` bounds how many answers stream at once. ``previous`` is an answer to go on from
    after a redirect, ``small`` picks the prompt for very small models, ``first`` is the index of
    the first candidate, so that further variations differ from earlier ones. ``context_tokens``
    is about how much is handed over beside the region; None leaves that to where it goes.
    ``skill`` is the one that the instruction names, ``bounds`` are those of the plan's step that it
    is of. ``on_request`` takes what is sent for which
    candidate, as it is sent.
    """

    snapshot: Snapshot
    path: str
    text: Text
    region: Region
    instruction: str
    language: str = "python"
    count: int = 1
    rounds: int = 2
    most: int = 1
    streams: int = STREAMS
    resolves: tuple[Finding, ...] = ()
    previous: str | None = None
    small: bool = False
    first: int = 0
    eager: bool = False
    context_tokens: int | None = None
    skill: Skill | None = None
    bounds: Bounds | None = None
    on_request: Callable[[int, Request], None] = field(default=lambda *_: None, compare=False)

    def asking_for(self, count: int, first: int = 0) -> Task:
        """Return the task with so many candidates; where they are further ones, as they come."""
        if first:
            return replace(self, count=count, first=first, rounds=0, most=0)
        return replace(self, count=count, first=0)

    def wish(self, origin: str, window: int = 0) -> Wish:
        """Return what is to be collected for a model at ``origin``.

        Where it is known that prompt and answer may have ``window`` tokens together, no more is
        collected than there is room for beside the region, what is asked, and the answer.
        """
        text, region = markers.strip(self.text, self.region)
        tokens = budget(self.context_tokens, origin)
        if window:
            lines = text.lines_text(region.start, region.end)
            taken = int(len(lines.encode("utf-8", "replace")) / prompt.BYTES_PER_TOKEN * 2.5)
            if self.skill is not None:
                taken += len(self.skill.body.encode("utf-8", "replace")) // prompt.BYTES_PER_TOKEN
            tokens = max(0, min(tokens, window - taken - OTHER_TOKENS))
        snapshot = self.snapshot
        if self.bounds is not None and self.bounds.beside:
            # what is written together is to fit together
            buffers = {**snapshot.buffers, **self.bounds.laid}
            snapshot = replace(snapshot, buffers=buffers)
        return Wish(
            snapshot,
            self.path,
            text,
            region,
            f"{self.instruction}\n{in_words(self.snapshot.settings)}".rstrip("\n"),
            self.language,
            resolves=self.resolves,
            small=self.small,
            tokens=tokens,
            skill=self.skill,
        )

    def request(
        self,
        gathered: Gathered,
        attempt: int,
        findings: tuple[Finding, ...] = (),
        previous: str | None = None,
        instruction: str | None = None,
    ) -> Request:
        """Return what a model is asked for one candidate. Blocks for milliseconds.

        ``instruction`` stands in the place of the task's own, and has no secrets any more.
        """
        return prompt.build(
            gathered.prepared,
            instruction or gathered.instruction,
            path=self.path,
            language=self.language,
            attempt=attempt,
            findings=gathered.told(findings),
            previous=gathered.masking.shorten(previous) if previous else None,
            small=self.small,
            context=gathered.context,
            secrets=gathered.hidden.any,
        )

    def plan(self, gathered: Gathered, answer: str, findings: tuple[Finding, ...]) -> Request:
        """Return what a slow model is asked once the fast one's answers were rejected. Blocks."""
        return slow.plan_request(
            gathered,
            path=self.path,
            language=self.language,
            answer=gathered.masking.shorten(answer),
            findings=gathered.told(findings),
        )

    def earning(self, verifier: Verifier) -> Earning:
        """Return what judges this task's candidates."""
        return Earning(
            verifier, self.snapshot, self.path, self.text.content, self.resolves, self.bounds
        )

    def result(self, region_text: str) -> Text:
        """Return the whole file's text with another text of the region."""
        return edits.apply(self.text, edits.rewrite(self.text, self.region, region_text))
