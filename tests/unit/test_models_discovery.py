"""Which model is used when little or nothing is configured, and what is said when there is none."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from festina.config import ModelSettings, Settings
from festina.models import discovery, factory, presets
from festina.models.base import ModelError, Trouble
from festina.models.catalogue import Offer, list_models, pick
from festina.models.chat import ChatModel
from festina.models.discovery import Choice, discover
from festina.models.http import Http
from festina.models.presets import Preset
from festina.models.weights import WEIGHTS
from support.asking import ask, check_message, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Repeat, Reply, chunk, document, events, status, stream


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, FakeModel]]:
    """Stand-ins for the hosted providers, each with a key of its own."""
    fakes: dict[str, FakeModel] = {}
    rows = []
    with ExitStack() as stack:
        for preset in presets.HOSTED:
            fake = FakeModel(key=f"key-of-{preset.name}", models=(f"{preset.name}-coder",))
            fakes[preset.name] = stack.enter_context(fake)
            rows.append(replace(preset, base_url=fake.base_url))
        monkeypatch.setattr(discovery, "HOSTED", tuple(rows))
        yield fakes


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the embedded model's engine is not installed."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr(discovery, "has_embedded", lambda: False)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not make a server that is there look absent."""
    monkeypatch.setattr(discovery, "PROBE_SECONDS", 30.0)


