"""Festina's witness inside a test run: what was collected, run and imported, and which lines ran.

Loaded with ``-p`` before any other plugin of the project, in the project's own interpreter:
standard library and pytest only, Python 3.8 or newer. It reports over a private pipe, one JSON
record a line, each with a nonce that it read from an unnamed file; nothing of this stays in the
environment or on ``sys.path``. It holds no file object open and starts no thread, so that ``-W
error`` stays quiet.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_executable = importlib.import_module("festina_executable")  # all lie beside this file
_reporting = importlib.import_module("festina_reporting")
_seal = importlib.import_module("festina_seal")
_tracer = importlib.import_module("festina_tracer")

_ADDRESS = "0x[0-9a-fA-F]{6,}"


def _take_setup() -> dict[str, Any]:
    """Read what the verifier asks for, and wipe every trace of it from the process."""
    setup_fd, report_fd = (int(part) for part in os.environ.pop("FESTINA_WITNESS").split(","))
    setup: dict[str, Any] = json.loads(_tracer.read_all(setup_fd).decode("ascii"))
    os.close(setup_fd)
    os.set_inheritable(report_fd, False)
    setup["fd"] = report_fd
    # so that a compiled file beside a source of this fresh copy is nobody's but the candidate's
    sys.dont_write_bytecode = not setup.get("compile", False)
    if "serve" in setup:  # now or never: their folder is not searched any more then
        for name in setup["serve"]["parts"]:
            importlib.import_module(name)
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - 3.8, early, cheap
    sys.path[:] = [entry for entry in sys.path if entry != here]
    if setup["pythonpath"] is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setup["pythonpath"]
    if setup["root"]:
        sys.path.insert(0, setup["root"])
    return setup


class _Witness:
    """What this run is watched with. In a fork server each child is armed by itself."""

    def __init__(self) -> None:
        self.reporter: Any = _reporting.Notes()
        self.lines: Any = None
        self.needs: dict[int, list[Any]] | None = {}
        self.only: dict[str, int] | None = None
        self.ordered = False
        self.first: frozenset[str] = frozenset()
        self.modules: dict[str, tuple[str, str]] = {}

    def arm(self, question: dict[str, Any], fd: int) -> None:
        """Report on ``fd`` from now on, and watch the lines that the question names."""
        if question.get("needs") is not None:
            self.needs = {line: list(map(tuple, wanted)) for line, wanted in question["needs"]}
        elif question["path"] and question["hunks"] is not None:
            texts = question["old"], question["new"]
            try:
                self.needs = _executable.analyse(*texts, question["hunks"])
            except (SyntaxError, ValueError):
                self.needs = {}
        if question["only"] is not None:
            self.only = {test: place for place, test in enumerate(question["only"])}
        self.ordered = question.get("ordered", False)
        self.first = frozenset(question.get("first", ()))
        narrow = _serving is not None and _serving.kind == "collected"
        self.lines = _tracer.Lines(question["path"], self.needs or {}, narrow=narrow)
        self.lines.start()
        self.reporter = _reporting.Reporter(fd, question["nonce"])
        _sealed.watch(self.reporter, self.lines, self)
        self.reporter.write("start", pytest=pytest.__version__, python=list(sys.version_info[:3]))

    def know_modules(self) -> None:
        """Note what is imported now: a child reports what it has beside that, and after us."""
        self.modules = _tracer.modules()
        sys.modules[__name__] = sys.modules.pop(__name__)


_setup = _take_setup()
_ours = [_executable, _reporting, _seal, _tracer]
_witness = _Witness()
_serving: Any = None
if "serve" in _setup:
    _session = importlib.import_module("festina_session")
    _ours.append(_session)
_sealed = _seal.Seal([sys.modules[__name__], *_ours])
if "serve" in _setup:
    _serving = _session.Serving(_setup, _setup["fd"], _witness, _sealed)
else:
    _witness.arm(_setup, _setup["fd"])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> Iterator[None]:
    """Ask installed plugins for one process, a fixed order and no coverage tracing of their own."""
    known = early_config.known_args_namespace
    _sealed.plugins = early_config.pluginmanager
    args.extend(["--maxfail=0", "--continue-on-collection-errors"])
    if hasattr(known, "numprocesses"):
        args.append("-n0")
        known.numprocesses = 0
    if hasattr(known, "no_cov"):
        args.append("--no-cov")
        known.no_cov = True
    if hasattr(known, "randomly_seed"):
        args.extend(["--randomly-seed=1", "--randomly-dont-reorganize"])
    if _serving is not None:
        _serving.before_conftest(early_config, args)
    yield


@pytest.hookimpl(trylast=True)
def pytest_collectreport(report: Any) -> None:
    """Report a file that could not be collected."""
    if report.outcome == "failed":
        _witness.reporter.write(
            "collect_error",
            id=report.nodeid,
            **_reporting.failure(report, forked=_serving is not None),
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what is not asked for, and begin with what is.

    Ids are without memory addresses; the path of a file stands for all tests in it.
    """

    def plain(item: Any) -> str:
        return re.sub(_ADDRESS, "0x", item.nodeid)

    only, first = _witness.only, _witness.first
    if only is not None:
        places = only

        def place(item: Any) -> int:
            name = plain(item)
            return places.get(name, places.get(name.partition("::")[0], -1))

        kept = [item for item in items if place(item) >= 0]
        left_out = [item for item in items if place(item) < 0]
        if _witness.ordered:
            kept.sort(key=place)
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)
    if first:
        items.sort(key=lambda item: plain(item) not in first)


