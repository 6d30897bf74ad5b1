"""Which files of a workspace change on disk: found by looking again and again.

There is nothing to be told by: watches of the kernel differ from system to system, miss network
mounts, and need one for each folder. A look costs some microseconds a file, and its share of a
processor is bounded. Files that are replaced by renaming, as editors save them, are seen like
others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from pathlib import Path

from festina.verify import shadow

LEAST_SECONDS = 0.2
"""Between two looks."""
SHARE = 0.1
"""Of one processor that looking may take."""

Stamp = tuple[int, int]


class Poll:
    """Looks at the files below ``workspace`` that a verification would copy and ``wanted`` names.

    ``within`` are the paths that count, with all that is below them; none means all.
    """

    def __init__(
        self,
        workspace: Path,
        wanted: Callable[[str], bool],
        within: Collection[str] = (),
    ) -> None:
        self._workspace = workspace
        self._wanted = wanted
        self._within = tuple(within)
        self._known: dict[str, Stamp] | None = None

    def look(self) -> frozenset[str]:
        """Return what is new, gone or different since the last look, nothing at first. Blocks.

        Raises:
            shadow.TooLarge: there are too many files.
        """
        tree = shadow.survey(self._workspace)
        now = {
            entry.path: (entry.size, entry.mtime_ns)
            for entry in tree.entries
            if entry.kind == "file" and self._counts(entry.path)
        }
        before, self._known = self._known, now
        if before is None:
            return frozenset()
        return frozenset(
            path for path in before.keys() | now.keys() if before.get(path) != now.get(path)
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are watched, as of the last look."""
        return tuple(self._known or ())

    async def changes(self) -> frozenset[str]:
        """Wait until something changes, and return what did.

        Raises:
            shadow.TooLarge: there are too many files by now.
        """
        while True:
            start = time.perf_counter()
            changed = await asyncio.to_thread(self.look)
            if changed:
                return changed
            cost = time.perf_counter() - start
            await asyncio.sleep(max(LEAST_SECONDS, cost / SHARE - cost))

    def _counts(self, path: str) -> bool:
        inside = not self._within or any(
            path == one or path.startswith(f"{one}/") for one in self._within
        )
        return inside and self._wanted(path)
