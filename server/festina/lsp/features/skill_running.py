"""``festina.runSkill``, ``festina.review``: a skill at all of its places, and what of it waits.

What was made for a file that is not open is a diagnostic there: every editor lists those, and opens
the file from the list. Then it is a proposal like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import line_patterns, skill_work
from festina.edits import Region
from festina.lsp import convert, messages, render
from festina.lsp.features import arguments, skilled
from festina.lsp.features.progressing import Progresses
from festina.pending import waits
from festina.session import Refusal
from festina.shelf import Shelf
from festina.skill_file import PLACES_KEY, Skill
from festina.skill_runs import SkillRun, SkillRuns
from festina.skill_work import End

if TYPE_CHECKING:
    from festina.calls import Call
    from festina.documents import Document
    from festina.lsp.app import App
    from festina.skill_work import Tried

NOTHING_WAITS = "No edit waits for your review in a file that is not open."


class SkillRunning:
    """Shows the runs of a session and what they have made."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._progresses = Progresses(app)
        self._told: set[str] = set()
        self.shelf = Shelf(app.session, app.lifecycle, app.pending)
        self.shelf.changed = self._shelf_changed
        self.shelf.adopting = app.publisher.known
        self.runs = SkillRuns(app.session, app.lifecycle, app.models, self.shelf, app.pending)
        self.runs.changed = self._changed
        self.runs.called = self._called
        self.runs.tried = self._tried
        app.board.sources.append(self._diagnostics)

    def close(self) -> None:
        """Send nothing any more."""
        self._progresses.close()

    async def show_next(self) -> str:
        """Have the editor open the next file in which an edit waits; return what to answer.

        Raises:
            Refusal: none waits, or the editor opens no files for us.
        """
        waiting = self.shelf.waiting()
        if not waiting:
            raise Refusal(NOTHING_WAITS)
        one, count = waiting[0], len(waiting)
        proposal = one.proposal
        where = f"{one.path}:{proposal.region.start + 1}"
        if not self._app.caps.show_document:
            raise Refusal(f"Open {where}; {waits(count)} in files that are not open.")
        line = lsp.Position(proposal.region.start, 0)
        jobs = self._app.lifecycle.runs.jobs
        jobs.start("review", self._open(one.file, lsp.Range(line, line), where))
        return f"Opening {where}; {waits(count)}."

    async def _open(self, file: Path, where: lsp.Range, words: str) -> None:
        uri = self._app.uri_of(file)
        if not await self._app.client.show_document(uri, take_focus=True, selection=where):
            self._app.client.show_message(f"Festina: open {words} to review the edit there.")

    def _shelf_changed(self, file: Path) -> None:
        self._app.board.changed(self._app.uri_of(file))

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        if self._app.session.documents.get(uri) is not None:
            return []
        path = convert.to_path(uri)
        shelved = [] if path is None else self.shelf.at(path)
        found = [self._app.publisher.diagnostic(one.proposal, one.path) for one in shelved]
        for one in found:  # VS Code lists no hints, and nobody sees those in a file that is shut
            one.severity = lsp.DiagnosticSeverity.Information
        return found

    def _changed(self, run: SkillRun) -> None:
        title = f"Festina: the skill {run.skill.name}"
        if not run.over:

            def words(_: datetime) -> str:
                return run.words

            self._progresses.show(run.id, title, words, None, lambda: self.runs.cancel(run.id))
            if run.rests and run.id not in self._told and not self._app.caps.messages_wait:
                self._told.add(run.id)
                self._app.client.show_message(f"Festina: the skill {run.skill.name}: {run.words}.")
            return
        self._told.discard(run.id)
        self._progresses.end(run.id, run.summary)
        kind = lsp.MessageType.Info
        said = f"Festina: {run.summary}"
        if run.error:
            kind, said = lsp.MessageType.Warning, f"{said} It ended early: {run.error}"
        elif count := self._app.pending.count(run.workspace):
            said = f"{said} {waits(count).capitalize()}."
        self._app.client.show_message(said, kind)

    def _called(self, run: SkillRun, call: Call) -> None:
        self._app.client.log(f"skill {run.skill.name}: {call.words}")

    def _tried(self, run: SkillRun, tried: Tried) -> None:
        words = f"{tried.place.shown}: {tried.end}: {tried.words}"
        self._app.client.log(f"skill {run.skill.name}: {words}")
        if tried.end in {End.FAILED, End.LEFT}:  # else it is a proposal, which is recorded as such
            proposal = self._app.session.new_id()
            record = skill_work.record(tried, run.skill, proposal, "editor", accepted=False)
            self._app.remembering.post(run.workspace, lambda store: store.records.put(record))
        if tried.end is End.FAILED:
            self._app.progress_log.rejected(run.workspace, tried, run.skill)


