"""Small helpers to ask a model behind the fake server."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from festina.config import ModelSettings
from festina.models.base import Delta, Done, Message, Model, ModelError, Request, Usage
from festina.models.dialects import MODELS
from festina.models.exchange import Exchange
from festina.models.http import Http
from festina.models.presets import Preset, for_url
from festina.models.retry import Policy
from support.fake_model import FakeModel

QUICK = Policy(base=0.001, cap=0.002)
PROMPT = "Rewrite parrot_sketch so that it returns the norwegian blue."
REQUEST = Request((Message("system", "You edit code."), Message("user", PROMPT)), max_tokens=300)


def model_at(
    fake: FakeModel,
    key: str | None = None,
    *,
    http: Http | None = None,
    preset: Preset | None = None,
    policy: Policy | None = QUICK,
    key_source: str = "",
    **settings: Any,
) -> Exchange:
    """A model that speaks to the fake; ``settings`` are those of ``ModelSettings``."""
    named = {"base_url": fake.base_url, "model": fake.model, **settings}
    return MODELS[named.get("dialect", "chat")](
        ModelSettings(**named),
        key,
        http or Http(),
        preset or for_url(named["base_url"]),
        key_source=key_source,
        policy=policy,
    )


async def ask(model: Model, request: Request = REQUEST) -> tuple[str, Usage]:
    """The whole answer. Exactly one ``Done`` comes, and it comes last."""
    items: list[Delta | Done] = []
    async with aclosing(model.stream(request)) as stream:
        async for item in stream:
            items.append(item)  # noqa: PERF401 - what came before an error is not lost in a debugger
    assert [isinstance(item, Done) for item in items] == [False] * (len(items) - 1) + [True]
    done = items[-1]
    assert isinstance(done, Done)
    return "".join(item.text for item in items if isinstance(item, Delta)), done.usage


async def failure(
    model: Exchange, request: Request = REQUEST, *, names_origin: bool = True
) -> ModelError:
    """The error that asking ends in; what every message must be like is checked here."""
    try:
        answer = await ask(model, request)
    except ModelError as error:
        check_message(error, model.origin if names_origin else "")
        return error
    raise AssertionError(f"an answer came: {answer!r}")


def check_message(error: ModelError, origin: str = "") -> None:
    """One or two sentences (with the provider's own words: three), for a person, with a remedy."""
    text = str(error)
    assert origin in text
    assert text[0].isupper() or text.startswith(("http", "api_key", "models."))
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 500
    assert PROMPT not in text
    assert "Traceback" not in text
    assert "httpx" not in text
    assert 2 <= text.count(". ") + 1 <= 3, text
