"""``festina skill save``: a skill made of a change that a person made or took, before and after.

No text of an edit that was applied is kept anywhere, so what was there before is named: a file, or
what git has of it, on standard input. That the change passes is checked first: a replay is held
against that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from festina import advising, edits, skill_saving, skill_store, skills
from festina.accepted import Accepted, passed_gates
from festina.commands import advice, held, job, target
from festina.commands.base import Exit, Stop
from festina.commands.target import Target
from festina.config import Settings
from festina.context import enclosing, withheld
from festina.edits import Region
from festina.findings import Status, Verdict
from festina.models.meter import counting
from festina.models.ready import EMBEDDED_STREAMS, STREAMS, Ready
from festina.session import Refusal
from festina.skill_saving import Saved, Wish
from festina.slow import Adviser
from festina.text import NotText, Text, decode
from festina.trust import TrustStore
from festina.verify.base import Candidate, Snapshot, Verifier
from festina.verify.engine import Engine

if TYPE_CHECKING:
    from festina.terminal import Terminal


async def save(args: argparse.Namespace) -> int:
    """Have a skill written, replayed and kept; return the exit code."""
    from festina.terminal import Terminal

    terminal = Terminal()
    shown = None if args.json else terminal
    file = target.read(args.file, args.workspace)
    settings = job.settings_of(file.workspace, terminal.warn, args.scope)
    trust = TrustStore()
    snapshot = job.snapshot_of(file.workspace, settings, trust)
    edit = _edit(args, file)
    try:
        skill_store.check_trusted(snapshot)
        if args.name:
            skill_store.slot(snapshot, args.name, replaces=args.replace)
    except Refusal as refusal:
        raise Stop(str(refusal)) from None
    if args.replace and not args.name:
        raise Stop("Name the skill that is to be replaced: --name NAME.")
    if why := withheld(snapshot, file.relative):
        raise Stop(why)
    await _check_large_enough(settings, args.model)
    found = await asyncio.to_thread(skills.look, snapshot)
    taken = frozenset(skill.name for skill in found.skills)
    verifier = Engine(mapping=False)
    try:
        with nullcontext() if shown is None else shown.progress("checking the change"):
            edit = await _checked(edit, snapshot, verifier)
            wish = Wish((edit,), snapshot, settings, args.name or "", taken)
            saved = await _make(args, wish, verifier, trust, shown)
    finally:
        await verifier.aclose()
    for call in saved.calls if shown is not None else ():
        terminal.note(call.words)
    if saved.error is not None:
        raise Stop(f"{saved.error} No skill was written.", job.exit_of_error(saved.error))
    path = "" if saved.skill is None else _keep(args, snapshot, saved)
    _tell(terminal, args, saved, path)
    return Exit.DONE if path else Exit.FAILED


async def _check_large_enough(settings: Settings, model: str | None) -> None:
    """Refuse embedded models before they are started, and before the change is checked.

    Raises:
        Stop: the model that writes the skill, or the one that is to follow it, is one.
    """
    if await advice.is_small(settings, model):
        raise Stop(skill_saving.FOLLOWS_NONE)
    if settings.slow is not None and await advice.is_small(settings, advising.SLOW):
        raise Stop(skill_saving.TOO_SMALL)


def _edit(args: argparse.Namespace, file: Target) -> Accepted:
    """Return the change between two texts of a file, as that of one definition or some lines.

    Raises:
        Stop: they cannot be read, or nothing is different.
    """
    old, new = _before(args), file.text
    changed = edits.rewrite(old, Region(0, len(old.lines)), new.content)
    if not changed:
        raise Stop(f"{file.relative} reads as before, so there is nothing to make a skill of.")
    region = Region(min(one.start for one in changed), max(one.end for one in changed))
    around = enclosing(old, region.start, file.language, file.relative)
    name = ""
    if around is not None and around[0].start <= region.start and region.end <= around[0].end:
        region, name = around
    end = region.end + len(new.lines) - len(old.lines)
    text = new.lines_text(region.start, end)
    where = replace(file, text=old)
    target.check_size(where, region)
    return Accepted(
        id="",
        workspace=file.workspace,
        path=file.relative,
        language=file.language,
        base=old,
        region=region,
        new=text,
        instruction=args.message,
        name=name,
    )


def _before(args: argparse.Namespace) -> Text:
    if str(args.before) != "-":
        return target.read_text(args.before, str(args.before))
    try:
        return decode(sys.stdin.buffer.read())
    except NotText as reason:
        raise Stop(f"What came on standard input is no text: {reason}.") from None


async def _checked(edit: Accepted, snapshot: Snapshot, verifier: Verifier) -> Accepted:
    """Return the change with the gates that it passes.

    Raises:
        Stop: it does not pass.
    """
    before = replace(snapshot, buffers={edit.path: edit.base.content})
    end = len(edit.base.lines)
    new = edit.base.lines_text(0, edit.region.start) + edit.new
    new += edit.base.lines_text(edit.region.end, end)
    candidate = Candidate(edit.path, edit.base.content, new)
    verdict: Verdict = await verifier.verify(before, candidate)
    if verdict.status is not Status.PASSED:
        code = Exit.FAILED if verdict.status is Status.FAILED else Exit.UNVERIFIED
        raise Stop(f"The change does not pass, so it is no example: {verdict.summary()}.", code)
    return replace(edit, gates=passed_gates(verdict))


async def _make(
    args: argparse.Namespace,
    wish: Wish,
    verifier: Verifier,
    trust: TrustStore,
    terminal: Terminal | None,
) -> Saved:
    settings = wish.settings
    async with job.model_for(
        settings, args.model, trust=trust, agreed=args.yes, terminal=terminal
    ) as made:
        small = made.choice.how == "embedded"
        streams = EMBEDDED_STREAMS if small else STREAMS
        fast = Ready(made.model, made.runner, small=small, streams=streams)

        async def get() -> Ready:
            return fast

        adviser = advice.slow_model(
            settings, made.runner, trust=trust, agreed=args.yes, terminal=terminal
        )
        with counting(job.EDIT), held.shown(terminal, "asking for the skill") as on_wait:
            return await skill_saving.make(
                wish,
                adviser or Adviser(get, who="fast"),
                get,
                verifier,
                (lambda _: None) if terminal is None else terminal.status,
                on_wait=on_wait,
            )


def _keep(args: argparse.Namespace, snapshot: Snapshot, saved: Saved) -> str:
    """Write it; return where.

    Raises:
        Stop: it cannot be written.
    """
    assert saved.skill is not None
    try:
        where = skill_store.slot(snapshot, saved.skill.name, replaces=args.replace)
        skill_store.write(where, saved.text)
    except Refusal as refusal:
        raise Stop(str(refusal), Exit.FAILED) from None
    return where.path


def _tell(terminal: Terminal, args: argparse.Namespace, saved: Saved, path: str) -> None:
    if args.json:
        data = {
            "written": bool(path),
            "path": path,
            "name": saved.skill.name if saved.skill is not None else "",
            "text": saved.text,
            "replays": [
                {"place": one.edit.place, "passed": one.passed, "message": one.words}
                for one in saved.replays
            ],
            "reasons": list(saved.reasons),
            "calls": [call.to_json() for call in saved.calls],
        }
        sys.stdout.write(json.dumps(data) + "\n")
        return
    if not path:
        told = "\n".join(f"  {reason}" for reason in saved.reasons)
        terminal.warn(
            "No skill was written: what the model wrote cannot be kept, also not when it was asked "
            f"again.\n{told}"
        )
        return
    terminal.say(saved.text.rstrip("\n"))
    for replayed in saved.replays:
        terminal.note(f"its replay passed: {replayed}")
    terminal.note(f"written to {path}")
