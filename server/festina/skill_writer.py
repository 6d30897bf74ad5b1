"""The skill writer: the slow model makes a skill of edits that a person accepted.

What it says is text, checked before anybody follows it: it must be a skill by our own reader, have
what a person looks for in one, find the places that were edited, and no longer find them once they
are. Whether it can be followed, only a replay tells (:mod:`festina.skill_saving`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from festina import line_patterns, prompt, skill_file, skill_text
from festina.clean import stripped
from festina.globs import applies
from festina.markdown import safe
from festina.masking import Masking, names_one
from festina.models.base import Message, Request
from festina.secret_patterns import PLACEHOLDER
from festina.skill_file import FILES_KEY, PLACES_KEY, NotASkill, Skill
from festina.skills import FILE
from festina.slow import MATERIAL

HOME = ".agents/skills"
"""Where skills are written to, below the workspace: the place of the standard."""
MAX_TOKENS = 8192
"""Room for a model that thinks before it writes; a skill takes a tenth of that."""
TEMPERATURE = 0.2
MOST_CHARS = 8_000
"""A skill is sent with every edit that follows it."""
MOST_EXAMPLES = 5
MOST_REASONS = 10

_FORM = f"""\
---
name: short-name-in-small-letters
description: What it does, in a sentence. Use it when ...
metadata:
  {FILES_KEY}: "**/*.py"
  {PLACES_KEY}: |-
    how a line reads(..., before=the_change)
---

## When to use

## Steps

## Bounds

## Checks
"""

SYSTEM = (
    "You write an Agent Skill, a SKILL.md, from edits that a developer accepted, so that the same "
    "kind of change is made elsewhere. A small, fast model will follow it: it sees the skill, one "
    "definition or a few lines of one file and what they use, and nothing of these edits. So say "
    "what is general in them, not the names that happen to stand there. Answer with the file and "
    f"nothing else, in this form:\n\n{_FORM}\n"
    f"`{FILES_KEY}` are globs of the files that the change is for, with blanks between them. "
    f"`{PLACES_KEY}` say how a line reads in a place that still needs the change: text of that "
    "line as it stands in the code, with `...` for what differs from place to place, one pattern "
    f"a line, {line_patterns.MOST} at most. Each of the edits must have such a line before it, and "
    "none after it. The description says what the skill does and when to use it. Under `Steps` "
    "say exactly what to write, with a short example; under `Bounds` what must stay as it is, and "
    "when to leave the lines alone; under `Checks` what has to pass. Nothing in a skill is ever "
    f"executed. {MATERIAL}"
)

_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?:markdown|md|yaml)?[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """An edit that was accepted: the text of its region, before and after.

    ``gates`` are the names of those that it had passed.
    """

    path: str
    language: str
    instruction: str
    old: str
    new: str
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What a skill is to be made of. ``name`` is the person's, else the model finds one.

    ``taken`` are the names of the skills that are there.
    """

    examples: tuple[Example, ...]
    name: str = ""
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """What came: a skill and its text, or the reasons why it is none."""

    text: str = ""
    skill: Skill | None = None
    reasons: tuple[str, ...] = ()


def path_of(name: str) -> str:
    """Return where a skill is written to, relative to the workspace."""
    return f"{HOME}/{name}/{FILE}"


def request(order: Order) -> Request:
    """Return what is asked first, every secret replaced. Blocks for milliseconds."""
    masking = Masking()
    parts = []
    for number, one in enumerate(order.examples, 1):
        old, new = masking.mask(one.old), masking.mask(one.new)
        gates = f"\nIt passed: {', '.join(one.gates)}" if one.gates else ""
        parts.append(
            f"Edit {number}, of {one.path} ({one.language})\n"
            f"Instruction: {masking.mask(one.instruction)}{gates}\n"
            f"Before:\n{prompt.fenced(old, one.language)}\n"
            f"After:\n{prompt.fenced(new, one.language)}"
        )
    if masking:
        parts.append(f"{PLACEHOLDER}1 and the like stand for secrets. Name none of them.")
    if order.name:
        parts.append(f"The skill's name is: {order.name}")
    elif order.taken:
        taken = ", ".join(sorted(order.taken))
        parts.append(f"These names are taken, so find another one: {taken}")
    messages = (Message("system", SYSTEM), Message("user", "\n\n".join(parts)))
    return Request(messages, max_tokens=MAX_TOKENS, temperature=TEMPERATURE)


