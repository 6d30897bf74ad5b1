"""A page of the workspace as it would look with a candidate in it: still, and by itself.

Style sheets and pictures that lie in the workspace are put into it; all else that it asks for is
not there. Nothing in it is executed: :mod:`site` sends it with a policy that says so, to a frame
that has no origin.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from festina.gallery import views
from festina.gallery.views import DRAWINGS, PAGES, STYLES, View
from festina.text import NotText, decode

PICTURES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
MOST_BYTES = 1_000_000
"""Of one file that is put into a page."""
MOST_TOGETHER = 8_000_000
"""Characters of all pictures of a page."""
MOST_IMPORTS = 30
MOST_PAGES = 200
"""Pages that are looked through for one that uses a style sheet."""

_SCRIPT = re.compile(r"<script\b.*?(?:</script\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:link|img|meta|source)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_SRCSET = re.compile(r"\ssrcset\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(?=</style|\Z)", re.IGNORECASE | re.DOTALL)
_STYLED = re.compile(r"<[a-z][^<>]*?\sstyle\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_IMPORT = re.compile(
    r"@import\s+(?:url\(\s*)?[\"']?([^\"')\s;]+)[\"']?\s*\)?\s*([^;{}]*);", re.IGNORECASE
)
_URL = re.compile(r"url\(\s*[\"']?([^\"')\s]+)[\"']?\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Files:
    """A workspace's files: as they are in open buffers, else on the disk. Reading blocks."""

    root: Path
    buffers: Mapping[str, str] = field(default_factory=dict)

    def text(self, path: str) -> str | None:
        """Return a file's text; None where there is none that can be shown."""
        if path in self.buffers:
            return self.buffers[path]
        try:
            found = self.data(path)
            return None if found is None else decode(found).content
        except NotText:
            return None

    def data(self, path: str) -> bytes | None:
        """Return a file's content; None where it is not in the workspace, or too large."""
        root = self.root.resolve()
        try:
            file = (root / path).resolve()
            if not file.is_relative_to(root) or not file.is_file():
                return None
            with file.open("rb") as opened:
                found = opened.read(MOST_BYTES + 1)
        except (OSError, ValueError):
            return None
        return found if len(found) <= MOST_BYTES else None

    def pages_near(self, path: str) -> list[str]:
        """Return the pages beside a file and in the folders above it, the nearest first."""
        found: list[str] = []
        for folder in (self.root / path).parents:
            if not folder.is_relative_to(self.root):
                break
            try:
                names = sorted(one for one in folder.iterdir() if one.suffix.lower() in PAGES)
            except OSError:
                continue
            found += [one.relative_to(self.root).as_posix() for one in names]
        return found[:MOST_PAGES]


def view(files: Files, path: str, text: str, *, pictured: bool) -> View | None:
    """Say how a file with this text can be seen; None for one that nobody looks at. Blocks."""
    found = views.view(path, text, pictured=pictured)
    if found is None or not found.live or Path(path).suffix.lower() in DRAWINGS:
        return found
    shown = _page(files, path, text)
    if shown is None:
        return views.NOT_USED
    return views.SCRIPTED if _SCRIPT.search(shown[1]) else found


def render(files: Files, path: str, text: str) -> str | None:
    """Return the page with ``text`` as the content of ``path``; None where no page has it. Blocks.

    A style sheet is shown in the nearest page that names it. Scripts are left out: none is run, and
    of each that is not the browser would complain, again and again.
    """
    kind = Path(path).suffix.lower()
    if kind in DRAWINGS:  # as an image, in which nothing is run and nothing is fetched
        return f'<!doctype html><img alt="" src="{_data(PICTURES[kind], text.encode())}">'
    shown = _page(files, path, text)
    if shown is None:
        return None
    page, source = shown
    return _whole(files, page, _SCRIPT.sub("", source), {} if page == path else {path: text})


def _page(files: Files, path: str, text: str) -> tuple[str, str] | None:
    """Return the path and the source of the page that shows a file with this text."""
    if Path(path).suffix.lower() in PAGES:
        return path, text
    for page in files.pages_near(path):
        source = files.text(page)
        if source is None:
            continue
        names = (_local(page, given.get("href")) for _, given in map(_read, _TAG.findall(source)))
        if path in names:
            return page, source
    return None


def _whole(files: Files, page: str, source: str, instead: Mapping[str, str]) -> str:
    return _Inside(files, instead).page(page, source)


@dataclass(slots=True)
class _Inside:
    """Puts style sheets and pictures into a page; ``instead`` are texts in the place of files'."""

    files: Files
    instead: Mapping[str, str]
    room: int = MOST_TOGETHER
    imports: int = MOST_IMPORTS

    def page(self, page: str, source: str) -> str:
        """Return a page with what lies in the workspace in it."""
        source = _STYLE.sub(lambda found: found[1] + self._css(page, found[2]), source)
        source = _STYLED.sub(lambda found: self._pictures(page, found[0]), source)
        return _TAG.sub(lambda found: self._tag(page, found[0]), source)

    def _tag(self, page: str, whole: str) -> str:
        tag, given = _read(whole)
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "content-security-policy":
            return ""  # it is meant for files of its own, and ours lets less pass
        if tag == "link" and "stylesheet" in (given.get("rel") or "").lower().split():
            style = self._sheet(_local(page, given.get("href")))
            return whole if style is None else "<style>" + style.replace("</", "<\\/") + "</style>"
        if tag == "source" and given.get("srcset"):
            return ""  # the picture's own `img` is shown
        if tag == "img" and (data := self._picture(_local(page, given.get("src")))) is not None:
            return _SRCSET.sub("", whole.replace(given["src"] or "", data, 1))
        return whole

    def _sheet(self, path: str | None) -> str | None:
        if path is None or Path(path).suffix.lower() not in STYLES:
            return None
        text = self.instead.get(path)
        text = self.files.text(path) if text is None else text
        return None if text is None else self._css(path, text)

    def _css(self, path: str, text: str) -> str:
        def imported(found: re.Match[str]) -> str:
            self.imports -= 1
            style = self._sheet(_local(path, found[1])) if self.imports >= 0 else None
            if style is None:
                return found[0]
            return f"@media {found[2]} {{\n{style}\n}}" if found[2].strip() else style

        return self._pictures(path, _IMPORT.sub(imported, text))

    def _pictures(self, path: str, css: str) -> str:
        def put(found: re.Match[str]) -> str:
            data = self._picture(_local(path, found[1]))
            return found[0] if data is None else f"url({data})"

        return _URL.sub(put, css)

    def _picture(self, path: str | None) -> str | None:
        kind = None if path is None else PICTURES.get(Path(path).suffix.lower())
        if path is None or kind is None or (data := self.files.data(path)) is None:
            return None
        found = _data(kind, data)
        self.room -= len(found)
        return found if self.room >= 0 else None


def _data(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _local(page: str, address: str | None) -> str | None:
    """Return the path in the workspace that an address in a page means; None: it is elsewhere."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(parts.path)
    found: list[str] = [] if path.startswith("/") else list(Path(page).parent.parts)
    for part in path.split("/"):
        if part == ".." and not found:
            return None
        if part == "..":
            found.pop()
        elif part not in {"", "."}:
            found.append(part)
    return "/".join(found)


def _read(tag: str) -> tuple[str, dict[str, str | None]]:
    reader = _Reader()
    reader.feed(tag)
    return reader.name, reader.given


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.given: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name, self.given = tag, dict(attrs)
