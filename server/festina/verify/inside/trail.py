"""The trail of a test run: which code of the workspace each test enters, and which files it reads.

One of these lives in each process that is followed: pytest's own, what that forks, and what it
starts with a Python that reads our ``sitecustomize``. They append lines to one file without a name,
which they inherit. Only the first process knows about tests; it hands a *context*, a number, on.
Standard library only, Python 3.8 or newer.

A line is ``NONCE PROCESS KIND ...``; what follows is numbers, then perhaps one JSON value:

==========================  ======================================================================
``start CONTEXT PID TOKEN``  a process that is followed (of the first one, ``-1``); last a number,
                             its ``LIFE``, which all that descends from one start have in common
``code INDEX [...]``         a code object of this process: path, first line, name
``in CONTEXT I,I,I``         code that was entered (by a child: for as long as it lives)
``late CONTEXT I,I,I``       of that, what a module imported within a test ran
``read CONTEXT "..."``       a file of the workspace that was opened to read; ``list`` for a folder
``spawn CONTEXT PID TOKEN``  a program was started that is to answer with a ``start``
``lost CONTEXT "..."``       something that cannot be followed, and what
``alive CONTEXT LIFE``       what was started earlier runs on into this context
``context CONTEXT [...]``    what a number stands for, a test or a fixture; for that and what is
                             further said of them see the pytest plugin
==========================  ======================================================================
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

IMPORT = 0
"""The context of start-up, imports of conftest files, and collection."""
_MOST_LINGERING = 64
_HIGH = 200


class Table:
    """What is known of one source file: numbers of its code, and what this context has entered."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.codes: dict[tuple[int, str], int] = {}
        self.seen: set[tuple[int, str]] = set()


