"""For every test: nothing is judged by how long it took, nor by what an earlier one was refused."""

import os
from collections.abc import Generator
from weakref import WeakValueDictionary

import pytest
from hypothesis import settings

from festina.models import budget

settings.register_profile("default", deadline=None)
# a run that decides something tries the same cases each time; a person's run tries new ones
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser):
    parser.addoption(
        "--update-fixtures",
        action="store_true",
        help="write what comes out into tests/fixtures/edits instead of comparing it",
    )
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="a test that skips itself has failed: what it needs was to be here",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_instead(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        _fail_instead(report, collector.config)
    return report


def _fail_instead(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    if config.getoption("--no-skips"):
        _, _, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (--no-skips: that is a failure)"


@pytest.fixture(autouse=True)
def limits_of_its_own(monkeypatch):
    """A port is used again, and what an earlier server refused says nothing of the next one."""
    monkeypatch.setattr(budget, "_budgets", WeakValueDictionary())
