"""Sentences for everything that can go wrong with a model: where, what happened, what to do.

Providers like to quote the request in their errors, and part of the key. So nothing of theirs is
shown that shares a run of characters with the prompt or the answer, or looks like a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from festina.models.answer_stream import TROUBLE, Kind, Problem
from festina.models.base import ModelError, Trouble
from festina.models.retry import retry_after, when

SHARED_RUN = 12
"""So many equal characters in a row mean that the provider quotes the prompt."""
SHOWN = 200

_KEYLIKE = re.compile(r"(?i)\b(?:sk|pk|gsk|csk|key|bearer|token)[-_ ][\w.*-]{6,}|[\w*-]{24,}")
_MODEL_CODES = frozenset({"model_not_found", "model_decommissioned", "invalid_model"})
_NO_SUCH_PLACE = re.compile(r"(?i)\b(?:not found|url|endpoint|route|path)\b")
"""What servers say of an address that they do not serve: a 404 that is not about the model."""
_TOO_LONG = re.compile(
    r"(?i)context[_ ]length|exceed_context_size|(?:prompt|input) is too long|request_too_large"
)
"""OpenAI and most others; llama.cpp; Anthropic."""
_SPENT = re.compile(r"insufficient_quota|billing|(?i:credit balance is too low)")
_STATUS_OF = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    **dict.fromkeys(_MODEL_CODES, 404),
}
"""Codes in a stream that mean what a status would have meant; to ask again helps with none."""
_NAME = re.compile(r"[\w.:-]{1,64}")
_SENTENCES: dict[Kind, str] = {
    Kind.WEB_PAGE: "answered with a web page instead of a model's answer. "
    "Check base_url (it usually ends in /v1) and whether a network login page is in the way.",
    Kind.NOT_A_STREAM: "answered with something that is not a model's answer. "
    "Check base_url (it usually ends in /v1), and that the server speaks the dialect.",
    Kind.BAD_EVENT: "sent a damaged answer: one of its events is not valid JSON. "
    "Try again; if it stays, the server or a proxy before it is at fault.",
    Kind.CUT: "ended the answer before it was complete. "
    "Try again; if it stays, a proxy or the server's own time limit may cut it.",
    Kind.LENGTH: "stopped at the token limit before the answer was complete. "
    "Ask for less at once (fewer lines), or let the model think less ({thinking} in extra_body).",
    Kind.FILTERED: "withheld the answer (content filter or refusal). "
    "Rephrase the instruction or use another model.",
    Kind.TOOLS: "answered with a tool call instead of text. Try again or use another model.",
    Kind.AFTER_FINISH: "sent text after it had declared the answer finished. "
    "Try again; if it stays, the server is at fault.",
    Kind.MISMATCH: "sent an answer whose parts do not make up the whole. "
    "Try again; if it stays, the server or a proxy before it is at fault.",
    Kind.MISNAMED: "sent a damaged answer: one of its events is not what it is named. "
    "Try again; if it stays, the server or a proxy before it is at fault.",
    Kind.REASONING_OPEN: "ended the answer inside the model's reasoning. "
    "Try again, or use a model that thinks less before it answers.",
    Kind.REASONING_LEAKED: "mixed the model's reasoning into the answer. "
    "Turn on the server's reasoning parser (llama.cpp: --reasoning-format, "
    "vLLM: --reasoning-parser) or use a model that does not reason.",
}


@dataclass(frozen=True, slots=True)
class Failures:
    """Makes the errors of one model. ``prompt`` and ``key`` were sent; they are only compared with.

    ``key_source`` is for people ("GROQ_API_KEY"), empty where there is no key. ``key_variable``
    is the variable that the provider's key is usually in, where it has one. ``thinking`` is the
    field of the request that says how much the model may think.
    """

    origin: str
    model: str = ""
    key_source: str = ""
    key_variable: str = ""
    prompt: tuple[str, ...] = field(default=(), repr=False)
    key: str = field(default="", repr=False)
    thinking: str = "reasoning_effort"

    def status(
        self, status: int, headers: Mapping[str, str], body: bytes, answer: str = ""
    ) -> ModelError:
        """Return the error for an HTTP response that is no answer, or for one that turned bad."""
        code, said = self._said(_error_object(body), answer)
        wait = retry_after(headers)
        where = f"{self.origin} "
        code_or_status = f"{status} {code}".strip()
        if 300 <= status < 400:
            return ModelError(
                Trouble.BAD_REQUEST,
                f"{where}redirects elsewhere ({status}), which is not followed because the key "
                "would go along. Set base_url to the final address.",
            )
        if status in (401, 403):
            return ModelError(Trouble.AUTH, f"{where}{self._about_key(status, said)}")
        if status == 407:
            return ModelError(
                Trouble.PROXY,
                f"The proxy before {self.origin} wants a user name and password (407). "
                "Put them into HTTPS_PROXY or HTTP_PROXY, or add the host to NO_PROXY.",
            )
        if status == 402 or _SPENT.search(code) or (status == 400 and _SPENT.search(said)):
            return ModelError(
                Trouble.QUOTA,
                f"{where}says that the account has no credit left ({code_or_status}). "
                "Check the plan and billing of the account, or use another model.",
            )
        if status in (429, 529):
            again = when(wait) if wait is not None else "in a minute"
            why = "the rate limit is reached" if status == 429 else "it is overloaded"
            return passing(
                f"{where}takes no more requests for now: {why} ({code_or_status}). "
                f"Try again {again}, ask for fewer variations, or use another model.",
                wait,
            )
        if code in _MODEL_CODES or (status == 404 and not self._is_about_address(said)):
            return self._unknown_model(status, said)
        if status in (404, 405):
            return ModelError(Trouble.BAD_REQUEST, f"{where}{self._about_address(status)}")
        if status == 413 or _TOO_LONG.search(f"{code} {said}"):
            return ModelError(
                Trouble.BAD_REQUEST,
                f"{where}finds the request too long for {self.model!r} ({code_or_status}). "
                "Ask for less at once (fewer lines) or use a model with a larger context.",
            )
        about = f": {_ended(said)}" if said else "."
        if 400 <= status < 500 and status != 408:
            return ModelError(
                Trouble.BAD_REQUEST,
                f"{where}rejected the request ({code_or_status}){about} "
                "Check the model's settings (model, extra_body).",
            )
        return ModelError(
            Trouble.SERVER,
            f"{where}failed ({code_or_status}){about} Try again later or use another model.",
            retry_after=wait,
        )

    def problem(self, problem: Problem, answer: str = "") -> ModelError:
        """Return the error for a response whose status was good but which is no good answer."""
        kind, trouble = problem.kind, TROUBLE[problem.kind]
        if kind is Kind.ERROR:
            return self._streamed_error(problem.error, answer)
        if kind is Kind.BYTES:
            text = f"sent a damaged answer: {problem.detail}. Try again or use another model."
        elif kind is Kind.FINISH:
            reason = problem.detail if _NAME.fullmatch(problem.detail) else "unknown"
            text = f"broke the answer off (finish reason {reason}). Try again or use another model."
        else:
            text = _SENTENCES[kind].format(thinking=self.thinking)
        return ModelError(trouble, f"{self.origin} {text}")

    def first_content(self, seconds: float) -> ModelError:
        """Return the error for a model that stays silent."""
        return self._late(
            f"sent nothing of an answer within {_seconds(seconds)}. "
            "The model may still be loading or be busy; try again, use another model, "
            "or raise first_content_seconds."
        )

    def stalled(self, seconds: float) -> ModelError:
        """Return the error for an answer that stops coming."""
        return self._late(
            f"stopped in the middle of its answer for {_seconds(seconds)}. "
            "Try again, use another model, or raise inter_token_seconds."
        )

    def total(self, seconds: float) -> ModelError:
        """Return the error for an answer that takes too long in all."""
        return self._late(
            f"needed more than {_seconds(seconds)} for one answer. "
            "Ask for less at once (fewer lines), use a faster model, or raise total_seconds."
        )

    def _late(self, text: str) -> ModelError:
        return ModelError(Trouble.TIMEOUT, f"{self.origin} {text}")

    def _is_about_address(self, said: str) -> bool:
        """Whether a 404 speaks of the address; without a model, the list of them was asked for."""
        elsewhere = not said or _NO_SUCH_PLACE.search(said)
        return not self.model or ("model" not in said.lower() and bool(elsewhere))

    def _about_address(self, status: int) -> str:
        if not self.model:
            return (
                f"has no list of models at the address that base_url makes ({status}). "
                "Check base_url (it usually ends in /v1), or set models.fast.model."
            )
        return (
            f"has nothing at the address that base_url makes ({status}). "
            "Check base_url: it usually ends in /v1."
        )

    def _unknown_model(self, status: int, said: str = "") -> ModelError:
        return ModelError(
            Trouble.UNKNOWN_MODEL,
            f"{self.origin} does not know the model {self.model!r} ({status}).{_quoted(said)} "
            "Set models.fast.model to one that it offers; `festina doctor` lists them.",
        )

    def _about_key(self, status: int, said: str) -> str:
        name = self.key_variable or "the variable named by api_key_env"
        if not self.key_source:
            about = _quoted(said) if status == 403 else ""
            return (
                f"wants a key ({status}) and none is configured.{about} "
                f"Set {name}, or api_key_command or api_key_keyring in models.fast."
            )
        if status == 403:
            return (
                f"does not allow this with the key from {self.key_source} (403).{_quoted(said)} "
                "Check what the key may be used for, and that the service is offered where you are."
            )
        return (
            f"refused the key from {self.key_source} (401). "
            "Check that it is complete, still valid, and belongs to this provider."
        )

    def _streamed_error(self, error: object, answer: str) -> ModelError:
        code, said = self._said(error, answer)
        status = _status_in(error) or _STATUS_OF.get(code)
        if status is None and _TOO_LONG.search(f"{code} {said}"):
            status = 413
        if status is not None:
            return self.status(status, {}, json.dumps({"error": error}).encode(), answer)
        named = f" ({code})" if code else ""
        about = f": {_ended(said)}" if said else "."
        if any(word in code for word in ("rate_limit", "overloaded", "quota")):
            return passing(
                f"{self.origin} broke the answer off because of its limits{named}. "
                "Try again in a minute, ask for fewer variations, or use another model.",
            )
        return ModelError(
            Trouble.SERVER,
            f"{self.origin} broke the answer off with an error{named}{about} "
            "Try again or use another model.",
        )

    def _said(self, error: object, answer: str = "") -> tuple[str, str]:
        """Return the provider's code and message, as far as they may be shown."""
        code, message = "", ""
        if isinstance(error, str):
            message = error
        elif isinstance(error, dict):
            names = (error.get(name) for name in ("code", "type", "param"))
            named = [name for name in names if isinstance(name, str) and _NAME.fullmatch(name)]
            code = named[0] if named else ""
            found = error.get("message")
            message = found if isinstance(found, str) else ""
        message = " ".join(message.split())
        if len(message) > SHOWN:
            message = message[:SHOWN].rsplit(" ", 1)[0] + " \u2026"
        quoted = _shares_run(message, (*self.prompt, answer)) or _shares_run(code, self.prompt)
        if self.key and self.key in f"{code} {message}":
            quoted = True
        return ("", "") if quoted else (code, _KEYLIKE.sub("[...]", message))


