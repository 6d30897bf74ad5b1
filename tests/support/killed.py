"""Kills a real process at each thing that it does to the disk, one after the other.

``python killed.py CASE FOLDER`` writes an accepted edit with everything that a real process does,
again and again, killed (``SIGKILL``) at the first, the second, the third ... call that changes
something: each statement of SQLite, before and after it, each open, write (also halfway), flush,
fsync, chmod, rename and unlink. After each kill it looks at the folder as a process that knows
nothing, finishes what was begun, and prints a JSON line.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from festina import leftovers, noting
from festina.commands import apply, recovering
from festina.commands.target import Target
from festina.memory import Kept, State, Store
from festina.text import Text, encode

NAME = "a.py"
BEFORE = Text("def clamp(value, low, high):\n    return max(low, value)\n\n\nLIMIT = 10\n" * 3)
AFTER = Text(BEFORE.content.replace("max(low, value)", "min(high, max(low, value))", 2))
LINE = "- 11:40:05 accepted: a.py, clamp"
SHORTER = Text(BEFORE.content.replace("    return max(low, value)\n", "", 2))


class Doom:
    """Counts what is done, and ends the process at the given count."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.done = 0

    def step(self) -> None:
        """One more."""
        self.done += 1
        if self.done == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with a step before it and one after it."""

        def doomed(*args: Any, **named: Any) -> Any:
            self.step()
            found = call(*args, **named)
            self.step()
            return found

        return doomed

    def opened(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return `open`, so that each write may end halfway."""
        doom = self

        class Doomed:
            def __init__(self, file: Any) -> None:
                self._file = file

            def write(self, data: bytes) -> int:
                half = len(data) // 2
                for part in (data[:half], data[half:]):
                    doom.step()
                    self._file.write(part)
                    self._file.flush()
                doom.step()
                return len(data)

            def truncate(self) -> None:
                doom.step()
                self._file.truncate()
                doom.step()

            def __getattr__(self, name: str) -> Any:
                return getattr(self._file, name)

            def __enter__(self) -> Doomed:
                return self

            def __exit__(self, *error: object) -> None:
                self._file.close()

        def doomed(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
            opened = real(file, mode, *args, **named)
            return Doomed(opened) if "+" in mode or "w" in mode else opened

        return doomed

    def fall(self) -> None:
        """Be so from now on."""
        doom = self
        for name in ("fsync", "replace", "rename", "chmod", "unlink", "ftruncate"):
            setattr(os, name, self.around(getattr(os, name)))
        io.open = self.opened(io.open)  # type: ignore[assignment]

        class Connection(sqlite3.Connection):
            def execute(self, *args: Any) -> sqlite3.Cursor:
                doom.step()
                found = super().execute(*args)
                doom.step()
                return found

            def executemany(self, *args: Any) -> sqlite3.Cursor:
                doom.step()
                found = super().executemany(*args)
                doom.step()
                return found

        real = sqlite3.connect
        sqlite3.connect = lambda *args, **named: real(*args, **named, factory=Connection)  # type: ignore[assignment]


def killed(work: Callable[[], None]) -> Iterator[int]:
    """Do some work in processes that are killed at each step in turn; yield after each kill."""
    for at in itertools.count(1):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                Doom(at).fall()
                work()
                os._exit(0)
            os._exit(3)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, "the work failed"
            return
        yield at


class Case:
    """A workspace with one file, and an edit of it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.linked = "linked" in name
        self.after = SHORTER if "shorter" in name else AFTER
        self.again = "recover" in name
        self.folder = folder
        self.workspace = folder / "workspace"
        self.file = self.workspace / NAME

    def set_up(self) -> None:
        """Make it as it is before the edit is accepted; or, to be recovered, right after that."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.workspace.mkdir(parents=True)
        self.file.write_bytes(encode(BEFORE))
        if self.linked:
            os.link(self.file, self.workspace / "b.py")
        if self.again:
            store = Store(self.workspace)
            kept = Kept(NAME, BEFORE, self.after)
            store.journal.begin([kept], name="clamp", how="command", lines=[LINE])
            store.close()

    def work(self) -> None:
        """Accept the edit; or write what was accepted and never written."""
        if self.again:
            self.recover()
        else:
            target = Target(self.file, self.workspace, BEFORE)
            recovering.write(target, self.after, "clamp", LINE, lambda _: None)

    def recover(self) -> bool:
        """Write what is left, as ``festina recover --apply`` does once it passed."""
        store = Store(self.workspace)
        found = leftovers.look(store)
        for entry, files in found:
            recovering.put(self.workspace, entry, files)
            store.journal.move(entry.id, State.APPLIED)
        store.close()
        return bool(found)

    def seen(self) -> dict[str, Any]:
        """What somebody finds who knows nothing, and what is there when all is done."""
        now = self.file.read_bytes()
        names = {encode(BEFORE): "before", encode(self.after): "after"}
        store = Store(self.workspace)
        entries = store.database.read("SELECT state FROM accepts")
        looked = leftovers.look(store)
        store.close()
        found = {
            "content": names.get(now, "other"),
            "known": len(entries),
            "left": [{"fate": files[NAME].fate, "torn": files[NAME].torn} for _, files in looked],
            "recovered": self.recover(),
            "again": self.recover(),
            "finally": names.get(self.file.read_bytes(), "other"),
            "files": sorted(path.name for path in self.workspace.iterdir()),
        }
        if self.linked:
            found["one file"] = self.file.samefile(self.workspace / "b.py")
        return found


class NoteCase(Case):
    """A workspace with a plan, where something was decided: a line of ``progress.md``."""

    MINE = "# Mine\n\nwords\n"

    def set_up(self) -> None:
        super().set_up()
        (self.workspace / "plan.md").write_text("# Plan\n")
        (self.workspace / "progress.md").write_text(self.MINE)

    def work(self) -> None:
        store = Store(self.workspace)
        note = noting.begin(store, LINE)
        assert note is not None
        noting.append(self.workspace, [note])
        store.notes.done([note])
        store.close()

    def recover(self) -> bool:
        store = Store(self.workspace)
        left = noting.left(store)
        noting.append(self.workspace, left)
        store.notes.done(left)
        store.close()
        return bool(left)

    def seen(self) -> dict[str, Any]:
        file = self.workspace / "progress.md"
        now, left = file.read_text(), self.recover()
        return {
            "mine": file.read_text().startswith(self.MINE),
            "written": now.count(LINE),
            "left": left,
            "finally": file.read_text().count(LINE),
            "again": self.recover(),
        }


class NotedCase(Case):
    """A workspace with a plan, where an edit is accepted: its file, and its line."""

    MINE = NoteCase.MINE

    def set_up(self) -> None:
        super().set_up()
        (self.workspace / "plan.md").write_text("# Plan\n")
        (self.workspace / "progress.md").write_text(self.MINE)

    def start(self) -> None:
        """Begin as a process does that knows nothing: what is owed to ``progress.md`` is paid."""
        recovering.greet(self.workspace, lambda _: None)

    def recover(self) -> bool:
        found = super().recover()
        self.start()
        return found

    def seen(self) -> dict[str, Any]:
        file = self.workspace / "progress.md"
        store = Store(self.workspace)
        known = len(store.database.read("SELECT state FROM accepts"))
        store.close()
        found = {"known": known, "written": file.read_text().count(LINE)}
        found |= {"content": "after" if self.file.read_bytes() == encode(self.after) else "before"}
        self.start()
        found |= {"started": file.read_text().count(LINE), "recovered": self.recover()}
        return found | {
            "finally": file.read_text().count(LINE),
            "again": self.recover(),
            "mine": file.read_text().startswith(self.MINE),
            "once": file.read_text().count(LINE),
        }


class PlanCase(Case):
    """A workspace where a plan is written, and a step of it ticked."""

    PLAN = Text("# Plan: mind the bound\n\n- [ ] Return at most `high`.\n" * 20)
    TICKED = Text(PLAN.content.replace("[ ]", "[x]", 1))

    def work(self) -> None:
        apply.create(self.workspace / "plan.md", self.PLAN)
        apply.write(self.workspace / "plan.md", self.PLAN, self.TICKED)

    def seen(self) -> dict[str, Any]:
        file = self.workspace / "plan.md"
        texts = {self.PLAN.content: "whole", self.TICKED.content: "ticked", "": "empty"}
        found = texts.get(file.read_text(), "other") if file.exists() else "none"
        leftovers.sweep(file)
        return {"plan": found, "files": sorted(path.name for path in self.workspace.iterdir())}


CASES = {"plan": PlanCase, "note": NoteCase, "noted": NotedCase, "noted-recover": NotedCase}


def main(name: str, folder: Path) -> None:
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    case = CASES.get(name, Case)(name, folder)
    case.set_up()
    for at in killed(case.work):
        print(json.dumps({"at": at, **case.seen()}), flush=True)
        case.set_up()
    print(json.dumps({"at": 0, **case.seen()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
