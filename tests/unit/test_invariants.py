"""Each invariant that docs/ promises names what backs it, and that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("architecture.md", "parts.md")


def invariants(page: str) -> list[str]:
    paragraphs = re.split(r"\n\s*\n", (ROOT / "docs" / page).read_text("utf-8"))
    return [one for one in paragraphs if "**Invariant:" in one]


@pytest.mark.parametrize("page", PAGES)
def test_each_invariant_is_backed_by_a_test_that_exists(page: str) -> None:
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    found = invariants(page)
    assert len(found) > 5
    for one in found:
        named = re.findall(r"`((?:tests|clients)/[^`]+|test_\w+)`", one)
        assert named, f"no test backs this: {one}"
        for name in named:
            there = (ROOT / name).exists() if "/" in name else f"def {name}(" in tests
            assert there, f"{name} is gone: {one}"


def test_the_page_to_read_first_is_two_pages() -> None:
    assert len((ROOT / "docs" / "architecture.md").read_text("utf-8").split()) < 1300
