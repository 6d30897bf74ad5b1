"""Reads what a traced run left: lines of `inside/trail.py`, as they come. No I/O."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from festina.verify.record import Run, normal, plain

IMPORT = 0

Place = tuple[str, int, str]
"""A code object: its path, first line and name."""


@dataclass
class _Process:
    """One followed process: the first one, or one that was started in a context."""

    context: int
    life: int
    codes: dict[int, Place] = field(default_factory=dict)


@dataclass
class Seen:
    """What happened in a context, in the first process or in all that was started there."""

    codes: set[Place] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)

    def add(self, other: Seen) -> None:
        """Take in what happened elsewhere."""
        self.codes |= other.codes
        self.reads |= other.reads
        self.lists |= other.lists


class Records:
    """Takes in the bytes of a trail, in parts of any size; `of` then tells about each test.

    What cannot be read is counted in ``garbled``: then nothing here is to be believed.
    """

    def __init__(self, nonce: str, place: str = "") -> None:
        self._mark = f"{nonce} ".encode("ascii")
        self._rest = b""
        self.run = Run(place)
        self.garbled = 0
        self.ended = False
        self.ids: tuple[str, ...] | None = None
        self.done: dict[str, float] = {}
        self._number: dict[str, int] = {}
        self._names: dict[int, tuple[str, str]] = {}
        self._processes: dict[bytes, _Process] = {}
        self._first: bytes = b""
        self._own: defaultdict[int, Seen] = defaultdict(Seen)
        self._lives: defaultdict[int, set[int]] = defaultdict(set)
        self._children: defaultdict[int, Seen] = defaultdict(Seen)
        self._late: set[Place] = set()
        self._lost: defaultdict[int, list[str]] = defaultdict(list)
        self._lost_children: defaultdict[int, list[str]] = defaultdict(list)
        self._spawned: dict[tuple[str, str], tuple[bytes, int, str]] = {}
        self._started: set[tuple[str, str]] = set()
        self._alive: defaultdict[int, set[int]] = defaultdict(set)
        self._uses: defaultdict[int, set[int]] = defaultdict(set)

    @property
    def begun(self) -> list[str]:
        """The tests that began and did not end, the last one last."""
        return [
            name for kind, name in self._names.values() if kind == "test" and name not in self.done
        ]

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                if not line.startswith(self._mark):
                    raise ValueError(line)
                self._line(*line[len(self._mark) :].split(b" ", 3))
            except (ValueError, KeyError, TypeError, IndexError):
                self.garbled += 1

    def _line(self, name: bytes, kind: bytes, number: bytes, rest: bytes = b"") -> None:
        context = int(number)
        if kind == b"start":
            self._start(name, context, rest)
            return
        process = self._processes[name]
        if kind == b"code":
            path, line, code = json.loads(rest)
            process.codes[context] = (path, line, code)
        elif kind in (b"in", b"late"):
            codes = [process.codes[int(each)] for each in rest.split(b",")]
            if kind == b"late":
                self._late.update(codes)
            else:
                self._seen(name, context).codes.update(codes)
        elif kind == b"read":
            self._seen(name, context).reads.add(json.loads(rest))
        elif kind == b"list":
            self._seen(name, context).lists.add(json.loads(rest))
        elif kind == b"spawn":
            pid, token, program = rest.split(b" ", 2)
            self._spawned[token.decode(), pid.decode()] = (name, context, json.loads(program))
        elif kind == b"lost":
            self._losses(name, context).append(json.loads(rest))
        elif kind == b"alive":
            self._alive[context].add(int(rest))
        else:
            self._of_pytest(kind, context, rest)

    def _of_pytest(self, kind: bytes, context: int, rest: bytes) -> None:
        if kind == b"context":
            what, name = json.loads(rest)
            name = plain(name) if what == "test" else name
            self._names[context] = (what, name)
            if what == "test":
                self._number[name] = context
        elif kind in (b"uses", b"edge"):
            self._uses[context].update(json.loads(rest))
        elif kind == b"items":
            self.ids = tuple(normal(json.loads(rest)))
        elif kind == b"report":
            self.run.add({"kind": "report", **json.loads(rest)})
        elif kind == b"done":
            self.done[self._names[context][1]] = float(rest)
        elif kind == b"end":
            self.ended = True
        else:
            raise ValueError(kind)

    def _start(self, name: bytes, context: int, rest: bytes) -> None:
        pid, token, life = rest.decode("ascii").split(" ")
        self._processes[name] = _Process(context, int(life))
        self._lives[context].add(int(life))
        self._started.add((token, pid))
        if context < 0:
            self._first = name

    def _seen(self, name: bytes, context: int) -> Seen:
        if name == self._first:
            return self._own[context]
        return self._children[self._processes[name].life]

    def _losses(self, name: bytes, context: int) -> list[str]:
        if name == self._first:
            return self._lost[context]
        return self._lost_children[self._processes[name].life]

    def _contexts(self, context: int) -> set[int]:
        """Return a context and the fixtures that it rests on, however far."""
        found, pending = {context}, [context]
        while pending:
            new = self._uses.get(pending.pop(), set()) - found
            found |= new
            pending += new
        return found

    def _beside(self, context: int) -> set[int]:
        """Return the lives of what was started in a context, or ran on into it."""
        return self._lives.get(context, set()) | self._alive.get(context, set())

    def of(self, test: str) -> Seen:
        """Return what a test has to do with: itself, its fixtures, and processes beside it."""
        seen = Seen()
        for context in self._contexts(self._number[test]):
            seen.add(self._own.get(context, Seen()))
            for life in self._beside(context):
                seen.add(self._children.get(life, Seen()))
        return seen

    def lost(self, test: str) -> list[str]:
        """Return what of a test could not be followed; with it, it has to run always."""
        return [word for one in self._contexts(self._number[test]) for word in self._lost_in(one)]

    def _lost_in(self, context: int) -> list[str]:
        self._settle()
        found = [*self._lost.get(context, ())]
        for life in self._beside(context):
            found += self._lost_children.get(life, ())
        return found

    def _settle(self) -> None:
        """Take what was started and never answered for something that is lost."""
        for key in [key for key in self._spawned if key not in self._started]:
            name, context, program = self._spawned.pop(key)
            self._losses(name, context).append(program)

    def outside(self) -> Seen:
        """Return what happened outside of all tests, or counts as if: imports within tests."""
        seen = Seen()
        for context in self._outside():
            seen.add(self._own.get(context, Seen()))
            for life in self._lives.get(context, ()):
                seen.add(self._children.get(life, Seen()))
        seen.codes |= self._late
        return seen

    def _outside(self) -> list[int]:
        after = [number for number, (kind, _) in self._names.items() if kind == "post"]
        return [IMPORT, *after]

    def loose(self) -> str:
        """Return what could not be followed outside of all tests; empty where there is nothing."""
        words = {word for context in self._outside() for word in self._lost_in(context)}
        return ", ".join(sorted(words))
