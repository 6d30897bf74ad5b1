"""What is known about providers: where they are, which key they take, which fields they accept.

Only names and addresses that last: model ids come and go within months and are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from festina.models.base import ModelError, Trouble

NEW_FIELD = "max_completion_tokens"
OLD_FIELD = "max_tokens"
LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "::1"})
_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider of models.

    ``dialect`` is what it is spoken to in unless the settings say another, and ``others`` are
    further dialects that it speaks.

    ``limit_fields`` are the fields that carry the bound on the answer's tokens. A server that
    ignores the one it is sent never says so and generates without a bound, so an unknown server
    is sent both, and one that a 400 names is left out from then on. ``usage`` and ``seed`` say
    whether ``stream_options.include_usage`` and ``seed`` are accepted. ``least_temperature`` is
    the smallest value that the provider takes.

    ``accelerators`` are the fields that it takes in Chat Completions to be faster, not to answer
    otherwise (see there). ``owner`` is what its list of models says of who owns them, where that
    tells which server it is, whatever its address.

    ``entry`` are the limits that its first tier is documented with, the least of any model, by the
    names that its headers have (with ``-minute`` where none tells it). ``always`` are those of
    every tier, for models whose id ends like that. ``parallel`` is how many requests a server works
    on at once as it comes. What follows from them is said in ``known``. ``window`` is how many
    tokens a prompt and its answer may have together, where the server told (``served``), else 0.
    """

    name: str
    title: str
    base_url: str = ""
    key_variable: str = ""
    limit_fields: tuple[str, ...] = (NEW_FIELD, OLD_FIELD)
    usage: bool = True
    seed: bool = True
    least_temperature: float = 0.0
    no_model_remedy: str = ""
    dialect: str = "chat"
    others: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    owner: str = ""
    entry: tuple[tuple[str, int], ...] = ()
    always: tuple[tuple[str, str, int], ...] = ()
    parallel: int = 0
    window: int = 0

    @property
    def local(self) -> bool:
        """Whether it runs on this machine."""
        return bool(self.base_url) and is_loopback(self.base_url)

    def spoken(self, wanted: str) -> str:
        """Return the dialect to use; ``chat``, the settings' default, leaves it to the provider."""
        return self.dialect if wanted == "chat" else wanted

    def speaks(self, wanted: str) -> bool:
        """Whether the settings' dialect can be used here."""
        return wanted in ("chat", self.dialect, *self.others)


HOSTED: tuple[Preset, ...] = (
    Preset(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        limit_fields=(NEW_FIELD,),
        accelerators=("prediction", "prompt_cache_key"),
        # inference-docs.cerebras.ai/support/rate-limits, Free Trial (July 2026)
        entry=(("requests-minute", 5), ("tokens-minute", 30_000)),
    ),
    Preset(
        "groq",
        "Groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        limit_fields=(NEW_FIELD,),
        least_temperature=1e-8,
        others=("responses",),
        # console.groq.com/docs/rate-limits, Free Plan; its requests in headers are those of a day
        entry=(("requests-minute", 30), ("requests", 1_000), ("tokens", 6_000)),
    ),
    Preset(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        limit_fields=(NEW_FIELD,),
        accelerators=("prediction", "prompt_cache_key"),
        others=("responses",),
    ),
    Preset(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        limit_fields=(OLD_FIELD,),
        accelerators=("prediction",),
        # openrouter.ai/docs/guides/routing/model-variants/free: whatever was paid; others have none
        always=((":free", "requests-minute", 20),),
    ),
    Preset(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        dialect="anthropic",
        # platform.claude.com/docs/en/api/rate-limits, the first tier
        entry=(("requests", 50), ("input-tokens", 30_000), ("output-tokens", 8_000)),
    ),
)
"""Providers with a well-known key variable, in the order in which the environment is asked."""

LLAMA_CPP = Preset(
    "llamacpp",
    "llama.cpp",
    "http://127.0.0.1:8080/v1",
    limit_fields=(OLD_FIELD,),
    no_model_remedy="start llama-server with a model",
    accelerators=("cache_prompt",),
    owner="llamacpp",
)
LOCAL: tuple[Preset, ...] = (
    Preset(
        "ollama",
        "Ollama",
        "http://127.0.0.1:11434/v1",
        limit_fields=(OLD_FIELD,),
        no_model_remedy="pull one with `ollama pull NAME`",
        parallel=1,  # docs.ollama.com/faq: OLLAMA_NUM_PARALLEL, which nothing tells
        owner="library",
    ),
    LLAMA_CPP,
    Preset(
        "lmstudio",
        "LM Studio",
        "http://127.0.0.1:1234/v1",
        limit_fields=(OLD_FIELD,),
        no_model_remedy="load one in LM Studio",
        parallel=4,  # lmstudio.ai/docs/app/advanced/parallel-requests: Max Concurrent Predictions
        owner="organization_owner",
    ),
    Preset(
        "vllm",
        "vLLM",
        "http://127.0.0.1:8000/v1",
        no_model_remedy="serve one with vLLM",
        owner="vllm",
    ),
    Preset(
        "sglang",
        "SGLang",
        "http://127.0.0.1:30000/v1",
        no_model_remedy="serve one with SGLang",
        owner="sglang",
    ),
)
"""Servers that are looked for on this machine, best liked first."""

GENERIC = Preset("generic", "an OpenAI-compatible server")


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, the port left out where it is the scheme's own.

    Raises:
        ModelError: it is not an http(s) URL, or carries a user name or password.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    if port is None or port == _DEFAULT_PORTS[parts.scheme]:
        return f"{parts.scheme}://{shown}"
    return f"{parts.scheme}://{shown}:{port}"


def endpoint(base_url: str, path: str) -> str:
    """Return the address of an API path such as ``/models`` under a base URL."""
    address, question, query = base_url.strip().partition("?")
    address = address.rstrip("/")
    for known in ("/chat/completions", "/responses", "/messages"):
        address = address.removesuffix(known)
    return f"{address}{path}{question}{query}"


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine (``localhost``, 127.0.0.0/8, ``::1``)."""
    host = (_split(url).hostname or "").lower()
    four = host.split(".")
    return host in LOOPBACK_NAMES or (
        len(four) == 4 and four[0] == "127" and all(part.isdecimal() for part in four)
    )


def for_url(base_url: str) -> Preset:
    """Return the preset that an address belongs to, by its origin; ``GENERIC`` for others."""
    origin = _comparable(base_url)
    for preset in (*HOSTED, *LOCAL):
        if _comparable(preset.base_url) == origin:
            return preset
    return GENERIC


def by_owner(owner: str) -> Preset | None:
    """Return the server whose list of models says that."""
    return next((preset for preset in LOCAL if owner and preset.owner == owner), None)


def by_name(name: str) -> Preset | None:
    """Return the preset of that name."""
    return next((preset for preset in (*HOSTED, *LOCAL) if preset.name == name), None)


def _comparable(url: str) -> str:
    origin = origin_of(url)
    if not is_loopback(url):
        return origin
    parts = _split(url)
    return f"{parts.scheme}://loopback:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port_ok = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        parts, port_ok = urlsplit(""), False
    if parts.username is not None or parts.password is not None:
        raise ModelError(
            Trouble.BAD_REQUEST,
            "The model's base_url holds a user name or password. Take it out and name the key "
            "with api_key_env instead.",
        )
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not port_ok:
        raise ModelError(
            Trouble.BAD_REQUEST,
            "The model's base_url is not an http:// or https:// address. "
            "Set it to one such as https://api.example.com/v1.",
        )
    return parts