async def run_skill(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.runSkill``: follow a skill at all places of a workspace that it is meant for."""
    workspace = _workspace(app, argument)
    if not (name := arguments.string(argument, "skill")):
        raise Refusal("Name the skill that is to be followed.")
    skill = await skilled.named_in(app, workspace, name)
    patterns = line_patterns.split(arguments.string(argument, "find")) or skill.places
    if why := line_patterns.amiss(patterns):
        raise Refusal(why)
    if not patterns:
        raise Refusal(
            f"The skill {skill.name} does not say where it is meant. Add `{PLACES_KEY}` to the "
            f"metadata in {skill.path}: how a line reads there."
        )
    under = _paths(argument.get("paths"))
    app.skill_running.runs.start(workspace, skill, patterns, under)
    return {"ok": True, "message": f"Following the skill {skill.name} in the background."}


async def review(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.review``: go to the next edit that waits in a file that is not open."""
    del argument
    return {"ok": True, "message": await app.skill_running.show_next()}


async def actions(
    app: App, document: Document, region: Region, offered: Sequence[Skill]
) -> list[lsp.CodeAction]:
    """Return the actions for lines of a document: skills that mean them, and what waits.

    Where an edit was accepted just now, a skill may be wanted for all that is like it, too.
    """
    touched = Region(region.start, max(region.end, region.start + 1))
    meant = [skill for skill in offered if skill.places]
    if not app.accepted.at(document.uri, touched):
        lines = document.text.lines[touched.start : touched.end]
        # of many lines it takes a while: not on the loop
        meant = await asyncio.to_thread(_meant, meant, lines)
    found = []
    for skill in meant:
        title = f"Festina: Follow the skill {skill.name} in the whole workspace"
        argument = {"uri": document.uri, "skill": skill.name}
        found.append(_action(title, messages.RUN_SKILL, argument))
    if waiting := app.skill_running.shelf.waiting():
        title = f"Festina: go to the next edit to review ({waiting[0].path})"
        found.append(_action(title, messages.REVIEW, {}))
    return found


def _meant(skills: Sequence[Skill], lines: Sequence[str]) -> list[Skill]:
    return [
        skill for skill in skills if any(line_patterns.reads(skill.places, line) for line in lines)
    ]


def _action(title: str, command: str, argument: dict[str, Any]) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=render.shorten(title, 100),
        kind=messages.REWRITE,
        command=lsp.Command(title=title, command=command, arguments=[argument]),
        data={**argument, "static": True},
    )


def _workspace(app: App, argument: dict[str, Any]) -> Path:
    """Return the folder that is meant: that of a document, else the only one.

    Raises:
        Refusal: it is not said which.
    """
    uri = arguments.string(argument, "uri")
    document = app.session.documents.get(uri)
    if document is not None:
        return app.session.workspace_of(document)
    if len(app.session.roots) == 1:
        return app.session.roots[0]
    raise Refusal("Say in which folder: `uri` names an open document of it.")


def _paths(value: object) -> tuple[str, ...]:
    """Return paths in the workspace.

    Raises:
        Refusal: they are none.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refusal("`paths` must be a list of paths in the workspace.")
    for one in value:
        path = PurePosixPath(one)
        if path.is_absolute() or ".." in path.parts:
            raise Refusal(f"{one!r} is no path in the workspace, such as src/pkg.")
    return tuple(PurePosixPath(one).as_posix() for one in value)
