"""Running a command where nothing can be put in another's place: in the copy itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from festina.verify import process, sandbox_filter, sandbox_landlock, sweep
from festina.verify.process import Completed

if TYPE_CHECKING:
    from festina.verify.sandbox_values import Box


async def run(
    box: Box,
    argv: Sequence[str],
    timeout: float | None,
    pass_fds: Sequence[int],
    stdin: bytes | None,
    max_output: int,
    cwd: Path | None,
    *,
    restricted: bool,
) -> Completed:
    """Run in the shadow with an empty home, so that at least honest code leaves no traces.

    ``restricted`` keeps all code to them, with Landlock.
    """
    async with sweep.scratch() as scratch:
        await asyncio.to_thread(_stand_in, box)
        home = str(scratch)
        base = box.environ.get("PYTHONUSERBASE") or f"{os.environ.get('HOME', '')}/.local"
        env = {**box.environ, "HOME": home, "TMPDIR": home, "PYTHONUSERBASE": base}
        place = box.shadow
        if cwd is not None:
            inside = cwd.is_relative_to(box.workspace)
            place = box.shadow / cwd.relative_to(box.workspace) if inside else cwd
        restrict: dict[str, object] | None = None
        local = box.network == "local"
        families: Sequence[int] = sandbox_filter.INTERNET if local else sandbox_filter.NO_FAMILIES
        if box.waits and not local:
            families = sandbox_filter.UNCONNECTED
        if restricted:
            shown = [box.workspace / link for link in box.links]
            readable = [*box.visible, *shown]
            restrict = await asyncio.to_thread(
                sandbox_landlock.rules, (box.shadow, scratch), readable, os.environ
            )
            restrict["network"] = box.network
            restrict["code"] = process.code_of("festina.verify.sandbox_restrict")
        plan = process.make_plan(
            argv,
            cwd=place,
            env=env,
            pass_fds=pass_fds,
            limits=box.limits,
            lock=True,
            restrict=restrict,
            families=families if restricted else None,
        )
        return await process.launch((), plan, stdin=stdin, timeout=timeout, max_output=max_output)


def _stand_in(box: Box) -> None:
    """Put symbolic links where a sandbox would have mounts."""
    for link in box.links:
        source = box.workspace / link
        target = box.shadow / source.relative_to(box.workspace)
        if source.exists() and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
