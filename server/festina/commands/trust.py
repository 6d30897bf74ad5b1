"""``festina trust``: which projects' code may be run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from festina.commands.base import Exit, Stop, add_json

if TYPE_CHECKING:
    from festina.trust import TrustStore

EXPLAIN = """\
Checking an edit runs the project's tests, its interpreter and its ruff: code from the project.
Festina runs none of it before you say that you trust the project; then it does, in a sandbox."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = EXPLAIN
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        help="the project's folder, with all below it (default: the workspace you are in)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--revoke", action="store_true", help="trust the folder no longer")
    what.add_argument("--list", action="store_true", help="show what is trusted")
    what.add_argument(
        "--checks",
        action="store_true",
        help="see the commands that its verify.md names, and approve each new or changed one",
    )
    parser.add_argument(
        "--yes", action="store_true", help="with --checks: approve them all, unasked"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Change or show the user's list."""
    from festina.trust import TrustStore

    store = TrustStore()
    if args.list:
        return _list(store, as_json=args.json)
    folder = _folder(args.folder)
    if args.checks:
        from festina.commands import approving

        return approving.run(args, folder)
    try:
        if args.revoke:
            store.untrust(folder)
        else:
            _refuse_too_much(folder)
            store.trust(folder)
    except OSError as error:
        raise Stop(
            f"{store.file} cannot be written ({error.strerror}), so nothing changed.", Exit.FAILED
        ) from None
    trusted = store.is_trusted(folder)
    if args.json:
        print(json.dumps({"folder": str(folder), "trusted": trusted}))
    elif not args.revoke:
        print(
            f"Trusted: {folder}\nFrom now on its tests and commands may be run, in a sandbox, "
            "and its own Python, ruff and black, as you would run them."
        )
        _tell_of_checks(folder, store)
    elif trusted:
        around = next(place for place in folder.parents if str(place) in store.folders())
        raise Stop(
            f"{folder} is still trusted, through {around}. `festina trust --revoke {around}` ends "
            "that.",
            Exit.FAILED,
        )
    else:
        print(f"No longer trusted: {folder}")
    return Exit.DONE


def _folder(given: Path | None) -> Path:
    from festina.workspaces import workspace_of

    folder = given if given is not None else workspace_of(Path.cwd())
    if not folder.exists():
        raise Stop(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise Stop(f"{folder} is a file; name the project's folder.")
    return folder.resolve()


def _refuse_too_much(folder: Path) -> None:
    if folder == Path(folder.anchor) or folder == Path.home().resolve():
        raise Stop(
            f"{folder} holds far more than one project, and trust would cover all of it. "
            "Name the project's own folder: festina trust DIR"
        )


def _tell_of_checks(folder: Path, store: TrustStore) -> None:
    from festina.commands import approving

    if hint := approving.hint(folder, store):
        print(hint)


def _list(store: TrustStore, *, as_json: bool) -> int:
    from festina.clean import visible
    from festina.verify_file import words

    folders, origins, commands = store.folders(), store.origins(), store.commands()
    if as_json:
        listed = [{"folder": folder, "run": list(run)} for folder, run in commands]
        print(json.dumps({"folders": folders, "origins": origins, "commands": listed}))
        return Exit.DONE
    print("Projects whose code may be run:")
    print("\n".join(f"  {folder}" for folder in folders) or "  none")
    if origins:
        print("Endpoints that were found, and that you allowed code to be sent to:")
        print("\n".join(f"  {origin}" for origin in origins))
    if commands:
        print("Commands of a verify.md that you approved:")
        print("\n".join(visible(f"  {words(run)}  (in {folder})") for folder, run in commands))
    return Exit.DONE
