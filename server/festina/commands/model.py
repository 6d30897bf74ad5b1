"""``festina model``: embedded models, by name."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from festina.commands.base import Exit, Stop, add_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = commands.add_parser("list", help="show the models that can be had by name")
    add_json(listing)
    pull = commands.add_parser("pull", help="fetch a model, once")
    pull.add_argument("name", metavar="NAME", help="a name from `festina model list`")
    serve = commands.add_parser(
        "serve",
        help="serve a model to other programs, until control-C",
        description="Serve a model on this machine alone, as an OpenAI-compatible API with a key.",
    )
    serve.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="",
        help="a name from `festina model list`, or the path of a GGUF file",
    )


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    from festina.commands.running import run_async

    if args.action == "list":
        return _list(as_json=args.json)
    return run_async(_pull(args.name) if args.action == "pull" else _serve(args.name))


def _list(*, as_json: bool) -> int:
    from festina.models import weights

    rows = [
        {
            "name": each.name,
            "megabytes": each.megabytes,
            "licence": each.licence,
            "path": str(path) if (path := weights.cached(each)) else None,
            "default": each.name == weights.DEFAULT,
        }
        for each in weights.WEIGHTS.values()
    ]
    if as_json:
        print(json.dumps(rows))
        return Exit.DONE
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        here = "here" if row["path"] else "can be fetched"
        default = ", default" if row["default"] else ""
        print(
            f"{row['name']:<{width}}  {row['megabytes']:>5} MB  {row['licence']}  ({here}{default})"
        )
    print("\nAny other GGUF file can be named by its path.")
    return Exit.DONE


async def _pull(name: str) -> int:
    from festina.commands.job import exit_of_error
    from festina.models import weights
    from festina.models.base import ModelError
    from festina.terminal import Terminal

    terminal = Terminal()
    try:
        with terminal.progress(f"looking for {name}"):
            path = await weights.ensure(name, terminal.status)
    except ModelError as error:
        raise Stop(str(error), exit_of_error(error)) from None
    print(path)
    return Exit.DONE


async def _serve(name: str) -> int:
    from festina.commands.job import exit_of_error
    from festina.models import embedded
    from festina.models.base import ModelError
    from festina.terminal import Terminal

    terminal = Terminal()
    try:
        with terminal.progress("starting"):
            model = await embedded.start(name, terminal.status)
    except ModelError as error:
        raise Stop(str(error), exit_of_error(error)) from None
    try:
        print(f"base_url = {json.dumps(model.base_url)}")
        print(f"api_key  = {json.dumps(model.key)}")
        sys.stdout.flush()
        terminal.note(f"serving {model.name} to this machine; control-C ends it")
        await asyncio.to_thread(model.wait)
    finally:
        await model.aclose()
    raise Stop(f"The embedded model {model.name} has ended unexpectedly.", Exit.FAILED)
