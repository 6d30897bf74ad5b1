"""Pages that show a candidate in a browser: what a setting may say of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from festina import allowed

CHECKS = ("errors", "requests", "links", "accessibility", "layout")
"""What is looked for in a page; each can be left out."""
MOST_PAGES = 50
TEMPLATES = (
    *("astro", "cshtml", "ejs", "erb", "gohtml", "haml", "handlebars", "hbs", "j2", "jinja"),
    *("jinja2", "jsp", "liquid", "mustache", "njk", "pug", "twig"),
)
"""Endings of files that a program makes pages of: where files are served, no page loads them."""
_SHOWN = "html,htm,css,scss,sass,less,js,mjs,cjs,jsx,ts,mts,tsx,vue,svelte,json,svg"


@dataclass(frozen=True, slots=True)
class Browser:
    """Where pages come from, which, how wide, and what is looked for in them.

    Either ``folder`` is served as it is, or ``run`` is a command that serves on ``{port}``, also in
    ``$PORT``, within ``ready_seconds``. Without ``pages``, those of the folder are looked at. Each
    may take ``timeout_seconds``; widths are in CSS pixels, narrow ones first.
    """

    folder: str = ""
    run: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    when: tuple[str, ...] = (f"**/*.{{{_SHOWN}}}",)
    widths: tuple[int, ...] = (375, 768, 1280)
    checks: tuple[str, ...] = CHECKS
    timeout_seconds: float = 30.0
    ready_seconds: float = 60.0


def _folder(value: Any) -> str:
    parts = [part for part in allowed.text(value).split("/") if part not in ("", ".")]
    if str(value).startswith("/") or ".." in parts:
        raise allowed.Invalid('must be a folder of the workspace, such as "site" or "."')
    return "/".join(parts) or "."


def _pages(value: Any) -> tuple[str, ...]:
    given = allowed.texts(value)
    if not given or len(given) > MOST_PAGES or any("://" in page or not page for page in given):
        raise allowed.Invalid(f'must list 1 to {MOST_PAGES} paths, such as "index.html"')
    return tuple(dict.fromkeys(f"/{page.lstrip('/')}" for page in given))


def _widths(value: Any) -> tuple[int, ...]:
    one = allowed.whole(200, 4000)
    try:
        given = sorted({one(width) for width in value}) if isinstance(value, list | tuple) else []
    except allowed.Invalid:
        given = []
    if not 1 <= len(given) <= 6:
        raise allowed.Invalid("must list 1 to 6 whole numbers from 200 to 4000")
    return tuple(given)


_KEYS = {
    "folder": _folder,
    "run": allowed.command,
    "pages": _pages,
    "when": allowed.globs,
    "widths": _widths,
    "checks": allowed.some_of(*CHECKS),
    "timeout_seconds": allowed.number(1, 600),
    "ready_seconds": allowed.number(1, 600),
}


def read(value: Any) -> Browser | None:
    """Read the table; an empty one means that no page is looked at."""
    if not allowed.mapping(value):
        return None
    browser = Browser(**allowed.table(value, _KEYS))
    if browser.run and "when" not in value:
        browser = replace(browser, when=(f"**/*.{{{_SHOWN},{','.join(TEMPLATES)}}}",))
    if bool(browser.folder) == bool(browser.run):
        raise allowed.Invalid(
            "needs either `folder` (pages that are served as they are) or `run` (a command that"
            ' serves them on "{port}")'
        )
    return browser
