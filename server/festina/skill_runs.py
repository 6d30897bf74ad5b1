"""Following a skill at all places that it is meant for, in the background of an editor session.

No more edits are made than may wait for the person at once (``review.pending``): a run rests until
some of them were accepted, dismissed or found to be stale.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from festina import advising, skill_work
from festina.calls import Call
from festina.context.gather import TOO_SMALL
from festina.context.places import Found, Place, current, find
from festina.findings import Status
from festina.lifecycle import Lifecycle
from festina.models.base import ModelError, Trouble
from festina.models.meter import counting
from festina.models.ready import Models, Ready
from festina.pending import Pending
from festina.session import Refusal, Session
from festina.shelf import Shelf
from festina.skill_file import Skill
from festina.skill_work import End, Tried

MOST_CHARS = 100
"""So much is said of why a place was rejected; the log has it all."""
AT_ONCE = 4
"""So many places are worked at together."""


@dataclass
class SkillRun:
    """One run, as far as it has come. ``words`` say in a line what is going on.

    ``gone`` counts places that were changed before their turn came, ``kept`` those that the person
    wants left alone, ``busy`` those that are worked at, ``rejected`` is the first one for which no
    edit passed, and why.
    """

    id: str
    workspace: Path
    skill: Skill
    places: int = 0
    waiting: list[Place] = field(default_factory=list)
    counts: Counter[End] = field(default_factory=Counter)
    gone: int = 0
    kept: int = 0
    rejected: str = ""
    words: str = "looking for places"
    error: str = ""
    busy: int = 0
    rests: bool = False
    over: bool = False

    @property
    def summary(self) -> str:
        """Say in a line what came of it."""
        stay = "stays as it is" if self.kept == 1 else "stay as they are"
        kept = f" {self.kept} more {stay}: edits.leave_alone." if self.kept else ""
        if not self.places:
            return f"The skill {self.skill.name} finds no place here.{kept}"
        parts = [
            f"{self.counts[end]} {words}"
            for end, words in (
                (End.PASSED, "passed"),
                (End.FAILED, "rejected"),
                (End.UNVERIFIED, "unverified"),
                (End.LEFT, "left as it is" if self.counts[End.LEFT] == 1 else "left as they are"),
            )
            if self.counts[end]
        ]
        if left := len(self.waiting):
            parts.append(f"{left} not tried")
        if self.gone:
            parts.append(f"{self.gone} changed meanwhile")
        of = f"{self.places} place{'' if self.places == 1 else 's'}"
        more = self.counts[End.FAILED] - 1
        others = f", and {more} more, which the log has" if more > 0 else ""
        rejected = f" Rejected: {self.rejected}{others}." if self.rejected else ""
        return f"The skill {self.skill.name}, {of}: {', '.join(parts)}.{rejected}{kept}"


class SkillRuns:
    """The runs of one session. ``changed`` shows each next state of one.

    ``called`` is told of each call of a model, ``tried`` of what came of each place.
    """

    def __init__(
        self,
        session: Session,
        lifecycle: Lifecycle,
        models: Models,
        shelf: Shelf,
        pending: Pending,
    ) -> None:
        self.changed: Callable[[SkillRun], None] = lambda _: None
        self.called: Callable[[SkillRun, Call], None] = lambda _, __: None
        self.tried: Callable[[SkillRun, Tried], None] = lambda _, __: None
        self._session = session
        self._lifecycle = lifecycle
        self._models = models
        self._shelf = shelf
        self._pending = pending
        pending.coming.append(self._busy)
        self._numbers = itertools.count(1)
        self._runs: dict[str, SkillRun] = {}

    def start(
        self, workspace: Path, skill: Skill, patterns: Sequence[str], under: Sequence[str]
    ) -> SkillRun:
        """Begin a run and return it at once.

        Raises:
            Refusal: one of that skill is under way there, or the workspace is not trusted.
        """
        snapshot = self._session.snapshot(workspace)
        if not snapshot.trusted:
            how = snapshot.trust_remedy or f"If you trust it: festina trust {workspace}"
            raise Refusal(
                "The workspace is not trusted, so none of its code is run, and no edit could pass. "
                f"{how}"
            )
        for other in self._runs.values():
            if (other.workspace, other.skill.name) == (workspace, skill.name):
                raise Refusal(f"The skill {skill.name} is being followed here already.")
        run = SkillRun(f"r{next(self._numbers)}", workspace, skill)
        self._runs[run.id] = run
        work = self._run(run, tuple(patterns), tuple(under))
        self._lifecycle.runs.jobs.start(_key(run.id), work)
        return run

    def cancel(self, run_id: str) -> None:
        """Stop a run; what waits for the person stays."""
        self._lifecycle.runs.jobs.cancel(_key(run_id))

    def folders_changed(self) -> None:
        """Trust was given or withdrawn, or a folder opened or closed: elsewhere nothing goes on."""
        for run in list(self._runs.values()):
            if not self._goes_on(run.workspace):
                self.cancel(run.id)
        self._shelf.take_away(self._goes_on)

    def _busy(self, workspace: Path) -> int:
        return sum(run.busy for run in self._runs.values() if run.workspace == workspace)

    def _goes_on(self, workspace: Path) -> bool:
        return workspace in self._session.roots and self._session.is_trusted(workspace)

    async def _run(self, run: SkillRun, patterns: tuple[str, ...], under: tuple[str, ...]) -> None:
        try:
            self.changed(run)
            await self._session.settled.wait()  # before that it is not known what is left alone
            snapshot = self._session.snapshot(run.workspace)
            found: Found = await asyncio.to_thread(find, snapshot, run.skill.files, patterns, under)
            run.places, run.waiting = len(found.places), list(found.places)
            run.kept = found.kept
            if run.waiting:
                await self._all(run)
        except ModelError as error:
            run.error = str(error)
        except Exception:
            run.error = "Festina failed unexpectedly; its log has the details."
            raise
        finally:
            run.over = True
            del self._runs[run.id]
            self._pending.moved.set()
            self.changed(run)

    async def _all(self, run: SkillRun) -> None:
        if await self._models.small(None):  # before it is started, or even fetched
            raise ModelError(Trouble.WITHHELD, TOO_SMALL)
        ready = await self._models.get(None, lambda words: self._say(run, words))
        tasks: set[asyncio.Task[None]] = set()
        try:
            while (run.waiting and not run.error) or tasks:
                room = self._pending.room(run.workspace)
                while run.waiting and not run.error and len(tasks) < AT_ONCE and room > 0:
                    work = self._one(run, run.waiting.pop(0), ready)
                    tasks.add(asyncio.create_task(work))
                    room -= 1
                run.busy = len(tasks)
                run.rests = not tasks
                if tasks:
                    done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    run.busy = len(tasks)
                    self._pending.moved.set()  # another run may have waited for what came of it
                    for task in done:
                        task.result()
                    continue
                self._say(run, f"{self._pending.words(run.workspace)}; then it goes on")
                self._pending.moved.clear()
                await self._pending.moved.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            ready.release()

    async def _one(self, run: SkillRun, place: Place, ready: Ready) -> None:
        number = run.places - len(run.waiting)

        def say(words: str) -> None:
            self._say(run, f"{number} of {run.places}, {place.shown}: {words}")

        say("waiting for the model")
        snapshot = self._session.snapshot(run.workspace)
        now = await asyncio.to_thread(current, snapshot, place)
        if now is None:
            run.gone += 1
            return
        settings = self._session.settings_of(run.workspace)
        task = skill_work.task_of(now, run.skill, snapshot, settings)
        adviser = advising.slow_model(self._session, self._models, say)
        with counting(f"{run.id} {place.shown}"):
            tried = await skill_work.attempt(
                now, task, ready, self._lifecycle.verifier, say, adviser
            )
        for call in tried.calls:
            self.called(run, call)
        if tried.error is not None and tried.verdict is None:
            run.error = str(tried.error)
            run.waiting.insert(0, place)
            return
        run.counts[tried.end] += 1
        if tried.end is End.FAILED and not run.rejected:
            run.rejected = f"{tried.place.shown} ({_brief(tried)})"
        self.tried(run, tried)
        if tried.end in {End.PASSED, End.UNVERIFIED}:
            self._shelf.put(run.workspace, run.skill, tried)
        elif self._session.ledger is not None:
            await asyncio.to_thread(skill_work.tally, tried, self._session.ledger, accepted=False)

    def _say(self, run: SkillRun, words: str) -> None:
        run.words = words
        self.changed(run)


def _brief(tried: Tried) -> str:
    """Say in few words why no edit passed."""
    for gate in tried.verdict.gates if tried.verdict is not None else ():
        if gate.status is Status.FAILED and gate.findings:
            first, _, _ = gate.findings[0].message.partition("\n")
            return f"{gate.label}: {first[:MOST_CHARS]}"
    return tried.words[:MOST_CHARS]


def _key(run_id: str) -> str:
    return f"skill run {run_id}"
