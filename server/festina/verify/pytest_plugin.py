"""Festina's witness inside a test run: what was collected, run and imported, and which lines ran.

Loaded with ``-p`` before any other plugin of the project, in the project's own interpreter:
standard library and pytest only, Python 3.8 or newer. It reports over a private pipe, one JSON
record a line, each with a nonce that it read from an unnamed file; nothing of this stays in the
environment or on ``sys.path``. It holds no file object open and starts no thread, so that ``-W
error`` stays quiet.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

MAX_DETAIL = 6000
"""Characters of a failure's text that are reported; its end says most."""


def _read_all(fd: int) -> bytes:
    parts: list[bytes] = []
    offset = 0
    while True:
        part = os.pread(fd, 1 << 16, offset)
        if not part:
            return b"".join(parts)
        parts.append(part)
        offset += len(part)


def _take_setup() -> dict[str, Any]:
    """Read what the verifier asks for, and wipe every trace of it from the process."""
    setup_fd, report_fd = (int(part) for part in os.environ.pop("FESTINA_WITNESS").split(","))
    setup: dict[str, Any] = json.loads(_read_all(setup_fd).decode("ascii"))
    os.close(setup_fd)
    os.set_inheritable(report_fd, False)
    setup["fd"] = report_fd
    setup["analyse"] = importlib.import_module(setup["analyser"]).analyse
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - 3.8, early, cheap
    sys.path[:] = [entry for entry in sys.path if entry != here]
    if setup["pythonpath"] is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setup["pythonpath"]
    if setup["root"]:
        sys.path.insert(0, setup["root"])
    return setup


class _Reporter:
    """Writes records. A forked child shares the pipe and must stay silent: the pid tells."""

    def __init__(self, fd: int, nonce: str) -> None:
        self.fd = fd
        self.nonce = nonce
        self.pid = os.getpid()
        self.lock = threading.Lock()

    def write(self, kind: str, **fields: Any) -> None:
        if os.getpid() != self.pid:
            return
        record = json.dumps({"kind": kind, **fields}, default=str)
        data = f"{self.nonce} {record}\n".encode("ascii", "backslashreplace")
        with self.lock:
            while data:
                data = data[os.write(self.fd, data) :]


class _Lines:
    """Watches one source file: which of the wanted places ran, and from what source.

    ``sys.monitoring`` where there is one (it stays out of the way of coverage tools, debuggers and
    the project's own tracing, and sees every thread); else ``sys.settrace``, given up as soon as
    all is seen, put back before each test, and never put in the place of somebody else's.
    """

    def __init__(self, path: str, wanted: set[tuple[int, str, int]]) -> None:
        self.path = path
        self.wanted = wanted
        self.missing = set(wanted)
        self.keys = {(first, name) for first, name, _ in wanted}
        self.files: dict[str, bool] = {}
        self.imported: list[str] = []
        self.tool: int | None = None
        self.done = False

    def watches(self, filename: str) -> bool:
        known = self.files.get(filename)
        if known is None:
            known = self.files[filename] = os.path.realpath(filename) == self.path
        return known

    def entered(self, code: CodeType) -> bool:
        """Note that ``code``, which is of the watched file, began; say whether its lines matter."""
        if code.co_name == "<module>":
            try:
                fd = os.open(self.path, os.O_RDONLY)
                try:
                    digest = hashlib.sha256(_read_all(fd)).hexdigest()
                finally:
                    os.close(fd)
            except OSError:
                digest = ""
            self.imported.append(digest)
        key = (code.co_firstlineno, code.co_name)
        self.missing.discard((*key, 0))
        return key in self.keys

    def start(self) -> None:
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is None:
            self.trace()
            return
        free = [tool for tool in (4, 3) if monitoring.get_tool(tool) is None]
        if not free:
            return
        self.tool = free[0]
        events = monitoring.events
        monitoring.use_tool_id(self.tool, "festina")

        def on_start(code: CodeType, _offset: int) -> Any:
            if self.watches(code.co_filename) and self.entered(code):
                monitoring.set_local_events(self.tool, code, events.LINE)
            return monitoring.DISABLE

        def on_line(code: CodeType, line: int) -> Any:
            self.missing.discard((code.co_firstlineno, code.co_name, line))
            return monitoring.DISABLE

        monitoring.register_callback(self.tool, events.PY_START, on_start)
        monitoring.register_callback(self.tool, events.LINE, on_line)
        monitoring.set_events(self.tool, events.PY_START)

    def trace(self) -> None:
        """Install the tracing function, unless all is seen or somebody else traces."""
        if self.done or self.tool is not None or hasattr(sys, "monitoring"):
            return
        if sys.gettrace() is None:
            sys.settrace(self._on_call)
            threading.settrace(self._on_call)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if not (self.watches(code.co_filename) and self.entered(code)):
            return None
        frame.f_trace_lines = True
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            code = frame.f_code
            self.missing.discard((code.co_firstlineno, code.co_name, frame.f_lineno))
            if not self.missing and self.imported:
                self.stop()
                return None
        return self._on_event

    def stop(self) -> None:
        """Give tracing up: everything was seen."""
        self.done = True
        if sys.gettrace() == self._on_call:
            sys.settrace(None)
        threading.settrace(None)


