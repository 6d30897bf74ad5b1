"""The impact map: which tests can notice a change of which function. An immutable value; no I/O.

Tests are numbered, and sets of them are integers with one bit a test, so that a selection is a few
``or`` operations however many tests there are.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from festina.verify.outline import MODULE, outline
from festina.verify.record import Outcome

_INI = ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini")
CONFIGURATION = frozenset([*_INI, "setup.cfg", "setup.py", "conftest.py"])
"""Names of files of which every change can change every test."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as the map knows it: a digest of its content and, of Python, of its parts.

    ``skeleton`` is empty for what is not Python, could not be parsed, or has never run.
    """

    digest: str
    skeleton: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a change calls for: ``tests`` to run; of these, ``always`` run whatever was changed.

    With ``at_import`` the changed code ran while modules were imported, or nothing can be told:
    then every test may notice, and ``tests`` only says which are likely to.
    """

    tests: frozenset[str]
    always: frozenset[str]
    at_import: bool


@dataclass(frozen=True, slots=True)
class ImpactMap:
    """Which tests entered which functions, in one state of the sources.

    ``tests`` are all that were collected, in order. ``seconds`` and ``outcomes`` are of those that
    ran. ``entered`` has bits for each path and function name (``"<module>"``: module and class
    bodies), ``at_import`` the names that ran outside of any test, ``reads`` bits for each file that
    a test opened, ``read_at_import`` the files that were opened outside of tests, ``lists`` bits
    for each folder that a test listed, ``alone`` the files of tests that no other file imports.
    Tests in ``always`` did what cannot be followed; those in ``unknown`` have no trail that holds
    for this state. ``loose`` names what happened outside of all tests and cannot be followed.
    """

    tests: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    entered: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    at_import: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)
    read_at_import: frozenset[str] = frozenset()
    lists: Mapping[str, int] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    always: int = 0
    unknown: int = 0
    loose: str = ""

    @property
    def complete(self) -> bool:
        """Whether there is a trail of every test."""
        return not self.unknown

    @property
    def everything(self) -> int:
        """The bits of all tests."""
        return (1 << len(self.tests)) - 1

    def named(self, bits: int) -> frozenset[str]:
        """Return the ids of the tests in a set."""
        if bits == self.everything:
            return frozenset(self.tests)
        return frozenset(test for test, bit in zip(self.tests, _digits(bits), strict=False) if bit)

    def select(
        self, changed: Mapping[str, Iterable[str]], ids: Collection[str] | None = None
    ) -> Selection:
        """Return the tests that can notice a change of ``changed``: function names for each path.

        ``ids`` are all tests that there are now: those that the map does not know always run.
        """
        always = self.always | self.unknown
        bits, at_import = always, self.loose != ""
        for path, names in changed.items():
            known = path in self.sources
            bits |= self.reads.get(path, 0) if known else self._touched(path, None, None)
            if PurePosixPath(path).name in CONFIGURATION or (not known and _is_module(path)):
                bits, at_import = self.everything, True
            table = self.entered.get(path, {})
            ran = self.at_import.get(path, frozenset())
            at_import |= path in self.read_at_import
            for name in names:
                bits |= _all(table) if name == MODULE else table.get(name, 0)
                at_import |= name in ran
        tests, kept = self.named(bits), self.named(always)
        if ids is not None:
            new = frozenset(ids).difference(self.tests)
            tests, kept = (tests & frozenset(ids)) | new, (kept & frozenset(ids)) | new
        return Selection(tests, kept, at_import)

    def rebased(self, texts: Mapping[str, str | bytes | None]) -> ImpactMap:
        """Return the map for other texts of some files (None: the file is gone).

        Tests that entered a changed function, or read a changed file, become unknown; where code
        that ran at import was changed, all do.
        """
        unknown = self.unknown
        sources, entered = dict(self.sources), dict(self.entered)
        for path, text in texts.items():
            old = self.sources.get(path)
            data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
            new = None if data is None else source_of(path, data)
            if old == new or (old is not None and new is not None and old.digest == new.digest):
                continue
            unknown |= self._touched(path, old, new)
            if new is None:
                sources.pop(path, None)
                entered.pop(path, None)
            else:
                sources[path] = new
        return dataclasses.replace(self, sources=sources, entered=entered, unknown=unknown)

    def _touched(self, path: str, old: Source | None, new: Source | None) -> int:
        """Return the tests whose trail no longer holds, now that a file is another one."""
        pure = PurePosixPath(path)
        bits = self.reads.get(path, 0)
        if pure.name in CONFIGURATION or path in self.read_at_import:
            return self.everything
        if old is None or new is None:
            parent = "" if str(pure.parent) == "." else str(pure.parent)
            return self.everything if _is_module(path) else bits | self.lists.get(parent, 0)
        table = self.entered.get(path, {})
        ran = self.at_import.get(path, frozenset())
        all_of_it = self.everything
        if path in self.alone:
            all_of_it = self._of_file(path)
        if not new.skeleton or not old.skeleton or new.skeleton != old.skeleton:
            return bits | (all_of_it if MODULE in ran else _all(table))
        for name, digest in old.functions.items():
            if new.functions.get(name) != digest:
                bits |= table.get(name, 0) | (all_of_it if name in ran else 0)
        return bits

    def _of_file(self, path: str) -> int:
        """Return the tests that stand in a file."""
        mark = f"{path}::"
        return sum(1 << number for number, test in enumerate(self.tests) if test.startswith(mark))


def source_of(path: str, data: bytes) -> Source:
    """Describe a file by its content."""
    return _source_of(PurePosixPath(path).suffix == ".py", data)


@functools.lru_cache(maxsize=64)
def _source_of(python: bool, data: bytes) -> Source:
    digest = digest_of(data)
    if not python:
        return Source(digest)
    try:
        seen = outline(decoded(data))
    except (SyntaxError, ValueError, RecursionError):
        return Source(digest)
    return Source(digest, seen.skeleton, {part.name: part.digest for part in seen.functions})


def digest_of(data: bytes) -> str:
    """Return a short hash of a content."""
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def decoded(data: bytes) -> str:
    """Return the text of a Python source, as Python would decode it.

    Raises:
        SyntaxError: its declaration of an encoding is none.
        ValueError: it is not in that encoding.
    """
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise ValueError(str(error)) from error


def _is_module(path: str) -> bool:
    """Whether a file may take part in imports, if only by being there."""
    return PurePosixPath(path).suffix in (".py", ".pyi")


def _all(table: Mapping[str, int]) -> int:
    bits = 0
    for each in table.values():
        bits |= each
    return bits


def _digits(bits: int) -> Iterable[bool]:
    return (digit == "1" for digit in reversed(f"{bits:b}"))
