"""Builds the impact map: one run of the user's own suite in the sandbox, with a trail."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from festina.verify import impact_sources
from festina.verify.impact import ImpactMap
from festina.verify.impact_merge import Merger
from festina.verify.impact_records import Records
from festina.verify.judge import broken
from festina.verify.process_io import to_the_end
from festina.verify.record import Outcome, Run
from festina.verify.suite import Bench, Beside, run_suite

_POLL_SECONDS = 0.25
_SLOWER = 5
"""How much longer than an ordinary run a traced one may take."""
_TRIES = 5
_MAX_TRAIL = 1 << 30
_CHUNK = 1 << 20

Say = Callable[[int, int], None]
"""Told how many tests are done, of how many."""
Keep = Callable[[ImpactMap], None]


class NotBuilt(Exception):  # noqa: N818 - reads as the sentence it makes
    """There is no map; ``str()`` says why."""


async def build(
    bench: Bench,
    root: Path,
    *,
    import_root: str | None,
    say: Say,
    known: ImpactMap | None = None,
    keep: Keep | None = None,
) -> ImpactMap:
    """Run the suite of the private copy ``root`` once, traced, and return what it shows.

    Of ``known``, a map for the same files, only the unknown tests run. When this is cancelled,
    ``keep`` gets what was found so far. What fails is run once more, with the others of its file
    and without a trail: a test that has another outcome then has none that could be believed, and
    is selected always. So is one that ended the process, or was at work when the time was over.

    Raises:
        NotBuilt: the suite could not be run, or its trail could not be read.
        OSError: the interpreter could not be started.
        LaunchError: the sandbox could not be set up.
    """
    work = _Work(bench, root, import_root, say)
    await work.prepare()
    found = known
    for _ in range(_TRIES):
        found, ended = await work.run(found, keep)
        if ended:
            return found
    raise NotBuilt(f"The tests ended the process {_TRIES} times.")


@dataclass
class _Work:
    """What the runs for one map have in common."""

    bench: Bench
    root: Path
    import_root: str | None
    say: Say
    digests: Mapping[str, str] = field(default_factory=dict)

    async def prepare(self) -> None:
        shown = self.bench.shown
        self.digests = await asyncio.to_thread(impact_sources.digests, self.root, shown)

    async def run(self, known: ImpactMap | None, keep: Keep | None) -> tuple[ImpactMap, bool]:
        """Run what is unknown; return the map then, and whether the run came to its end."""
        sure = frozenset() if known is None else known.named(known.everything & ~known.unknown)
        limit = self.bench.settings.timeout_seconds
        with _Trail(self.bench, self.root, sure, self.say) as trail:

            def found() -> ImpactMap:
                merger = Merger(trail.records, self.digests, self.root)
                return merger.merged(known if sure else None)

            try:
                async with trail.followed():
                    run = await run_suite(
                        self.bench,
                        self.root,
                        import_root=self.import_root,
                        beside=trail.beside,
                        timeout=limit * _SLOWER,
                    )
            except asyncio.CancelledError:
                if keep is not None and trail.records.done:
                    keep(found())
                raise
            records = trail.records
            if records.ids is None or records.garbled:
                reason = broken(run) or "The trail of the tests could not be read."
                raise NotBuilt(reason)
            made = await asyncio.to_thread(found)
            lost = records.begun if records.ended else records.begun[-1:]
            if not records.ended and not lost:
                raise NotBuilt(broken(run) or "The tests ended without a word.")
            for test in lost:
                made = _lost(made, test)
        failed = [test for test in records.done if _is_bad(made.outcomes.get(test))]
        if failed:
            files = {test.partition("::")[0] for test in failed}
            again = await run_suite(
                self.bench,
                self.root,
                import_root=self.import_root,
                only=[test for test in made.tests if test.partition("::")[0] in files],
                timeout=limit,
            )
            made = _corrected(made, failed, again)
        return made, records.ended


class _Trail:
    """The file that a traced run writes to, and the setup that it reads; both without a name."""

    def __init__(self, bench: Bench, root: Path, known: Collection[str], say: Say) -> None:
        self._nonce = secrets.token_hex(8)
        self.records = Records(self._nonce, str(bench.stands_at(root)))
        self._say = say
        self._known = frozenset(known)
        self._at = 0
        self._open = contextlib.ExitStack()
        folder = _install(bench.plugins)
        self._fd = self._unnamed().fileno()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        write = os.open(f"/proc/self/fd/{self._fd}", flags)
        self._open.callback(os.close, write)
        setup = {
            "root": str(bench.stands_at(root)),
            "shown": list(bench.shown),
            "fd": write,
            "nonce": self._nonce,
            "child": str(folder),
            "nice": True,
            "known": sorted(known),
        }
        asked = self._unnamed()
        asked.write(json.dumps(setup).encode("ascii"))
        fds = (asked.fileno(), write)
        self.beside = Beside("festina_trail_plugin", {"FESTINA_TRAIL": str(fds[0])}, fds)

    def _unnamed(self) -> io.FileIO:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with all others
        return self._open.enter_context(file)

    def __enter__(self) -> _Trail:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Read along, so that progress can be told; at the end all is read."""
        reader = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            reader.cancel()
            await asyncio.wait([reader])
            await to_the_end(asyncio.to_thread(self.read))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await to_the_end(asyncio.to_thread(self.read))
            total = len(frozenset(self.records.ids or ()) - self._known)
            if total:
                self._say(len(self.records.done), total)

    def read(self) -> None:
        """Take in what was written since. Blocks."""
        while self._at < _MAX_TRAIL and (data := os.pread(self._fd, _CHUNK, self._at)):
            self._at += len(data)
            self.records.feed(data)


def _install(plugins: Path) -> Path:
    """Lay our ``sitecustomize`` into a folder of its own beside the plugins; return that."""
    folder = plugins / "children"
    if not (target := folder / "sitecustomize.py").exists():
        folder.mkdir(exist_ok=True)
        shutil.copyfile(plugins / "festina_trail_child.py", target)
    return folder


def _lost(found: ImpactMap, test: str) -> ImpactMap:
    """Take a test for one that always runs: nothing came of it."""
    if test not in found.tests:
        return found
    bit = 1 << found.tests.index(test)
    return dataclasses.replace(found, always=found.always | bit, unknown=found.unknown & ~bit)


def _corrected(found: ImpactMap, failed: Collection[str], again: Run) -> ImpactMap:
    """Take the outcomes of an untraced run; where they differ, the trail says nothing."""
    always = found.always
    outcomes = dict(found.outcomes)
    for number, test in enumerate(found.tests):
        if test in failed:
            outcome = again.outcomes.get(test)
            if outcome is None or outcome.status != outcomes[test].status:
                always |= 1 << number
            if outcome is not None:
                outcomes[test] = dataclasses.replace(outcome, detail="")
    return dataclasses.replace(found, outcomes=outcomes, always=always)


def _is_bad(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.bad
