"""The pages of one state of a workspace: with a candidate and without it."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from festina.findings import Gate, GateResult, Status, duration
from festina.shots import Shot
from festina.verify import browser_said, browser_seen, shadow
from festina.verify.base import Candidate
from festina.verify.browser_seen import Problem, Seen
from festina.verify.browser_server import Chromium, Gone
from festina.verify.browser_warm import Asked, WarmBrowsers
from festina.verify.drift import Files
from festina.verify.once import Once
from festina.verify.process_io import all_of
from festina.verify.shot_store import ShotStore

MOST_FOUND = 12
"""Pages of a folder that are looked at where none are named."""

_MOST_PARTS = 3

Sight = dict[str, Seen]
Parts = dict[int, list[str]]
"""Selectors of elements by the width at which they are pictured."""
_NONE: Mapping[str, Parts] = {}


class Unsure(Exception):  # noqa: N818 - reads as the sentence it makes
    """The pages cannot tell; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all looks have in common; ``slots`` bounds the pages that are open at once."""

    warm: WarmBrowsers
    bare: Once[Sight]
    slots: asyncio.Semaphore
    shots: ShotStore


class Pages:
    """The pages that an edit of ``path`` may show in."""

    def __init__(self, means: Means, asked: Asked, path: str) -> None:
        self._means = means
        self._asked = asked
        self._browser = asked.browser
        self._path = path
        self._files = {*asked.state.contents, *asked.state.buffers}

    async def bare(self) -> Sight:
        """Return what is seen without an edit, found out once for each state."""
        pages = self._pages()
        key = f"{self._asked.state.fingerprint} {self._asked.level} {self._browser} {pages}"
        return await self._means.bare.get(key, lambda: self._see(pages, {}))

    async def judge(self, candidate: Candidate) -> GateResult:
        """Judge an edit by what is new in the pages that show it.

        Raises:
            Unsure: they cannot tell.
            shadow.Outside: a file of the edit lies outside of the workspace.
            Gone, Unready, shadow.Changed, OSError: see `Chromium.start`.
        """
        old = await self.bare()
        workspace = self._asked.state.snapshot.workspace
        laid = await asyncio.to_thread(shadow.located, workspace, candidate.laid)
        files = {**laid, self._path: candidate.new}
        new = await self._see(self._loading(old, files), files)
        pages = self._showing(old, new)
        for page in pages:
            self._tells(old[page], "without the edit")
            self._tells(new[page], "with the edit")
        problems = [one for page in pages for one in _added(old[page], new[page])]
        pictured = new
        if problems:
            problems, again = await self._confirmed(problems, old, new, files)
            pictured = {**new, **again}
        shots = tuple(
            Shot(page, width, path, old[page].shots.get(width), new[page].still or None)
            for page in pages
            for width, path in sorted(new[page].shots.items())
        )
        result = GateResult(Gate.BROWSER, Status.PASSED, shots=shots)
        if not problems:
            return result
        texts = (candidate.old, candidate.new)
        found = await asyncio.to_thread(
            browser_said.findings,
            problems,
            self._path,
            self._browser.folder,
            texts,
            self._files,
            pictured,
        )
        return replace(result, status=Status.FAILED, findings=tuple(found))

    # -- which pages ------------------------------------------------------------------------------

    def _pages(self) -> tuple[str, ...]:
        """Return the pages that are named, else those of the folder, the upper ones first."""
        if self._browser.pages:
            return self._browser.pages
        if self._browser.run:
            return ("/",)
        folder = self._browser.folder
        inside = "" if folder == "." else f"{folder}/"
        found = [
            f"/{name.removeprefix(inside)}"
            for name in {*self._files, self._path}
            if name.startswith(inside) and PurePosixPath(name).suffix in (".html", ".htm")
        ]
        found.sort(key=lambda page: (page.count("/"), not page.endswith("/index.html"), page))
        if not found:
            raise Unsure(f"There is no page in {folder}: name some in verify.browser, as `pages`.")
        return tuple(found[:MOST_FOUND])

    def _loading(self, old: Sight, files: Mapping[str, str]) -> list[str]:
        """Return the pages that can show the edit: of files it is known who asks for them."""
        if self._browser.run:
            return [*old]
        return [page for page, seen in old.items() if seen.files & files.keys()]

    def _showing(self, old: Sight, new: Sight) -> list[str]:
        """Return the pages that the edit is in: where a program serves them, another answer."""
        found = [
            page
            for page, seen in new.items()
            if self._path in seen.files
            or ((seen.late or seen.trouble or seen.crashed) and self._path in old[page].files)
            or (self._browser.run and (seen.bodies != old[page].bodies or seen.trouble))
        ]
        if found:
            return found
        if self._browser.run:
            raise Unsure(
                f"What is served is the same with the edit of {self._path} and without it. Name a"
                " page that it shows in, in verify.browser, as `pages`."
            )
        names = ", ".join(map(browser_said.name_of, list(old)[:3]))
        raise Unsure(
            f"No page that was looked at ({names}) loads {self._path}. Name one that does in"
            " verify.browser, as `pages`."
        )

    def _tells(self, seen: Seen, when: str) -> None:
        """See to it that a look at a page came to its end, and saw all of it."""
        name = browser_said.name_of(seen.page)
        if seen.late:
            limit = duration(self._browser.timeout_seconds)
            raise Unsure(
                f"{name} did not come to rest in {limit} {when}: a script of it may not end, or"
                " `timeout_seconds` in verify.browser is too short."
            )
        if seen.trouble:
            raise Unsure(f"{name} could not be looked at {when}: {seen.trouble.rstrip('.')}.")
        if seen.outside:
            raise Unsure(
                f"{name} loads {min(seen.outside)} {when}, which is out of reach in the sandbox."
                " Serve a copy of it from the workspace."
            )

    # -- looking ----------------------------------------------------------------------------------

    async def _confirmed(
        self, problems: Sequence[Problem], old: Sight, new: Sight, files: Mapping[str, str]
    ) -> tuple[list[Problem], Sight]:
        """Look a second time, with the edit and without: what comes and goes is not its fault.

        Returns the problems that are sure, and what was seen, with pictures of the elements.
        """
        pages = list(dict.fromkeys(one.page for one in problems))
        if any(new[page].crashed for page in pages):
            self._means.warm.discard()
        parts = {page: _parts(page, problems, self._browser.widths) for page in pages}
        before, after = await all_of(self._see(pages, {}), self._see(pages, files, parts))
        sure = []
        for page in pages:
            self._tells(after[page], "with the edit")
            mine = [one for one in problems if one.page == page]
            mine = browser_seen.added(before[page].problems, mine)
            sure += browser_seen.in_both(mine, _added(old[page], after[page]))
        if not sure:
            raise Unsure(f"This was there once, and not a second time: {problems[0].message}.")
        return sure, after

    async def _see(
        self, pages: Iterable[str], files: Mapping[str, str], parts: Mapping[str, Parts] = _NONE
    ) -> Sight:
        """Look at pages with ``files`` in the workspace; a browser that ends is tried once more."""
        try:
            return await self._once(pages, files, parts)
        except Gone:
            return await self._once(pages, files, parts)

    async def _once(
        self, pages: Iterable[str], files: Mapping[str, str], parts: Mapping[str, Parts]
    ) -> Sight:
        # of a second look the parts are wanted, and of one without the edit the pictures alone
        still = bool(files) and not parts
        async with self._means.warm.browser(self._asked, files) as (chromium, texts):
            found = await all_of(
                *(self._look(chromium, texts, page, parts.get(page, {}), still) for page in pages)
            )
        return {seen.page: seen for seen in found}

    async def _look(
        self, chromium: Chromium, texts: Files, page: str, parts: Parts, still: bool
    ) -> Seen:
        browser = self._browser
        question = {
            "page": page,
            "texts": texts,
            "folder": browser.folder,
            "widths": browser.widths,
            "checks": browser.checks,
            "parts": {str(width): places for width, places in parts.items()},
            "bodies": bool(browser.run),
            "still": still,
        }
        async with self._means.slots:
            said = await chromium.look(question, browser.timeout_seconds)
        try:
            seen = browser_seen.read(page, said, browser.checks)
            shots = await asyncio.to_thread(self._keep, said["shots"])
            more = {str(at): data for at, (_, _, data) in enumerate(said["parts"])}
            kept = await asyncio.to_thread(self._keep, more)
            page_still = await asyncio.to_thread(self._means.shots.save_page, str(said["still"]))
            of = {(int(one[0]), str(one[1])): kept[at] for at, one in enumerate(said["parts"])}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Gone(f"its answer cannot be understood: {error!r}") from error
        return replace(seen, shots=shots, parts=of, still=page_still)

    def _keep(self, shots: Mapping[str, Any]) -> dict[int, str]:
        """Keep the pictures. Blocks."""
        try:
            return {
                int(width): self._means.shots.save(base64.b64decode(data, validate=True))
                for width, data in shots.items()
            }
        except binascii.Error as error:
            raise ValueError(str(error)) from error


def _parts(page: str, problems: Iterable[Problem], widths: Sequence[int]) -> Parts:
    """Say which elements are to be pictured: those that are wrong, the first few of each width."""
    found: Parts = {}
    for one in problems:
        if one.page == page and one.place:
            places = found.setdefault(one.width or max(widths), [])
            if one.place not in places and len(places) < _MOST_PARTS:
                places.append(one.place)
    return found


def _added(old: Seen, new: Seen) -> list[Problem]:
    return browser_seen.added(old.problems, new.problems)