def pytest_deselected(items: list[Any]) -> None:
    """Report tests that options or plugins left out."""
    _witness.reporter.write("deselected", ids=[item.nodeid for item in items])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: Any) -> None:
    """Report the ids that are to run, and the files that hold tests."""
    files = {
        os.path.realpath(str(item.fspath))
        for item in session.items
        if type(item).__name__ != "DoctestItem"
    }
    _sealed.check()
    _witness.reporter.write(
        "collected", ids=[item.nodeid for item in session.items], files=sorted(files)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> None:
    """Serve from here in a fork server that has collected; its children go on."""
    if _serving is not None:
        _serving.collected(session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """Report which test begins, so that a crash can name it."""
    if _witness.lines is not None and not _witness.lines.narrow:
        _witness.lines.trace()
    file = nodeid.partition("::")[0]
    if file != _sealed.file:
        _sealed.file = file
        _sealed.check()
    _witness.reporter.write("begin", id=nodeid)


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_fixture_setup() -> Iterator[None]:
    """Watch lines while a fixture is made."""
    yield from _watched()


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call() -> Iterator[None]:
    """Watch lines while a test runs."""
    yield from _watched()


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Watch lines while fixtures are taken down."""
    yield from _watched()


def _watched() -> Iterator[None]:
    lines = _witness.lines
    ours = lines is not None and lines.narrow and lines.trace()
    yield
    if ours:
        lines.pause()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Report one phase of one test, if it says something of it.

    That a test was set up, or one of its parts passed, says nothing: it is settled by its end.
    """
    part = hasattr(report, "context")
    if report.outcome == "passed" and (part or report.when != "call"):
        return
    fields = (
        _reporting.failure(report, forked=_serving is not None)
        if report.outcome == "failed"
        else {}
    )
    _witness.reporter.write(
        "report",
        id=report.nodeid,
        when=report.when,
        outcome=report.outcome,
        xfail=hasattr(report, "wasxfail"),
        part=part,
        **fields,
    )


def pytest_internalerror(excrepr: Any) -> None:
    """Report that pytest, a plugin or a hook broke."""
    _witness.reporter.write("internal_error", detail=str(excrepr)[-_reporting.MAX_DETAIL :])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: Any, exitstatus: Any) -> None:
    """Write the end record: without it nothing that was reported counts."""
    _sealed.check()
    lines, needs = _witness.lines, _witness.needs or {}
    if lines is None:  # a fork server that ends without having served
        return
    modules = _tracer.modules(_witness.modules, __name__)
    _witness.reporter.write(
        "end",
        status=int(exitstatus),
        code_changed=_witness.needs is not None,
        changed=sorted(needs),
        executed=lines.executed(),
        imported=lines.imported,
        modules={name: real for name, (_, real) in modules.items() if real},
        replaced=sorted(_sealed.broken),
        spent=_serving.spent if _serving is not None else {},
    )
    if _serving is not None:
        _serving.leave(int(exitstatus))
