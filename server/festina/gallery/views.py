"""Which files can be seen as what they make, and in which way: live, or in a gate's pictures only.

A live view is a document that runs nothing. A page and a style sheet make one; a template and a
component do not, since it takes a program to draw them: of those a person sees the pictures, and is
told why there is nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from festina.gate_browser import TEMPLATES

PAGES = frozenset({".html", ".htm"})
STYLES = frozenset({".css"})
DRAWINGS = frozenset({".svg"})
FILLED = frozenset({*(f".{ending}" for ending in TEMPLATES), ".php", ".tmpl"})
COMPONENTS = frozenset({".jsx", ".svelte", ".tsx", ".vue"})
SCRIPTS = frozenset({".cjs", ".js", ".mjs", ".mts", ".ts"})
"""Which are components where a browser looks at them, and may be anything else where none does."""
SOURCES = frozenset({".less", ".sass", ".scss"})

_FILLED_IN = re.compile(r"\{%|\{\{|<%|<\?(?:php\b|=)")

_TEMPLATE = "No live view: this is a template, and a page comes of it only where a program fills it"
_COMPONENT = "No live view: a component is drawn by its script, and none is run here"
_SOURCE = "No live view: a program makes the style sheet of it, and none is run here"
_UNUSED = "No live view: no page near it names this style sheet"
_DRAWN = "Live, as a browser has drawn it, in a frame that runs nothing"
_NO_PICTURES = "No pictures: `verify.browser` says of which pages some are to be taken."
_LIVE = "Live, in a frame that runs nothing"
_STILL = "Live, in a frame that runs no scripts: what they draw is missing from it"


@dataclass(frozen=True, slots=True)
class View:
    """How a file can be seen. ``live``: as a document, and as the ``whole`` of what it makes.

    ``words`` say so, or why it cannot be.
    """

    live: bool
    words: str
    whole: bool = False


NOT_USED, SCRIPTED = View(False, _UNUSED), View(True, _STILL)
_OF_KIND = {
    **dict.fromkeys(PAGES | STYLES | DRAWINGS, View(True, _LIVE, whole=True)),
    **dict.fromkeys(FILLED, View(False, _TEMPLATE)),
    **dict.fromkeys(COMPONENTS | SCRIPTS, View(False, _COMPONENT)),
    **dict.fromkeys(SOURCES, View(False, _SOURCE)),
}


def view(path: str, text: str, *, pictured: bool) -> View | None:
    """Say how a file with this text can be seen; None for one that nobody looks at.

    ``pictured``: a gate takes pictures of what it makes.
    """
    suffix = Path(path).suffix.lower()
    found = _OF_KIND.get(suffix)
    if suffix in PAGES and _FILLED_IN.search(text):
        return _OF_KIND[".jinja"]
    return None if suffix in SCRIPTS | SOURCES and not pictured else found


def said(view: View, *, pictures: bool, drawn: bool, awaited: bool, why: str) -> str:
    """Say what a card has to show for a view, in a line.

    ``pictures``: there are some; ``drawn``: and the page as a browser has drawn it; ``awaited``:
    some may come; ``why`` there are none, if known.
    """
    if pictures:
        more = "The pictures are of the page as a browser draws it."
    elif awaited:
        more = "Pictures come with the verdict."
    elif why:
        more = f"No pictures: {why}"
    else:
        more = "" if view.live else _NO_PICTURES
    return f"{_DRAWN if drawn else view.words}. {more}".strip()
