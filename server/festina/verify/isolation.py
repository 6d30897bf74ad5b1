"""How far code of a workspace is kept apart here, and whether it may be run at all."""

from __future__ import annotations

from festina.verify import sandbox
from festina.verify.base import Snapshot


class Refused(Exception):  # noqa: N818 - reads as the sentence it makes
    """Nothing of the workspace may be run; ``str()`` says why and what to do."""


async def isolation(snapshot: Snapshot, what: str) -> sandbox.Level:
    """Return the isolation to use: the setting's, if it is agreed to, else the best there is.

    ``what`` is to be run, at the start of a sentence.

    Raises:
        Refused: the workspace is not trusted, or there is no sandbox and nobody has agreed to that.
    """
    if not snapshot.trusted:
        remedy = snapshot.trust_remedy or (
            f"If you trust it, run `festina trust {snapshot.workspace}` and verify again."
        )
        raise Refused(f"The workspace is not trusted, so nothing of it was run. {remedy}")
    if snapshot.settings.sandbox == "off" and snapshot.consent:
        return sandbox.Level.NONE
    probe = await sandbox.probe()
    if probe.level is sandbox.Level.NONE and not snapshot.consent:
        raise Refused(
            f"{what} only in a sandbox, and there is none here: {probe.detail} {probe.remedy}"
        )
    return probe.level


def named(level: sandbox.Level | None, snapshot: Snapshot) -> str | None:
    """Return the isolation that was in force as a verdict names it; None where nothing ran."""
    if level is None or level is sandbox.Level.NONE or snapshot.settings.network == "none":
        return None if level is None else str(level)
    return f"{level}, with the network open"
