"""Whether the tests of a workspace may run on a candidate, can tell anything, and how isolated."""

from __future__ import annotations

from pathlib import PurePosixPath

from festina.verify import sandbox, shadow
from festina.verify.drift import CONFIGURATION
from festina.verify.interpreter import Environment, Missing, cannot_test
from festina.verify.state import State
from festina.verify.syntax import is_python


class Unverified(Exception):  # noqa: N818 - reads as the sentence it makes
    """The gate cannot tell; ``str()`` says why and what to do."""


def conditions(state: State, path: str) -> tuple[str, Environment]:
    """Return the file's real place and the interpreter, where tests may run and can tell.

    Raises:
        Unverified: they may not, or cannot.
    """
    snapshot = state.snapshot
    name = PurePosixPath(path).name
    if path.endswith(".pyi"):
        raise Unverified("No test executes a stub file.")
    if not is_python(path) and name not in CONFIGURATION:
        raise Unverified(
            f"Festina has no gate that could verify {PurePosixPath(path).suffix or name} files:"
            " nothing shows whether the tests depend on this one."
        )
    if not snapshot.trusted:
        remedy = snapshot.trust_remedy or (
            f"If you trust it, run `festina trust {snapshot.workspace}` and verify again."
        )
        raise Unverified(f"The workspace is not trusted, so nothing of it was run. {remedy}")
    real = state.places.get(path, "")
    if not real:
        try:
            real = state.places[path] = shadow.locate(snapshot.workspace, path)
        except shadow.Outside as error:
            raise Unverified(str(error)) from error
    if any(real == shown or real.startswith(f"{shown}/") for shown in state.tree.shown):
        raise Unverified(f"{path} belongs to an environment, which the tests see as installed.")
    for python in (state.found, state.python):
        if isinstance(python, Missing):
            raise Unverified(f"{python.reason} {python.remedy}")
    environment = state.python
    assert isinstance(environment, Environment)
    if (missing := cannot_test(environment)) is not None:
        raise Unverified(f"{missing.reason} {missing.remedy}")
    return real, environment


async def level_of(state: State) -> sandbox.Level:
    """Return the isolation to use: the setting's, if it works, else the best there is.

    Raises:
        Unverified: there is none, and nobody agreed to go without.
    """
    snapshot = state.snapshot
    if snapshot.settings.sandbox == "off" and snapshot.consent:
        return sandbox.Level.NONE
    probe = await sandbox.probe()
    if probe.level is sandbox.Level.NONE and not snapshot.consent:
        raise Unverified(
            f"Tests run only in a sandbox, and there is none here: {probe.detail} {probe.remedy}"
        )
    return probe.level
