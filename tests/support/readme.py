"""The lines that README.md tells people to paste, so that tests use exactly those."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """All fenced code blocks of a language, in order."""
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(language: str, words: str) -> str:
    """The only block of a language that holds some words."""
    found = [code for code in blocks(language) if words in code]
    assert len(found) == 1, f"README.md has {len(found)} {language} blocks with {words!r}"
    return found[0]
