"""Digests: of texts that verdicts rest on, and shorter ones of the words of syntax trees."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable


def sha(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=16)
def of_source(text: str) -> str:
    """Return the same for a whole source, found out once: it is asked for with each candidate."""
    return sha(text)


def digest(words: Iterable[str]) -> str:
    """Return a digest of words, in hexadecimal digits."""
    return hashed(words).hex()


def hashed(words: Iterable[str]) -> bytes:
    """Return the same as 16 bytes, where thousands are kept."""
    data = "\x00".join(words).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()
