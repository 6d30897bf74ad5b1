"""Keeps impact maps: in memory, and in the user's cache for the next time or the other branch.

A map is found by the contents of the files that it was made for. Where none fits exactly, the
nearest one is taken and rebased on the files as they are: what did not change is still known.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
import json
import logging
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from festina.verify import impact_sources
from festina.verify.digests import sha
from festina.verify.impact import ImpactMap, Source
from festina.verify.record import Outcome
from festina.verify.suite import Bench

_log = logging.getLogger(__name__)

_FORMAT = 2
_AT_HAND = 4
_LOOKED_AT = 3
"""Maps on disk that are compared with the files, where none fits exactly."""
_KEPT_EACH = 8
_KEPT = 100
_KEPT_BYTES = 200 << 20
"""Files kept for one project and in all, and their size; those not used for longest go first."""

Keep = Callable[[ImpactMap], None]
Make = Callable[[ImpactMap | None, Keep], Awaitable[ImpactMap]]
"""Builds a map, from what is known already if anything is; hands on what it has when cancelled."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a map is of. ``project``: workspace, interpreter, settings; ``digests``: its files."""

    project: str
    digests: Mapping[str, str]

    @property
    def state(self) -> str:
        """A hash of the contents of all files."""
        lines = (f"{path}\0{digest}" for path, digest in sorted(self.digests.items()))
        return sha("\n".join(lines))


def key_of(bench: Bench, root: Path, import_root: str | None) -> Key:
    """Return the key for a copy ``root`` of a workspace. Blocks: it reads every file."""
    settings = bench.settings
    parts = [
        str(bench.workspace),
        bench.environment.stamp(),
        repr((settings.tests_args, settings.memory_mib, bench.level, import_root, bench.shown)),
        *(f"{name}={value}" for name, value in sorted(bench.environ.items())),
    ]
    return Key(sha("\n".join(parts)), impact_sources.digests(root, bench.shown))


class Impacts:
    """Gives maps, and has them built once each, however many ask.

    ``folder`` is in the user's cache; None keeps everything in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], tuple[Key, ImpactMap]] = {}
        self._running: dict[tuple[str, str], asyncio.Task[ImpactMap]] = {}

    def at_hand(self, key: Key) -> ImpactMap | None:
        """Return the map for exactly this state, as far as it is known without looking."""
        known = self._known.get((key.project, key.state))
        return None if known is None else known[1]

    async def find(self, key: Key, root: Path) -> ImpactMap | None:
        """Return what is known of this state, from memory, disk, or the nearest other state.

        ``root`` is a copy of the workspace in this state.
        """
        known = self.at_hand(key)
        if known is None:
            known = await asyncio.to_thread(self._find, key, root)
            if known is not None:
                self._remember(key, known)
        return known

    async def get(self, key: Key, root: Path, make: Make) -> ImpactMap:
        """Return the complete map of a state, built by ``make`` as far as it is not known.

        While it is being built, :meth:`at_hand` gives what was known before. Cancelling ends the
        building; what it has found by then is kept. Raises what ``make`` raises.
        """
        name = (key.project, key.state)
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(self._make(key, root, make))
            task.add_done_callback(lambda _: self._running.pop(name, None))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise

    async def _make(self, key: Key, root: Path, make: Make) -> ImpactMap:
        known = await self.find(key, root)
        if known is not None and known.complete:
            return known

        def keep(found: ImpactMap) -> None:
            self._remember(key, found)
            self._save(key, found)

        made = await make(known, keep)
        self._remember(key, made)
        await asyncio.to_thread(self._save, key, made)
        return made

    def _remember(self, key: Key, found: ImpactMap) -> None:
        name = (key.project, key.state)
        self._known.pop(name, None)
        self._known[name] = (key, found)
        while len(self._known) > _AT_HAND:
            del self._known[next(iter(self._known))]

    # -- other states -----------------------------------------------------------------------------

    def _find(self, key: Key, root: Path) -> ImpactMap | None:
        folder = self._of(key)
        if folder is not None and (exact := _load(folder / f"{key.state}.json.gz", key.state)):
            return exact
        others = [found for at, found in list(self._known.values()) if at.project == key.project]
        for path in _newest(folder)[:_LOOKED_AT] if folder is not None else ():
            found = _load(path, path.name.partition(".")[0])
            others += [found] if found is not None else []
        rebased = [_rebased(found, key, root) for found in others]
        return min(rebased, key=lambda found: found.unknown.bit_count(), default=None)

    # -- disk -------------------------------------------------------------------------------------

    def _of(self, key: Key) -> Path | None:
        return None if self._folder is None else self._folder / key.project[:32]

    def _save(self, key: Key, found: ImpactMap) -> None:
        folder = self._of(key)
        if folder is None or self._folder is None:
            return
        written = None
        try:
            for each in (self._folder, folder):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".new", delete=False) as file:
                written = Path(file.name)
                file.write(_packed(found, key.state))
            written.replace(folder / f"{key.state}.json.gz")
            _trim(self._folder)
        except OSError as error:
            _log.warning("An impact map could not be kept in %s: %s.", folder, error.strerror)
        finally:
            if written is not None:
                written.unlink(missing_ok=True)  # half a file, where the disk is full

    async def aclose(self) -> None:
        """End what is being built; what it has found by then is kept."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _rebased(found: ImpactMap, key: Key, root: Path) -> ImpactMap:
    """Return a map of another state for the files of ``root``."""
    texts: dict[str, bytes | None] = {}
    for path in found.sources.keys() - key.digests.keys():
        texts[path] = None
    for path, digest in key.digests.items():
        source = found.sources.get(path)
        if source is None or source.digest != digest:
            with contextlib.suppress(OSError):
                texts[path] = (root / path).read_bytes()
    return found.rebased(texts)


