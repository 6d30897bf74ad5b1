"""Baselines: the suite without the candidate, run once for each state of a workspace and shared."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import logging
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from festina.verify.judge import broken
from festina.verify.record import Outcome, Run

_log = logging.getLogger(__name__)

_FORMAT = 3
_AT_HAND = 8
"""Baselines kept in memory: one of a large suite takes megabytes, and each edit needs another."""
_KEPT = 200
_KEPT_BYTES = 100 << 20
"""Files kept on disk, and their size in all; those that were not used for longest go first."""

_SETS = ("files", "deselected", "replaced", "touched")

Make = Callable[[], Awaitable[Run]]


class Baselines:
    """Runs each baseline once, however many candidates wait for it, and keeps what it proved.

    ``folder`` is in the user's cache; None keeps everything in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Run] = {}
        self._running: dict[str, asyncio.Task[Run]] = {}
        self._waiting: dict[str, int] = {}

    def has(self, key: str) -> bool:
        """Whether the baseline of ``key`` is at hand, without a run."""
        return key in self._known

    async def get(self, key: str, make: Make) -> Run:
        """Return the baseline of ``key``, made by ``make`` if there is none yet.

        A run that nothing can be compared with is not kept: the next candidate tries again. When
        nobody waits for a running baseline any more, it is cancelled.
        """
        if (known := self._known.pop(key, None)) is not None:
            self._known[key] = known  # as the one used last
            return known
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._make(key, make))
            task.add_done_callback(lambda done: self._forget(key, done))
        self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                if not task.done():
                    self._forget(key, task)
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.wait([task])

    def _forget(self, key: str, task: asyncio.Task[Run]) -> None:
        """Remember a run no longer; while it was being cancelled, another one may have begun."""
        if self._running.get(key) is task:
            del self._running[key]

    async def _make(self, key: str, make: Make) -> Run:
        run = await asyncio.to_thread(self._load, key)
        if run is None:
            run = await make()
            if broken(run) is not None:
                return run
            await asyncio.to_thread(self._save, key, run)
        self._known[key] = run
        while len(self._known) > _AT_HAND:
            del self._known[next(iter(self._known))]
        return run

    def _path(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _load(self, key: str) -> Run | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            path.touch()
            if data.pop("format") != _FORMAT:
                return None
            data["outcomes"] = {item["id"]: Outcome(**item) for item in data["outcomes"]}
            for name in ("ids", "changed", "executed", "imported"):
                data[name] = tuple(data[name])
            for name in _SETS:
                data[name] = frozenset(data[name])
            return Run(**data)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _save(self, key: str, run: Run) -> None:
        path = self._path(key)
        if path is None:
            return
        data = dataclasses.asdict(run)
        data["outcomes"] = list(data["outcomes"].values())
        data |= {name: sorted(data[name]) for name in _SETS}
        data["output"] = ""
        written = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(
                "w", dir=path.parent, suffix=".json.new", delete=False, encoding="utf-8"
            ) as file:
                written = Path(file.name)
                json.dump({"format": _FORMAT, **data}, file)
            written.replace(path)
            self._trim(path.parent)
        except OSError as error:
            _log.warning("A baseline could not be kept in %s: %s.", path.parent, error.strerror)
        finally:
            if written is not None:
                written.unlink(missing_ok=True)  # half a file, where the disk is full

    def _trim(self, folder: Path) -> None:
        """Remove what was not used for longest, and what a killed process had begun to write."""
        found = [(path, path.stat()) for path in folder.glob("*.json*")]
        total = 0
        newest_first = sorted(found, key=lambda one: one[1].st_mtime_ns, reverse=True)
        for count, (path, status) in enumerate(newest_first):
            total += status.st_size
            if count >= _KEPT or (count and total > _KEPT_BYTES):
                path.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Cancel every baseline that runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
