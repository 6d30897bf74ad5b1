"""Accepted edits on the command line: written down, then into the file; and what is left of them.

The journal knows what was accepted; what became of it is read from the files alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from festina import edits, leftovers
from festina.clean import visible
from festina.commands import accepting, apply, job
from festina.commands.accepting import Warn
from festina.commands.base import Exit, Stop
from festina.commands.outcome import Answer
from festina.commands.running import exit_of
from festina.commands.target import Target
from festina.findings import Status
from festina.leftovers import Left
from festina.memory import Entry, Kept, State, Store, Trouble
from festina.memory.fate import Fate, Found
from festina.text import Text, decode
from festina.trust import TrustStore
from festina.verify.base import Candidate, Snapshot, Verifier, verdict_key
from festina.verify.engine import Engine
from festina.workspaces import workspace_of


async def write_checked(
    target: Target,
    best: Answer,
    verifier: Verifier,
    snapshot: Snapshot,
    *,
    name: str,
    line: str,
    warn: Warn,
) -> None:
    """Write an edit that passed, if its verdict still holds (design, invariant 2).

    Raises:
        Stop: it does not, or the file cannot be written.
    """
    assert best.verdict is not None
    now = verdict_key(best.text, await verifier.fingerprint(snapshot))
    if now != best.verdict.key:
        raise Stop(
            "The workspace changed after the edit was checked, so nothing was written. Ask for it "
            "again.",
            Exit.FAILED,
        )
    await asyncio.to_thread(write, target, Text(best.text), name, line, warn)


def write(target: Target, new: Text, name: str, line: str, warn: Warn) -> None:
    """Write an accepted edit down, then into its file; ``line`` is for ``progress.md``. Blocks.

    Raises:
        Stop: the file changed meanwhile or cannot be written.
    """
    kept = Kept(target.relative, target.text, new)
    with contextlib.closing(Store(target.workspace)) as store:
        accepting.accept(store, [(target.path, kept)], name=name, lines=[line], warn=warn)


def greet(workspace: Path, warn: Warn) -> None:
    """Say of what is left, once; write what was to be said in ``progress.md``."""
    store = Store(workspace)
    with contextlib.suppress(Trouble):  # it is told where it is needed
        if left := leftovers.untold(leftovers.look(store)):
            warn(leftovers.news(left))
            store.journal.tell(entry.id for entry, _ in left)
        accepting.catch_up(store, warn)
    store.close()


async def run(args: argparse.Namespace) -> int:
    """Show what is left, or do with one entry what was asked for.

    Raises:
        Stop: there is no such entry, or that cannot be done.
    """
    workspace = (args.workspace or workspace_of(Path.cwd())).resolve()
    if not workspace.is_dir():
        raise Stop(f"The workspace {args.workspace} is not a folder.")
    store = Store(workspace)
    try:
        left = leftovers.look(store)
        number = next((n for n in (args.show, args.apply, args.forget) if n is not None), None)
        if number is None:
            return _list(workspace, left, as_json=args.json)
        one = next((one for one in left if one[0].id == number), None)
        if one is None:
            raise Stop(f"There is no accepted edit {number} left; `festina recover` lists them.")
        if args.show is not None:
            for kept in one[0].files:
                print(edits.patch(kept.before, kept.after, kept.path), end="")
            return Exit.DONE
        if args.apply is not None:
            await _apply(workspace, *one)
        store.journal.move(number, State.ABSENT if args.forget is not None else State.APPLIED)
        accepting.catch_up(store, _warn)
        if args.json:
            print(json.dumps({"id": number, "done": "apply" if args.forget is None else "forget"}))
        else:
            print("Forgotten." if args.apply is None else f"Applied to {leftovers.paths(one[0])}.")
        return Exit.DONE
    except Trouble as trouble:
        raise Stop(str(trouble), Exit.FAILED) from None
    finally:
        store.close()


async def _apply(workspace: Path, entry: Entry, files: dict[str, Found]) -> None:
    """Check an edit again as its files are now, and write what is not in them.

    Raises:
        Stop: a file was changed since, or the edit does not pass any more.
    """
    todo = [kept for kept in entry.files if files[kept.path].fate is not Fate.APPLIED]
    for kept in todo:
        found = files[kept.path]
        if found.gone or (found.changed and not found.torn):
            what = "is no longer there" if found.gone else "was changed since"
            raise Stop(
                f"{kept.path} {what}, so the edit cannot be written as it was accepted. "
                f"`festina recover --show {entry.id}` prints it; ask for it again.",
                Exit.FAILED,
            )
        apply.check_writable(workspace / kept.path, otherwise="")
    await _verify(workspace, entry, todo, files)
    put(workspace, entry, files)


def put(workspace: Path, entry: Entry, files: dict[str, Found]) -> None:
    """Write what is not in its files, in the place of exactly what was found there.

    Raises:
        Stop: a file changed meanwhile or cannot be written.
    """
    for kept in entry.files:
        found, path = files[kept.path], workspace / kept.path
        if found.torn:
            apply.finish(path, found.now, kept.after)
        elif found.fate is not Fate.APPLIED:
            apply.write(path, decode(found.now), kept.after)
        leftovers.sweep(path)


async def _verify(workspace: Path, entry: Entry, todo: list[Kept], files: dict[str, Found]) -> None:
    """See to it that an edit passes in the workspace as it is, with what else belongs to it."""
    settings = job.settings_of(workspace, lambda _: None)
    snapshot = job.snapshot_of(workspace, settings, TrustStore())
    verifier = Engine()
    try:
        for kept in todo:
            found = files[kept.path]
            old = kept.before if found.torn else decode(found.now)
            others = {other.path: other.after.content for other in todo if other is not kept}
            seen = replace(snapshot, buffers={**others, kept.path: old.content})
            candidate = Candidate(kept.path, old.content, kept.after.content)
            verdict = await verifier.verify(seen, candidate)
            if verdict.status is not Status.PASSED:
                raise Stop(
                    f"{kept.path} is as it was, as the edit does not pass any more: "
                    f"{verdict.status}: {verdict.summary()}. `festina recover --show {entry.id}` "
                    "prints it.",
                    exit_of(verdict.status),
                )
    finally:
        await verifier.aclose()


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")


def _list(workspace: Path, left: list[Left], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"workspace": str(workspace), "left": [_to_json(*one) for one in left]}))
    elif not left:
        print("Nothing is left over: every edit that you accepted is in its file.")
    for entry, files in () if as_json else left:
        when = leftovers.when(entry.at)
        print(visible(f"{entry.id}  {leftovers.what(entry)}, {leftovers.how(entry)} {when}"))
        for path, found in files.items():
            print(visible(f"   {path}: {found.fate}. {leftovers.words(found)}"))
        print(f"   {leftovers.remedy(entry, files)}")
    return Exit.FAILED if left else Exit.DONE


def _to_json(entry: Entry, files: dict[str, Found]) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": datetime.fromtimestamp(entry.at).astimezone().isoformat(timespec="seconds"),
        "name": entry.name,
        "how": entry.how,
        "accepted": entry.state is not State.OFFERED,
        "files": [
            {
                "path": path,
                "state": str(found.fate),
                "changed": found.changed,
                "gone": found.gone,
                "torn": found.torn,
            }
            for path, found in files.items()
        ],
        "applicable": leftovers.applicable(files),
    }