def local(*fakes: FakeModel) -> list[Preset]:
    names = ("Ollama", "llama.cpp", "LM Studio", "vLLM")
    return [
        Preset(name.lower(), name, fake.base_url, no_model_remedy="pull one")
        for name, fake in zip(names, fakes, strict=False)
    ]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def error_of(settings: Settings, environ: dict[str, str], **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await discover(settings, environ, **options)
    check_message(caught.value)
    return caught.value


async def test_what_is_configured_is_used_unasked() -> None:
    fast = ModelSettings(base_url="https://mine.test/v1", model="m")
    choice = await discover(Settings(fast=fast), {"GROQ_API_KEY": "x"})
    assert (choice.how, choice.origin, choice.model) == ("configured", "https://mine.test", "m")


async def test_a_configured_address_without_a_model_is_asked_for_its_models() -> None:
    with FakeModel(models=("text-embed-1", "big-chat", "small-coder"), key="k") as fake:
        fast = ModelSettings(base_url=fake.base_url, api_key_env="FAKE_KEY")
        choice = await discover(Settings(fast=fast), {"FAKE_KEY": "k"})
        assert choice.model == "small-coder"
        assert choice.how == "configured"
        assert choice.key_source == "FAKE_KEY"
        assert "small-coder picked from 3" in choice.why
        assert "'k'" not in repr(choice)


@pytest.mark.parametrize("number", range(len(presets.HOSTED)))
async def test_a_key_in_the_environment_picks_its_provider(
    hosted: dict[str, FakeModel], number: int
) -> None:
    preset = presets.HOSTED[number]
    environ = {p.key_variable: f"key-of-{p.name}" for p in presets.HOSTED[number:]}
    choice = await discover(Settings(), environ)
    assert choice.how == "environment"
    assert choice.model == f"{preset.name}-coder"
    assert choice.origin == hosted[preset.name].origin
    assert choice.why.startswith(f"{preset.key_variable} is set")
    for name, fake in hosted.items():
        assert len(fake.heads) == (name == preset.name)


async def test_a_wrong_key_in_the_environment_is_told_at_once(
    hosted: dict[str, FakeModel],
) -> None:
    error = await error_of(Settings(), {"GROQ_API_KEY": "wrong"})
    assert error.trouble is Trouble.AUTH
    assert "GROQ_API_KEY" in str(error)
    assert hosted["groq"].origin in str(error)


async def test_a_named_variable_is_enough(hosted: dict[str, FakeModel]) -> None:
    fast = ModelSettings(api_key_env="GROQ_API_KEY", model="m")
    choice = await discover(Settings(fast=fast), {"GROQ_API_KEY": "key-of-groq"})
    assert (choice.how, choice.origin) == ("configured", hosted["groq"].origin)
    error = await error_of(Settings(fast=fast), {})
    assert "GROQ_API_KEY (api_key_env), which is not set" in str(error)


async def test_a_key_without_an_address_goes_nowhere() -> None:
    with FakeModel() as fake:
        fast = ModelSettings(api_key_env="FAKE_KEY")
        error = await error_of(Settings(fast=fast), {"FAKE_KEY": "k"}, local=local(fake))
        assert "models.fast.base_url" in str(error)
        assert fake.connections == 0


async def test_an_address_that_was_not_understood_is_not_replaced_by_another(
    hosted: dict[str, FakeModel],
) -> None:
    wrong = ModelSettings(mistake='config.toml: models.fast.base_url: must start with "https://"')
    with FakeModel() as fake:
        environ = {"GROQ_API_KEY": "key-of-groq"}
        error = await error_of(Settings(fast=wrong), environ, local=local(fake))
        assert error.trouble is Trouble.BAD_REQUEST
        assert "config.toml: models.fast.base_url" in str(error)
        assert fake.connections == hosted["groq"].connections == 0
        # a place that is named on the command line is understood
        choice = await discover(factory.named(Settings(fast=wrong), "groq"), environ)
        assert choice.origin == hosted["groq"].origin
    assert factory.named(Settings(fast=wrong), "embedded").fast == ModelSettings(dialect="embedded")


async def test_the_best_liked_local_server_that_has_a_model_is_used() -> None:
    with FakeModel(models=()) as empty, FakeModel(models=("a",)) as first, FakeModel() as second:
        choice = await discover(Settings(), {}, local=local(empty, first, second))
        assert (choice.how, choice.origin, choice.model) == ("local server", first.origin, "a")
        assert "llama.cpp answers at" in choice.why
        assert len(second.heads) == 1


async def test_servers_that_are_something_else_are_passed_over(
    bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "PROBE_SECONDS", 0.5)
    odd: list[Reply] = [
        document(b"<html>a web server</html>", kind="text/html"),
        document({"hello": 1}),
        stream(Hold()),
        stream(Repeat(b" ", 0.01)),
    ]
    with ExitStack() as stack:
        fakes = [stack.enter_context(FakeModel(models_reply=reply)) for reply in odd]
        error = await error_of(Settings(), {}, local=local(*fakes))
        assert error.trouble is Trouble.NO_MODEL


async def test_a_wanted_model_is_looked_for_on_every_local_server(bare: None) -> None:
    with FakeModel(models=("a",)) as first, FakeModel(models=("b", "c")) as second:
        servers = local(first, second)
        choice = await discover(Settings(fast=ModelSettings(model="c")), {}, local=servers)
        assert (choice.origin, choice.model) == (second.origin, "c")
        error = await error_of(Settings(fast=ModelSettings(model="d")), {}, local=servers)
        assert "'d'" in str(error)


async def test_no_model_at_all(bare: None) -> None:
    port = closed_port()
    nobody = [Preset("ollama", "Ollama", f"http://127.0.0.1:{port}/v1")]
    error = await error_of(Settings(), {"OPENAI_API_KEY": " "}, local=nobody)
    assert error.trouble is Trouble.NO_MODEL
    for remedy in ("CEREBRAS_API_KEY", "OPENROUTER_API_KEY", "Ollama", "festina[local]"):
        assert remedy in str(error)


async def test_a_server_without_models_is_named(bare: None) -> None:
    with FakeModel(models_reply=document({"object": "list", "data": None})) as fake:
        error = await error_of(Settings(), {}, local=local(fake))
        assert "Ollama is running but has no model (pull one)" in str(error)


async def test_the_embedded_model_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "has_embedded", lambda: True)
    choice = await discover(Settings(), {}, local=[])
    assert (choice.how, choice.dialect, choice.origin) == ("embedded", "embedded", "embedded")
    assert "no model server on this machine" in choice.why


