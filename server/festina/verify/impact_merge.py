"""Turns the records of a traced run into an impact map, on top of what was known before."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from festina.verify.impact import ImpactMap, Source, decoded, digest_of, source_of
from festina.verify.impact_records import Place, Records, Seen
from festina.verify.impact_sources import LEFT_OUT
from festina.verify.outline import MODULE, Outline, outline, owner
from festina.verify.record import Outcome

_WORD = re.compile(rb"[A-Za-z_]\w*")


class Merger:
    """Makes maps of one run; ``digests`` are of the files of the copy ``root`` before it."""

    def __init__(self, records: Records, digests: Mapping[str, str], root: Path) -> None:
        self._records = records
        self._digests = digests
        self._root = root
        self._outlines: dict[str, Outline | None] = {}
        self._names: dict[Place, str] = {}

    def merged(self, known: ImpactMap | None) -> ImpactMap:
        """Return what this run shows, and of the tests that it did not run what was ``known``.

        Blocks: it reads and parses the files that ran.
        """
        records = self._records
        tests = records.ids or ()
        old = _renumbered(known, tests) if known is not None else _nothing(tests)
        place = {test: number for number, test in enumerate(tests)}
        fresh = {test: 1 << place[test] for test in records.done if test in place}
        mask = sum(fresh.values())
        tables = {path: _without(table, mask) for path, table in old.entered.items()}
        reads, lists = _without(old.reads, mask), _without(old.lists, mask)
        always = old.always & ~mask
        for test, bit in fresh.items():
            seen = records.of(test)
            for path, name in self._functions(seen):
                table = tables.setdefault(path, {})
                table[name] = table.get(name, 0) | bit
            for each in filter(_is_kept, seen.reads):
                reads[each] = reads.get(each, 0) | bit
            for each in filter(_is_kept, seen.lists):
                lists[each] = lists.get(each, 0) | bit
            always |= bit if records.lost(test) else 0
        outside = records.outside()
        at_import = {path: set(names) for path, names in old.at_import.items()}
        for path, name in self._functions(outside):
            at_import.setdefault(path, set()).add(name)
        seconds = {**old.seconds, **records.done}
        outcomes = {**old.outcomes, **self._outcomes(fresh)}
        return ImpactMap(
            tests=tests,
            seconds={test: seconds[test] for test in tests if test in seconds},
            outcomes={test: outcomes[test] for test in tests if test in outcomes},
            sources=self._sources({*tables, *at_import}),
            entered=tables,
            at_import={path: frozenset(names) for path, names in at_import.items()},
            reads=reads,
            read_at_import=old.read_at_import.union(filter(_is_kept, outside.reads)),
            lists=lists,
            alone=self._alone(tests),
            always=always,
            unknown=old.everything if records.garbled else old.unknown & ~mask,
            loose=records.loose() or old.loose,
        )

    def _outcomes(self, tests: Collection[str]) -> dict[str, Outcome]:
        return {
            test: dataclasses.replace(outcome, detail="")
            for test, outcome in self._records.run.outcomes.items()
            if test in tests
        }

    def _read(self, path: str) -> bytes | None:
        """Return a file as it was before the run; None if a test has changed it meanwhile."""
        with contextlib.suppress(OSError):
            data = (self._root / path).read_bytes()
            if digest_of(data) == self._digests[path]:
                return data
        return None

    def _sources(self, ran: Collection[str]) -> dict[str, Source]:
        """Describe all files, and the parts of those that ran."""
        found = {path: Source(digest) for path, digest in self._digests.items()}
        for path in ran:
            data = self._read(path) if path in found else None
            if data is not None:
                found[path] = source_of(path, data)
        return found

    def _alone(self, tests: Iterable[str]) -> frozenset[str]:
        """Return the files of tests whose name no other source mentions: nobody imports them."""
        files = {test.partition("::")[0] for test in tests}
        stems = {PurePosixPath(path).stem.encode(): path for path in sorted(files)}
        found = set(stems.values())
        for path in self._digests:
            if path.endswith((".py", ".cfg", ".toml", ".ini")):
                words = set(_WORD.findall(self._read(path) or b""))
                found -= {stems[word] for word in words & stems.keys() if stems[word] != path}
        return frozenset(path for path in found if path.endswith(".py"))

    def _functions(self, seen: Seen) -> Iterator[tuple[str, str]]:
        for code in seen.codes:
            if code[0] in self._digests:
                name = self._names.get(code)
                if name is None:
                    name = self._names[code] = self._owner(code)
                yield code[0], name

    def _owner(self, code: Place) -> str:
        path, line, name = code
        if name == MODULE:
            return MODULE
        if path not in self._outlines:
            self._outlines[path] = None
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                if (data := self._read(path)) is not None:
                    self._outlines[path] = outline(decoded(data))
        seen = self._outlines[path]
        return MODULE if seen is None else owner(seen, line)


def _nothing(tests: tuple[str, ...]) -> ImpactMap:
    return ImpactMap(tests, unknown=(1 << len(tests)) - 1)


def _renumbered(known: ImpactMap, tests: tuple[str, ...]) -> ImpactMap:
    """Return a map for the tests that there are now; new ones are unknown."""
    if known.tests == tests:
        return known
    place = {test: 1 << number for number, test in enumerate(tests)}
    bits = [place.get(test, 0) for test in known.tests]

    def moved(old: int) -> int:
        return sum(bit for number, bit in enumerate(bits) if old >> number & 1)

    def table(old: Mapping[str, int]) -> dict[str, int]:
        return {name: moved(each) for name, each in old.items()}

    return dataclasses.replace(
        known,
        tests=tests,
        entered={path: table(each) for path, each in known.entered.items()},
        reads=table(known.reads),
        lists=table(known.lists),
        always=moved(known.always),
        unknown=(1 << len(tests)) - 1 - moved(known.everything & ~known.unknown),
    )


def _without(table: Mapping[str, int], mask: int) -> dict[str, int]:
    return {name: bits & ~mask for name, bits in table.items()}


def _is_kept(path: str) -> bool:
    return not LEFT_OUT.intersection(path.split("/"))
