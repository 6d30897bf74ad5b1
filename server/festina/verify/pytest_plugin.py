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
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_executable = importlib.import_module("festina_executable")  # all three lie beside this file
_seal = importlib.import_module("festina_seal")
_tracer = importlib.import_module("festina_tracer")

_ADDRESS = "0x[0-9a-fA-F]{6,}"
MAX_DETAIL = 6000
"""Characters of a failure's text that are reported; its end says most."""


def _take_setup() -> dict[str, Any]:
    """Read what the verifier asks for, and wipe every trace of it from the process."""
    setup_fd, report_fd = (int(part) for part in os.environ.pop("FESTINA_WITNESS").split(","))
    setup: dict[str, Any] = json.loads(_tracer.read_all(setup_fd).decode("ascii"))
    os.close(setup_fd)
    os.set_inheritable(report_fd, False)
    setup["fd"] = report_fd
    # so that a compiled file beside a source of this fresh copy is nobody's but the candidate's
    sys.dont_write_bytecode = True
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
    """Writes records. A forked child shares the pipe and must stay silent: the pid tells.

    Tests replace functions (``os.write``, ``json.dumps``, all of ``os``) while we report on them:
    what is needed is kept here, where tools that replace names in modules do not look.
    """

    def __init__(self, fd: int, nonce: str) -> None:
        self.fd = fd
        self.nonce = nonce
        self.getpid, self.put, self.dump = os.getpid, os.write, json.dumps
        self.pid = os.getpid()
        self.lock = threading.Lock()

    def write(self, kind: str, **fields: Any) -> None:
        if self.getpid() != self.pid:
            return
        record = self.dump({"kind": kind, **fields}, default=str)
        data = f"{self.nonce} {record}\n".encode("ascii", "backslashreplace")
        with self.lock:
            while data:
                data = data[self.put(self.fd, data) :]


_setup = _take_setup()
_reporter = _Reporter(_setup["fd"], _setup["nonce"])
_needs: dict[str, list[Any]] | None = {}
if _setup["path"] and _setup["hunks"] is not None:
    try:
        _needs = _executable.analyse(_setup["old"], _setup["new"], _setup["hunks"])
    except (SyntaxError, ValueError):
        _needs = {}
_lines = _tracer.Lines(
    _setup["path"], {tuple(need) for needs in (_needs or {}).values() for need in needs}
)
_lines.start()
_sealed = _seal.Seal([sys.modules[__name__], _executable, _seal, _tracer], [_reporter, _lines])


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
    _reporter.write("start", pytest=pytest.__version__, python=list(sys.version_info[:3]))
    yield


@pytest.hookimpl(trylast=True)
def pytest_collectreport(report: Any) -> None:
    """Report a file that could not be collected."""
    if report.outcome == "failed":
        _reporter.write("collect_error", id=report.nodeid, **_failure(report))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what this run is not to look at again. Ids are known without memory addresses."""
    if _setup["only"] is None:
        return
    wanted = set(_setup["only"])
    kept: list[Any] = []
    left_out: list[Any] = []
    for item in items:
        asked = re.sub(_ADDRESS, "0x", item.nodeid) in wanted
        (kept if asked else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


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
    _sealed.check()
    _reporter.write("collected", ids=[item.nodeid for item in session.items], files=sorted(files))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """Report which test begins, so that a crash can name it."""
    _lines.trace()
    file = nodeid.partition("::")[0]
    if file != _sealed.file:
        _sealed.file = file
        _sealed.check()
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
def pytest_sessionfinish(session: Any, exitstatus: Any) -> None:
    """Write the end record: without it nothing that was reported counts."""
    _sealed.check()
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
        replaced=sorted(_sealed.broken),
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
        last = lines[-1] if lines else "failed"
        message = last[1:].lstrip() if last.startswith("E  ") else last
        return {"detail": detail, "message": message[:500]}
    return {
        "detail": detail,
        "message": str(crash.message)[:1000],
        "path": str(crash.path),
        "line": crash.lineno,
    }
