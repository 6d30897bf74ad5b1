"""From a step of a plan to an edit: its place in a text as it is now, and what a model is told.

Each step is a small context of its own: a model is told the step and its bounds, nothing of the
plan around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from festina import edits, plans
from festina.config import VerifySettings
from festina.context import enclosing
from festina.context.own import is_named, is_own
from festina.documents import Document
from festina.edits import Region
from festina.edits.defined import definitions, means
from festina.plans import Damaged, Place, Plan, Step, unknown_gates
from festina.plans.bounds import forbidden
from festina.plans.fields import code
from festina.proposals import Proposal
from festina.session import Refusal
from festina.text import NotText, Text, decode

MOST_REASONS = 10
YOURS = "{} is not changed by steps: it is yours."
EXPLAIN = (
    "What would this step of the plan change, why is it needed, and what could go wrong with it?"
)


def chosen(plan: Plan, line: int) -> int:
    """Return the index of the step on a line (from 0).

    Raises:
        Refusal: there is none.
    """
    index = plan.at(line)
    if index is None:
        raise Refusal(f"There is no step on line {line + 1}. Choose a line that begins with a box.")
    return index


def check(step: Step, settings: VerifySettings) -> None:
    """See beforehand whether a step can be run.

    Raises:
        Refusal: it cannot, why, and what to do.
    """
    if step.done:
        raise Refusal("This step is done. Take the tick out of its box to run it again.")
    if not step.places:
        raise Refusal(
            "This step names no file (`where`), so it is yours to do. Tick it when it is done, or "
            "say where it is."
        )
    for place in step.places:
        if is_named(place.path):
            raise Refusal(YOURS.format(place.path))
        if why := forbidden(settings, place.path, place.name):
            raise Refusal(why)
    if unknown := unknown_gates(step, settings):
        raise Refusal(
            f"There is no gate {code(unknown[0])}, which must pass for this step. Name one that "
            "there is, or set it up in verify.commands."
        )


def check_own(workspace: Path, path: str) -> None:
    """See to it that a file is not the person's own under another name. Blocks.

    Raises:
        Refusal: it is.
    """
    if is_own(workspace, path):
        raise Refusal(YOURS.format(path))


def on_disk(workspace: Path, path: str) -> Document:
    """Return a file of a workspace as a document that is not open. Blocks.

    Raises:
        Refusal: it cannot be read.
    """
    file = workspace / path
    try:
        text = decode(file.read_bytes())
    except FileNotFoundError:
        raise Refusal(f"There is no file {path}. Correct the step's `where`.") from None
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    except NotText as reason:
        raise Refusal(f"{path} cannot be edited: {reason}.") from None
    suffix = file.suffix.removeprefix(".").lower()
    language = "python" if suffix in {"py", "pyi", "pyw"} else suffix or "text"
    return Document(file.as_uri(), file, language, 0, text)


def region_of(place: Place, text: Text, language: str) -> tuple[Region, str]:
    """Return where a step works, and its name where it has one. Blocks for milliseconds.

    Raises:
        Refusal: there is no such place, or too much of it for one edit.
    """
    count = len(text.lines)
    name = place.name
    if count == 0:
        raise Refusal(f"{place.path} is empty, so there is nothing to edit.")
    if place.start is not None:
        end = place.end or place.start
        if end > count:
            raise Refusal(f"{place.path} has {count} lines by now, so there are no {place.words}.")
        region = Region(place.start - 1, end)
        name = edits.name_of(text, region)
    elif name:
        region = _defined(place, text, language)
    else:
        region = Region(0, count)
    _check_size(region, text, place.words)
    return region, name


def region(places: Sequence[Place], document: Document) -> tuple[Region, str]:
    """Return the lines of a document that hold all of a step's places in it. Blocks.

    Raises:
        Refusal: there is no such place, or too much of it for one edit.
    """
    found = [region_of(place, document.text, document.language) for place in places]
    if len(found) == 1:
        return found[0]
    whole = Region(min(one.start for one, _ in found), max(one.end for one, _ in found))
    _check_size(whole, document.text, f"What lies between the places in {places[0].path}")
    return whole, ", ".join(name for _, name in found if name)


def _check_size(region: Region, text: Text, what: str) -> None:
    lines, chars = region.end - region.start, len(text.lines_text(region.start, region.end))
    if lines > edits.MAX_REGION_LINES or chars > edits.MAX_REGION_CHARS:
        raise Refusal(
            f"{what} has {lines} lines, which are too many for one edit (the limit is "
            f"{edits.MAX_REGION_LINES}). Name a definition or fewer lines in the step's `where`."
        )


def _defined(place: Place, text: Text, language: str) -> Region:
    """Return the lines of a definition.

    Raises:
        Refusal: the file has none of that name.
    """
    found = [region for name, region in definitions(text, place.path) if means(place.name, name)]
    if found:
        return max(found, key=lambda region: region.end - region.start)
    # of other languages only the lines tell what is defined: trees may know better
    last = re.split(r"\.|::", place.name)[-1]
    word = re.compile(rf"(?<![\w$]){re.escape(last)}(?![\w$])")
    for number, line in enumerate(text.lines):
        if word.search(line):
            around = enclosing(text, number, language, place.path)
            if around is not None and around[1].rpartition(".")[2] == last:
                return around[0]
    raise Refusal(
        f"{place.path} defines no {code(place.name)} by now. Correct the step's `where`, or have "
        "it planned again."
    )


def asked(step: Step, path: str) -> str:
    """Return what a model is told of a step for one of its files: the words and the bounds."""
    told = [step.instruction]
    here = [place.words for place in step.places if place.path == path]
    others = [place.words for place in step.places if place.path != path]
    if len(here) > 1:
        told.append(f"It is about {'; '.join(here)}: leave what stands between them as it is.")
    if others:
        told.append(
            f"This is the part of it in {'; '.join(here)}; write this part alone. The rest is done "
            f"elsewhere: {'; '.join(others)}."
        )
    bounds = []
    if step.most_lines is not None:
        together = " in all of its files together" if others else ""
        bounds.append(
            f"change at most {step.most_lines} line{'s' if step.most_lines != 1 else ''}, removed "
            f"and added ones counted{together}"
        )
    if step.untouched:
        bounds.append(f"leave {', '.join(map(code, step.untouched))} as it is")
    if bounds:
        told.append(f"Keep to its bounds: {'; '.join(bounds)}.")
    return "\n".join(told)


def ticked(plan: Plan, step: Step) -> Plan:
    """Return the plan with a step ticked, wherever it stands by now.

    Raises:
        Refusal: somebody has changed the step meanwhile.
    """
    index = plan.find(step)
    if index is None:
        raise Refusal(
            f"The edit was applied, but its step ({step.title}) reads otherwise in plan.md by now, "
            "so nothing was ticked. Tick it yourself if it is done."
        )
    return plan if plan.steps[index].done else plans.tick(plan, index)


def swapped(plan: Plan, step: Step, *new: Step) -> Plan:
    """Return the plan with others in the place of a step, wherever that stands by now.

    Raises:
        Refusal: somebody has changed the step meanwhile.
    """
    index = plan.find(step)
    if index is None:
        raise Refusal(
            f"The step ({step.title}) reads otherwise in plan.md by now, so it stays as it is."
        )
    try:
        return plans.replaced(plan, index, *new)
    except Damaged as damaged:
        raise Refusal(str(damaged)) from None


def reasons_of(proposal: Proposal) -> tuple[str, ...]:
    """Say why a proposal was rejected, for whoever plans its step anew."""
    view = proposal.candidate
    if view is None or view.verdict is None:
        return (proposal.message,)
    found = [f"{one.gate}: {one.message}" for one in view.verdict.counted]
    return tuple(found[:MOST_REASONS]) or (proposal.message,)
