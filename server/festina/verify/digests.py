"""SHA-256 of texts, in hexadecimal digits."""

from __future__ import annotations

import functools
import hashlib


def sha(text: str) -> str:
    """Return the digest of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=16)
def of_source(text: str) -> str:
    """Return the same for a whole source, found out once: it is asked for with each candidate."""
    return sha(text)