_setup = _take_setup()
_reporter = _Reporter(_setup["fd"], _setup["nonce"])
_needs: dict[str, list[Any]] | None = {}
if _setup["path"] and _setup["hunks"] is not None:
    try:
        _needs = _setup["analyse"](_setup["old"], _setup["new"], _setup["hunks"])
    except (SyntaxError, ValueError):
        _needs = {}
_lines = _Lines(
    _setup["path"], {tuple(need) for needs in (_needs or {}).values() for need in needs}
)
_lines.start()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> Iterator[None]:
    """Ask installed plugins for one process, a fixed order and no coverage tracing of their own."""
    known = early_config.known_args_namespace
    args.extend(["--maxfail=0", "--continue-on-collection-errors"])
    if hasattr(known, "numprocesses"):
        args.append("-n0")
    if hasattr(known, "no_cov"):
        args.append("--no-cov")
    if hasattr(known, "randomly_seed"):
        args.extend(["--randomly-seed=1", "--randomly-dont-reorganize"])
    _reporter.write("start", pytest=pytest.__version__, python=list(sys.version_info[:3]))
    yield


@pytest.hookimpl(trylast=True)
def pytest_collectreport(report: Any) -> None:
    """Report a file that could not be collected."""
    if report.outcome == "failed":
        _reporter.write("collect_error", id=report.nodeid, **_failure(report))


def pytest_deselected(items: list[Any]) -> None:
    """Report tests that options or plugins left out."""
    _reporter.write("deselected", ids=[item.nodeid for item in items])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: Any) -> None:
    """Report the ids that are to run, and the files that hold tests."""
    files = {
        os.path.realpath(str(item.fspath))
        for item in session.items
        if type(item).__name__ != "DoctestItem"
    }
    _reporter.write("collected", ids=[item.nodeid for item in session.items], files=sorted(files))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """Report which test begins, so that a crash can name it."""
    _lines.trace()
    _reporter.write("begin", id=nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Report one phase of one test."""
    fields = _failure(report) if report.outcome == "failed" else {}
    _reporter.write(
        "report",
        id=report.nodeid,
        when=report.when,
        outcome=report.outcome,
        xfail=hasattr(report, "wasxfail"),
        part=hasattr(report, "context"),
        **fields,
    )


def pytest_internalerror(excrepr: Any) -> None:
    """Report that pytest, a plugin or a hook broke."""
    _reporter.write("internal_error", detail=str(excrepr)[-MAX_DETAIL:])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(exitstatus: Any) -> None:
    """Write the end record: without it nothing that was reported counts."""
    missing = _lines.missing
    lines = _needs or {}
    executed = [
        int(line)
        for line, needs in lines.items()
        if all(tuple(need) not in missing for need in needs)
    ]
    _reporter.write(
        "end",
        status=int(exitstatus),
        code_changed=_needs is not None,
        changed=sorted(int(line) for line in lines),
        executed=sorted(executed),
        imported=_lines.imported,
        modules=_modules(),
    )


def _modules() -> dict[str, str]:
    """Return the file of every imported module that is not of the standard library."""
    library = os.path.dirname(os.path.realpath(os.__file__))  # noqa: PTH120
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            continue
        path = os.path.realpath(file)
        if not path.startswith(library + os.sep) or "site-packages" in path:
            found[name] = path
    return found


def _failure(report: Any) -> dict[str, Any]:
    crash = getattr(report.longrepr, "reprcrash", None)
    detail = str(report.longrepr)[-MAX_DETAIL:]
    if crash is None:
        lines = [line for line in detail.splitlines() if line.strip()]
        return {"detail": detail, "message": lines[-1][:500] if lines else "failed"}
    return {
        "detail": detail,
        "message": str(crash.message)[:1000],
        "path": str(crash.path),
        "line": crash.lineno,
    }
