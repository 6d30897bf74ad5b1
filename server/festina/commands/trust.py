"""``festina trust``: which projects' code may be run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from festina.commands.base import Exit, Stop, add_json

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
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Change or show the user's list."""
    from festina.trust import TrustStore

    store = TrustStore()
    if args.list:
        return _list(store.folders(), store.origins(), as_json=args.json)
    folder = _folder(args.folder)
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


def _list(folders: list[str], origins: list[str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"folders": folders, "origins": origins}))
        return Exit.DONE
    print("Projects whose code may be run:")
    print("\n".join(f"  {folder}" for folder in folders) or "  none")
    if origins:
        print("Endpoints that were found, and that you allowed code to be sent to:")
        print("\n".join(f"  {origin}" for origin in origins))
    return Exit.DONE
