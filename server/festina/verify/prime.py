"""Compiled files for a base copy: what is imported from it need not be compiled each time.

Only the user's own text runs for that, in the sandbox and on a copy of its own; nothing of that is
kept but the compiled files of the base's own sources.
"""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

from festina.verify import shadow, sweep
from festina.verify.process import LaunchError
from festina.verify.process_io import to_the_end
from festina.verify.suite import Bench, run_suite

_CACHE = "__pycache__"


async def prime(bench: Bench, base: Path, *, import_root: str | None = None) -> int:
    """Collect the tests of ``base`` once, and put what that compiled into it; how many files.

    Sources are as they were, and their times with them. Never raises for what the project does: a
    base without compiled files is only slower. Cancelling leaves the base as it is.

    Raises:
        OSError: there is no room for another copy, or the interpreter could not be started.
    """
    async with sweep.scratch() as folder:
        await to_the_end(asyncio.to_thread(shadow.clone, base, folder))
        await asyncio.to_thread(shadow.mount_points, folder, bench.workspace, bench.shown)
        try:
            await run_suite(
                bench,
                folder,
                import_root=import_root,
                timeout=bench.settings.timeout_seconds,
                compile_only=True,
            )
        except LaunchError:
            return 0
        return await asyncio.to_thread(_take_over, folder, base)


def _take_over(copy: Path, base: Path) -> int:
    """Move the folders of compiled files from a copy that nobody uses any more. Blocks."""
    count = 0
    pending = [Path()]
    while pending:
        relative = pending.pop()
        names = [path.name for path in (base / relative).iterdir() if path.name != _CACHE]
        pending += [relative / name for name in names if _is_folder(base, relative / name)]
        made, place = copy / relative / _CACHE, base / relative / _CACHE
        if not _is_folder(copy, relative / _CACHE) or place.is_symlink() or place.exists():
            continue
        sources = {path.stem for path in (base / relative).glob("*.py")}
        kept = 0
        for file in list(made.iterdir()):
            own = file.suffix == ".pyc" and file.name.partition(".")[0] in sources
            if own and stat.S_ISREG(file.lstat().st_mode):
                kept += 1
            else:
                _remove(file)
        if kept:
            made.rename(place)
            count += kept
    return count


def _remove(path: Path) -> None:
    if _is_folder(path.parent, Path(path.name)):
        sweep.remove(path)
    else:
        path.unlink()


def _is_folder(root: Path, relative: Path) -> bool:
    """Whether a path is a folder, and none of the way to it a link."""
    current = root
    for part in relative.parts:
        current /= part
        try:
            if not stat.S_ISDIR(current.lstat().st_mode):
                return False
        except OSError:
            return False
    return True
