"""Where keys come from: the environment, the keyring, a command. Never from a workspace.

A key is only ever returned to the caller, who binds it to one origin. No message holds one.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from festina.config import ModelSettings
from festina.models.base import ModelError, Trouble

ANTHROPIC_VERSION = "2023-06-01"
"""Of Anthropic's API; what came later is asked for by fields and other headers."""
COMMAND_SECONDS = 60.0
"""A password manager may have to ask its owner first."""
KEYRING_USER = "festina"


def source_of(settings: ModelSettings) -> str:
    """Return where the settings say that the key is, for messages; "" where they do not."""
    if settings.api_key_command:
        return f"the command {settings.api_key_command[0]!r}"
    if settings.api_key_keyring:
        return f"the keyring entry {settings.api_key_keyring!r}"
    return settings.api_key_env


def resolve_key(settings: ModelSettings, environ: Mapping[str, str]) -> str | None:
    """Return the key that the settings name, None where they name none.

    A command counts before the keyring, and that before the environment. Blocks while a command
    or the keyring works: call it in a thread.

    Raises:
        ModelError: a source is named but yields no key.
    """
    if settings.api_key_command:
        return _from_command(settings.api_key_command)
    if settings.api_key_keyring:
        return _from_keyring(settings.api_key_keyring)
    if not settings.api_key_env:
        return None
    key = environ.get(settings.api_key_env, "").strip()
    if not key:
        raise ModelError(
            Trouble.AUTH,
            f"The key is expected in {settings.api_key_env} (api_key_env), which is not set in the "
            "environment that Festina was started from. Set it there, or use api_key_command or "
            "api_key_keyring.",
        )
    return key


def header_value(key: str, source: str = "") -> str:
    """Return the key as it can stand in a header.

    Raises:
        ModelError: it holds characters that no header may hold.
    """
    value = key.strip()
    if not value.isascii() or not value.isprintable() or set(value) & set(" '\""):
        raise ModelError(
            Trouble.AUTH,
            f"The key from {source or 'the settings'} holds blanks, quotes or characters that "
            "cannot be part of a key. Copy it again, in one line and without quotes.",
        )
    return value


def key_headers(dialect: str, value: str) -> dict[str, str]:
    """Return the headers that a dialect wants with a key, or without one where that is empty."""
    if dialect == "anthropic":
        version = {"anthropic-version": ANTHROPIC_VERSION}
        return version | {"x-api-key": value} if value else version
    return {"Authorization": f"Bearer {value}"} if value else {}


def _from_command(command: tuple[str, ...]) -> str:
    name = repr(command[0])
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _no_key(
            f"The command {name} (api_key_command) gave no key within {COMMAND_SECONDS:.0f} s"
        ) from None
    except OSError as error:
        why = error.strerror or "unknown error"
        raise _no_key(f"The command {name} (api_key_command) could not be started: {why}") from None
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    if done.returncode != 0:
        raise _no_key(f"The command {name} (api_key_command) ended with status {done.returncode}")
    if not lines:
        raise _no_key(f"The command {name} (api_key_command) printed nothing")
    return lines[0].strip()


def _from_keyring(entry: str) -> str:
    service, _, user = entry.partition("/")
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ModelError(
            Trouble.AUTH,
            "api_key_keyring needs the keyring package. Install festina[keyring], or use "
            "api_key_env or api_key_command.",
        ) from None
    try:
        key = keyring.get_password(service, user or KEYRING_USER)
    except keyring.errors.KeyringError:
        raise ModelError(
            Trouble.AUTH,
            "The system's keyring cannot be used here (none is running, or it is locked). "
            "Use api_key_env or api_key_command.",
        ) from None
    if not key:
        raise ModelError(
            Trouble.AUTH,
            f"The keyring has no entry {service!r} for user {user or KEYRING_USER!r}. "
            f"Add it with `keyring set {service} {user or KEYRING_USER}`.",
        )
    return key.strip()


def _no_key(what: str) -> ModelError:
    return ModelError(Trouble.AUTH, f"{what}. Run it by hand to see why.")
