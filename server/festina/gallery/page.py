"""The page's HTML, as it is served and as one file that stands by itself.

Nothing in it comes from elsewhere, and nothing is executed but its own script: as a file, it says
so by the hashes of its script and style.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from importlib import resources

from festina.gallery import pictures
from festina.gallery.cards import Board

MARK = "<!-- a gallery of Festina -->"
"""By this an exported file is known as one of ours, which may be replaced."""

_SCRIPTS = ("1-dom.js", "2-cards.js", "3-compare.js", "4-page.js", "5-search.js", "6-live.js")


def live() -> str:
    """Return the page that asks for the rest of it."""
    head = "\n".join(
        (
            '<link rel="icon" href="gallery.svg">',
            '<link rel="stylesheet" href="gallery.css">',
            '<script src="gallery.js" defer></script>',
        )
    )
    return _asset("page.html").replace("{head}", head).replace("{data}\n", "")


def export(board: Board) -> str:
    """Return a page that has everything in itself, and can do nothing but show it.

    Reads the board's pictures, so it blocks.
    """
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script())}",
            f"style-src {_hash(style())}",
            "img-src data:",
            "base-uri 'none'",
        )
    )
    head = (
        f'<meta http-equiv="content-security-policy" content="{policy}">\n'
        f"{MARK}\n<style>{style()}</style>"
    )
    # of what could end the element, nothing is left
    whole = board.to_json() | {"pictures": pictures.addresses(board.pictures)}
    held = json.dumps(whole).replace("<", "\\u003c")
    data = f'<script type="application/json" id="data">{held}</script>\n<script>{script()}</script>'
    return _asset("page.html").replace("{head}", head).replace("{data}", data)


@functools.cache
def script() -> str:
    """Return all of the script: its parts share one scope, and nobody else has a part in it."""
    parts = "\n".join(_asset(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@functools.cache
def icon() -> str:
    """Return the icon of its tab: without one, browsers ask for what is not there."""
    return _asset("icon.svg")


@functools.cache
def style() -> str:
    """Return the style sheet."""
    return _asset("gallery.css")


def _asset(name: str) -> str:
    return (resources.files("festina.gallery") / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
