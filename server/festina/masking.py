"""Secrets stay home: they are replaced by placeholders in all that is sent, and put back after.

A placeholder never crosses a line's end, so a masked text has the lines of the original one, each
with its own line end. Values only; no I/O.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from festina.secret_patterns import GONE, PLACEHOLDER, Secret, find
from festina.text import BOM, Text

_EXACT = re.compile(rf"{PLACEHOLDER}\d+")
_LIKE_ONE = re.compile(r"festina[-_ ]*secret", re.IGNORECASE)
"""Models write a name in other forms, too."""

EVERYWHERE_CHARS = 8
"""A secret of so many characters is replaced wherever it stands, whatever is said around it."""
PART_CHARS = 12
"""So many first or last characters of a secret are taken for a part of it: tests cut long values
short."""
_BLANKS = " \t\r\n\f" + BOM


class Masking:
    """The placeholders of one proposal. The same secret gets the same one in all of its prompts.

    Numbers are given in the order in which texts come: what comes first in a prompt should be
    masked first, so that another prompt with the same beginning has the same placeholders there.
    Any thread may use it.
    """

    def __init__(self) -> None:
        self._placeholders: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._placeholders)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What was found, such as ``a GitHub token``; never the secrets themselves."""
        return tuple(dict.fromkeys(self._kinds.values()))

    def learn(self, text: str) -> None:
        """Give the secrets of a text their placeholders, to know them in other texts."""
        with self._lock:
            for secret in self._spans(text):
                self._of(text[secret.start : secret.end], secret)

    def mask(self, text: str) -> str:
        """Return the text with a placeholder in the place of each secret. Blocks for milliseconds.

        Secrets that were found before are known again where nothing else gives them away.
        """
        with self._lock:
            pieces, at = [], 0
            for secret in self._spans(text):
                pieces += [
                    text[at : secret.start],
                    self._of(text[secret.start : secret.end], secret),
                ]
                at = secret.end
        return "".join([*pieces, text[at:]]) if pieces else text

    def shorten(self, text: str) -> str:
        """`mask` for what programs say, who cut long values short: parts of secrets go as well."""
        masked = self.mask(text)
        for secret, placeholder in self._placeholders.items():
            if len(secret) >= 2 * PART_CHARS and not _EXACT.fullmatch(secret):
                masked = _without_parts(masked, secret, placeholder)
        return masked

    def holds(self, text: str) -> str:
        """Return what kind of secret a text holds that was found nowhere else; or nothing."""
        with self._lock:
            for secret in self._spans(text):
                value = text[secret.start : secret.end]
                if value not in self._placeholders and not _EXACT.fullmatch(value):
                    return secret.kind
        return ""

    def _spans(self, text: str) -> Iterator[Secret]:
        found = [*find(text), *_literal(text)]
        for known in self._placeholders:
            if len(known) >= EVERYWHERE_CHARS:
                found += [
                    Secret(match.start(), match.end(), self._kinds[known])
                    for match in re.finditer(re.escape(known), text)
                ]
        found.sort(key=lambda secret: (secret.start, -secret.end))
        at: Secret | None = None
        for secret in found:
            if at is not None and secret.start < at.end:
                at = Secret(at.start, max(at.end, secret.end), at.kind)
                continue
            if at is not None:
                yield at
            at = secret
        if at is not None:
            yield at

    def _of(self, value: str, secret: Secret) -> str:
        placeholder = self._placeholders.get(value)
        if placeholder is None:
            placeholder = f"{PLACEHOLDER}{len(self._placeholders) + 1}"
            self._placeholders[value] = placeholder
            self._kinds[value] = secret.kind
        return placeholder


def names_one(text: str) -> str:
    """Say that a text to be kept names a placeholder, which stands for nothing there; else "".

    What is sent back to the model that wrote it: a plan and a skill are read without their prompt.
    """
    if PLACEHOLDER not in text:
        return ""
    return "It names the placeholder of a secret; say it without that."


def _literal(text: str) -> list[Secret]:
    """A text that holds a placeholder of its own gets another one for it, like a secret."""
    if PLACEHOLDER not in text:
        return []
    return [Secret(m.start(), m.end(), "a placeholder") for m in _EXACT.finditer(text)]


def _without_parts(text: str, secret: str, placeholder: str) -> str:
    """Replace the beginning and the end of a secret where they stand alone."""
    head, tail = secret[:PART_CHARS], secret[-PART_CHARS:]
    at = 0
    while (at := text.find(head, at)) >= 0:
        end = at + PART_CHARS
        while end < len(text) and end - at < len(secret) and text[end] == secret[end - at]:
            end += 1
        text = text[:at] + placeholder + text[end:]
        at += len(placeholder)
    at = 0
    while (at := text.find(tail, at)) >= 0:
        start, end, back = at, at + PART_CHARS, PART_CHARS
        while start and back < len(secret) and text[start - 1] == secret[-back - 1]:
            start, back = start - 1, back + 1
        text = text[:start] + placeholder + text[end:]
        at = start + len(placeholder)
    return text


def without_secrets(text: str) -> str:
    """Return a text with every secret taken out for good: the last look at what is sent."""
    pieces, at = [], 0
    for secret in find(text):
        pieces += [text[at : secret.start], GONE]
        at = secret.end
    return "".join([*pieces, text[at:]]) if pieces else text


@dataclass(frozen=True, slots=True)
class Hidden:
    """The lines of a region that hold secrets: as they were sent, and as they are.

    Compared without their indentation: a line that only moves in or out comes back unchanged.
    """

    lines: dict[str, str] = field(default_factory=dict)
    any: bool = False

    @classmethod
    def of(cls, masked: Iterable[str], original: Iterable[str], masking: Masking) -> Hidden:
        """Return what is hidden of a region; the two have line for line the same length."""
        pairs = zip(masked, original, strict=True)
        hidden = {
            sent.strip(_BLANKS): own.strip(_BLANKS)
            for sent, own in pairs
            if sent != own or _LIKE_ONE.search(sent)
        }
        return cls(hidden, any=bool(masking))

    def put_back(self, region_text: str) -> str | int:
        """Return the text with its secrets, or the first line (from 1) that cannot have one.

        A line gets its secret back where nothing but its indentation has changed.
        """
        if not self.any or not _LIKE_ONE.search(region_text):
            return region_text
        lines = []
        for number, line in enumerate(Text(region_text).lines, 1):
            own = self.lines.get(core := line.strip(_BLANKS))
            if own is not None:
                line = line.replace(core, own, 1)
            elif _LIKE_ONE.search(line):
                return number
            lines.append(line)
        return "".join(lines)

    def show(self, region_text: str) -> str:
        """`put_back` for a text that is still coming: what cannot have its secret has none."""
        if not self.lines or PLACEHOLDER not in region_text:
            return region_text
        lines = Text(region_text).lines
        return "".join(
            line.replace(core, self.lines[core], 1)
            if (core := line.strip(_BLANKS)) in self.lines
            else line
            for line in lines
        )
