"""Markdown as an editor's renderer would take it: is there anything to fetch, follow or run?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LINKED = re.compile(r"https?://|\bwww\.\w|[\w.+-]+@[\w-]+\.\w|mailto:\w|xmpp:\w", re.IGNORECASE)
"""What GFM links without markup (extended autolinks)."""


def tokens_of(text: str) -> Iterator[Token]:
    """Yield every token, also those within lines."""
    for token in _PARSER.parse(text):
        yield token
        yield from token.children or ()


def is_harmless(text: str) -> bool:
    """Whether nothing in the text is an image, a link or HTML."""
    for token in tokens_of(text):
        if token.type in {"image", "link_open", "html_block", "html_inline"}:
            return False
        if token.type == "text" and _LINKED.search(token.content):
            return False
    return True
