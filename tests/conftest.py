"""For every test: nothing is judged by how long it took, nor by what an earlier one was refused."""

import os
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


@pytest.fixture(autouse=True)
def limits_of_its_own(monkeypatch):
    """A port is used again, and what an earlier server refused says nothing of the next one."""
    monkeypatch.setattr(budget, "_budgets", WeakValueDictionary())
