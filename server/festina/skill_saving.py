"""From accepted edits to a skill that is kept: written by the slow model, and proved by a replay.

A replay gives the fast model the skill and the code as it was before an edit, and nothing else of
it. Only where that makes an edit which passes the gates that the accepted one passed, and leaves no
place behind that the skill is meant for, can the skill be followed elsewhere. One that fails is
sent back once with the reasons; after that nothing is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from festina import markers, skill_work, skill_writer
from festina.accepted import Accepted, passed_gates
from festina.calls import Call, Why
from festina.config import Settings
from festina.context.places import Place
from festina.models.base import ModelError, OnWait, Request, Trouble
from festina.models.ready import Ready
from festina.skill_file import Skill
from festina.skill_work import End, Tried
from festina.skill_writer import Draft, Example
from festina.slow import Adviser
from festina.verify.base import Snapshot, Verifier

ROUNDS = 2
TOO_SMALL = (
    "The embedded model is too small to write a skill. Set models.slow to a larger one in your "
    "config.toml."
)
FOLLOWS_NONE = (
    "The model that would follow the skill is an embedded one, and too small for that, so that no "
    "replay could pass. Set another models.fast in your config.toml."
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which edits a skill is to be made of, in which workspace as it is now.

    ``name`` is the person's, if they gave one; ``taken`` are the names of the skills there.
    """

    edits: tuple[Accepted, ...]
    snapshot: Snapshot
    settings: Settings
    name: str = ""
    taken: frozenset[str] = frozenset()

    @property
    def order(self) -> skill_writer.Order:
        """The same for the writer."""
        examples = tuple(
            Example(
                one.path,
                one.language,
                one.instruction,
                markers.strip_lines(one.old),  # what asked for it is no part of the place
                one.new,
                one.gates,
            )
            for one in self.edits
        )
        return skill_writer.Order(examples, self.name, self.taken)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay of one edit went: ``words`` say on what it rests, or why it failed.

    ``error`` is set where the model failed, which says nothing of the skill.
    """

    edit: Accepted
    passed: bool
    words: str
    error: ModelError | None = None

    def __str__(self) -> str:
        return f"{self.edit.place}: {self.words}"


@dataclass(slots=True)
class Saved:
    """What came of it: a skill to be kept, with its text, or why there is none."""

    text: str = ""
    skill: Skill | None = None
    replays: tuple[Replayed, ...] = ()
    reasons: tuple[str, ...] = ()
    error: ModelError | None = None
    calls: list[Call] = field(default_factory=list)


async def make(
    wish: Wish,
    adviser: Adviser,
    fast: Callable[[], Awaitable[Ready]],
    verifier: Verifier,
    say: Say,
    *,
    on_wait: OnWait | None = None,
) -> Saved:
    """Have a skill written and replayed. Writes nothing; a model that fails is told in ``error``.

    ``fast`` gives the model that is to follow it: looked at first, since what the slow model writes
    costs time and money.
    """
    saved = Saved()
    try:
        ready = await fast()
    except ModelError as error:
        saved.error = error
        return saved
    ready.release()
    if ready.small:
        saved.error = ModelError(Trouble.WITHHELD, FOLLOWS_NONE)
        return saved
    if await adviser.small():
        saved.error = ModelError(Trouble.WITHHELD, TOO_SMALL)
        return saved
    first = await asyncio.to_thread(skill_writer.request, wish.order)
    request: Request = first
    for _ in range(ROUNDS):
        say("asking for the skill")
        said = await adviser.ask(request, Why.SKILL, on_text=_counting(say), on_wait=on_wait)
        saved.calls.append(said.call)
        if said.error is not None:
            saved.error = said.error
            return saved
        draft = await asyncio.to_thread(skill_writer.judge, said.text, wish.order)
        saved.reasons, saved.replays = draft.reasons, ()
        if draft.skill is not None:
            await _replay_all(wish, draft, saved, fast, verifier, say)
            if saved.error is not None or not saved.reasons:
                return saved
        request = skill_writer.asked_again(first, said.text, saved.reasons)
    return saved


async def _replay_all(
    wish: Wish,
    draft: Draft,
    saved: Saved,
    fast: Callable[[], Awaitable[Ready]],
    verifier: Verifier,
    say: Say,
) -> None:
    assert draft.skill is not None
    try:
        ready = await fast()
    except ModelError as error:
        saved.error = error
        return
    try:
        for number, edit in enumerate(wish.edits, 1):
            of = f" {number} of {len(wish.edits)}" if len(wish.edits) > 1 else ""
            tell = partial(_tell, say, f"replay{of}: ")
            done = await replay(wish, edit, draft.skill, ready, verifier, tell, saved.calls.append)
            saved.replays += (done,)
            if done.error is not None:
                saved.error = done.error
                return
    finally:
        ready.release()
    failed = [done for done in saved.replays if not done.passed]
    saved.reasons = tuple(f"The replay failed. {done}" for done in failed)
    if not failed:
        saved.text, saved.skill = draft.text, draft.skill


async def replay(
    wish: Wish,
    edit: Accepted,
    skill: Skill,
    ready: Ready,
    verifier: Verifier,
    say: Say,
    on_call: Callable[[Call], None],
) -> Replayed:
    """Have the fast model follow a skill on the code as it was before an edit."""
    buffers = {**wish.snapshot.buffers, edit.path: edit.base.content}
    before = replace(wish.snapshot, buffers=buffers)
    place = Place(
        edit.path, edit.language, edit.base, edit.region, edit.name, edit.region.start + 1
    )
    task = skill_work.task_of(place, skill, before, wish.settings)
    tried = await skill_work.attempt(place, task, ready, verifier, say)
    for call in tried.calls:
        on_call(call)
    if tried.error is not None:
        return Replayed(edit, passed=False, words=tried.words, error=tried.error)
    why = _failure(edit, skill, tried)
    return Replayed(edit, not why, why or tried.words)


def _failure(edit: Accepted, skill: Skill, tried: Tried) -> str:
    """Say why a replay is no proof; empty where it is one."""
    if tried.end is End.LEFT:
        return tried.words
    if tried.end is not End.PASSED or tried.verdict is None:
        return f"an edit that follows it did not pass: {tried.words}"
    lacking = [gate for gate in edit.gates if gate not in passed_gates(tried.verdict)]
    if lacking:
        return f"an edit that follows it has not passed {', '.join(lacking)}, as the accepted did"
    if line := skill_writer.place_in(skill.places, tried.region_text):
        return (
            "an edit that follows it passed, and left what the skill is meant to change: "
            f"`{line.strip()}`"
        )
    return ""


def _counting(say: Say) -> Say:
    return lambda text: say(f"the skill is being written, about {len(text) // 4} tokens")


def _tell(say: Say, before: str, words: str) -> None:
    say(f"{before}{words}")
