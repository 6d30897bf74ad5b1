"""Keys: where they come from, what goes wrong there, and where they may go."""

from __future__ import annotations

import sys
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from festina.config import ModelSettings
from festina.models.base import ModelError, Trouble
from festina.models.discovery import key_for
from festina.models.keys import resolve_key, source_of
from festina.models.presets import HOSTED, for_url, is_loopback, origin_of

SECRET = "sk-very-secret-0123456789"


def command(code: str) -> ModelSettings:
    return ModelSettings(api_key_command=(sys.executable, "-c", code))


def error_of(settings: ModelSettings, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ModelError) as caught:
        resolve_key(settings, environ or {})
    assert caught.value.trouble is Trouble.AUTH
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_nothing_named_is_no_key() -> None:
    assert resolve_key(ModelSettings(), {"OPENAI_API_KEY": SECRET}) is None
    assert source_of(ModelSettings()) == ""


def test_from_the_environment() -> None:
    settings = ModelSettings(api_key_env="FAKE_KEY")
    assert resolve_key(settings, {"FAKE_KEY": f" {SECRET}\n"}) == SECRET
    assert source_of(settings) == "FAKE_KEY"
    for environ in ({}, {"FAKE_KEY": ""}, {"FAKE_KEY": " \n"}):
        assert "expected in FAKE_KEY (api_key_env), which is not set" in error_of(settings, environ)


def test_from_a_command() -> None:
    assert resolve_key(command(f"print('{SECRET}'); print('more')"), {}) == SECRET
    assert "the command" in source_of(command("pass"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("pass", "printed nothing"),
        (f"print('{SECRET}'); raise SystemExit(3)", "ended with status 3"),
        (f"import sys; sys.exit('{SECRET}')", "ended with status 1"),
    ],
)
def test_a_command_that_gives_none(code: str, words: str) -> None:
    assert words in error_of(command(code))


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    message = error_of(ModelSettings(api_key_command=(gone, SECRET)))
    assert "could not be started: No such file" in message
    assert gone in message


class Memory(keyring.backend.KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held = {("llm", "festina"): SECRET, ("llm", "me"): "other"}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


def test_from_the_keyring() -> None:
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(Memory())
        assert resolve_key(ModelSettings(api_key_keyring="llm"), {}) == SECRET
        assert resolve_key(ModelSettings(api_key_keyring="llm/me"), {}) == "other"
        message = error_of(ModelSettings(api_key_keyring="gone/me"))
        assert "`keyring set gone me`" in message
        keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
        assert "cannot be used here" in error_of(ModelSettings(api_key_keyring="llm"))
    finally:
        keyring.set_keyring(before)


def test_the_keyring_package_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "festina[keyring]" in error_of(ModelSettings(api_key_keyring="llm"))


WELL_KNOWN = {preset.key_variable: f"key-of-{preset.name}" for preset in HOSTED}


@pytest.mark.parametrize("preset", HOSTED, ids=lambda preset: preset.name)
def test_a_well_known_variable_is_for_its_provider(preset) -> None:  # type: ignore[no-untyped-def]
    found = key_for(ModelSettings(), preset.base_url, WELL_KNOWN)
    assert found == (f"key-of-{preset.name}", preset.key_variable)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:11434/v1",
        "https://evil.test/v1",
        "https://api.openai.com.evil.test/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
        "https://evil.test/api.openai.com/v1",
    ],
)
def test_no_well_known_key_goes_elsewhere(base_url: str) -> None:
    assert key_for(ModelSettings(), base_url, WELL_KNOWN) == (None, "")
    assert key_for(ModelSettings(base_url=base_url), base_url, WELL_KNOWN) == (None, "")


def test_a_configured_key_is_for_the_configured_address() -> None:
    settings = ModelSettings(base_url="https://mine.test/v1", api_key_env="OPENAI_API_KEY")
    assert key_for(settings, "https://mine.test/v2", WELL_KNOWN)[0] == "key-of-openai"
    assert key_for(settings, "https://api.openai.com/v1", WELL_KNOWN) == (None, "")
    assert key_for(settings, "http://127.0.0.1:8080/v1", WELL_KNOWN) == (None, "")
    unbound = ModelSettings(api_key_env="FAKE_KEY")
    assert key_for(unbound, "https://mine.test/v1", {"FAKE_KEY": SECRET}) == (None, "")


def test_openai_base_url_says_whose_the_openai_key_is() -> None:
    environ = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": "https://gateway.test/v1"}
    assert key_for(ModelSettings(), "https://gateway.test/v1", environ)[0] == SECRET
    assert key_for(ModelSettings(), "https://api.openai.com/v1", environ)[0] is None


def test_origins() -> None:
    assert origin_of("HTTPS://API.Test:443/v1?x=1") == "https://api.test"
    assert origin_of("http://[::1]:8080/v1") == "http://[::1]:8080"
    assert is_loopback("http://localhost/")
    assert is_loopback("http://127.1.2.3/")
    assert not is_loopback("http://127.evil.test.1/")
    assert not is_loopback("http://localhost.evil.test/")
    assert for_url("http://localhost:11434/v1").name == "ollama"
    assert for_url("http://localhost:11435/v1").name == "generic"
    assert for_url("https://api.groq.com/openai/v1").name == "groq"
