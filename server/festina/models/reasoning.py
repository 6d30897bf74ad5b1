"""Keeps a model's inline reasoning, ``<think>...</think>``, out of the answer while it streams."""

from __future__ import annotations

import re
from collections.abc import Iterable

OPENINGS = ("<think>", "<thinking>")
CLOSINGS = ("</think>", "</thinking>")

_ANY_TAG = re.compile("|".join((*OPENINGS, *CLOSINGS)))
_CLOSING = re.compile("|".join(CLOSINGS))


def mentions_tags(texts: Iterable[str]) -> bool:
    """Whether the tags belong to the code at hand, so that they may be part of an answer too."""
    return any(_ANY_TAG.search(text) for text in texts)


class ReasoningFilter:
    """Takes pieces of text, cut anywhere, and returns them without what lies between the tags.

    With ``everywhere``, tags are reasoning wherever they stand. Without it (the prompt itself
    holds such tags, so they may be code) only a block that opens the answer is.

    ``open`` says that the last block was not closed. ``leaked`` says that a closing tag came with
    no opening one: the reasoning before it has been returned as text already, because the
    server's chat template opened the block in the prompt.
    """

    def __init__(self, *, everywhere: bool) -> None:
        self.open = False
        self.leaked = False
        self._everywhere = everywhere
        self._held = ""
        self._begun = False
        self._after_block = False

    def feed(self, text: str) -> str:
        """Return what can be told to be answer by now."""
        if "<" not in text and not self._held and not self.open and self._begun:
            return text
        if self._begun and not self._everywhere:
            return text
        rest = self._held + text
        self._held = ""
        kept: list[str] = []
        while rest:
            rest = self._in_block(rest) if self.open else self._in_answer(rest, kept)
        return "".join(kept)

    def close(self) -> str:
        """Say that the answer has ended; return what was held back as a tag's possible start."""
        held, self._held = self._held, ""
        return "" if self.open else held

    def _in_block(self, rest: str) -> str:
        end = _CLOSING.search(rest)
        if end is None:
            self._held = _tail(rest, CLOSINGS)
            return ""
        self.open = False
        self._after_block = not self._begun
        return rest[end.end() :]

    def _in_answer(self, rest: str, kept: list[str]) -> str:
        if not self._everywhere and self._begun:
            self._keep(rest, kept)
            return ""
        tag = _ANY_TAG.search(rest)
        if tag is None:
            self._held = _tail(rest, (*OPENINGS, *CLOSINGS))
            before, after = rest[: len(rest) - len(self._held)], ""
        else:
            before, after = rest[: tag.start()], rest[tag.start() :]
        if before.strip():
            self._begun = True
            if not self._everywhere:
                self._held = ""
                self._keep(rest, kept)
                return ""
        self._keep(before, kept)
        if tag is None:
            return ""
        if tag.group() in OPENINGS:
            self.open = True
        else:
            self.leaked = self._begun
            self._after_block = not self._begun
        return after[len(tag.group()) :]

    def _keep(self, text: str, kept: list[str]) -> None:
        """Keep a piece of the answer; not the line ends between a block and it."""
        if self._after_block:
            text = text.lstrip("\r\n")
            self._after_block = not text
        kept.append(text)


def _tail(text: str, tags: tuple[str, ...]) -> str:
    """Return the longest end of ``text`` that may be the start of one of the tags."""
    start = text.rfind("<")
    if start < 0:
        return ""
    end = text[start:]
    return end if any(tag.startswith(end) for tag in tags) else ""