def passing(message: str, wait: float | None = None) -> ModelError:
    """Return the error for a limit that is over after a while."""
    error = ModelError(Trouble.QUOTA, message, retry_after=wait)
    error.passing = True
    return error


def _quoted(said: str) -> str:
    """Return the provider's words as a sentence of their own, nothing where it said none."""
    return f" It says: {_ended(said)}" if said else ""


def _ended(said: str) -> str:
    """Return words of others with one full stop at the end, unless they end in another way."""
    return said if said.endswith(("!", "?")) else f"{said.rstrip('.')}."


def _shares_run(message: str, texts: Iterable[str]) -> bool:
    starts = range(len(message) - SHARED_RUN + 1)
    squeezed = [" ".join(text.split()) for text in texts]
    return any(message[i : i + SHARED_RUN] in text for text in squeezed for i in starts)


def _error_object(body: bytes) -> object:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value:  # some gateways wrap the error in a list
        value = value[0]
    if not isinstance(value, dict):
        return None
    return value.get("error") or value.get("detail") or value


def _status_in(error: object) -> int | None:
    """Return the HTTP status that an error object in a stream stands for, where it names one."""
    if not isinstance(error, dict):
        return None
    for name in ("code", "status_code", "status"):
        value = error.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _seconds(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:.3g} s"