class Trail:
    """Takes down what one process does.

    What it needs is kept here: tests replace names in modules.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        self.root: str = setup["root"]
        self.shown = tuple(os.path.join(self.root, path) + os.sep for path in setup["shown"])
        self.setup = setup
        self.fd: int = setup["fd"]
        self.context: int = setup.get("context", IMPORT)
        self.first = "context" not in setup
        self.getpid, self.put, self.dumps = os.getpid, os.write, json.dumps
        self.realpath, self.poll = os.path.realpath, select.poll
        self.duplicate, self.duplication = fcntl.fcntl, fcntl.F_DUPFD_CLOEXEC
        self.tables: dict[str, Table | None] = {}
        self.by_path: dict[str, Table] = {}
        self.lines: list[str] = []
        self.entered: list[int] = []
        self.late: list[int] = []
        self.importing = False
        self.cloning = False
        self.alone = False  # one test has this process to itself: what it imports is its own
        self.busy: set[int] = set()
        self.lock = threading.RLock()
        self.depth = 0
        self.broken = False
        self.count = 0
        self.life: tuple[int, int] = (setup.get("life", 0), setup.get("line", -1))
        self.lives = 0
        self.lingering: list[tuple[int, int]] = []
        self.forget: Any = None
        self._be(setup.get("token", "-"))

    def _be(self, token: str) -> None:
        """Take the identity of this process, and say so."""
        self.pid = self.getpid()
        self.name = f"{self.pid:x}.{time.monotonic_ns():x}"
        group = -1 if self.first else self.context
        self.line(f"start {group} {self.pid} {token} {self.life[0]}")
        self.flush()

    # -- writing ----------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """Take down a line; it is written at the next flush, by a child at once."""
        self.lines.append(f"{self.setup['nonce']} {self.name} {text}\n")
        if not self.first:
            self.flush()

    def flush(self) -> None:
        """Write all that is there."""
        entered, self.entered = self.entered, []
        late, self.late = self.late, []
        lines, self.lines = self.lines, []
        mark = f"{self.setup['nonce']} {self.name}"
        if entered:
            lines.append(f"{mark} in {self.context} {','.join(map(str, entered))}\n")
        if late:
            lines.append(f"{mark} late {self.context} {','.join(map(str, late))}\n")
        if not lines or self.broken:
            return
        data = "".join(lines).encode("ascii")
        try:
            while data:
                data = data[self.put(self.fd, data) :]
        except OSError:
            self.broken = True  # the file was closed or is full: this process is not followed

    def lost(self, what: str) -> None:
        """Say that something in this context cannot be followed."""
        self.line(f"lost {self.context} {self.dumps(what)}")

    def is_ours(self) -> bool:
        """Whether the workspace has a part in what happens: an installed plugin alone has not.

        Within a test it always has.
        """
        frame = sys._getframe(1) if self.context == IMPORT else None
        while frame is not None and self.table(frame.f_code.co_filename) is None:
            frame = frame.f_back
        return self.context != IMPORT or frame is not None

    # -- code -------------------------------------------------------------------------------------

    def relative(self, path: str) -> str | None:
        """Return a path relative to the workspace; None outside of it, and in environments."""
        try:
            real = self.realpath(path)
        except (OSError, ValueError):
            return None
        if not real.startswith(self.root + os.sep) or real.startswith(self.shown):
            return None
        return real[len(self.root) + 1 :]

    def table(self, filename: str) -> Table | None:
        """Return the table of a code object's file name; None for what is not the workspace's."""
        if filename in self.tables:
            return self.tables[filename]
        made_up = filename.startswith("<") or not filename
        path = None if made_up else self.relative(filename)
        if path is not None and path not in self.by_path:
            self.by_path[path] = Table(path)
        self.tables[filename] = found = None if path is None else self.by_path[path]
        return found

    def note(self, table: Table, key: tuple[int, str], frame: FrameType | None) -> None:
        """Take down that code of the workspace was entered, for the first time in this context."""
        table.seen.add(key)
        index = table.codes.get(key)
        if index is None:
            index = table.codes[key] = self.count
            self.count += 1
            self.line(f"code {index} {self.dumps([table.path, *key])}")
        if self.first and not self.alone and self.context != IMPORT:
            if key[1] == "<module>":
                # what it calls matters to all tests that find it imported, also what was seen
                self.importing = True
                self.again()
                table.seen.add(key)
            if self.importing:
                self.importing = self._is_import(frame)
                if self.importing:
                    self.late.append(index)
        self.entered.append(index)
        if not self.first:
            self.flush()

    def _is_import(self, frame: FrameType | None) -> bool:
        while frame is not None:
            code = frame.f_code
            if code.co_name == "<module>" and self.table(code.co_filename) is not None:
                return True
            frame = frame.f_back
        return False

    def again(self) -> None:
        """Let everything count as not yet entered."""
        for table in self.by_path.values():
            table.seen.clear()
        if self.forget is not None:
            self.forget()

    # -- contexts ---------------------------------------------------------------------------------

    def switch(self, context: int) -> None:
        """Begin or resume a context: from here on, all is on its account."""
        self.flush()
        self.context = context
        self.importing = False
        self.again()
        for life in self._living():
            self.line(f"alive {context} {life}")
        threads = sys._current_frames()
        if len(threads) > 1:
            for frame in threads.values():
                self._stands_in(frame)

    def _stands_in(self, frame: FrameType | None) -> None:
        """Count what a thread is in the middle of as entered."""
        while frame is not None:
            code = frame.f_code
            table = self.table(code.co_filename)
            key = (code.co_firstlineno, code.co_name)
            if table is not None and key not in table.seen and key[1] != "<module>":
                self.note(table, key, frame)
            frame = frame.f_back

    def begin_life(self) -> None:
        """Make a line that all which is started next holds open for as long as it lives.

        A process that was itself started hands its own on.
        """
        if not self.first or self.cloning:
            return
        self.lock.acquire()
        self.depth += 1
        if self.depth > 1:
            return  # a fork within a start
        self.flush()
        if len(self.lingering) >= _MOST_LINGERING:
            self._living()
        self.lives += 1
        read, write = os.pipe()
        self.lingering.append((self.lives, self._high(read)))
        self.life = (self.lives, self._high(write))

    def end_life(self) -> None:
        """Leave the line to what was started."""
        if not self.first or self.cloning:
            return
        self.depth -= 1
        if not self.depth and self.life[1] >= 0:
            os.close(self.life[1])
            self.life = (0, -1)
        self.lock.release()

    def _high(self, fd: int) -> int:
        """Move a descriptor to where it is in nobody's way."""
        moved: int = self.duplicate(fd, self.duplication, _HIGH)
        os.close(fd)
        return moved

    def _living(self) -> set[int]:
        """Return the lives that were begun and are not over."""
        if not self.lingering:
            return set()
        poll = self.poll()
        for _, fd in self.lingering:
            poll.register(fd, 0)
        gone = {fd for fd, _ in poll.poll(0)}
        for fd in gone:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.lingering = [(life, fd) for life, fd in self.lingering if fd not in gone]
        while len(self.lingering) > _MOST_LINGERING:
            self.lost("too many processes")
            os.close(self.lingering.pop(0)[1])
        return {life for life, _ in self.lingering}

    # -- forks ------------------------------------------------------------------------------------

    def in_child(self) -> None:
        """Go on as another process, whose code is numbered anew."""
        if self.cloning:  # it goes on in the place of the first one
            return
        self.lines, self.entered, self.late = [], [], []
        self.first = False
        self.importing = False
        self.lingering = []
        self.count = 0
        for table in self.by_path.values():
            table.codes.clear()
        self.again()
        self._be("-")
