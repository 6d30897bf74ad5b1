"""Which ``festina`` editors start in tests, how long they may take, and where their programs lie.

Each can be named by the environment: another server (of a package, or a broken one, to see a test
fail), a shorter patience for that, and another folder of programs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TOOLS = Path(os.environ.get("FESTINA_TEST_TOOLS") or Path(__file__).parents[2] / ".tools")
"""Where the installers of ``tests/editors`` put editors and what drives them."""


def festina() -> Path:
    """Return the server: that of this environment, unless ``FESTINA_TEST_SERVER`` names one."""
    own = Path(sys.executable).parent / "festina"
    return Path(os.environ.get("FESTINA_TEST_SERVER") or own)


def seconds(usual: float) -> float:
    """Return how long something may take before a test gives up."""
    return float(os.environ.get("FESTINA_TEST_SECONDS") or usual)
