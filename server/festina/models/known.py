"""What is known of an endpoint's limits before it has told any, and how far that is to be believed.

Providers document limits by tier, and a key does not say which tier it is of. So what is documented
for the first tier (``Preset.entry``) holds nobody back by itself: it only spreads the first burst,
until the first answer has come. It becomes a bound where the provider itself gives the tier away:
when the headers tell a limit that is no higher than the first tier's, what that tier is documented
with, and no header tells, holds as well (Cerebras and Groq never tell their requests a minute).

Two things are bounds from the start: what the person says (``requests_per_minute``,
``tokens_per_minute``, ``parallel_requests``), and what is documented for every tier
(``Preset.always``). What headers tell of the same takes their place at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from festina.config import ModelSettings
from festina.models.limits import MINUTE, Bucket
from festina.models.presets import Preset

Limits = tuple[tuple[str, int], ...]
"""Names as headers tell them (``tokens-minute``), and how much of each there is."""


@dataclass(frozen=True, slots=True)
class Known:
    """See the module.

    ``parallel`` is how many requests a server works on at once unless it was told otherwise,
    ``most`` how many are sent to it at once (0: as many as there are).
    """

    entry: Limits = ()
    bounds: Limits = ()
    parallel: int = 0
    most: int = 0

    @classmethod
    def of(cls, preset: Preset, settings: ModelSettings) -> Known:
        """Return what is known of a provider, and what the person says of their account."""
        said = {
            f"requests{MINUTE}": settings.requests_per_minute,
            f"tokens{MINUTE}": settings.tokens_per_minute,
        }
        always = {
            name: limit for suffix, name, limit in preset.always if settings.model.endswith(suffix)
        }
        bounds = always | {name: limit for name, limit in said.items() if limit}
        kinds = {_kind(name) for name in bounds if MINUTE in name}
        entry = tuple(each for each in preset.entry if _kind(each[0]) not in kinds)
        return cls(entry, tuple(bounds.items()), preset.parallel, settings.parallel_requests)

    def fits(self, name: str, amount: int) -> bool:
        """Whether so much of a limit is there in the first tier."""
        return all(amount <= limit for known, limit in self.entry if known == name)

    def given_away(self, told: Iterable[Bucket]) -> Iterator[tuple[str, int]]:
        """Yield the limits that hold too, as those which were told are the first tier's."""
        buckets = list(told)
        first = dict(self.entry)
        if any(b.limit is not None and b.limit <= first.get(b.name, 0) for b in buckets):
            names = {bucket.name for bucket in buckets}
            untold = (each for each in self.entry if MINUTE in each[0])
            yield from (each for each in untold if each[0] not in names)

    def words(self, whom: str, told: Iterable[Bucket]) -> str:
        """Say for a person what the limits are, and who says so; nothing where none is known."""
        if found := [bucket.words for bucket in told if bucket.limit is not None]:
            return f"{', '.join(found)}, as {whom} tells"
        if found := [Bucket.full(*each, 0.0).words for each in self.bounds]:
            return f"{', '.join(found)}, as long as {whom} tells none"
        if found := [Bucket.full(*each, 0.0).words for each in self.entry]:
            return f"{whom} tells none; a new account is documented to have {', '.join(found)}"
        return ""


def replaced(name: str, told: Iterable[Bucket]) -> bool:
    """Whether what a response tells takes the place of a bound for a minute."""
    return any(_kind(bucket.name) == _kind(name) and bucket.by_minute for bucket in told)


def _kind(name: str) -> str:
    return "tokens" if "token" in name else "requests"
