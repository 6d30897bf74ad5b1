"""What was seen of a page, and what of that is new with a candidate. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

_NUMBER = re.compile(r"\d+")
_FONTS = re.compile(r"https?://(?:[\w-]+\.)*(?:fonts\.[\w.-]+|typekit\.net|fontawesome\.com)/")
_CONTRAST = re.compile(
    r"color contrast of ([\d.]+) \(foreground color: (#\w+), background color: (#\w+),"
    r".*ratio of ([\d.]+:1)"
)
_TOO_PALE = "color contrast is {0}:1 ({1} on {2}), and should be {3}"
_WORSE = 8
"""Pixels that a layout may differ by, and be no worse."""

PAGE_ERROR, CONSOLE_ERROR, CRASH = "page-error", "console-error", "page-crash"
REQUEST, LINK, OVERFLOW = "failed-request", "broken-link", "overflow"
CHECK_OF = {
    PAGE_ERROR: "errors",
    CONSOLE_ERROR: "errors",
    REQUEST: "requests",
    LINK: "links",
    OVERFLOW: "layout",
    CRASH: "",
}
"""Which check looks for what: a crash is always told, and all else is accessibility."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a page.

    Of two looks at a page, problems with an equal key at the same place in ``keys`` are the same
    one; the surest keys come first. ``amount`` is by how much a layout is wrong. ``path``, ``line``
    and ``column`` are where a script failed, ``html`` is an element's opening tag and ``place`` a
    selector of it.
    """

    kind: str
    page: str
    message: str
    keys: tuple[str, ...]
    width: int = 0
    amount: int = 0
    html: str = ""
    place: str = ""
    path: str = ""
    line: int = 0
    column: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a page. ``shots`` maps widths to the paths of pictures.

    ``files`` are those that it asked for, ``bodies`` what was served, as digests: whichever tells.
    ``outside`` are addresses that are out of reach here. ``late`` or ``trouble`` say that it tells
    nothing; ``crashed`` is the page's own. ``parts`` are pictures of elements, by width
    and selector. ``still`` is the path of the page as it stood in the end, "" where it is not kept.
    """

    page: str
    problems: tuple[Problem, ...] = ()
    files: frozenset[str] = frozenset()
    bodies: Mapping[str, str] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    shots: Mapping[int, str] = field(default_factory=dict)
    parts: Mapping[tuple[int, str], str] = field(default_factory=dict)
    late: bool = False
    trouble: str = ""
    crashed: bool = False
    still: str = ""


def read(page: str, said: Mapping[str, Any], checks: Sequence[str]) -> Seen:
    """Understand what the browser says of a page, without its pictures."""
    found = [
        *(_crash(page) for _ in range(bool(said["crashed"]))),
        *(_error(page, one) for one in said["errors"]),
        *(_request(page, one) for one in said["requests"]),
        *(_link(page, one) for one in said["links"]),
        *(_axe(page, one) for one in said["axe"]),
        *(_layout(page, one) for one in said["layout"]),
    ]
    wanted = {"", *checks}
    kept = [one for one in found if CHECK_OF.get(one.kind, "accessibility") in wanted]
    return Seen(
        page,
        tuple(kept),
        frozenset(said["files"]),
        dict(said["bodies"]),
        frozenset(one["url"] for one in said["outside"] if _matters(one)),
        late=bool(said.get("late")),
        trouble=str(said.get("trouble", "")),
        crashed=bool(said["crashed"]),
    )


def _matters(request: Mapping[str, Any]) -> bool:
    """Whether a page without it is another page; fonts and pictures fall back to something."""
    return request["type"] in ("script", "stylesheet") and not _FONTS.match(request["url"])


def _crash(page: str) -> Problem:
    return Problem(CRASH, page, "the page crashes the browser", (CRASH,))


