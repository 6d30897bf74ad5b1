"""What makes an answer come sooner, or cost less, and changes nothing about it.

Which of these fields a provider takes is said in ``presets``; which of them a model behind it takes
shows when it is asked. A request that was refused because of one, or may have been, is asked again
at once without it, and a field that is found to be at fault is not sent any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from festina.models.base import Request
from festina.models.fields import REFUSALS, named_fields

PREDICTION = "prediction"
"""The text that the answer mostly repeats. Tokens of it that do not come true are billed."""
CACHE_KEY = "prompt_cache_key"
"""Requests that begin alike go to the machine whose cache holds their beginning."""
CACHE_PROMPT = "cache_prompt"
"""A slot of llama.cpp goes on from what its last prompt has in common with this one."""


BYTES_PER_TOKEN = 3
"""Of code, cautiously (as in ``festina.prompt``)."""


def fitted(request: Request, *, predicts: bool) -> Request:
    """Return a request as a model takes it, with room for a prediction or without one.

    What does not come true of a prediction counts towards the bound on the answer (OpenAI's
    ``CompletionUsage``), which otherwise would break off an answer that is all new.
    """
    if not request.predicted:
        return request
    if not predicts:
        return replace(request, predicted="")
    more = len(request.predicted.encode("utf-8", "replace")) // BYTES_PER_TOKEN
    return replace(request, max_tokens=request.max_tokens + more)


class Accelerators:
    """Those that one model is sent. It lives on the event loop of its model.

    A field was *accepted* once an answer came to a request that had it. Until then it may be the
    cause of a refusal that names none.
    """

    def __init__(self, offered: Iterable[str]) -> None:
        self._in_use = frozenset(offered)
        self._accepted = frozenset[str]()

    @property
    def predicts(self) -> bool:
        """Whether predictions are sent."""
        return PREDICTION in self._in_use

    def fields(self, request: Request, trial: Trial) -> dict[str, object]:
        """Return what a request's body is to have beside the rest."""
        fields: dict[str, object] = {}
        if request.predicted:
            fields[PREDICTION] = {"type": "content", "content": request.predicted}
        if beginning := request.messages[0].content if request.messages else "":
            digest = hashlib.sha256(beginning.encode("utf-8", "replace")).hexdigest()
            fields[CACHE_KEY] = f"festina-{digest[:16]}"
        fields[CACHE_PROMPT] = True
        wanted = self._in_use - trial.left_out
        return {name: value for name, value in fields.items() if name in wanted}

    def named(self, status: int, answer: bytes, sent: Mapping[str, object]) -> bool:
        """Give up what a refusal names; return whether there is any, so that asking again helps.

        Another request may have given it up meanwhile; then this one is sent again as well.
        """
        named = named_fields(status, answer, frozenset(sent.keys() & _ALL))
        self._in_use -= named
        return bool(named)

    def suspected(self, status: int, sent: Mapping[str, object], trial: Trial) -> bool:
        """Leave out, for this request, what may be the cause of a refusal that names no field.

        Returns:
            Whether there is any: never twice for one request.
        """
        suspects = frozenset(sent.keys() & _ALL) - self._accepted
        if status not in REFUSALS or not suspects:
            return False
        trial.left_out |= suspects
        return True

    def answered(self, sent: Mapping[str, object], trial: Trial) -> None:
        """Learn from an answer: what was left out on suspicion was at fault."""
        self._accepted |= sent.keys() & _ALL
        self._in_use -= trial.left_out - self._accepted


@dataclass(slots=True)
class Trial:
    """What one request does without, because a refusal may have been about it."""

    left_out: frozenset[str] = frozenset()


_ALL = frozenset({PREDICTION, CACHE_KEY, CACHE_PROMPT})
