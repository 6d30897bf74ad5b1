"""Findings for a person: what went wrong in which page, and on which line of the edit. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from festina.findings import Finding, Gate
from festina.text import Text
from festina.verify import compare
from festina.verify.browser_seen import CHECK_OF, LINK, OVERFLOW, REQUEST, Problem, Seen, grouped

_ATTRIBUTE = re.compile(r"""([\w-]+)=["']([^"']*)["']""")
_MOST_DETAIL = 4000


def findings(
    problems: Iterable[Problem],
    path: str,
    folder: str,
    texts: tuple[str, str],
    files: Collection[str],
    seen: Mapping[str, Seen],
) -> list[Finding]:
    """Say what is wrong; ``texts`` are the edited file's, at ``path``, without and with the edit.

    ``folder`` is what is served, ``files`` are the workspace's, and ``seen`` has the pictures.
    """
    found = []
    for group in grouped(problems):
        first = group[0] if group[0].kind != OVERFLOW else min(group, key=lambda one: one.width)
        at, line, column = _place(first, path, folder, texts, files)
        found.append(
            Finding(
                Gate.BROWSER,
                at,
                _words(first, group),
                line=line,
                column=column,
                code=first.kind,
                detail=first.detail[:_MOST_DETAIL] or None,
                screenshot=_shot(first, seen.get(first.page)),
            )
        )
    return found


def name_of(page: str) -> str:
    """Return a page's path as a person writes it."""
    return page.lstrip("/") or "/"


def _words(first: Problem, group: Sequence[Problem]) -> str:
    pages = dict.fromkeys(one.page for one in group)
    widths = sorted({one.width for one in group if one.page == first.page and one.width})
    where = name_of(first.page)
    if widths:
        where += f" at {_listed([str(width) for width in widths])} px"
    more = len(pages) - 1
    if more:
        where += f" and {more} more page{'s' * (more > 1)}"
    again = sum(one.page == first.page and one.width == first.width for one in group)
    what = "times" if first.kind in CHECK_OF else "elements"
    times = f" ({again} {what})" if again > 1 and first.kind != OVERFLOW else ""
    return f"{where}: {first.message}{times}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _shot(problem: Problem, seen: Seen | None) -> str | None:
    """Choose a picture: of the element that is wrong, else the narrowest, which fits a hover."""
    if seen is None or not seen.shots:
        return None
    widths = sorted(seen.shots)
    own = ((problem.width, problem.place), (widths[-1], problem.place))
    part = next((seen.parts[key] for key in own if key in seen.parts), None)
    return part or seen.shots.get(problem.width) or seen.shots[widths[0]]


def _place(
    problem: Problem, path: str, folder: str, texts: tuple[str, str], files: Collection[str]
) -> tuple[str, int | None, int | None]:
    """Find out which file and line it is about: the script's own, else where the edit has it."""
    at = path if file_of(problem.path, folder, {path}) else file_of(problem.path, folder, files)
    if at is not None and problem.line > 0:
        inside = at != path or problem.line <= len(Text(texts[1]).lines)
        if inside:
            return at, problem.line, max(problem.column, 1)
    return path, _line(problem, *texts), None


def file_of(address: str, folder: str, files: Collection[str]) -> str | None:
    """Return the file of the workspace that a path on the server stands for, if that is clear."""
    plain = address.split("?")[0].split("#")[0].lstrip("/")
    if not plain or "://" in address:
        return None
    whole = str(PurePosixPath(folder, plain)) if folder else plain
    for name in (whole, f"{whole.rstrip('/')}/index.html"):
        if name in files:
            return name
    return None


def _line(problem: Problem, old: str, new: str) -> int | None:
    """Find the line that what is wrong stands on: among those of the edit first."""
    before, lines = Text(old).lines, Text(new).lines
    start, end = compare.changed(before, lines)
    edited = range(start, len(lines) - end)
    for hints in _hints(problem):
        for span in (edited, range(len(lines))):
            for number in span:
                if any(hint in lines[number] for hint in hints):
                    return number + 1
    return None


def _hints(problem: Problem) -> Iterator[Sequence[str]]:
    """Yield what to look for in a source, the surest first."""
    if problem.kind == REQUEST:
        yield [problem.html]
        yield [PurePosixPath(problem.html).name]
        yield [PurePosixPath(problem.html).suffix or problem.html]
        return
    if problem.kind == LINK:
        yield [f'"{key}"' for key in problem.keys] + [f"'{key}'" for key in problem.keys]
        return
    if not problem.html:
        return
    yield [problem.html]
    given = dict(_ATTRIBUTE.findall(problem.html))
    if name := given.get("id"):
        yield [f'"{name}"', f"'{name}'", f"#{name}"]
    for name in given.get("class", "").split():
        yield [f".{name} ", f".{name}{{", f".{name},", f".{name}:"]
        yield [f'"{name}"', f"'{name}'", f" {name} ", f'"{name} ', f' {name}"']
    tag = problem.html[1:].partition(" ")[0].rstrip(">")
    yield [f'"{tag}"', f"'{tag}'", f"<{tag}"]  # as a script makes one