def _newest(folder: Path) -> list[Path]:
    found = []
    for path in folder.glob("*.json.gz"):
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def _trim(folder: Path) -> None:
    """Remove what was not used for longest, and what a killed process had begun to write."""
    for inner in folder.iterdir():
        for path in [*_newest(inner)[_KEPT_EACH:], *inner.glob("*.new")]:
            path.unlink(missing_ok=True)
    found = [(path, path.stat()) for path in folder.glob("*/*.json.gz")]
    total = 0
    newest_first = sorted(found, key=lambda one: one[1].st_mtime_ns, reverse=True)
    for count, (path, status) in enumerate(newest_first):
        total += status.st_size
        if count >= _KEPT or (count and total > _KEPT_BYTES):
            path.unlink(missing_ok=True)
    for inner in folder.iterdir():
        with contextlib.suppress(OSError):  # something is in it
            inner.rmdir()


def _packed(found: ImpactMap, state: str) -> bytes:
    data = {
        "format": _FORMAT,
        "state": state,
        "tests": found.tests,
        "seconds": {test: round(value, 6) for test, value in found.seconds.items()},
        "outcomes": [dataclasses.asdict(outcome) for outcome in found.outcomes.values()],
        "sources": {path: dataclasses.astuple(of) for path, of in found.sources.items()},
        "entered": {path: _hexed(table) for path, table in found.entered.items()},
        "at_import": {path: sorted(names) for path, names in found.at_import.items()},
        "reads": _hexed(found.reads),
        "read_at_import": sorted(found.read_at_import),
        "lists": _hexed(found.lists),
        "alone": sorted(found.alone),
        "always": f"{found.always:x}",
        "unknown": f"{found.unknown:x}",
        "loose": found.loose,
    }
    return gzip.compress(json.dumps(data, separators=(",", ":")).encode("ascii"), 5, mtime=0)


def _load(path: Path, state: str) -> ImpactMap | None:
    """Return a map from disk; None where there is none, or it is damaged or of another version."""
    try:
        data = json.loads(gzip.decompress(path.read_bytes()))
        if data.pop("format") != _FORMAT or data.pop("state") != state:
            return None
        path.touch()
        return _unpacked(data)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None


def _unpacked(data: dict[str, Any]) -> ImpactMap:
    return ImpactMap(
        tests=tuple(data["tests"]),
        seconds=data["seconds"],
        outcomes={item["id"]: Outcome(**item) for item in data["outcomes"]},
        sources={path: Source(*of) for path, of in data["sources"].items()},
        entered={path: _unhexed(table) for path, table in data["entered"].items()},
        at_import={path: frozenset(names) for path, names in data["at_import"].items()},
        reads=_unhexed(data["reads"]),
        read_at_import=frozenset(data["read_at_import"]),
        lists=_unhexed(data["lists"]),
        alone=frozenset(data["alone"]),
        always=int(data["always"], 16),
        unknown=int(data["unknown"], 16),
        loose=data["loose"],
    )


def _hexed(table: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{bits:x}" for name, bits in table.items()}


def _unhexed(table: Mapping[str, str]) -> dict[str, int]:
    return {name: int(bits, 16) for name, bits in table.items()}
