"""Settings: frozen values, built from layers, with readable problems instead of exceptions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from festina import allowed, gate_browser, gate_commands
from festina.model_settings import ModelSettings as ModelSettings
from festina.spending import Caps


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """Which gates run, and within what limits. Times in seconds, memory in MiB.

    ``parallel`` candidates are checked at once; 0 means one a processor. With ``network`` =
    ``local`` a sandbox has the network of this machine, and of its Unix sockets those listed.
    ``at_most`` is the largest diff, removed and added lines together (0: any); ``leave_alone`` are
    files, globs and names of definitions that no edit may touch.
    """

    gates: tuple[str, ...] = ("syntax", "lint", "tests", "command", "browser")
    commands: tuple[gate_commands.Command, ...] = ()
    browser: gate_browser.Browser | None = None
    tests_scope: str = "auto"
    tests_confirm_seconds: float = 10.0
    tests_args: tuple[str, ...] = ()
    timeout_seconds: float = 600.0
    memory_mib: int = 4096
    python: str = ""
    sandbox: str = "auto"
    network: str = "none"
    sockets: tuple[str, ...] = ()
    parallel: int = 0
    at_most: int = 0
    leave_alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured.

    ``on_save`` says what is looked at when a file is saved: ``off`` (nothing), ``lint``,
    ``impacted`` (lint and the tests that the change can affect) or ``full`` (all tests).
    ``context_tokens`` is about how much is sent beside the region; None: by where it is sent. So
    many edits as ``review_pending`` says may wait for the person before skills and plans make more.
    """

    fast: ModelSettings | None = None
    slow: ModelSettings | None = None
    verify: VerifySettings = field(default_factory=VerifySettings)
    limits: Caps = field(default_factory=Caps)
    repair_rounds: int = 2
    context_tokens: int | None = None
    repair_candidates: int = 4
    variations: int = 1
    review_pending: int = 5
    apply_unverified: bool = True
    on_save: str = "impacted"
    presets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings: a file, the editor, the command line.

    ``name`` is what a person knows it by, such as the file's path. ``user`` says that it belongs to
    the person and not to a workspace, so that it may name models, keys and the sandbox level.
    ``unread`` says why nothing of it is known, though it is there.
    """

    name: str
    data: Mapping[str, Any]
    user: bool
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a layer that was not taken over; ``str()`` is one or two sentences."""

    layer: str
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.layer}: " if self.layer else ""
        return f"{where}{self.key}: {self.message}" if self.key else f"{where}{self.message}"


GATES = ("syntax", "lint", "format", "types", "tests", "command", "review", "browser")
"""The gates that can be configured today, in the order in which they run."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: where its value goes, what is allowed, and who may set it."""

    target: str
    check: Callable[[Any], Any]
    user_only: bool = False


_MODELS = ("fast", "slow")
_MODEL = {
    "dialect": allowed.one_of("chat", "responses", "anthropic", "embedded"),
    "base_url": allowed.url,
    "model": allowed.text,
    "api_key_env": allowed.text,
    "api_key_command": allowed.texts,
    "api_key_keyring": allowed.text,
    "first_content_seconds": allowed.number(0.1, 3600),
    "inter_token_seconds": allowed.number(0.1, 3600),
    "total_seconds": allowed.number(1, 86400),
    "wait_seconds": allowed.number(0, 86400),
    "requests_per_minute": allowed.whole(0, 1_000_000),
    "tokens_per_minute": allowed.whole(0, 10**9),
    "parallel_requests": allowed.whole(0, 1000),
    "max_retries": allowed.whole(0, 10),
    "accelerators": allowed.one_of("auto", "off"),
    "extra_body": allowed.mapping,
    **dict.fromkeys(
        ("prompt_price", "cached_price", "completion_price"), allowed.number(0, 100_000)
    ),
}

KEYS: dict[str, _Key] = {
    **{
        f"models.{name}.{key}": _Key(f"{name}.{key}", check, user_only=True)
        for name in _MODELS
        for key, check in _MODEL.items()
    },
    "verify.gates": _Key("verify.gates", allowed.some_of(*GATES)),
    "verify.commands": _Key("verify.commands", gate_commands.read),
    "verify.browser": _Key("verify.browser", gate_browser.read),
    "verify.tests.scope": _Key("verify.tests_scope", allowed.one_of("auto", "impacted", "full")),
    "verify.tests.confirm_seconds": _Key("verify.tests_confirm_seconds", allowed.number(0, 3600)),
    "verify.tests.args": _Key("verify.tests_args", allowed.texts),
    "verify.timeout_seconds": _Key("verify.timeout_seconds", allowed.number(1, 86400)),
    "verify.memory_mib": _Key("verify.memory_mib", allowed.whole(128, 1 << 20)),
    "verify.on_save": _Key("on_save", allowed.one_of("off", "lint", "impacted", "full")),
    "verify.python": _Key("verify.python", allowed.text),
    "edits.at_most": _Key("verify.at_most", allowed.whole(0, 1_000_000)),
    "edits.leave_alone": _Key("verify.leave_alone", allowed.texts),
    "verify.parallel": _Key("verify.parallel", allowed.whole(0, 256)),
    "verify.sandbox": _Key("verify.sandbox", allowed.one_of("auto", "off"), user_only=True),
    "verify.network": _Key("verify.network", allowed.one_of("none", "local"), user_only=True),
    "verify.sockets": _Key("verify.sockets", allowed.absolute, user_only=True),
    **{
        f"limits.{name}_per_{span}": _Key(f"limits.{name}_per_{span}", check, user_only=True)
        for name, check in (
            ("tokens", allowed.whole(0, 10**12)),
            ("cost", allowed.number(0, 100_000)),
        )
        for span in ("day", "proposal")
    },
    "context.tokens": _Key("context_tokens", allowed.whole(0, 1_000_000)),
    "repair.rounds": _Key("repair_rounds", allowed.whole(0, 10)),
    "repair.candidates": _Key("repair_candidates", allowed.whole(1, 75)),
    "variations": _Key("variations", allowed.whole(1, 75)),
    "review.pending": _Key("review_pending", allowed.whole(1, 100)),
    "apply_unverified": _Key("apply_unverified", allowed.flag),
    "presets": _Key("presets", allowed.texts),
}
"""Every key that can be set, as it is written."""

