"""The whole way of an edit, case by case: see ``support.marked`` for what a case looks like."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path, PurePath

import pytest

from festina import edits, markers
from festina.edits import Defect, Region
from festina.events import Parsed, Refused
from festina.pipeline import propose
from festina.task import Task
from festina.text import Encoding, Text
from festina.verify.base import Snapshot
from support import marked
from support.fakes import DirectRunner, ScriptedModel, ScriptedVerifier, passed
from support.marked import Case

FILES = sorted(marked.FOLDER.glob("*.txt"))
LANGUAGES = {".py": "python", ".pyi": "python", ".md": "markdown", ".js": "javascript"}


@dataclass
class Came:
    """What the pipeline made of an answer: a text for the region, or the name of a defect."""

    region_text: str = ""
    text: str = ""
    diff: str = ""
    code: str = ""


def language_of(path: str) -> str:
    suffix = PurePath(path).suffix
    return LANGUAGES.get(suffix, suffix.removeprefix("."))


async def ask(case: Case, region: Region, answer: str) -> Came:
    """Send an answer through the real pipeline, past a verifier that lets everything pass."""
    task = Task(
        Snapshot(Path("/w")),
        case.marked,
        case.text,
        region,
        case.section("instruction") or "improve it",
        language_of(case.marked),
        rounds=0,
    )
    came = Came()
    verifier = ScriptedVerifier(lambda _: passed())
    async for event in propose(task, ScriptedModel([answer]), DirectRunner(), verifier):
        if isinstance(event, Parsed):
            came = Came(event.region_text, event.candidate_text, event.diff)
        elif isinstance(event, Refused):
            came = Came(code=event.code)
    return came


def repairs(case: Case, region: Region, answer: str) -> tuple[str, ...]:
    stripped, own = markers.strip(case.text, region)
    prepared = edits.prepare(stripped, own, language=language_of(case.marked))
    result = edits.finish(prepared, answer)
    assert not isinstance(result, Defect)
    return result.repairs


def lines(region: Region) -> str:
    if region.start == region.end:
        return f"before line {region.start + 1}"
    first, last = region.start + 1, region.end
    return f"line {first}" if first == last else f"lines {first}-{last}"


def follow(texts: list[Text], region: Region | None) -> Region | None:
    for before, after in itertools.pairwise(texts):
        region = region and edits.rebase(before, after, region)
    return region


async def outcome(case: Case) -> str:
    """Return what a case comes to, in words and as a diff."""
    region = edits.snap(case.text, case.range, Encoding.UTF16)
    name = edits.name_of(case.text, region)
    if case.range.start == case.range.end:
        found = edits.enclosing(case.text, case.range.start.line)
        if found is None:
            return "region: none\n"
        region, name = found
    out = [f"region: {lines(region)}" + (f", {name}" if name else "")]
    if asked := markers.instruction(case.text, region):
        out.append(f"instruction: {asked}")
    answer = case.section("answer")
    if answer is None:
        return "\n".join(out) + "\n"
    came = await ask(case, region, answer)
    if came.code:
        return "\n".join([*out, f"defect: {came.code}"]) + "\n"
    if put_right := repairs(case, region, answer):
        out.append(f"repairs: {', '.join(put_right)}")
    diff = came.diff
    texts = [case.text, *case.edited()]
    if len(texts) > 1:
        moved = follow(texts, region)
        out.append(f"then: {lines(moved) if moved else 'stale'}")
        if moved is None:
            return "\n".join(out) + "\n"
        new = edits.apply(texts[-1], edits.rewrite(texts[-1], moved, came.region_text))
        diff = edits.patch(texts[-1], new, case.marked)
    return "\n".join(out) + "\n" + marked.encode(diff)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
async def test_an_edit_comes_to_what_its_fixture_says(path, pytestconfig):
    case = marked.load(path)
    came = await outcome(case)
    if pytestconfig.getoption("update_fixtures"):
        marked.store(case, came)
        return
    assert came == case.section(marked.EXPECTED), "right? pytest --update-fixtures writes it"


def test_there_are_fixtures():
    assert len(FILES) >= 100
