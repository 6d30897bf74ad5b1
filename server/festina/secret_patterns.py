"""What secrets look like: forms of an issuer, and values that their own line calls secret.

Precise rather than many: what is found is taken out of every prompt, so a word that only looks
like a secret would be missing there. Values only; no I/O.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PLACEHOLDER = "FESTINA-SECRET-"
"""What is put in the place of a secret, before a number."""
GONE = "SECRET-NOT-SENT"
"""What is put in the place of one that nothing brings back."""
_TAKEN_OUT = re.compile(rf"{PLACEHOLDER}\d|{GONE}")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands in a text: ``[start, end)``. ``kind`` is for a sentence."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of secrets, which begins with one of the ``starts``: those are quick to find.

    The secret is the expression's last group, or all of it where it has none.
    """

    kind: str
    starts: tuple[str, ...]
    expression: re.Pattern[str]


def _form(kind: str, starts: str, rest: str) -> _Form:
    return _Form(kind, tuple(starts.split()), re.compile(rf"(?:{starts.replace(' ', '|')}){rest}"))


_FORMS = (
    _form("an AWS access key", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}\b"),
    _form("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,251}"),
    _form("a GitHub token", "github_pat_", r"\w{22,255}"),
    _form("a GitLab token", "glpat- gldt- glrt- glcbt- glptt- glft- glagent-", r"[\w-]{20,}"),
    _form("an Anthropic key", "sk-ant-", r"[\w-]{20,}"),
    _form("an OpenRouter key", "sk-or-v1-", r"[0-9a-f]{40,}"),
    _form("an OpenAI key", "sk-proj- sk-svcacct- sk-admin-", r"[\w-]{20,}"),
    _form("an API key", "sk-", r"[A-Za-z0-9]{32,}"),
    _form("a Cerebras key", "csk-", r"[a-z0-9]{40,}"),
    _form("a Groq key", "gsk_", r"[A-Za-z0-9]{40,}"),
    _form("an xAI key", "xai-", r"[A-Za-z0-9]{60,}"),
    _form("a Perplexity key", "pplx-", r"[A-Za-z0-9]{40,}"),
    _form("a Replicate token", "r8_", r"[A-Za-z0-9]{37,40}"),
    _form("a Hugging Face token", "hf_", r"[A-Za-z0-9]{34,}"),
    _form("a Slack token", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-", r"[A-Za-z0-9-]{10,}"),
    _form("a Slack webhook", "hooks.slack.com/", r"\w+/([\w/+-]{20,})"),
    _form("a Google API key", "AIza", r"[\w-]{35}"),
    _form("a Google OAuth secret", "GOCSPX-", r"[\w-]{28}"),
    _form("a Google access token", "ya29.", r"[\w-]{20,}"),
    _form("a Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_", r"[A-Za-z0-9]{16,}"),
    _form("a webhook's signing secret", "whsec_", r"[A-Za-z0-9+/=]{24,}"),
    _form("a Twilio key", "SK", r"[0-9a-f]{32}\b"),
    _form("a SendGrid key", "SG.", r"[\w-]{16,24}\.[\w-]{40,50}"),
    _form("a Mailgun key", "key-", r"[0-9a-f]{32}\b"),
    _form("an npm token", "npm_", r"[A-Za-z0-9]{36}"),
    _form("a PyPI token", "pypi-AgE", r"[\w-]{50,}"),
    _form("a DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{64}"),
    _form("a Shopify token", "shpat_ shpca_ shppa_ shpss_", r"[0-9a-fA-F]{32}"),
    _form("a Telegram bot's token", ":AA", r"[\w-]{33}\b"),
    _form("a Discord webhook", "discord.com/ discordapp.com/", r"api/webhooks/\d+/([\w-]{40,})"),
    _form("a JSON Web Token", "eyJ", r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    _form("an Azure storage key", "AccountKey=", r"([A-Za-z0-9+/]{86}==)"),
    _form("a Databricks token", "dapi", r"[0-9a-f]{32}\b"),
    _form("a Linear key", "lin_api_", r"[A-Za-z0-9]{40}"),
    _form("a Vault token", "hvs.", r"[\w-]{24,}"),
    _form("a Postman key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    _form("a New Relic key", "NRAK-", r"[A-Z0-9]{27}"),
    _form("a Grafana token", "glc_ glsa_", r"[A-Za-z0-9+/=_]{32,}"),
    _form("a Tailscale key", "tskey-", r"[a-z]+-[\w-]{20,}"),
    _form("an age key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{58}"),
    _form("a bearer token", "Bearer bearer", r"[ \t]+([A-Za-z0-9._~+/-]{20,}=*)"),
    _form("a password in an address", "://", r"[^\s:/@\"'{}$<>]*:([^\s:/@\"'{}$<>%*()[\]]{3,})@"),
)
"""What comes first says of what kind a secret is, where several forms match."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<body>.*?)"
    r"(?:-----END |\Z)",
    re.DOTALL,
)
_KEY_PART = re.compile(rf"{PLACEHOLDER}\d+|{GONE}|\\[nrt]|(?P<part>[A-Za-z0-9+/=]{{4,}})")

_NAMES = (
    *("secret", "token", "password", "passwd", "passphrase", "pwd", "credential"),
    *("api_key", "api-key", "apikey", "private_key", "access_key", "access-key", "auth_key"),
)
_VALUE = re.compile(
    r"[\w.-]*[\"']?\]?[!?]?[ \t]*"
    r"(?::[ \t]*(?:[\w.|&<>?,* \[\]]|'\w+[ ,>]){1,80}?|(?:\*|\[\])?(?:string|byte)[ \t]+)?"
    r"(?:=>|:=|=|:)[ \t]*(?:\[\]byte\()?"
    r"(?:[rRbBu]{0,2}#{0,2}(?P<quote>[\"'`])(?P<quoted>[^\"'\s]{8,}?)(?P=quote)"
    r"|(?P<bare>[A-Za-z0-9+/=_-]{20,})[ \t]*(?=[\r\n]|\Z))"
)
"""What may follow a name that says that its value is a secret: a type, then a string.

Strings of Python, JavaScript, Go and Rust, raw ones too.
"""

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
"""A name of Python."""

_DUMMIES = frozenset(
    (
        *("password", "passwd", "pass", "pwd", "secret", "token", "user", "username", "mypassword"),
        *("example", "test", "changeme", "change_me", "dummy", "placeholder", "none", "null"),
        *("xxx", "xxxx", "todo", "root", "admin", "postgres", "guest"),
    )
)


@functools.lru_cache(maxsize=64)
def find(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a text in their order; they do not overlap.

    It takes a few milliseconds for each 50,000 characters, and nothing the second time.
    """
    found = [
        secret
        for secret in (*_known_forms(text), *_private_keys(text), *_called_secret(text))
        if not _TAKEN_OUT.search(text, secret.start, secret.end)
    ]
    found.sort(key=lambda secret: (secret.start, -secret.end))
    kept: list[Secret] = []
    for secret in found:
        if kept and secret.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Secret(last.start, max(last.end, secret.end), last.kind)
        else:
            kept.append(secret)
    return tuple(kept)


def _known_forms(text: str) -> Iterator[Secret]:
    for form in _FORMS:
        for at in _places(text, form.starts):
            if text[at - 1 : at].isalnum() and text[at] != ":":
                continue
            match = form.expression.match(text, at)
            if match is None:
                continue
            start, end = match.span(match.re.groups)
            if text[start:end].lower() not in _DUMMIES:
                yield Secret(start, end, form.kind)


def _places(text: str, starts: Iterable[str]) -> Iterator[int]:
    for start in starts:
        at = text.find(start)
        while at >= 0:
            yield at
            at = text.find(start, at + len(start))


def _private_keys(text: str) -> Iterator[Secret]:
    """Yield the parts of private keys, none of which crosses a line's end."""
    if "PRIVATE KEY" not in text:
        return
    for match in _PRIVATE_KEY.finditer(text):
        body = match.start("body")
        for part in _KEY_PART.finditer(text, body, match.end("body")):
            if part["part"]:
                yield Secret(*part.span("part"), "a private key")


def _called_secret(text: str) -> Iterator[Secret]:
    """Yield values that are random enough for what the name before them says that they are."""
    small = text.lower()
    if len(small) != len(text):  # a letter of some languages is two small ones
        small = "".join(character.lower()[:1] for character in text)
    for name in _NAMES:
        for at in _places(small, [name]):
            match = _VALUE.match(text, at + len(name))
            if match is None:
                continue
            bare = match["quoted"] is None
            start, end = match.span("bare" if bare else "quoted")
            if _is_random(text[start:end], bare=bare):
                yield Secret(start, end, "a password or key")


def _is_random(value: str, *, bare: bool) -> bool:
    """Whether a value is no word, path, template or name: of many characters, digits among them."""
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    if not digits or not letters or any(mark in value for mark in "{<("):
        return False
    if value.startswith(("{", "$", "/", "./", "%")) or len(set(value)) < 6:
        return False
    if "://" in value or _DOTTED.fullmatch(value):
        return False
    if bare:  # it may be code: a name with a number in it is none
        return digits >= 4 and _bits(value) >= 3.6
    return _bits(value) >= 2.9


def _bits(value: str) -> float:
    """Return the entropy of a value's characters, in bits for each."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())
