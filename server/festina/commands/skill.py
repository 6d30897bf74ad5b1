"""``festina skill``: the skills that an edit can follow."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from festina.commands.base import Exit, Stop, add_json, add_workspace

if TYPE_CHECKING:
    from festina.skill_file import Skill
    from festina.skills import Problem, Skills
    from festina.verify.base import Snapshot

WIDTH = 88


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = commands.add_parser(
        "list",
        help="show all skills, and what is amiss with them",
        description="Show all skills, and what is amiss with them. Exit code 1 says that there is "
        "one that cannot be used.",
    )
    add_json(listing)
    add_workspace(listing)


def run(args: argparse.Namespace) -> int:
    """Show them."""
    from festina import skills
    from festina.trust import TrustStore
    from festina.verify.base import Snapshot
    from festina.workspaces import workspace_of

    workspace = (args.workspace or workspace_of(Path.cwd())).resolve()
    if not workspace.is_dir():
        raise Stop(f"The workspace {args.workspace} is not a folder.")
    found = skills.look(Snapshot(workspace, trusted=TrustStore().is_trusted(workspace)))
    if args.json:
        print(json.dumps(_to_json(workspace, found)))
    else:
        _show(workspace, found)
    unusable = any(not problem.hidden for problem in found.problems)
    return Exit.FAILED if unusable else Exit.DONE


def named(snapshot: Snapshot, name: str) -> Skill:
    """Return the skill of a name.

    Raises:
        Stop: there is none that can be used.
    """
    from festina import skills

    try:
        return skills.look(snapshot).named(name)
    except skills.NoSkill as error:
        raise Stop(str(error)) from None


def _to_json(workspace: Path, found: Skills) -> dict[str, Any]:
    from festina.skills import PLACES

    return {
        "workspace": str(workspace),
        "trusted": found.trusted,
        "places": list(PLACES),
        "skills": [
            {
                "name": skill.name,
                "description": skill.description,
                "path": skill.path,
                "from": "workspace" if skill.in_workspace else "user",
                "files": list(skill.files),
                "places": list(skill.places),
                "compatibility": skill.compatibility,
                "problems": list(skill.cautions),
            }
            for skill in found.skills
        ],
        "problems": [
            {"path": one.path, "message": one.message, "hidden": one.hidden}
            for one in found.problems
        ],
    }


def _show(workspace: Path, found: Skills) -> None:
    from festina.clean import visible
    from festina.skills import NOT_TRUSTED, PLACES

    for skill in found.skills:
        print(visible(f"{skill.name}  ({skill.path})"))
        _say(skill.description, "    ")
        if skill.compatibility:
            _say(f"Needs: {skill.compatibility}", "    ")
        if skill.files:
            _say(f"For: {' '.join(skill.files)}", "    ")
        for place in skill.places:
            _say(f"Where a line reads: {place}", "    ")
        for caution in skill.cautions:
            _say(f"! {caution}", "    ")
    if found.problems:
        print("Not used:")
        for problem in found.problems:
            _say(_words(problem), "  ")
    if not found.skills:
        print("There is no skill that can be used.")
    if not found.trusted:
        print(f"{NOT_TRUSTED} If you trust it: festina trust {workspace}")
    print(f"Looked for, in this order: {', '.join(PLACES)}")
    if found.skills:
        print("Follow one: festina edit FILE:LINE --skill NAME")


def _words(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}"


def _say(words: str, indent: str) -> None:
    from festina.clean import visible

    lines = textwrap.wrap(
        visible(words), WIDTH, initial_indent=indent, subsequent_indent=indent + "  "
    )
    print("\n".join(lines))
