"""How a model is reached, and what the person says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from festina.spending import Prices


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How to reach one model. Only ever taken from the user, never from a workspace.

    Times are in seconds. An empty ``base_url`` or ``model`` means: discover. ``mistake`` says why
    nothing may be asked: where code is to go was said, but not so that it could be understood.
    ``wait_seconds`` is the longest that one request waits for the provider's limits; None: as long
    as it takes where a person sees it, and can end it. Of limits that
    the provider does not tell, ``requests_per_minute``, ``tokens_per_minute`` and
    ``parallel_requests`` (at once) are the person's word; 0: nothing is said.
    With ``accelerators`` = ``off``, none of ``festina.models.accelerators`` are sent.
    """

    dialect: str = "chat"
    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    api_key_command: tuple[str, ...] = ()
    api_key_keyring: str = ""
    first_content_seconds: float = 60.0
    inter_token_seconds: float = 30.0
    total_seconds: float = 300.0
    wait_seconds: float | None = None
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    parallel_requests: int = 0
    max_retries: int = 2
    accelerators: str = "auto"
    extra_body: Mapping[str, object] = field(default_factory=dict)
    mistake: str = ""
    prompt_price: float | None = None
    cached_price: float | None = None
    completion_price: float | None = None

    @property
    def prices(self) -> Prices:
        """What a million tokens cost, as far as it was said."""
        return Prices(self.prompt_price, self.cached_price, self.completion_price)
