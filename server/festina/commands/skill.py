"""``festina skill``: the skills that an edit can follow."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from festina.commands.base import Exit, Stop, add_json, add_scope, add_workspace

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
    _configure_run(commands)
    _configure_save(commands)


def _configure_save(commands: Any) -> None:
    saving = commands.add_parser(
        "save",
        help="have a skill written of a change that you made, and proved by a replay",
        description="Have a skill written of the change between an earlier text of a file and what "
        "it is now. It is kept only if the fast model, given the skill and the earlier text, makes "
        "a change that passes the same gates.",
    )
    saving.add_argument("file", metavar="FILE", type=Path, help="the file, as it is after it")
    saving.add_argument(
        "--before",
        metavar="OLD",
        type=Path,
        required=True,
        help="its text before the change: a file, or - for standard input (git show HEAD:FILE)",
    )
    saving.add_argument(
        "-m", "--message", metavar="TEXT", required=True, help="what the change was meant to do"
    )
    saving.add_argument("--name", metavar="NAME", help="the skill's name (default: the model's)")
    saving.add_argument("--replace", action="store_true", help="replace the skill of that name")
    saving.add_argument("--model", metavar="NAME", help="who follows it, as for `festina edit`")
    saving.add_argument(
        "--yes",
        action="store_true",
        help="agree that code is sent to an endpoint that was found, not configured",
    )
    add_json(saving)
    add_scope(saving)
    add_workspace(saving)


def _configure_run(commands: Any) -> None:
    running = commands.add_parser(
        "run",
        help="follow a skill at all places that it is meant for",
        description="Find the places that a skill is meant for (its festina-files and "
        "festina-places), have an edit made and checked for each, and ask about each that passed. "
        "Where nobody can be asked, nothing is written without --apply.",
    )
    running.add_argument("name", metavar="NAME", help="the skill (`festina skill list` shows them)")
    running.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="only in these files and folders"
    )
    running.add_argument(
        "--find",
        metavar="PATTERN",
        action="append",
        help="how a line reads in a place, `...` for anything, in the place of the skill's own; "
        "may be given again",
    )
    running.add_argument("--model", metavar="NAME", help="as for `festina edit`")
    what = running.add_mutually_exclusive_group()
    what.add_argument("--places", action="store_true", help="show the places, and ask no model")
    what.add_argument("--apply", action="store_true", help="write every edit that passes")
    running.add_argument(
        "--yes",
        action="store_true",
        help="agree that code is sent to an endpoint that was found, not configured",
    )
    add_json(running)
    add_scope(running)
    add_workspace(running)
    _take_paths_anywhere(running)


def _take_paths_anywhere(parser: argparse.ArgumentParser) -> None:
    """Let paths stand behind options as well: argparse would take them for a mistake."""
    plain = parser.parse_known_args

    def parse(args: Any = None, namespace: Any = None) -> tuple[argparse.Namespace, list[str]]:
        found, further = plain(args, namespace)
        found.paths += [Path(word) for word in further if not word.startswith("-")]
        return found, [word for word in further if word.startswith("-")]

    parser.parse_known_args = parse  # type: ignore[method-assign, assignment]


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    if args.action == "run":
        from festina.commands import running, skill_running

        return running.run_async(skill_running.run(args))
    if args.action == "save":
        from festina.commands import running, skill_making

        return running.run_async(skill_making.save(args))
    return _list(args)


def _list(args: argparse.Namespace) -> int:
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
    if any(skill.places for skill in found.skills):
        print("Follow one wherever a line reads like that: festina skill run NAME")


def _words(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}"


def _say(words: str, indent: str) -> None:
    from festina.clean import visible

    lines = textwrap.wrap(
        visible(words), WIDTH, initial_indent=indent, subsequent_indent=indent + "  "
    )
    print("\n".join(lines))
