"""Settings for every test: nothing is judged by how long it took."""

import os

from hypothesis import settings

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
