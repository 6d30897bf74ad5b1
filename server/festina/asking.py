"""Questions about a region, answered in Markdown. Nothing here can touch code.

Everything runs on the event loop and returns at once; one job a question does the work.
"""

from __future__ import annotations

import asyncio
import enum
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from festina import advising, edits, markers, slow
from festina.calls import Call, Why
from festina.context import Wish, gather
from festina.documents import Document
from festina.edits import Region
from festina.jobs import Jobs
from festina.models.base import ModelError, Request
from festina.models.ready import Models
from festina.session import Refusal, Session, relative_path
from festina.text import Text
from festina.verify.base import Snapshot

KEPT = 20
"""Answers that can still be looked at, of those whose document is open."""
NO_ANSWER = "The model answered nothing. Ask again, in other words."


class Stage(enum.StrEnum):
    """How far an answer has come."""

    WAITING = "waiting"
    STREAMING = "streaming"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Nothing follows."""
        return self in {Stage.COMPLETE, Stage.CANCELLED, Stage.FAILED}


@dataclass(frozen=True, slots=True)
class Question:
    """What a person wants to know, about which lines. ``model`` is the one asked for, if any."""

    document: Document
    region: Region
    words: str
    name: str = ""
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer so far. ``text`` is the model's own Markdown, never to be shown as it is.

    ``region`` counts in the document as it is now; None once somebody has changed those lines.
    ``message`` is one line for a person: how far it is, or why no answer came.
    """

    id: str
    uri: str
    region: Region | None
    words: str
    name: str
    stage: Stage = Stage.WAITING
    text: str = ""
    message: str = "waiting for the model"
    call: Call | None = None


class Asking:
    """The questions of one editor session. ``changed`` shows each next value of an answer."""

    def __init__(self, session: Session, models: Models, jobs: Jobs) -> None:
        self.changed: Callable[[Answer], None] = lambda _: None
        self._session = session
        self._models = models
        self._jobs = jobs
        self._numbers = itertools.count(1)
        self._answers: dict[str, Answer] = {}

    def ask(self, question: Question) -> Answer:
        """Begin to answer; return at once.

        Raises:
            Refusal: there is no question, or the document has no workspace.
        """
        if not question.words.strip():
            raise Refusal("There is no question. Say what you want to know about the lines.")
        path = relative_path(question.document, self._session.workspace_of(question.document))
        answer = Answer(
            id=f"a{next(self._numbers)}",
            uri=question.document.uri,
            region=question.region,
            words=" ".join(question.words.split()),
            name=question.name,
        )
        self._put(answer)
        for old in [one.id for one in self._answers.values() if one.stage.over][:-KEPT]:
            del self._answers[old]
        self._jobs.start(_key(answer.id), self._run(answer.id, question, path))
        return answer

    def find(self, answer_id: str) -> Answer:
        """Return an answer.

        Raises:
            Refusal: there is none of that id.
        """
        if (answer := self._answers.get(answer_id)) is None:
            raise Refusal("That answer is gone. Ask again.")
        return answer

    def cancel(self, answer_id: str) -> None:
        """Stop the model; what came of the answer stays.

        Raises:
            Refusal: there is no such answer, or it is over.
        """
        answer = self.find(answer_id)
        if answer.stage.over:
            raise Refusal(f"That answer is {answer.stage} already.")
        self._jobs.cancel(_key(answer_id))
        self._put(replace(answer, stage=Stage.CANCELLED, message="cancelled"))

    def dismiss(self, answer_id: str) -> None:
        """Put an answer away; one that is still coming is stopped.

        Raises:
            Refusal: there is none of that id.
        """
        if not self.find(answer_id).stage.over:
            self.cancel(answer_id)
        del self._answers[answer_id]

    def at(self, uri: str, line: int) -> Answer | None:
        """Return the newest answer about a region that begins at a line (from 0)."""
        found = [
            one
            for one in self._answers.values()
            if one.uri == uri and one.region is not None and one.region.start == line
        ]
        return found[-1] if found else None

    def moved(self, uri: str, texts: Sequence[Text]) -> None:
        """A document went through these texts: regions move along, as long as nobody edits them."""
        for answer in [one for one in self._answers.values() if one.uri == uri]:
            region = answer.region
            for old, new in itertools.pairwise(texts):
                region = region and edits.rebase(old, new, region)
            self._answers[answer.id] = replace(answer, region=region)

    def closed(self, uri: str) -> None:
        """A document was closed: nobody waits for answers about it."""
        for answer in [one for one in self._answers.values() if one.uri == uri]:
            self.dismiss(answer.id)

    def _put(self, answer: Answer) -> None:
        self._answers[answer.id] = answer
        self.changed(answer)

    def _change(self, answer_id: str, **changes: object) -> None:
        answer = self._answers.get(answer_id)
        if answer is not None and not answer.stage.over:
            self._put(replace(answer, **changes))  # type: ignore[arg-type]

    async def _run(self, answer_id: str, question: Question, path: str) -> None:
        def say(message: str) -> None:
            self._change(answer_id, message=message)

        def on_text(text: str) -> None:
            words = f"about {len(text) // 4} tokens so far"
            self._change(answer_id, stage=Stage.STREAMING, text=text, message=words)

        try:
            workspace = self._session.workspace_of(question.document)
            snapshot = self._session.snapshot(workspace)
            request = await asyncio.to_thread(
                request_of,
                question.document.text,
                question.region,
                question.words,
                snapshot=snapshot,
                path=path,
                language=question.document.language,
            )
            adviser = advising.answerer(self._session, self._models, question.model, say)
            said = await adviser.ask(request, Why.ASK, on_text=on_text)
        except ModelError as error:  # it must not be sent
            self._change(answer_id, stage=Stage.FAILED, message=str(error))
            return
        except Exception:
            failed = "Festina failed unexpectedly; its log has the details."
            self._change(answer_id, stage=Stage.FAILED, message=failed)
            raise
        self._change(answer_id, call=said.call)
        if said.call.error:
            self._change(answer_id, stage=Stage.FAILED, message=said.call.error)
        elif not said.text.strip():
            self._change(answer_id, stage=Stage.FAILED, message=NO_ANSWER)
        else:
            words = said.call.words
            self._change(answer_id, stage=Stage.COMPLETE, text=said.text, message=words)


def request_of(
    text: Text, region: Region, words: str, *, snapshot: Snapshot, path: str, language: str
) -> Request:
    """Return the request for an answer: no ``festina:`` comments, and no secrets.

    Raises:
        ModelError: it must not be sent, and why.
    """
    text, region = markers.strip(text, region)
    gathered = gather(Wish(snapshot, path, text, region, words, language, tokens=0))
    return slow.ask_request(gathered.prepared, gathered.instruction, path=path, language=language)


def _key(answer_id: str) -> str:
    return f"ask {answer_id}"
