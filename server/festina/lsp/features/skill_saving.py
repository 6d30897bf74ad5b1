"""``festina.saveSkill``: a skill made of accepted edits, in the background, told in a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import advising, edits, skill_saving, skill_store, skills
from festina.calls import Wait
from festina.confirming import key_of
from festina.edits import Region
from festina.lsp import convert, messages, render
from festina.lsp.features import arguments
from festina.lsp.features.progressing import Progresses
from festina.models.meter import counting
from festina.session import Refusal
from festina.skill_saving import Saved, Wish
from festina.skill_store import Slot
from festina.skill_writer import MOST_EXAMPLES
from festina.text import Text

if TYPE_CHECKING:
    from festina.accepted import Accepted
    from festina.documents import Document
    from festina.lsp.app import App
    from festina.models.ready import Ready


class SkillSaving:
    """Has skills written and replayed, one at a time for each edit they are made of."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._progresses = Progresses(app)

    def close(self) -> None:
        """Send nothing any more."""
        self._progresses.close()

    async def begin(self, argument: dict[str, Any]) -> str:
        """Begin to save what a command names; return what is to be answered.

        Raises:
            Refusal: it cannot be saved, and why.
        """
        chosen = self._edits(argument)
        first = chosen[0]
        name, replaces = arguments.string(argument, "name"), argument.get("replace") is True
        snapshot = self._app.session.snapshot(first.workspace)
        skill_store.check_trusted(snapshot)
        if name:
            await asyncio.to_thread(skill_store.slot, snapshot, name, replaces=replaces)
        elif replaces:
            raise Refusal("Name the skill that is to be replaced.")
        jobs, key = self._app.lifecycle.runs.jobs, _key(first)
        if jobs.running(key):
            raise Refusal("A skill is being made of that edit already.")
        jobs.start(key, self._run(chosen, name, replaces=replaces))
        return "Having a skill written; it is kept if a replay of it passes."

    def _edits(self, argument: dict[str, Any]) -> list[Accepted]:
        """Return the accepted edits that are meant, each once.

        Raises:
            Refusal: one of them is not known, or they are too many or of several workspaces.
        """
        ids = [arguments.string(argument, "proposal")] if "proposal" in argument else []
        more = argument.get("proposals", [])
        if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
            raise Refusal("`proposals` must be a list of the ids of proposals.")
        accepted = self._app.accepted
        chosen = [accepted.find(one) for one in dict.fromkeys([*ids, *more])]
        if not chosen:
            raise Refusal("Name the accepted edit that a skill is to be made of.")
        if len(chosen) > MOST_EXAMPLES:
            raise Refusal(f"A skill is made of at most {MOST_EXAMPLES} edits.")
        if len({one.workspace for one in chosen}) > 1:
            raise Refusal("These edits are of several workspaces; a skill belongs to one.")
        return chosen

    async def _run(self, chosen: list[Accepted], name: str, *, replaces: bool) -> None:
        key = _key(chosen[0])
        try:
            words, kind = await self._save(chosen, name, replaces=replaces)
        except Refusal as refusal:
            words, kind = f"no skill was written. {refusal}", lsp.MessageType.Warning
        except Exception:
            words = "no skill was written: Festina failed unexpectedly; its log has the details."
            self._end(key, words, lsp.MessageType.Error)
            raise
        finally:
            self._progresses.end(key)
        self._end(key, words, kind)

    def _end(self, key: str, words: str, kind: lsp.MessageType) -> None:
        self._progresses.end(key, words)
        self._app.client.show_message(f"Festina: {words}", kind)

    async def _save(
        self, chosen: list[Accepted], name: str, *, replaces: bool
    ) -> tuple[str, lsp.MessageType]:
        app, first = self._app, chosen[0]
        session, key = app.session, _key(first)
        snapshot = session.snapshot(first.workspace)
        found = await asyncio.to_thread(skills.look, snapshot)
        taken = frozenset(skill.name for skill in found.skills)
        settings = session.settings_of(first.workspace)
        wish = Wish(tuple(chosen), snapshot, settings, name, taken)
        held: list[Wait | None] = [None]
        said = [""]

        def show() -> None:
            title = f"Festina: skill from {chosen[0].name or 'an accepted edit'}"
            cancel = self._canceller(key)
            self._progresses.show(key, title, lambda _: said[0], held[0], cancel)

        def say(words: str) -> None:
            said[0] = words
            show()

        def on_wait(wait: Wait | None) -> None:
            held[0] = wait
            say("asking for the skill" if wait is None else str(wait))

        async def fast() -> Ready:
            return await app.models.get(None, say)

        say("starting")
        adviser = advising.answerer(session, app.models, None, say)
        if await app.models.small(None):  # before it is started, which takes a while
            raise Refusal(skill_saving.FOLLOWS_NONE)
        with counting(key):
            saved = await skill_saving.make(wish, adviser, fast, app.verifier, say, on_wait=on_wait)
        for call in saved.calls:
            app.client.log(f"skill of {first.id}: {call.words}")
        if saved.error is not None:
            return f"no skill was written. {saved.error}", lsp.MessageType.Warning
        if saved.skill is None:
            return _why_not(saved), lsp.MessageType.Warning
        await self._check_confirmed(chosen, say)
        # trust may be gone, or a skill of that name have come, since it began
        now = session.snapshot(first.workspace)
        where = await asyncio.to_thread(skill_store.slot, now, saved.skill.name, replaces=replaces)
        await self._write(where, saved.text)
        passed = "; ".join(map(str, saved.replays))
        words = f"the skill {where.name} was written to {where.path}. Its replay passed: {passed}"
        return words, lsp.MessageType.Info

    async def _check_confirmed(self, chosen: list[Accepted], say: Callable[[str], None]) -> None:
        """Wait for the whole suite where it still runs on one of the edits.

        Raises:
            Refusal: it has refuted one.
        """
        for one in chosen:
            key, jobs = key_of(one.id), self._app.lifecycle.runs.jobs
            if jobs.running(key):
                say("waiting for the whole suite, which runs on the accepted edit")
                await jobs.join(key)
            self._app.accepted.find(one.id)

    async def _write(self, where: Slot, text: str) -> None:
        """Write it; through the editor, where that has the file open."""
        app = self._app
        document = app.open_at(where.workspace / where.path)
        if document is None:
            await asyncio.to_thread(skill_store.write, where, text)
            return
        answer = await app.client.apply_edit(self._edit(document, text), f"skill {where.name}")
        now = app.open_at(where.workspace / where.path)
        if not answer.ok or now is None or now.text.content != text:
            why = answer.reason or "the editor did not apply it"
            raise Refusal(f"{where.path} is open in the editor, and was not replaced: {why}.")

    def _edit(self, document: Document, text: str) -> lsp.WorkspaceEdit:
        old = document.text
        changed = edits.rewrite(old, Region(0, len(old.lines)), Text(text).content)
        made = convert.text_edits(old, changed, self._app.caps.encoding)
        one = convert.DocumentEdits(document.uri, document.version, made)
        return convert.workspace_edit([one], self._app.caps)

    def _canceller(self, key: str) -> Any:
        return lambda: self._app.lifecycle.runs.jobs.cancel(key)


