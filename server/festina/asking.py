"""Questions about a region, answered in Markdown. Nothing here can touch code.

Everything runs on the event loop and returns at once; one job a question does the work.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from festina import advising, edits, markers, slow
from festina.calls import Call, Wait, Why, counted_down, told_of
from festina.context import Wish, budget, gather
from festina.documents import Document
from festina.edits import Region
from festina.jobs import Jobs
from festina.models.base import Request
from festina.models.ready import Models, Ready
from festina.session import Refusal, Session, relative_path
from festina.text import Text

KEPT = 20
"""Answers that can still be looked at, of those whose document is open."""
WAITING = "waiting for the model"
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
    """What a person wants to know, about which lines. ``model`` is the one asked for, if any.

    ``about`` is what is shown to it where that is something else than those lines.
    """

    document: Document
    region: Region
    words: str
    name: str = ""
    model: str | None = None
    about: Wish | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer so far. ``text`` is the model's own Markdown, never to be shown as it is.

    ``region`` counts in the document as it is now; None once somebody has changed those lines.
    ``message`` is one line for a person: how far it is, or why no answer came. ``wait`` is what it
    tells of, as long as it does.
    """

    id: str
    uri: str
    region: Region | None
    words: str
    name: str
    stage: Stage = Stage.WAITING
    text: str = ""
    message: str = WAITING
    wait: Wait | None = None
    call: Call | None = None

    @property
    def held(self) -> Wait | None:
        """The wait that the message tells of, if it does."""
        return told_of(self.message, self.wait)

    def told(self, now: datetime) -> str:
        """Return the message, with as much of a wait as is left at a moment of local time."""
        return counted_down(self.message, self.wait, now)


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
        wish = question.about or self._wish(question)
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
        self._jobs.start(_key(answer.id), self._run(answer.id, question, wish))
        return answer

    def _wish(self, question: Question) -> Wish:
        document, session = question.document, self._session
        workspace = session.workspace_of(document)
        return Wish(
            session.snapshot(workspace),
            relative_path(document, workspace),
            document.text,
            question.region,
            question.words,
            document.language,
        )

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

    async def _run(self, answer_id: str, question: Question, wish: Wish) -> None:
        def say(message: str) -> None:
            self._change(answer_id, message=message)

        def on_text(text: str) -> None:
            words = f"about {len(text) // 4} tokens so far"
            self._change(answer_id, stage=Stage.STREAMING, text=text, message=words)

        def on_wait(wait: Wait | None) -> None:
            self._change(answer_id, message=WAITING if wait is None else str(wait), wait=wait)

        try:
            adviser = advising.answerer(self._session, self._models, question.model, say)
            tokens = self._session.settings_of(wish.snapshot.workspace).context_tokens
            request = partial(request_of, wish, tokens)
            said = await adviser.ask(request, Why.ASK, on_text=on_text, on_wait=on_wait)
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


def request_of(wish: Wish, tokens: int | None, ready: Ready) -> Request:
    """Return what a model is asked: what is handed over is what an edit would be made with.

    Blocks for milliseconds. ``wish.instruction`` is the question, ``tokens`` how much context the
    settings ask for.

    Raises:
        ModelError: it must not be sent, with the place in the sentence.
    """
    room = budget(tokens, ready.model.origin)
    # a comment that asks is not part of what is asked about
    text, region = markers.strip(wish.text, wish.region)
    wish = replace(wish, text=text, region=region, small=ready.small, tokens=room)
    gathered = gather(wish)
    return slow.ask_request(gathered, path=wish.path, language=wish.language)


def _key(answer_id: str) -> str:
    return f"ask {answer_id}"
