"""The planner: the slow model turns a goal into bounded steps, which are checked before shown.

What it says is text: a plan is only ever read. What names something that is not there, or has no
bounds, is sent back once with the reasons.
"""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from festina import config, plans, prompt
from festina.calls import Call, Why
from festina.clean import stripped
from festina.context import budget
from festina.context.files import Files
from festina.context.overview import Overview, overview
from festina.context.own import is_own
from festina.edits.defined import definitions, means
from festina.instead import Instead
from festina.markdown import safe
from festina.masking import names_one
from festina.models.base import Message, ModelError, OnWait, Request, Trouble
from festina.models.ready import Ready
from festina.plans import Damaged, Place, Step
from festina.plans.bounds import in_words, left_alone
from festina.slow import MATERIAL, Adviser
from festina.text import Text
from festina.verify.base import Snapshot

MAX_TOKENS = 8192
"""Room for a model that thinks before it writes; a plan of thirty steps takes half of that."""
TEMPERATURE = 0.2
LEAST_TOKENS = 1000
"""Of nothing no plan can be made, however little the settings want to be sent beside an edit."""
ROUNDS = 2
MOST_GOAL = 2_000
"""It is the plan's title as well; what is longer belongs into AGENTS.md, or is several goals."""
MOST_STEPS = 30
MOST_LINES = 200
"""The largest diff of a step: what a person still reads in a few minutes."""
INSTRUCTION_CHARS = 1500
MOST_REASONS = 20

TOO_SMALL = (
    "The embedded model is too small to plan. Set models.slow to a larger one in your config.toml."
)
GATES = tuple(gate for gate in config.GATES if gate != "review")
"""The gates that can pass: a review decides nothing."""

SYSTEM = (
    "You plan changes to a code base. A small, fast model carries out your steps, one at a time: "
    "it sees one definition or a few lines of one file and what they use, and nothing else of this "
    "conversation. Tests, lint and a person check each step. So make steps small, in an order in "
    "which the tests pass after each, and say exactly what to write. Answer with a Markdown "
    "checklist of this form and nothing else:\n\n"
    "- [ ] Say in plain words what to change.\n"
    "  - where: `pkg/mod.py`, `name_of_the_definition`\n"
    "  - must pass: lint, tests, `tests/test_mod.py::test_name`\n"
    "  - at most: 20 lines\n"
    "  - leave alone: `tests/**`, `other_definition`\n\n"
    "`where` is one file, and a definition in it or `lines 3-7`; write the field again for another "
    "file that has to change together with it. Files must exist already; name only files and "
    "definitions that are listed. `at most` is the largest diff, removed and added lines together, "
    f"{MOST_LINES} at most. `must pass` names gates and tests, never a command. `leave alone` "
    "names what the step must not touch, as globs and names of definitions; leave the line out "
    f"where there is nothing. At most {MOST_STEPS} steps; fewer are better. {MATERIAL}"
)