def _error(page: str, one: Mapping[str, Any]) -> Problem:
    kind = PAGE_ERROR if one["kind"] == "page" else CONSOLE_ERROR
    words = str(one["message"]).strip() or "an error without a message"
    first = words.split("\n")[0][:300]
    what = "page error" if kind == PAGE_ERROR else "console error"
    return Problem(
        kind,
        page,
        f"{what}: {first}",
        (f"{kind} {_NUMBER.sub('0', words)}",),
        path=one["path"],
        line=one["line"],
        column=one["column"],
        detail=one["stack"] or (words if words != first else ""),
    )


def _request(page: str, one: Mapping[str, Any]) -> Problem:
    why = one["status"] or str(one["why"]).removeprefix("net::") or "no answer"
    message = f"{one['path']} could not be loaded ({why})"
    return Problem(REQUEST, page, message, (f"{one['path']}",), html=one["path"].lstrip("/"))


def _link(page: str, one: Mapping[str, Any]) -> Problem:
    href = one["href"]
    why = (
        "nothing on the page has that name"
        if one["missing"]
        else f"it leads nowhere, {one['status']}"
    )
    return Problem(LINK, page, f'broken link "{href}": {why}', (href,), html=one["html"])


def _axe(page: str, one: Mapping[str, Any]) -> Problem:
    rule, why = one["rule"], str(one["why"])
    keys = (f"{rule} at {one['place']}", f"{rule} of {one['html']}", f"{rule}: {why}")
    contrast = _CONTRAST.search(why)
    said = _TOO_PALE.format(*contrast.groups()) if contrast else str(one["help"])
    message = f"accessibility: {said}: {one['html']}"
    detail = "\n".join(filter(None, (one["html"], why, one["more"])))
    html, place = one["html"], one["place"]
    return Problem(rule, page, message, keys, html=html, place=place, detail=detail)


_LAYOUT = {
    "beyond": "reaches {by} px beyond the right edge of the page",
    "spills": "holds text that reaches {by} px beyond its box",
    "cut": "holds text that is cut off",
}


def _layout(page: str, one: Mapping[str, Any]) -> Problem:
    kind, width = one["kind"], one["width"]
    message = f"{one['html']} {_LAYOUT[kind].format(by=one['by'])}"
    keys = (f"{kind} {width} {one['place']}", f"{kind} {width} {one['html']}")
    amount, html, place = max(0, one["by"]), one["html"], one["place"]
    return Problem(OVERFLOW, page, message, keys, width, amount, html, place)


# -- comparing ------------------------------------------------------------------------------------


def added(old: Iterable[Problem], new: Iterable[Problem]) -> list[Problem]:
    """Return the problems that the old ones do not account for, each of those for one."""
    left, before = list(new), list(old)
    most = max((len(one.keys) for one in left), default=0)
    for at in range(most):
        waiting: dict[tuple[str, str], list[Problem]] = {}
        for one in before:
            if at < len(one.keys):
                waiting.setdefault((one.kind, one.keys[at]), []).append(one)
        unpaired = []
        for one in left:
            same = waiting.get((one.kind, one.keys[at])) if at < len(one.keys) else None
            match = next((each for each in same or () if one.amount <= each.amount + _WORSE), None)
            if match is None or same is None:
                unpaired.append(one)
                continue
            same.remove(match)
            before.remove(match)
        left = unpaired
    return left


def in_both(some: Sequence[Problem], others: Iterable[Problem]) -> list[Problem]:
    """Return those of ``some`` that there are among the others, too, however wrong."""
    again = [replace(one, amount=1 << 20) for one in others]
    gone = added(again, some)
    return [one for one in some if one not in gone]


def grouped(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Put together what is one mistake, at several widths, on several pages, of many elements."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for one in problems:
        what = one.html if one.kind == OVERFLOW else _NUMBER.sub("0", one.message)
        key = (one.kind, what if one.kind in CHECK_OF else "")  # of a rule, elements of all kinds
        groups.setdefault(key, []).append(one)
    return list(groups.values())
