"""The command line: finds the command, and sees to it that every end is a calm one.

Only the module of the command that is asked for is imported, so that ``festina --version`` and the
completion of a shell cost next to nothing.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn, cast

from festina import __version__
from festina.clean import visible
from festina.commands.base import Command, Exit, Stop

COMMANDS = {
    "edit": "edit lines of a file with a model; only what passes is applied",
    "ask": "answer a question about lines of a file; nothing is changed",
    "plan": "have a goal planned as small, bounded steps, in plan.md",
    "gallery": "show all candidates of an edit on one page, as a file",
    "verify": "check a new text of a file, without any model",
    "try": "watch it work on a bundled sample: no key, no editor",
    "trust": "allow a project's code to be run for its checks",
    "skill": "list skills, make one, or follow one at all places that it is meant for",
    "recover": "show accepted edits that never reached their files, and write them",
    "report": "show what came of a project's edits: accepted, rejected and why, reworked, tokens",
    "stats": "show what was asked of models, by day: requests, tokens, cost",
    "model": "list, fetch or serve embedded models",
    "doctor": "show what Festina found here, and what to mend",
    "server": "serve an editor (LSP on standard input and output)",
}

_MODULES = {"try": "try_sample"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Stop(f"{message} (`{self.prog} --help` shows what is possible)")


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser; only the arguments of ``command`` are filled in."""
    top = _Parser(
        prog="festina",
        description="Verified AI edits: lint and your tests run on an edit before you accept it.",
        epilog="Exit codes: 0 done or passed, 1 rejected or failed, 2 usage or configuration, "
        "3 unverified, 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"festina {__version__}")
    _add_debug(top, default=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, words in COMMANDS.items():
        below = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        if name == command:
            _module(name).configure(below)
            _add_debug(below, default=argparse.SUPPRESS)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Never raises, but for ``--help`` and the like."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except Stop as stop:
        _tell(str(stop), words)
        return stop.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; Python would complain again when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence in place of a traceback
        _unexpected(error, words)
        return Exit.FAILED
    return code


def _run(words: list[str]) -> int:
    command = next((word for word in words if not word.startswith("-")), None)
    if not words:
        parser().print_help(sys.stderr)
        return Exit.USAGE
    if command is not None and command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"did you mean `festina {near[0]}`?" if near else "`festina --help` lists them all."
        raise Stop(f"there is no command {command!r}; {hint}")
    try:
        args = parser(command).parse_args(words)
    except Stop:
        if "--filter" in words:  # an editor replaces the lines by what we print
            sys.stdout.write(sys.stdin.read())
        raise
    return _module(args.command).run(args)


def _module(name: str) -> Command:
    return cast(Command, importlib.import_module(f"festina.commands.{_MODULES.get(name, name)}"))


def _add_debug(target: argparse.ArgumentParser, *, default: object) -> None:
    target.add_argument(
        "--debug",
        action="store_true",
        default=default,
        help="show tracebacks of unexpected errors (also: FESTINA_DEBUG=1)",
    )


def _unexpected(error: Exception, words: Sequence[str]) -> None:
    if "--debug" in words or os.environ.get("FESTINA_DEBUG", "") not in {"", "0"}:
        traceback.print_exception(error)
        return
    kind = type(error).__name__
    _tell(f"unexpected error ({kind}). Run it again with --debug to see where it happened.", words)


def _tell(message: str, words: Sequence[str]) -> None:
    """Say it on standard error; not where that ends up in a person's file (see ``filtering``)."""
    if "--filter" in words:
        from festina.commands.filtering import errors_are_separate

        if not errors_are_separate():
            return
    sys.stderr.write(f"festina: {visible(message)}\n")
