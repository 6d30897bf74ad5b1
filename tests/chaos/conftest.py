"""No test here may leave a task, a thread or a descriptor, nor see the machine's own proxies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from festina.models.runner import Runner
from support import processes


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    descriptors = processes.open_descriptors()
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not [one for one in threading.enumerate() if one.name == "festina-models"]
    for _ in range(200):
        if processes.open_descriptors() <= descriptors:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("descriptors are left")


@pytest.fixture
async def runner(nothing_left: None) -> AsyncIterator[Runner]:
    runner = Runner()
    yield runner
    await runner.aclose()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