async def test_the_embedded_model_may_be_configured(
    bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(fast=ModelSettings(dialect="embedded", model="tiny"))
    error = await error_of(settings, {"GROQ_API_KEY": "x"})
    assert "festina[local]" in str(error)
    monkeypatch.setattr(discovery, "has_embedded", lambda: True)
    assert (await discover(settings, {"GROQ_API_KEY": "x"})).model == "tiny"


async def test_a_dialect_that_is_not_spoken() -> None:
    error = await error_of(Settings(fast=ModelSettings(dialect="morse")), {})
    assert "chat, responses, anthropic, embedded" in str(error)


@pytest.mark.parametrize(
    ("ids", "best"),
    [
        (["qwen2.5-coder:7b", "llama3"], "qwen2.5-coder:7b"),
        (["llama3", "llama3-instruct"], "llama3-instruct"),
        (["nomic-embed-text", "x"], "x"),
        (["whisper-large", "tts-1", "text-moderation", "llama-guard-4"], None),
        (["a-base", "a"], "a"),
        (["gpt-oss-120b", "zai-big"], "gpt-oss-120b"),
        (["decoder-x", "y-chat"], "y-chat"),
        (["gpt-9", "gpt-9-codex", "gpt-9-mini"], "gpt-9-mini"),
        ([], None),
    ],
)
def test_picking_by_name(ids: list[str], best: str | None) -> None:
    offer = pick([Offer(name) for name in ids])
    assert (offer and offer.id) == best


def test_picking_the_newest_of_equals() -> None:
    offers = [Offer("a-mini", 5), Offer("b-mini", 9), Offer("c-mini", 7)]
    assert pick(offers) == offers[1]


@pytest.mark.parametrize(
    "listing", [{"object": "list", "data": [{"id": "a"}, {"name": "b"}, 3]}, [{"id": "a"}]]
)
async def test_lists_of_models(listing: object) -> None:
    with FakeModel(models_reply=document(listing)) as fake:
        async with Http() as http:
            assert await list_models(http, fake.base_url) == [Offer("a")]


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (document({"data": 3}), Trouble.DAMAGED),
        (document(b"[" * 100_000), Trouble.DAMAGED),
        (status(404), Trouble.BAD_REQUEST),
        (status(500), Trouble.SERVER),
    ],
)
async def test_what_is_no_list_of_models(reply: Reply, trouble: Trouble) -> None:
    with FakeModel(models_reply=reply) as fake:
        async with Http() as http:
            with pytest.raises(ModelError) as caught:
                await list_models(http, fake.base_url)
        assert caught.value.trouble is trouble
        check_message(caught.value, fake.origin)


async def test_create_makes_a_model_that_answers() -> None:
    with FakeModel("ok\n", key="k") as fake:
        fast = ModelSettings(base_url=fake.base_url, api_key_env="FAKE_KEY")
        model, choice = await factory.create(Settings(fast=fast), {"FAKE_KEY": "k"})
        assert isinstance(model, ChatModel)
        assert (
            (model.name, model.origin) == (choice.model, choice.origin) == (fake.model, fake.origin)
        )
        assert (await ask(model))[0] == "ok\n"
        await model.aclose()


async def test_another_model_at_the_same_address() -> None:
    with FakeModel() as fake:
        fast = ModelSettings(base_url=fake.base_url, model="a")
        model, _ = await factory.create(Settings(fast=fast), {}, model="org/b:7b")
        await ask(model)
        assert fake.requests[0]["model"] == "org/b:7b"
        await model.aclose()


def test_models_by_name() -> None:
    fast = ModelSettings(base_url="https://mine.test/v1", model="a", api_key_env="MINE")
    slow = ModelSettings(base_url="https://slow.test/v1")
    settings = Settings(fast=fast, slow=slow)
    named = factory.named
    assert named(settings, None) == named(settings, "fast") == settings
    assert named(settings, "slow").fast == slow
    assert named(settings, "b").fast == replace(fast, model="b")
    groq = named(settings, "groq:m").fast
    assert groq is not None
    assert (groq.base_url, groq.api_key_env, groq.model) == ("", "GROQ_API_KEY", "m")
    ollama = named(settings, "ollama:qwen:7b").fast
    assert ollama is not None
    assert (ollama.api_key_env, ollama.model) == ("", "qwen:7b")
    assert ollama.base_url == "http://127.0.0.1:11434/v1"
    for name, model in (("embedded", ""), ("embedded:tiny", "tiny"), ("/x/y.gguf", "/x/y.gguf")):
        made = named(settings, name).fast
        assert made is not None
        assert (made.dialect, made.model, made.base_url) == ("embedded", model, "")
    weights = next(iter(WEIGHTS))
    bare = named(Settings(), weights).fast
    assert bare is not None
    assert (bare.dialect, bare.model) == ("embedded", weights)
    assert named(settings, weights).fast == replace(fast, model=weights)
    with pytest.raises(ModelError, match=r"models\.slow"):
        named(Settings(), "slow")


async def test_the_editor_is_asked_for_the_key_of_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def ask_key(origin: str) -> str | None:
        asked.append(origin)
        return "k"

    with FakeModel() as fake:
        here = Settings(fast=ModelSettings(base_url=fake.base_url, model="a"))
        model, _ = await factory.create(here, {}, ask_key=ask_key)
        assert asked == []
        await model.aclose()
        monkeypatch.setenv("HTTP_PROXY", fake.origin)
        there = Settings(fast=ModelSettings(base_url="http://model.test/v1", model="a"))
        model, choice = await factory.create(there, {}, ask_key=ask_key)
        await ask(model)
        assert asked == ["http://model.test"]
        assert fake.heads[-1].headers["authorization"] == "Bearer k"
        assert choice.key_source == "the editor"
        await model.aclose()


