"""What a careful colleague would hand over beside the lines that are to be edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from festina import edits
from festina.context import definitions, failing, guidance, related
from festina.context.files import Files
from festina.context.source import source_of
from festina.edits import Prepared, Region
from festina.findings import Finding
from festina.masking import Hidden, Masking
from festina.models.base import ModelError, Trouble
from festina.models.presets import is_loopback
from festina.skill_file import Skill
from festina.text import BOM, Text
from festina.verify.base import Snapshot

CHARS_PER_TOKEN = 4
"""A usual ratio for code, to share out a budget by."""
TOKENS = 8000
LOCAL_TOKENS = 3000
"""Servers on this machine often have a window of 4,096 tokens, and drop what does not fit."""

NEAR_LINES = 40
LINE_CHARS = 400
TOO_SMALL = (
    "An embedded model is too small to follow a skill, so it was not asked. Set models.fast to a "
    "larger one, or say in an instruction what to do."
)


def budget(tokens: int | None, origin: str) -> int:
    """Return how many tokens of context to send, where the settings say nothing of it."""
    if tokens is not None:
        return tokens
    here = "://" in origin and is_loopback(origin)
    return LOCAL_TOKENS if here else TOKENS


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be edited, and all that says what of the workspace concerns it."""

    snapshot: Snapshot
    path: str
    text: Text
    region: Region
    instruction: str
    language: str
    resolves: tuple[Finding, ...] = ()
    small: bool = False
    tokens: int = TOKENS
    skill: Skill | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is sent beside the region, every secret replaced. Empty texts are left out.

    ``guidance``, ``skill`` and ``file`` are the same for every region of a file (so that a provider
    finds them in its cache), all else belongs to this one. ``file`` is the whole file or its
    outline, as ``whole`` says. ``before`` and ``after`` are the nearest lines, where the file is
    not whole. ``skill`` is the one that the instruction names.
    """

    guidance: str = ""
    guidance_path: str = ""
    file: str = ""
    whole: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    definitions: tuple[related.Excerpt, ...] = ()
    tests: tuple[failing.Failing, ...] = ()
    skill: Skill | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that the prompts of one proposal are made of.

    ``prepared`` is the region as the model sees it, ``instruction`` what it is told, both without
    secrets; ``hidden`` puts those back into an answer. ``masking`` and ``files`` are for what is
    said later.
    """

    prepared: Prepared
    instruction: str
    context: Context
    masking: Masking
    hidden: Hidden
    files: Files

    def told(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings as they may be told to a model. Blocks for milliseconds."""
        shorten = self.masking.shorten
        return tuple(
            replace(
                finding,
                path=shorten(finding.path),
                message=shorten(finding.message),
                detail=finding.detail and self.files.told(finding.detail),
            )
            for finding in findings
        )


def gather(wish: Wish) -> Gathered:
    """Collect what is handed over. Blocks for milliseconds: call it in a thread.

    The budget, ``wish.tokens`` (estimated at four characters each), is for the context alone:
    region, instruction and the skill that it names always go. Shares are fixed, so that what is
    stable does not depend on the region: a fifth for the conventions, a half for the file. What
    does not fit goes in this order: definitions, those used last first; the file's far lines (its
    outline and the lines near the region stay); the end of the conventions; the beginning of a
    traceback.

    Raises:
        ModelError: ``WITHHELD``: it must not be sent, with the place in the sentence.
    """
    masking = Masking()
    files = Files(wish.snapshot, masking)
    if why := files.withheld(wish.path):
        raise ModelError(Trouble.WITHHELD, why)
    _check_skill(wish)
    files.put(wish.path, wish.text.content)
    parts = _find(wish, files)
    masked = Text(masking.mask(wish.text.content))
    instruction = _instruction(wish, masking)
    context, reach = _context(wish, files, masked, parts) if parts else (Context(), NEAR_LINES)
    context = replace(context, skill=_masked(wish.skill, masking))
    prepared = edits.prepare(masked, wish.region, reach, language=wish.language)
    own = edits.prepare(wish.text, wish.region, 0, language=wish.language)
    hidden = Hidden.of(prepared.lines, own.lines, masking)
    return Gathered(prepared, instruction, context, masking, hidden, files)


def withheld(snapshot: Snapshot, path: str) -> str:
    """Say in a sentence why a file is not sent to a model; empty if it may be. Blocks briefly."""
    return Files(snapshot, Masking()).withheld(path)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where that is which may be handed over. All its secrets are known by now."""

    rules: str
    whole: bool
    places: list[definitions.Place]