async def save(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.saveSkill``: have a skill made of accepted edits."""
    return {"ok": True, "message": await app.skill_saving.begin(argument)}


def actions(app: App, uri: str, lines: Region) -> list[lsp.CodeAction]:
    """Return the actions for lines in which an edit stands that was accepted."""
    found = []
    for accepted in app.accepted.at(uri, lines):
        if accepted.skill or not app.session.is_trusted(accepted.workspace):
            continue
        alike = app.accepted.alike(accepted)[:MOST_EXAMPLES]
        of = f"{len(alike)} edits" if len(alike) > 1 else accepted.name or "this edit"
        title = render.shorten(f"Festina: save as a skill ({of}): {accepted.instruction}")
        argument = {"proposal": accepted.id, "proposals": [one.id for one in alike]}
        command = lsp.Command(title=title, command=messages.SAVE_SKILL, arguments=[argument])
        data = {**argument, "static": True}
        action = lsp.CodeAction(title=title, kind=messages.REWRITE, command=command, data=data)
        found.append(action)
    return found[-1:]


def _key(accepted: Accepted) -> str:
    return f"skill of {accepted.id}"


def _why_not(saved: Saved) -> str:
    reasons = " ".join(saved.reasons)
    return f"no skill was written, also not when it was asked for again. {reasons}"
