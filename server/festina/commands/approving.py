"""``festina trust --checks``: the commands of ``verify.md``, each approved once by the person."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from festina import checks
from festina.clean import visible
from festina.commands import running
from festina.commands.base import Exit, Stop
from festina.trust import TrustStore
from festina.verify_file import NAME, words

if TYPE_CHECKING:
    from festina.verify_file import Check


def run(args: argparse.Namespace, workspace: Path) -> int:
    """Show each new or changed command and ask whether it may be run.

    Raises:
        Stop: nobody can be asked, or the answer cannot be kept.
    """
    trust = TrustStore()
    found = checks.look(workspace, trust)
    new = found.new
    if args.yes:
        for check in new:
            _approve(trust, workspace, check)
        new = ()
    elif new and not args.json and running.may_ask():
        new = tuple(check for check in new if not _asked(trust, workspace, check))
    found = checks.look(workspace, trust)
    if args.json:
        print(json.dumps(_to_json(workspace, found)))
    else:
        _show(workspace, found)
    return Exit.FAILED if found.new or found.problems else Exit.DONE


def hint(workspace: Path, trust: TrustStore) -> str:
    """Say that there is something to be approved; empty where there is not."""
    count = len(checks.look(workspace, trust).new)
    if not count:
        return ""
    names = "a command" if count == 1 else f"{count} commands"
    return f"Its {NAME} names {names} that must pass. To see and approve: {checks.APPROVE}"


def _asked(trust: TrustStore, workspace: Path, check: Check) -> bool:
    question = visible(
        f"Line {check.line} of {NAME}: {words(check.run)}\n"
        f"Run this in the sandbox, without a shell, to check each edit in {workspace}?"
    )
    if not running.ask(question):
        return False
    _approve(trust, workspace, check)
    return True


def _approve(trust: TrustStore, workspace: Path, check: Check) -> None:
    try:
        trust.approve(workspace, check.run)
    except OSError as error:
        raise Stop(
            f"{trust.file} cannot be written ({error.strerror}), so nothing was approved.",
            Exit.FAILED,
        ) from None


def _show(workspace: Path, found: checks.Found) -> None:
    if not (found.named or found.problems):
        print(f"No checked line of {workspace / NAME} names a command.")
    for one in found.named:
        says = "approved" if one.approved else "not approved: edits stay unverified"
        for_files = f" for {' '.join(one.check.when)}" if one.check.when else ""
        print(visible(f"{NAME}:{one.check.line}  {words(one.check.run)}{for_files}  ({says})"))
    for problem in found.problems:
        print(visible(f"! {problem}"))
    for line in found.silent:
        print(f"{NAME}:{line}  names no command between backticks, so nothing checks it")
    if found.new:
        print(f"To approve them: {checks.APPROVE} at a terminal, or with --yes after reading them.")


def _to_json(workspace: Path, found: checks.Found) -> dict[str, object]:
    return {
        "folder": str(workspace),
        "checks": [
            {
                "line": one.check.line,
                "name": one.check.name,
                "run": list(one.check.run),
                "when": list(one.check.when),
                "approved": one.approved,
            }
            for one in found.named
        ],
        "problems": [{"line": one.line, "message": one.message} for one in found.problems],
    }