def steps(checks: list[discovery.Check]) -> dict[str, bool]:
    for check in checks:
        assert check.detail
        assert check.ok or check.remedy
    return {check.name: check.ok for check in checks}


async def checked(fake: FakeModel, key: str = "k", **changes: Any) -> dict[str, bool]:
    base = changes.pop("base_url", fake.base_url)
    wait = changes.pop("first_content_seconds", 60.0)
    fast = ModelSettings(base_url=base, api_key_env="FAKE_KEY", first_content_seconds=wait)
    choice = Choice("chat", base, fake.model, presets.origin_of(base), "configured", "models.fast")
    found = await discovery.check(
        replace(choice, **changes), Settings(fast=fast), {"FAKE_KEY": key}
    )
    return steps(found)


GOOD = {"name": True, "connection": True, "key": True, "model": True, "first token": True}


async def test_doctor_finds_all_well() -> None:
    with FakeModel("OK", key="k") as fake:
        assert await checked(fake) == GOOD
        assert len(fake.requests) == 1


async def test_doctor_finds_a_model_that_is_not_listed() -> None:
    with FakeModel("OK", events(chunk("OK"))) as fake:
        assert await checked(fake, model="unlisted") == GOOD
        fake.script(status(404))
        assert await checked(fake, model="gone") == {**GOOD, "model": False, "first token": False}


async def test_doctor_finds_what_is_wrong() -> None:
    with FakeModel(stream(Hold()), key="k") as fake:
        assert await checked(fake, first_content_seconds=0.3) == {**GOOD, "first token": False}
        assert await checked(fake, key="wrong") == {"name": True, "connection": True, "key": False}
        assert await checked(fake, key="") == {"key": False}
        nobody = f"http://127.0.0.1:{closed_port()}/v1"
        assert await checked(fake, base_url=nobody) == {"name": True, "connection": False}
        lost = "http://no-such-host.invalid/v1"
        assert await checked(fake, base_url=lost) == {"name": False, "connection": False}
        secure = fake.base_url.replace("http:", "https:")
        expected = {"name": True, "connection": True, "TLS": False}
        assert await checked(fake, base_url=secure) == expected


async def test_doctor_on_a_server_that_lists_nothing() -> None:
    with FakeModel("OK", key="k", models_reply=status(404)) as fake:
        assert await checked(fake) == GOOD


async def test_doctor_on_a_server_without_models() -> None:
    with FakeModel("x", key="k", models=()) as fake:
        fake.script(status(404))
        base = fake.base_url
        choice = Choice("chat", base, "m", presets.origin_of(base), "configured", "models.fast")
        fast = ModelSettings(base_url=base, api_key_env="FAKE_KEY")
        found = await discovery.check(choice, Settings(fast=fast), {"FAKE_KEY": "k"})
        (model,) = [each for each in found if each.name == "model"]
        assert model.remedy == "The server has no model at all: load one."


async def test_doctor_on_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from festina.models import checks, embedded, weights

    choice = Choice("embedded", "", "", "embedded", "embedded", "why")
    monkeypatch.setattr(checks, "has_embedded", lambda: False)
    assert steps(await discovery.check(choice)) == {"engine": False}
    monkeypatch.setattr(checks, "has_embedded", lambda: True)

    # nothing of that size is fetched for a look around
    monkeypatch.setattr(weights, "cached", lambda _: None)
    found = await discovery.check(choice)
    assert steps(found) == {"engine": True, "weights": True}
    assert "98 MB, fetched at first use" in found[-1].detail

    monkeypatch.setattr(weights, "cached", lambda _: Path("/here"))
    with FakeModel("OK") as fake:

        async def start(name: str, *, slots: int) -> ChatModel:
            return model_at(fake)

        monkeypatch.setattr(embedded, "start", start)
        expected = {"engine": True, "start": True, "first token": True}
        assert steps(await discovery.check(choice)) == expected
        fake.script(status(500))
        assert steps(await discovery.check(choice)) == {**expected, "first token": False}

    missing = replace(choice, model="/nowhere/x.gguf")
    monkeypatch.undo()
    monkeypatch.setattr(checks, "has_embedded", lambda: True)
    found = await discovery.check(missing)
    assert steps(found) == {"engine": True, "start": False}
    assert "/nowhere/x.gguf" in found[-1].detail
