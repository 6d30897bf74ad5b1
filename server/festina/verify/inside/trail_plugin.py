"""Tells the trail which test or fixture is at work. Loaded with ``-p`` before everything else.

Contexts: 0 is start-up, conftest files and collection; then one for each test, for each fixture of
a wider scope than a function, and for what comes after the last test. Further lines of the trail:
``items 0 [ids]``: what was collected; ``uses TEST [fixtures]``; ``edge FIXTURE [fixtures]``: it
asks for those by itself; ``report TEST {...}``: what became of a phase of it; ``done TEST SECONDS``
at its end; ``end 0`` when all is over. Python 3.8 or newer.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import linecache
import os
import re
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ADDRESS = "0x[0-9a-fA-F]{6,}"
_processes = importlib.import_module("festina_trail_processes")  # beside this file
_code = importlib.import_module("festina_trail_code")


def _take_setup() -> dict[str, Any]:
    fd = int(os.environ.pop("FESTINA_TRAIL"))
    data = b""
    while part := os.pread(fd, 1 << 16, len(data)):
        data += part
    os.close(fd)
    setup: dict[str, Any] = json.loads(data.decode("ascii"))
    return setup


def _give_way() -> None:
    """Let others have most of the processor: nobody waits for this, but it is to end some day."""
    with contextlib.suppress(OSError):
        os.nice(10)


class _Caches:
    """Caches of the project's functions, emptied before each test.

    Else only the first test of all that need a function would be seen to enter it.
    """

    def __init__(self, trail: Any) -> None:
        self.trail = trail
        self.known: weakref.WeakSet[Any] = weakref.WeakSet()
        self.kept: list[Any] = []

    def watch(self) -> None:
        real = functools.lru_cache

        @functools.wraps(real)
        def lru_cache(*args: Any, **options: Any) -> Any:
            made = real(*args, **options)
            if hasattr(made, "cache_clear"):
                return self._keep(made)

            @functools.wraps(made)
            def decorate(function: Callable[..., Any]) -> Any:
                return self._keep(made(function))

            return decorate

        functools.lru_cache = lru_cache

    def _keep(self, cached: Any) -> Any:
        code = getattr(getattr(cached, "__wrapped__", None), "__code__", None)
        if code is None or self.trail.table(code.co_filename) is not None:
            try:
                self.known.add(cached)
            except TypeError:  # Python 3.8 has no weak references to them
                self.kept.append(cached)
        return cached

    def empty(self) -> None:
        for cached in [*self.known, *self.kept]:
            if cached.cache_info().currsize:
                cached.cache_clear()
        for name in list(linecache.cache):
            if self.trail.table(name) is not None:
                del linecache.cache[name]


class _Contexts:
    """Numbers tests and fixtures."""

    def __init__(self, trail: Any) -> None:
        self.trail = trail
        self.count = 0
        self.fixtures: dict[Any, int] = {}
        self.stack: list[int] = []

    def new(self, kind: str, name: str) -> int:
        self.count += 1
        self.trail.line(f"context {self.count} {self.trail.dumps([kind, name])}")
        return self.count

    def fixture(self, definition: Any) -> int:
        number = self.fixtures.get(definition)
        if number is None:
            number = self.new("fixture", str(definition.argname))
            self.fixtures[definition] = number
        return number

    def enter(self, context: int) -> None:
        self.stack.append(self.trail.context)
        self.trail.switch(context)

    def leave(self) -> None:
        if self.stack:
            self.trail.switch(self.stack.pop())


_setup = _take_setup()
if _setup["nice"]:
    _give_way()
_trail = _processes.begin(_setup)
_contexts = _Contexts(_trail)
_caches = _Caches(_trail)
_caches.watch()


_runs = importlib.import_module("festina_trail_runs").Runs(_trail, _contexts)


def _is_wide(definition: Any) -> bool:
    return str(getattr(definition, "scope", "")) != "function"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Say what there is to run, and leave out what is known."""
    _trail.line(f"items 0 {_trail.dumps([item.nodeid for item in items])}")
    known = set(_setup["known"])
    if known:
        left_out = [item for item in items if re.sub(_ADDRESS, "0x", item.nodeid) in known]
        items[:] = [item for item in items if re.sub(_ADDRESS, "0x", item.nodeid) not in known]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> object:
    """Run each test in a process of its own, where that can be done."""
    return _runs.run(session)


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Say what became of a test."""
    _trail.line(f"report {_trail.context} {_trail.dumps(_runs.record(report))}")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: Any) -> Iterator[None]:
    """Have a context for each test, until the next one begins."""
    context = _runs.numbers.pop(item, None) or _contexts.new("test", item.nodeid)
    _contexts.stack.clear()
    _trail.switch(context)
    _caches.empty()
    _code.rewatch(_trail)
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    _code.rewatch(_trail)
    _trail.line(f"done {context} {seconds:.6f}")
    _trail.flush()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: Any) -> Iterator[None]:
    """Say which wider fixtures the test has used, by its signature or by asking for them."""
    definitions: list[Any] = []
    for found in getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}).values():
        definitions += found
    asked = getattr(getattr(item, "_request", None), "_fixture_defs", None)
    definitions += list((asked or {}).values())
    used = sorted({_contexts.fixture(one) for one in definitions if _is_wide(one)})
    if used:
        _trail.line(f"uses {_trail.context} {_trail.dumps(used)}")
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[None]:
    """Have a context for each fixture of a wider scope, its end included."""
    if not _is_wide(fixturedef):
        yield
        return
    context = _contexts.fixture(fixturedef)
    before = set(getattr(request, "_fixture_defs", None) or {})
    fixturedef.addfinalizer(_contexts.leave)  # the first of them runs last
    _contexts.enter(context)
    began = time.perf_counter()
    try:
        yield
    finally:
        _runs.took(fixturedef, time.perf_counter() - began)
        after = getattr(request, "_fixture_defs", None) or {}
        new = [after[name] for name in after if name not in before]
        edges = sorted({_contexts.fixture(one) for one in new if _is_wide(one)} - {context})
        if edges:
            _trail.line(f"edge {context} {_trail.dumps(edges)}")
        _contexts.leave()
        fixturedef.addfinalizer(functools.partial(_contexts.enter, context))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish() -> Iterator[None]:
    """Take what comes after the last test apart."""
    _contexts.stack.clear()
    _trail.switch(_contexts.new("post", ""))
    yield


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Say that all is over."""
    _trail.line("end 0")
    _trail.flush()