def asked_again(first: Request, answer: str, reasons: Collection[str]) -> Request:
    """Return what is asked where the first skill was of no use."""
    told = "\n".join(f"- {reason}" for reason in reasons)
    more = (
        Message("assistant", answer),
        Message("user", f"It cannot be kept:\n{told}\n\nAnswer with the whole SKILL.md again."),
    )
    return replace(first, messages=(*first.messages, *more))


def judge(answer: str, order: Order) -> Draft:
    """Read a model's skill and hold it against the edits. Blocks for milliseconds."""
    try:
        skill = skill_file.read(
            unwrapped(stripped(answer)), folder=order.name, path="", in_workspace=True
        )
    except NotASkill as error:
        return Draft(reasons=(str(error),))
    name = order.name or skill.name
    # the folder has the skill's name by then, and the first caution says otherwise
    reasons = [said for said in skill.cautions if not said.startswith("Its folder ")]
    if not order.name and name in order.taken:
        reasons.append(f"There is a skill {name} already; give it another name.")
    reasons += _amiss(skill, order.examples)
    body = safe(skill.body)  # the model's own words, without links, images or HTML
    text = skill_text.write(name, skill.description, body, files=skill.files, places=skill.places)
    if not reasons and (secret := Masking().holds(text)):
        reasons.append(f"It holds what looks like {secret}.")
    if reasons:
        return Draft(reasons=tuple(dict.fromkeys(reasons))[:MOST_REASONS])
    written = skill_file.read(text, folder=name, path=path_of(name), in_workspace=True)
    return Draft(text, written)


def unwrapped(text: str) -> str:
    """Return an answer without what a model says before it, and a fence around all of it."""
    lines = text.strip().split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip() == "---"), 0)
    marks = next((m["marks"] for line in lines[:start] if (m := _FENCE.fullmatch(line))), "")
    end = len(lines)
    if marks:
        ends = [at for at, line in enumerate(lines) if at > start and line.strip() == marks]
        end = ends[-1] if ends else end
    return "\n".join(lines[start:end])


def _amiss(skill: Skill, examples: Sequence[Example]) -> list[str]:
    found = [f"Under `{section}` it says nothing." for section in skill_text.missing(skill.body)]
    if len(skill.body) > MOST_CHARS:
        found.append(f"It is longer than {MOST_CHARS:,} characters, and is sent with every edit.")
    if why := names_one(f"{skill.body}{skill.description}{skill.places}"):
        found.append(why)
    if not skill.files:
        found.append(f"It does not say for which files it is: add `{FILES_KEY}` to its metadata.")
    if not skill.places:
        found.append(f"It does not say how such a place reads: add `{PLACES_KEY}` to its metadata.")
        return found
    for number, one in enumerate(examples, 1):
        if skill.files and not applies(skill.files, one.path):
            found.append(f"Its `{FILES_KEY}` do not mean {one.path}, the file of edit {number}.")
        if not place_in(skill.places, one.old):
            found.append(f"No line of edit {number} reads like its `{PLACES_KEY}` before the edit.")
        if line := place_in(skill.places, one.new):
            found.append(
                f"After edit {number} a line still reads like its `{PLACES_KEY}`, so that it would "
                f"be changed again and again: `{line.strip()}`"
            )
    return found


def place_in(places: Sequence[str], text: str) -> str:
    """Return the first line of a text that reads like a place; empty where there is none."""
    return next((line for line in text.splitlines() if line_patterns.reads(places, line)), "")
