"""The model's name before anything is asked of it: nobody is troubled to find it out."""

import sys

import pytest

from festina.config import ModelSettings, Settings
from festina.models import discovery, naming
from festina.models.naming import Named
from festina.models.presets import Preset
from support.fake_model import FakeModel


def never(origin: str) -> bool:
    raise AssertionError(f"not to be asked for: {origin}")


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """A machine with no model server, and without the embedded model's engine."""
    monkeypatch.setattr(discovery, "PROBE_SECONDS", 30.0)
    monkeypatch.setattr(discovery, "has_embedded", lambda: False)
    default = discovery.discover

    async def discover(settings, environ):
        return await default(settings, environ, local=servers)

    servers: list[Preset] = []
    monkeypatch.setattr(discovery, "discover", discover)
    return servers


async def test_a_configured_model_is_named_without_any_call():
    fast = ModelSettings(base_url="https://mine.test/v1", model="m", api_key_env="MINE")
    named = await naming.name(Settings(fast=fast), {"MINE": "k"}, never)
    assert named == Named("m", "https://mine.test", "models.fast")


async def test_no_key_command_is_run_for_a_name(tmp_path):
    ran = tmp_path / "ran"
    for model in ("m", ""):
        command = (sys.executable, "-c", f"open({str(ran)!r}, 'w')")
        fast = ModelSettings(base_url="https://mine.test/v1", model=model, api_key_command=command)
        named = await naming.name(Settings(fast=fast), {}, never)
        assert (named.model, named.origin) == (model, "https://mine.test")
    assert not ran.exists()


async def test_a_model_of_a_server_on_this_machine_is_found(bare):
    with FakeModel(models=("small-coder",)) as fake:
        bare.append(Preset("ollama", "Ollama", fake.base_url))
        named = await naming.name(Settings(), {}, never)
        assert (named.model, named.origin) == ("small-coder", fake.origin)
        assert "Ollama answers" in named.why


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_provider_whose_key_lies_about_is_called_on_once_that_was_agreed_to(
    monkeypatch, agreed
):
    with FakeModel(key="k", models=("small-coder",)) as fake:
        preset = Preset("groq", "Groq", fake.base_url, key_variable="GROQ_API_KEY")
        monkeypatch.setattr(discovery, "HOSTED", (preset,))
        asked: list[str] = []

        def may_call(origin):
            asked.append(origin)
            return agreed

        named = await naming.name(Settings(), {"GROQ_API_KEY": "k"}, may_call)
        assert asked == [fake.origin]
        assert (named.model, named.origin) == ("small-coder" if agreed else "", fake.origin)
        assert named.why.startswith("GROQ_API_KEY is set")
        assert bool(fake.heads) is agreed


async def test_where_there_is_none_it_says_what_to_do():
    named = await naming.name(Settings(), {}, never)
    assert (named.model, named.origin) == ("", "")
    assert "No model was found" in named.why
    assert "GROQ_API_KEY" in named.why