_TABLES = frozenset(key[:at] for key in KEYS for at in range(len(key)) if key[at] == ".")

_HINTS = {
    "trusted": "trust is never set in a file; run `festina trust` in the workspace",
    "trust": "trust is never set in a file; run `festina trust` in the workspace",
    **{
        f"models.{name}.temperature": "candidates are asked for at different temperatures; set "
        "`extra_body = { temperature = ... }` where all must have the same"
        for name in ("fast", "slow")
    },
}

_BOUND_TO_ADDRESS = (
    *("requests_per_minute", "tokens_per_minute", "parallel_requests"),
    *("api_key_env", "api_key_command", "api_key_keyring", "extra_body"),
    *("prompt_price", "cached_price", "completion_price"),
)
_SAY_WHERE = ("base_url", "dialect")


def load(layers: Iterable[Layer]) -> tuple[Settings, tuple[Problem, ...]]:
    """Merge layers, later ones over earlier ones.

    Whatever is invalid is left out and told: the earlier value, or the default, stays in force. A
    layer that gives a model another address gets none of the keys that earlier ones named for the
    old address. Where the person's own address for a model is invalid or cannot be read, the model
    is marked with the mistake: code must not go to another place than the one that was meant.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for layer in layers:
        taken: dict[str, Any] = {}
        for name in _MODELS if layer.user and layer.unread else ():
            taken[f"{name}.mistake"] = f"{layer.name}: {layer.unread}"
        for key, value in _flatten(layer.data):
            try:
                taken[KEYS[key].target] = _checked(layer, key, value)
                continue
            except allowed.Invalid as invalid:
                problems.append(Problem(layer.name, key, str(invalid)))
            except KeyError:
                problems.append(Problem(layer.name, key, _unknown(key)))
            for name in _concerned(key) if layer.user else ():
                taken[f"{name}.mistake"] = str(problems[-1])
        for name in _MODELS:
            if any(f"{name}.{key}" in taken for key in _SAY_WHERE):
                values.pop(f"{name}.mistake", None)
            address = f"{name}.base_url"
            if taken.get(address, values.get(address)) != values.get(address):
                for bound in _BOUND_TO_ADDRESS:
                    values.pop(f"{name}.{bound}", None)
        values |= taken
    return _build(values), tuple(problems)


def _checked(layer: Layer, key: str, value: Any) -> Any:
    known = KEYS[key]
    if known.user_only and not layer.user:
        raise allowed.Invalid(
            "is only taken from your own configuration, never from a workspace; "
            "set it in your config.toml or in the editor's initialization options"
        )
    return known.check(value)


def _flatten(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and their values; what is in an unknown table is told key by key."""
    for name, value in data.items():
        key = f"{prefix}{name}"
        if key not in KEYS and isinstance(value, Mapping) and (value or key in _TABLES):
            yield from _flatten(value, f"{key}.")
        else:
            yield key, value


def _concerned(key: str) -> tuple[str, ...]:
    """Return the models of which it is now open where they are, as this key was not understood."""
    key = key if key in KEYS or key in _TABLES else _near(key)
    parts = key.split(".")
    if parts[0] != "models" or (len(parts) > 2 and parts[2] not in _SAY_WHERE):
        return ()
    return tuple(name for name in _MODELS if parts[1:2] in ([], [name]))


def _near(key: str) -> str:
    return next(iter(difflib.get_close_matches(key, KEYS, n=1, cutoff=0.6)), "")


def _unknown(key: str) -> str:
    if key in _TABLES:
        return "must be a table"
    if hint := _HINTS.get(key):
        return hint
    if key.startswith("tool.festina."):
        return "stands in a file of Festina's own, so it is written without `tool.festina`"
    near = _near(key)
    return f"there is no such setting{f'; did you mean `{near}`?' if near else ''}"


def _build(values: Mapping[str, Any]) -> Settings:
    plain = {key: value for key, value in values.items() if "." not in key}
    return replace(
        Settings(),
        fast=_model(values, "fast."),
        slow=_model(values, "slow."),
        verify=VerifySettings(**_below(values, "verify.")),
        limits=Caps(**_below(values, "limits.")),
        **plain,
    )


def _model(values: Mapping[str, Any], prefix: str) -> ModelSettings | None:
    given = _below(values, prefix)
    return ModelSettings(**given) if given else None


def _below(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): v for key, v in values.items() if key.startswith(prefix)}