_OPEN = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?:markdown|md)?[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be planned, in which workspace. ``commands`` are gates beside the usual ones.

    ``instead``: not the whole goal, but a step of it, anew.
    """

    goal: str
    snapshot: Snapshot
    tokens: int | None = None
    commands: tuple[str, ...] = ()
    instead: Instead | None = None


@dataclass(slots=True)
class Planned:
    """What came of it: a plan's text and steps, or why there is none."""

    text: str = ""
    steps: tuple[Step, ...] = ()
    reasons: tuple[str, ...] = ()
    error: ModelError | None = None
    calls: list[Call] = field(default_factory=list)


async def plan(
    order: Order,
    adviser: Adviser,
    *,
    on_text: Callable[[str], None] | None = None,
    on_wait: OnWait | None = None,
) -> Planned:
    """Ask for a plan, and once more with the reasons where it cannot be followed.

    A model that fails is told of in ``error``; nothing is raised.
    """
    planned = Planned()
    if await adviser.small():
        planned.error = ModelError(Trouble.WITHHELD, TOO_SMALL)
        return planned
    seen: list[Overview] = []

    def first(ready: Ready) -> Request:
        if not seen:
            seen.append(look(order, ready.model.origin))
        return request(seen[0], order.instead)

    def again(answer: str, ready: Ready) -> Request:
        return asked_again(first(ready), answer, planned.reasons)

    make: Callable[[Ready], Request] = first
    for _ in range(ROUNDS):
        said = await adviser.ask(make, Why.PLAN, on_text=on_text, on_wait=on_wait)
        planned.calls.append(said.call)
        planned.error = said.error
        if said.error is not None:
            break
        judged = await asyncio.to_thread(judge, said.text, order, seen[0].files)
        planned.text, planned.steps, planned.reasons = judged.text, judged.steps, judged.reasons
        if not planned.reasons:
            break
        make = partial(again, said.text)
    return planned


def look(order: Order, origin: str) -> Overview:
    """Return what a model at ``origin`` is shown. Blocks: call it in a thread.

    Raises:
        ModelError: the goal must not be sent.
    """
    tokens = max(LEAST_TOKENS, budget(order.tokens, origin))
    return overview(order.snapshot, order.goal, tokens)


def request(seen: Overview, instead: Instead | None = None) -> Request:
    """Return what is asked first. What is the same for every goal comes first."""
    parts = []
    if seen.guidance:
        rules = f"Conventions of the project, from {seen.guidance_path}:"
        parts.append(f"{rules}\n{prompt.fenced(seen.guidance)}")
    parts.append(f"The files of the project, and what they define:\n{prompt.fenced(seen.listing)}")
    if bounds := in_words(seen.files.settings):
        parts.append(f"What holds for each step: {bounds}")
    parts.append(f"Goal: {seen.goal}")
    if instead is not None:
        parts.append(seen.files.masking.mask(instead.words))
    messages = (Message("system", SYSTEM), Message("user", "\n\n".join(parts)))
    return Request(messages, max_tokens=MAX_TOKENS, temperature=TEMPERATURE)


def asked_again(first: Request, answer: str, reasons: Collection[str]) -> Request:
    """Return what is asked where the first plan cannot be followed."""
    told = "\n".join(f"- {reason}" for reason in reasons)
    more = (
        Message("assistant", answer),
        Message("user", f"It cannot be followed:\n{told}\n\nAnswer with the whole plan again."),
    )
    return replace(first, messages=(*first.messages, *more))


def unfit(goal: str) -> str:
    """Say why nothing can be planned for a goal; empty if something can."""
    if not goal:
        return "Say what is to be reached."
    if len(goal) > MOST_GOAL:
        return f"The goal is longer than {MOST_GOAL:,} characters. Say it in fewer words."
    return ""


# -- what came ----------------------------------------------------------------------------------


def judge(answer: str, order: Order, files: Files) -> Planned:
    """Read a model's plan and hold it against the workspace. Blocks for milliseconds a step."""
    try:
        steps = plans.read(unwrapped(stripped(answer))).steps
    except Damaged as damaged:
        return Planned(reasons=tuple(map(str, damaged.problems))[:MOST_REASONS])
    # the model's own words are written as Markdown without links, images or HTML
    steps = tuple(replace(step, instruction=safe(step.instruction), done=False) for step in steps)
    reasons = list(_amiss(steps, order, files))
    text = ""
    if not reasons:
        try:
            text = plans.write(order.goal, steps)
        except Damaged as damaged:
            reasons += map(str, damaged.problems)
    if reasons:
        return Planned(reasons=tuple(dict.fromkeys(reasons))[:MOST_REASONS])
    return Planned(text, steps)


def unwrapped(text: str) -> str:
    """Return an answer without the fence that a model may have put around all of it."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if _OPEN.fullmatch(line)), None)
    if first is None or any(re.match(r"[ \t]*[-*+] \[", line) for line in lines[:first]):
        return text
    match = _OPEN.fullmatch(lines[first])
    assert match is not None
    ends = [at for at, line in enumerate(lines) if line.strip() == match["marks"] and at > first]
    return "\n".join(lines[first + 1 : ends[-1]]) if ends else text


def _amiss(steps: tuple[Step, ...], order: Order, files: Files) -> list[str]:
    if not steps:
        return ["There is no step in it: a step is a line that begins with `- [ ]`."]
    found = []
    if len(steps) > MOST_STEPS:
        found.append(f"It has {len(steps)} steps, and at most {MOST_STEPS} can be followed.")
    if order.instead is not None:
        found += order.instead.amiss(steps)
    gates = (*GATES, *order.commands)
    for number, step in enumerate(steps[:MOST_STEPS], 1):
        found += [f"Step {number}: {reason}" for reason in _of_step(step, gates, files)]
    return found


def _of_step(step: Step, gates: tuple[str, ...], files: Files) -> list[str]:
    found = []
    if len(step.instruction) > INSTRUCTION_CHARS:
        found.append(f"Its words are longer than {INSTRUCTION_CHARS} characters; split it.")
    if why := names_one(step.instruction):
        found.append(why)
    if step.most_lines is None:
        found.append("It does not say how large the diff may be: add `at most: N lines`.")
    elif step.most_lines > (most := min(MOST_LINES, files.settings.at_most or MOST_LINES)):
        found.append(f"It allows {step.most_lines} lines, and {most} are the most; split it.")
    if not step.places:
        found.append("It does not say where: add `where:` with a file and a definition in it.")
    for place in step.places:
        if item := plans.kept_away(step, place.path):
            found.append(f"It is to change {place.path}, and to leave `{item}` alone.")
        if place.name and place.name in step.untouched:
            found.append(f"It is to change `{place.name}`, and to leave it alone.")
        found += _of_place(place, files)
    for gate in step.gates:
        if gate not in gates:
            found.append(f"There is no gate `{gate}`; there are {', '.join(gates)}.")
    return [*found, *(why for test in step.tests if (why := _of_test(test, files)))]


def _of_place(place: Place, files: Files) -> list[str]:
    if is_own(files.workspace, place.path):
        return [f"{place.path} is not changed by steps."]
    if item := left_alone(files.settings, place.path, place.name):
        return [f"{place.words} is not to be changed: the person wants `{item}` left alone."]
    text = files.read(place.path)
    if text is None:
        return [f"There is no file {place.path} that a model may see."]
    count = len(Text(text).lines)
    if place.end is not None and place.end > count:
        return [f"{place.path} has {count} lines, so there are no {place.words}."]
    if place.name and (why := _of_name(place.name, place.path, text)):
        return [why]
    return []


def _of_name(name: str, path: str, text: str) -> str:
    """Say that a file does not define a name; empty if it does."""
    names = [each for each, _ in definitions(Text(text), path)]
    if any(means(name, each) for each in names):
        return ""
    last = re.split(r"\.|::", name)[-1]
    python = path.endswith((".py", ".pyi"))
    if not python and re.search(rf"(?<![\w$]){re.escape(last)}(?![\w$])", text):
        return ""  # languages that are only looked through line by line
    near = difflib.get_close_matches(name, names, n=1)
    return f"{path} defines no `{name}`{f'; it has `{near[0]}`' if near else ''}."


def _of_test(test: str, files: Files) -> str:
    path, _, name = test.partition("::")
    folder = files.workspace / path.rstrip("/")
    if not name and not files.skipped(path.rstrip("/")) and folder.is_dir():
        return ""
    text = files.read(path)
    if text is None:
        return f"There is no file {path} for the test `{test}`."
    name = name.partition("[")[0].replace("::", ".")
    return _of_name(name, path, text) if name else ""


def to_json(planned: Planned) -> dict[str, Any]:
    """Return the JSON form of what came."""
    return {
        "text": planned.text,
        "steps": [step.to_json() for step in planned.steps],
        "reasons": list(planned.reasons),
        "calls": [call.to_json() for call in planned.calls],
    }
