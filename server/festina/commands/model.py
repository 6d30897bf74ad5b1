"""``festina model``: embedded models, by name."""

from __future__ import annotations

import argparse
import asyncio
import json
from contextlib import nullcontext

from festina.commands.base import Exit, Stop, add_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = commands.add_parser("list", help="show the models that can be had by name")
    add_json(listing)
    pull = commands.add_parser("pull", help="fetch a model, once")
    pull.add_argument("name", metavar="NAME", help="a name from `festina model list`")
    add_json(pull)
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
    add_json(serve)


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    from festina.commands.running import run_async

    if args.action == "list":
        return _list(as_json=args.json)
    work = _pull if args.action == "pull" else _serve
    return run_async(work(args.name, as_json=args.json))


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
    print("\nFetch one: festina model pull NAME. Any other GGUF file can be named by its path.")
    return Exit.DONE


async def _pull(name: str, *, as_json: bool) -> int:
    from festina.commands.job import exit_of_error
    from festina.models import weights
    from festina.models.base import ModelError
    from festina.terminal import Terminal

    terminal = Terminal()
    try:
        with nullcontext() if as_json else terminal.progress(f"looking for {name}"):
            path = await weights.ensure(name, terminal.status)
    except ModelError as error:
        raise Stop(str(error), exit_of_error(error)) from None
    print(json.dumps({"name": name, "path": str(path)}) if as_json else path)
    return Exit.DONE


async def _serve(name: str, *, as_json: bool) -> int:
    from festina.commands.job import exit_of_error
    from festina.models import embedded
    from festina.models.base import ModelError
    from festina.terminal import Terminal

    terminal = Terminal()
    try:
        with nullcontext() if as_json else terminal.progress("starting"):
            model = await embedded.start(name, terminal.status)
    except ModelError as error:
        raise Stop(str(error), exit_of_error(error)) from None
    try:
        if as_json:
            print(json.dumps({"base_url": model.base_url, "api_key": model.key}), flush=True)
        else:
            print(f"base_url = {json.dumps(model.base_url)}")
            print(f"api_key  = {json.dumps(model.key)}", flush=True)
            terminal.note(f"serving {model.name} to this machine; control-C ends it")
        await asyncio.to_thread(model.wait)
    finally:
        await model.aclose()
    raise Stop(f"The embedded model {model.name} has ended unexpectedly.", Exit.FAILED)
