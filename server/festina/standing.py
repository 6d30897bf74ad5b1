"""How the saved files of a workspace stand: what was verified last, and what is shown as wrong.

A file counts as verified in the text with which the impacted tests last passed; at first, in the
text with which it was opened. What was changed since then is examined at each save, however many
saves that takes, so what a person broke stays theirs until it is mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from festina.config import Settings
from festina.findings import Finding, Gate
from festina.text import NotText, decode
from festina.verify.base import ExamineScope, Snapshot
from festina.verify.examination import Examination, Place


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be examined now. ``texts`` are the files as they are, None where one is gone."""

    before: Snapshot
    after: Snapshot
    scope: ExamineScope
    texts: Mapping[str, str | None]


def scope_of(settings: Settings) -> ExamineScope | None:
    """Return what is run when a file is saved; nothing that is no gate of the project's."""
    if settings.on_save == "off":
        return None
    scope = cast("ExamineScope", settings.on_save)
    return scope if Gate.TESTS in settings.verify.gates else "lint"


class Standing:
    """One workspace. Nothing in here waits, but for :meth:`read`, which blocks."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.shown = Examination()
        """What is wrong as far as is known, over all examinations."""
        self._verified: dict[str, str] = {}
        self._was: dict[str, Finding] = {}
        """How tests failed in what was verified last; what they say by now may be another thing."""
        self._opened: dict[str, str] = {}
        """With what files were opened that were otherwise on disk a moment later."""
        self._pending: set[str] = set()
        self._recent: set[str] = set()

    def seen(self, path: str, text: str) -> None:
        """A file was opened; if nothing is known of it, this is the text to compare with."""
        self._verified.setdefault(path, text)

    def opened(self, path: str, text: str, on_disk: str | None) -> None:
        """A file that was opened with ``text`` is otherwise on disk: that is what was verified.

        Editors bring unsaved text back when they start. But the file can also have been edited and
        saved since, with the news of that still on their way: see :meth:`question`.
        """
        if on_disk is not None and path not in self._pending and self._verified.get(path) == text:
            self._verified[path] = on_disk
            if on_disk != text:
                self._opened[path] = text

    def forget(self, path: str) -> None:
        """A file was closed: somebody else may change it from now on."""
        self._opened.pop(path, None)
        if path not in self._pending:
            self._verified.pop(path, None)

    def saved(self, paths: Iterable[str]) -> None:
        """Files were saved."""
        paths = tuple(paths)
        self._pending.update(paths)
        self._recent.update(paths)

    def read(self, buffers: Mapping[str, str]) -> dict[str, str | None]:
        """Return the texts of what is to be examined: on disk, or in ``buffers``. Blocks."""
        return {
            path: buffers[path] if path in buffers else self.text(path)
            for path in sorted(self._pending)
        }

    def text(self, path: str) -> str | None:
        """Return the text of a file on disk, None where it is not there or no text. Blocks."""
        try:
            return decode((self.workspace / path).read_bytes()).content
        except (OSError, NotText):
            return None

    def question(
        self,
        after: Snapshot,
        texts: Mapping[str, str | None],
        scope: ExamineScope,
        whole: str | None = None,
    ) -> Question | None:
        """Return what to examine, or None where nothing differs from what was verified.

        ``whole`` is a file that a person asked about: where nothing in it was changed, all of it
        counts as changed.
        """
        for path in self._opened.keys() & texts.keys():
            opened = self._opened.pop(path)
            if self._verified.get(path) == texts[path]:  # nobody can tell which of the two it was
                self._verified[path] = opened
        changed = {
            path: text
            for path, text in texts.items()
            if path not in self._verified or self._verified[path] != text
        }
        before = {path: self._verified[path] for path in changed if path in self._verified}
        if whole is not None and whole in texts and whole not in changed:
            changed[whole] = texts[whole]
        if scope == "lint":  # what was linted before stays as it is
            changed = {path: text for path, text in changed.items() if path in self._recent}
        if not changed:
            return None
        return Question(replace(after, buffers={**after.buffers, **before}), after, scope, changed)

    def unchanged(self, texts: Mapping[str, str | None], scope: ExamineScope) -> None:
        """Nothing differs from what was verified: what was broken is mended."""
        if scope == "lint":
            paths = self._recent & set(texts)
            kept = tuple(one for one in self.shown.lint if one.path not in paths)
            self.shown = replace(self.shown, findings=(*kept, *self.shown.tests))
        else:
            old = self._old(frozenset(), texts)
            ids = frozenset(str(one.code) for one in old)
            self.shown = Examination(old, ids, scope=scope)
            self._pending -= set(texts)
        self._recent.clear()

    def begin(self, found: Examination) -> None:
        """Everything was examined as it is: what fails now, fails before all that follows."""
        ids = frozenset(str(one.code) for one in found.tests)
        self._was = {str(one.code): one for one in found.tests}
        self.shown = replace(found, preexisting=ids, through={})

    def take(self, question: Question, found: Examination) -> None:
        """Take in what an examination found."""
        self._recent -= set(question.texts)
        lint = found.lint
        if question.scope == "lint":
            kept = (one for one in self.shown.lint if one.path not in question.texts)
            lint = (*kept, *lint)
        if found.counts is None:  # no test ran: what failed is still to be mended
            tests, preexisting = self.shown.tests, self.shown.preexisting
            places: Mapping[str, Place] = self.shown.through
            self.shown = replace(
                found, findings=(*lint, *tests), preexisting=preexisting, through=places
            )
            return
        full = found.scope == "full"
        old = () if full else self._old(found.ran, question.texts)
        ids = frozenset(str(one.code) for one in old)
        self.shown = replace(
            found,
            findings=(*lint, *found.tests, *old),
            preexisting=found.preexisting | ids,
        )
        self._was.update((str(one.code), one) for one in found.was)
        if not found.broken:
            self._was.update((str(one.code), one) for one in found.tests)
            self._green(question, found)

    def _old(self, ran: frozenset[str], texts: Mapping[str, str | None]) -> tuple[Finding, ...]:
        """Return what failed before any change, was not run now, and so still fails."""
        return tuple(
            self._was.get(str(one.code), one)
            for one in self.shown.tests
            if one.code in self.shown.preexisting
            and one.code not in ran
            and one.code.partition("::")[0] not in texts
        )

    def _green(self, question: Question, found: Examination) -> None:
        unclean = {one.path for one in found.lint}
        for path, text in question.texts.items():
            if path in unclean:
                continue
            if text is None:
                self._verified.pop(path, None)
            else:
                self._verified[path] = text
            self._pending.discard(path)
