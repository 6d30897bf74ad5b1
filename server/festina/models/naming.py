"""The model's name before anything is asked of it, for whoever shows it.

Who opens an editor has not asked for an edit yet. So nobody is troubled: a command or a keyring
that holds a key might ask for a password, and a provider whose key happens to be in the environment
need not hear of us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from festina.config import ModelSettings, Settings
from festina.models import discovery
from festina.models.base import ModelError
from festina.models.presets import origin_of
from festina.models.weights import DEFAULT


@dataclass(frozen=True, slots=True)
class Named:
    """The model that would be asked, and why that one.

    ``model`` is empty where it is not known yet; ``origin`` is empty, too, where there is none, and
    ``why`` then says what to do.
    """

    model: str
    origin: str
    why: str


async def name(
    settings: Settings, environ: Mapping[str, str], may_call: Callable[[str], bool]
) -> Named:
    """Return which model would be asked; ``may_call`` says whether the person agreed to an origin.

    A server on this machine is asked for its models, as is a configured address.
    """
    fast = settings.fast or ModelSettings()
    try:
        if fast.api_key_command or fast.api_key_keyring:
            return Named(fast.model, origin_of(fast.base_url), "models.fast")
        if not (fast.model or fast.base_url or fast.api_key_env):
            found = discovery.provider_in(environ, fast.dialect)
            origin = origin_of(discovery.environment_base(found, environ)) if found else ""
            if found and not may_call(origin):
                return Named("", origin, f"{found.key_variable} is set")
        choice = await discovery.discover(settings, environ)
    except ModelError as error:
        return Named("", "", str(error))
    default = DEFAULT if choice.dialect == "embedded" else ""
    return Named(choice.model or default, choice.origin, choice.why)
