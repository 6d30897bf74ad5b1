"""Whether a command would be judged by itself: an edit changes what it runs. All of it blocks."""

from __future__ import annotations

from collections.abc import Collection

from festina.gate_commands import Command
from festina.verify import command_runs, shadow
from festina.verify.base import Candidate
from festina.verify.state import State
from festina.verify_file import NAME, words


def why(state: State, candidate: Candidate, command: Command, path: str) -> str:
    """Say why a command cannot judge a candidate that changes ``path``; empty where it can.

    Raises:
        shadow.Outside: a file of the candidate lies out of the workspace.
    """
    changed = {path, *shadow.located(state.snapshot.workspace, candidate.laid)}
    entries = state.tree.entries
    named = _names(state, changed)
    executable = {e.path for e in entries if e.kind == "file" and e.mode & 0o111}
    paths = command_runs.Paths(
        {entry.path for entry in entries} | {*state.buffers, *named},
        executable | {name for name, real in named.items() if real in executable},
    )
    script = named.get(command_runs.ran(command.run, named, paths))
    if script is None:
        return ""
    careful = "Read the edit with care before you accept it unverified."
    if command.origin == NAME:
        careful = (
            "Read the edit with care: whoever accepts it unverified approves the command as it is "
            "then."
        )
    return (
        f"The edit changes {script}, which `{words(command.run)}` of {command.origin} runs: it "
        f"would be judged by itself, so that was not run. {careful}"
    )


def _names(state: State, changed: Collection[str]) -> dict[str, str]:
    """Return by which names some files can be reached, links among them, and which one each is."""
    names = {path: path for path in changed}
    for link in (entry.path for entry in state.tree.entries if entry.kind == "link"):
        try:
            real = shadow.locate(state.snapshot.workspace, link)
        except (shadow.Outside, OSError, RuntimeError):  # elsewhere, or in a circle
            continue
        for path in changed:
            if path == real or path.startswith(f"{real}/"):
                names[link + path.removeprefix(real)] = path
    return names