def _find(wish: Wish, files: Files) -> _Parts | None:
    """Find what may be handed over, and note the secrets in all of it before any is shown.

    What stands first in a prompt comes first here: placeholders are numbered in that order.
    """
    wanted = not wish.small and wish.tokens > 0
    rules = guidance.place(files, wish.path, trusted=wish.snapshot.trusted) if wanted else ""
    if rules:
        files.learn(rules)
    if wish.skill is not None:
        files.masking.learn(wish.skill.body)
    files.masking.learn(wish.text.content)
    if not wanted:
        return None
    whole = len(wish.text.content) <= _chars(wish.tokens) // 2
    places = definitions.places(
        files, wish.path, wish.language, wish.text, wish.region, own=not whole
    )
    for path in dict.fromkeys(path for path, _, _ in places):
        files.learn(path)
    failing.learn(files, wish)
    return _Parts(rules, whole, places)


def _context(wish: Wish, files: Files, masked: Text, parts: _Parts) -> tuple[Context, int]:
    """Return the context, and how many lines around the region an answer may repeat."""
    fifth = _chars(wish.tokens) // 5
    region, lines = wish.region, [line.rstrip("\r\n") for line in masked.lines]
    lines[:1] = [line.removeprefix(BOM) for line in lines[:1]]
    rules = guidance.text_of(files, parts.rules, chars=fifth)
    near: list[str] = []
    then: list[str] = []
    file = ""
    reach = len(lines)
    if parts.whole:
        if region.end - region.start < len(lines):
            file = "\n".join(map(_cut, lines))
    else:
        own = source_of(wish.text.content).lines
        heads = definitions.heads(own, lines, wish.language, wish.path)
        file = guidance.cut("\n".join(map(_cut, heads)), fifth)
        room = _chars(wish.tokens) // 8
        near, then = (
            _near(lines[: region.start][::-1], room)[::-1],
            _near(lines[region.end :], room),
        )
        reach = max(len(near), len(then), NEAR_LINES)
    tests = failing.tests(files, wish, chars=fifth)
    left = _chars(wish.tokens) - sum(map(len, (rules, file, *near, *then)))
    left -= sum(test.size for test in tests)
    found: list[related.Excerpt] = []
    for place in parts.places:
        each = definitions.excerpt(files, wish.language, place)
        left -= len(each.text) + len(each.path)
        if left < 0:
            break
        found.append(each)
    context = Context(
        rules, parts.rules, file, parts.whole, tuple(near), tuple(then), tuple(found), tuple(tests)
    )
    return context, reach


def _check_skill(wish: Wish) -> None:
    """Look whether the skill may be followed, and can be.

    Raises:
        ModelError: trust was withdrawn, or the model is too small.
    """
    if wish.skill is None:
        return
    if wish.skill.in_workspace and not wish.snapshot.trusted:
        raise ModelError(
            Trouble.WITHHELD,
            f"The skill {wish.skill.name} comes with a workspace that is not trusted, so nothing "
            "was sent.",
        )
    if wish.small:
        raise ModelError(Trouble.WITHHELD, TOO_SMALL)


def _masked(skill: Skill | None, masking: Masking) -> Skill | None:
    return skill and replace(skill, body=masking.mask(skill.body))


def _instruction(wish: Wish, masking: Masking) -> str:
    """Return the instruction without the secrets that stand in the file as well.

    Raises:
        ModelError: it holds another one, which an answer could only hold as a placeholder.
    """
    if kind := masking.holds(wish.instruction):
        raise ModelError(
            Trouble.WITHHELD,
            f"The instruction holds what looks like {kind}, so nothing was sent. "
            "Ask without it, and put it in by hand.",
        )
    return masking.mask(wish.instruction)


def _near(lines: Sequence[str], chars: int) -> list[str]:
    """Return the first lines, as many as there is room for; a very long one is cut short."""
    near = []
    for line in lines:
        shown = _cut(line)
        chars -= len(shown) + 1
        if chars < 0:
            break
        near.append(shown)
    return near


def _cut(line: str) -> str:
    return line if len(line) <= LINE_CHARS else line[:LINE_CHARS] + " [...]"


def _chars(tokens: int) -> int:
    return tokens * CHARS_PER_TOKEN
