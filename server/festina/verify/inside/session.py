"""A fork server's part in pytest's run: where it stops to serve, and what its children do first.

A ``collected`` server stops when pytest has collected; a child has code of functions replaced and
runs chosen tests. A ``fresh`` one stops before the first conftest; a child goes on as pytest would.
"""

from __future__ import annotations

import gc
import importlib
import json
import linecache
import mmap
import os
import random
import re
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_dicts = importlib.import_module("festina_dicts")
_early = importlib.import_module("festina_early")
_gate = importlib.import_module("festina_gate")
_samples = importlib.import_module("festina_samples")
_pages = importlib.import_module("festina_pages")
_server = importlib.import_module("festina_server")
_system = importlib.import_module("festina_system")
_tracer = importlib.import_module("festina_tracer")

_ADDRESS = re.compile("0x[0-9a-fA-F]{6,}")
_CONFIGURATION = "pytest.toml .pytest.toml pytest.ini .pytest.ini pyproject.toml tox.ini setup.cfg"
_SEEDS = 24
"""How often the random generator is followed: 624 numbers each time."""


_MOST = 1 << 28
"""Bytes of a question with its files."""
_LINES = 1 << 23
"""Bytes of sources whose lines are kept."""


class Serving:
    """One fork server, from the start of pytest on; in a child, all that came before its tests.

    ``setup`` is what the host asks for, ``witness`` the plugin's. Until a child is armed, what the
    plugin reports is kept, for the host and for every child.
    """

    def __init__(self, setup: Mapping[str, Any], control: int, witness: Any, sealed: Any) -> None:
        serve = setup["serve"]
        self.kind: str = serve["kind"]
        self.root: str = serve["workspace"]
        self.quiet: list[str] = serve["quiet"]
        self.witness, self.sealed = witness, sealed
        self.server = _server.Server(control, serve["cell"], serve["standby"])
        self.early = _early.Early(self.root, serve["shown"])
        self.index: Any = None
        self.swap: Any = sys.modules.get("festina_swap")
        self.kept: list[Any] = []
        self.inside = False
        self.spent: dict[str, float] = {}
        random.seed()
        self.unseeded = random.getstate()
        self.seeded: Any = None
        self.early.start()

    # --- where it stops

    def before_conftest(self, config: Any, args: list[str]) -> None:
        """Serve from here, if this is a ``fresh`` server; returns in its children."""
        args.append("--tb=native")  # others parse the whole module around each line
        # pytest has looked for these before it loaded us, and for those that are not there as well
        self.early.read.update(_CONFIGURATION.split())
        used = getattr(config, "inipath", None)
        if used is not None and self.early.own(os.path.realpath(str(used))):
            self.early.read.add(os.path.relpath(os.path.realpath(str(used)), self.root))
        if self.kind != "fresh":
            return
        self.early.stop()
        own = sorted({path for path, _, _ in self.early.ran} | self._own_modules())
        if own:
            self.server.refuse(f"{own[0]} is imported before the tests begin")
        question, cell = self._serve({})
        self._lay(question, cell)
        self.witness.arm(question, cell.talk)

    def collected(self, session: Any) -> None:
        """Serve from here, if this is a ``collected`` server; returns in its children."""
        if self.kind != "collected":
            return
        manager = session.config.pluginmanager.getplugin("capturemanager")
        if manager is not None:  # its files are shared by all who have them open
            manager.stop_global_capturing()
        items: dict[str, list[Any]] = {}
        for item in session.items:
            items.setdefault(_ADDRESS.sub("0x", item.nodeid), []).append(item)
        try:
            _gate.check()
        except _gate.Unfit as error:
            self.server.refuse(str(error))
        self.early.stop()
        self.index = self.swap.Index(self.root, self.early.ran)
        _keep_lines({str(item.fspath) for item in session.items})
        doctests = {
            os.path.realpath(str(item.fspath))
            for item in session.items
            if type(item).__name__ == "DoctestItem"
        }
        question, cell = self._serve({"doctests": sorted(doctests)}, manager)
        self._lay(question, cell)
        begun = time.perf_counter()
        self.witness.arm(question, cell.talk)
        _samples.renew(self.root, question["files"])
        self._swap(question)
        self.spent["swap"] = time.perf_counter() - begun
        if question["only"] is not None:
            session.items = [item for test in question["only"] for item in items.get(test, ())]
            session.testscollected = len(session.items)
        self.witness.reporter.write(
            "collected", ids=[item.nodeid for item in session.items], files=[]
        )
        if session.items:  # as yet nothing can have replaced anything
            self.sealed.file = session.items[0].nodeid.partition("::")[0]
        # pytest's cache would be written at the end, for nobody
        session.config.option.cacheshow = session.config.option.cacheshow or [""]
        self._renew_tmp(session.config)
        self.spent["ready"] = time.perf_counter() - self.begun

    def leave(self, status: int) -> None:
        """In a child: the end record is written, and nothing that comes now would count."""
        if self.inside:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (AttributeError, OSError, ValueError):
                    continue
            os._exit(status)

    # --- in the server

    def _serve(self, facts: dict[str, Any], capture: Any = None) -> tuple[dict[str, Any], Any]:
        for name in self.quiet:
            os.environ.pop(name, None)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        state = random.getstate()
        if _was_seeded(self.unseeded, state):
            self.seeded = state
        self.witness.know_modules()
        try:
            _gate.check()
            self.kept = _gate.open_files(self.server.descriptors)
        except _gate.Unfit as error:
            self.server.refuse(str(error))
        facts.update(
            notes=self.witness.reporter.notes,
            modules={name: real for name, (_, real) in self.witness.modules.items() if real},
            ran=self.early.ran,
            read=sorted(self.early.read),
            started=self.early.started,
            complete=self.early.complete,
            threads=1,
            python=list(sys.version_info[:3]),
            tag=f"{sys.implementation.cache_tag} {sys.hexversion:x}",
            pytest=pytest.__version__,
        )
        if self.kind == "collected":
            self.sealed.settle(_dicts)
        gc.collect()
        gc.freeze()  # children share the pages for as long as nobody writes into them
        cell = self.server.serve(facts)
        self.inside = True
        _gate.reopen(self.kept)
        if self.seeded is not None:
            random.setstate(self.seeded)
        if capture is not None:
            capture.start_global_capturing()
            capture.suspend_global_capture()
        if self.server.waits:
            _pages.take(cell.talk)
        return self._question(cell), cell

    def _own_modules(self) -> set[str]:
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        return {
            os.path.relpath(file, self.root)
            for file in files
            if isinstance(file, str) and self.early.own(os.path.realpath(file))
        }

    # --- in a child

    def _question(self, cell: Any) -> dict[str, Any]:
        """Read a line of JSON, and after it the texts of the files: ``sizes`` says of what size."""
        os.set_blocking(cell.talk, True)  # a project can have changed how sockets are made
        space = mmap.mmap(-1, _MOST)  # takes no memory but where something is written
        texts = memoryview(space)
        size = 0
        while True:
            part = os.readv(cell.talk, [texts[size:]])
            if not part:
                break
            size += part
        self.begun = time.perf_counter()
        if not size:
            os._exit(0)  # a child that was not needed
        _system.named(self.server.name)
        if size == _MOST:
            cell.fail("there is too much to lay over the workspace")
        end = space.find(b"\n")
        question: dict[str, Any] = json.loads(texts[:end].tobytes())
        texts = texts[end + 1 : size]
        question["files"] = {}
        for path, size in question["sizes"].items():
            question["files"][path] = None if size is None else texts[:size]
            texts = texts[size or 0 :]
        self.spent["question"] = time.perf_counter() - self.begun
        return question

    def _lay(self, question: dict[str, Any], cell: Any) -> None:
        begun = time.perf_counter()
        files = question["files"]
        try:
            known = self.kind == "collected" and all(map(os.path.exists, files))
            cell.lay(files)
            cell.lock()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing runs then
            _refuse(question, cell.talk, f"the files could not be laid: {error}")
        if not known or None in files.values():
            importlib.invalidate_caches()  # there are other files to be found
        self.spent["lay"] = time.perf_counter() - begun

    def _swap(self, question: dict[str, Any]) -> None:
        for swap in question["swaps"]:
            try:
                count = self.index.apply(swap)
            except self.swap.NotSwappable as error:
                _refuse(question, self.witness.reporter.fd, str(error))
            if count and os.path.join(self.root, swap["path"]) == question["path"]:
                self.witness.lines.note_source()

    def _renew_tmp(self, config: Any) -> None:
        factory = getattr(config, "_tmp_path_factory", None)
        base = getattr(factory, "_basetemp", None)
        if base is not None and not base.exists():
            config._tmp_path_factory._basetemp = None


def _keep_lines(tests: Iterable[str]) -> None:
    """Read what tracebacks show of tests, once for all children: in each it takes milliseconds."""
    left = _LINES
    library = getattr(sys.modules.get("unittest.case"), "__file__", None)
    for file in [*sorted(tests), *([library] if library else [])]:
        try:
            left -= os.path.getsize(file)
        except OSError:
            continue
        if left >= 0:
            linecache.getlines(file)


def _refuse(question: dict[str, Any], talk: int, why: str) -> NoReturn:
    record = json.dumps({"kind": "refused", "why": why})
    os.write(talk, f"{question['nonce']} {record}\n".encode("ascii", "backslashreplace"))
    os._exit(0)


def _was_seeded(before: Any, after: Any) -> bool:
    """Whether somebody seeded the random generator, and did not only take numbers from it.

    A forked child seeds it anew, as a new process would; what was seeded has to stay so.
    """
    follower = random.Random()  # noqa: S311
    follower.setstate(before)
    for _ in range(_SEEDS):
        state = follower.getstate()
        if state[1][:-1] == after[1][:-1]:
            return False
        follower.getrandbits(32 * (625 - state[1][-1]))
    return True
