"""``festina plan``: a goal becomes bounded steps, in a ``plan.md`` that a person edits."""

from __future__ import annotations

import argparse

from festina.commands.base import Stop, add_json, add_workspace, between


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Has the slow model write plan.md: a checklist of small steps, each with its place, what "
        "must pass, the largest diff, and what must not be touched. Edit it as you like. Nothing "
        "of the project is changed, and nothing in a plan is ever executed."
    )
    parser.add_argument(
        "goal", metavar="GOAL", nargs="?", help="what is to be reached, in your own words"
    )
    parser.add_argument(
        "--run",
        action="store_true",
        help="run the steps of plan.md in their order, and stop at the first edit that waits for "
        "you; nothing is written unless you accept it",
    )
    parser.add_argument(
        "--until", metavar="N", type=between(1, 10_000), help="with --run: stop after step N"
    )
    parser.add_argument(
        "--apply", action="store_true", help="with --run: write the edit of one step if it passed"
    )
    parser.add_argument("--force", action="store_true", help="replace a plan.md that is there")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="fast, slow, a provider (groq), PROVIDER:MODEL, a model's id "
        "(default: the slow model, where one is configured)",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="agree that names of files and definitions are sent to an endpoint that was found, "
        "not configured",
    )
    parser.add_argument(
        "--show-prompt",
        action="store_true",
        help="print what would be sent to the model, and send nothing",
    )
    add_json(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, show the plan, and write it."""
    from festina.commands import planning, running

    if args.run:
        from festina.commands import plan_running

        return running.run_async(plan_running.run(args))
    if args.apply or args.until is not None:
        raise Stop("--apply and --until go with --run.")
    if args.goal is None:
        raise Stop('Say what is to be reached: festina plan "GOAL"; or run a plan: --run.')
    if args.show_prompt:
        return running.run_async(planning.show_prompt(args))
    return running.run_async(planning.as_json(args) if args.json else planning.shown(args))
