"""Keeping a skill: ``.agents/skills/NAME/SKILL.md`` of a trusted workspace, by its own command.

The one place where a skill is written. All of a file or nothing; what is there already only where
the person said so, and only as long as it is what they saw.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from festina.context.files import Files
from festina.masking import Masking
from festina.session import Refusal
from festina.skill_file import NAME_CHARS, is_name
from festina.skill_writer import HOME, path_of
from festina.text import NotText, decode
from festina.verify.base import Snapshot

UNTRUSTED = (
    "The workspace is not trusted, so its skills are not followed, and none is written into it."
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a skill may be written: ``before`` is the text of the one that it replaces."""

    workspace: Path
    name: str
    before: str | None = None

    @property
    def path(self) -> str:
        """The file's path in the workspace."""
        return path_of(self.name)


def slot(snapshot: Snapshot, name: str, *, replaces: bool = False) -> Slot:
    """Find out beforehand whether a skill of a name may be written. Blocks for milliseconds.

    Raises:
        Refusal: it may not, and what to do.
    """
    check_trusted(snapshot)
    if len(name) > NAME_CHARS or not is_name(name):
        raise Refusal(
            f"A skill's name has at most {NAME_CHARS} small letters a to z, digits, and single "
            f"hyphens between them; {name!r} is none."
        )
    workspace, path = snapshot.workspace, path_of(name)
    file = workspace / path
    real_home = os.path.realpath(workspace / HOME)
    inside = Path(real_home).is_relative_to(os.path.realpath(workspace))
    if not inside or os.path.realpath(file) != os.path.join(real_home, *path.split("/")[-2:]):  # noqa: PTH118
        raise Refusal(f"{path} is, or is behind, a link, so nothing is written there.")
    if Files(snapshot, Masking()).kept_back(path):
        raise Refusal(
            f"Git ignores {path}, or an ignore file keeps it from language models, so a skill "
            "there would not be followed."
        )
    if not os.path.lexists(file):
        return Slot(workspace, name)
    if not replaces:
        raise Refusal(
            f"There is a skill {name} already, in {path}, and nothing was written. Save it under "
            "another name, or say that it is to be replaced."
        )
    before = snapshot.buffers.get(path)
    return Slot(workspace, name, before if before is not None else _read(file, path))


def check_trusted(snapshot: Snapshot) -> None:
    """See to it that skills of a workspace may be written at all.

    Raises:
        Refusal: it is not trusted.
    """
    if not snapshot.trusted:
        how = snapshot.trust_remedy or f"If you trust it: festina trust {snapshot.workspace}"
        raise Refusal(f"{UNTRUSTED} {how}")


def write(where: Slot, text: str) -> None:
    """Write a skill: all of it or nothing. Blocks.

    Raises:
        Refusal: it cannot be written, or something else is there by now.
    """
    file = where.workspace / where.path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if where.before is not None and _read(file, where.path) != where.before:
            raise Refusal(f"{where.path} has changed meanwhile, so nothing was written.")
        _write(file, text, fresh=where.before is None)
    except FileExistsError:
        raise Refusal(
            f"{where.path} was made by somebody else meanwhile, so nothing was written."
        ) from None
    except OSError as error:
        raise Refusal(f"{where.path} could not be written: {error.strerror}.") from None


def _read(file: Path, shown: str) -> str:
    try:
        return decode(file.read_bytes()).content
    except (OSError, NotText) as error:
        raise Refusal(f"{shown} cannot be read, so it is not replaced: {error}.") from None


def _write(file: Path, text: str, *, fresh: bool) -> None:
    temporary = file.with_name(f".SKILL-{secrets.token_hex(8)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if not fresh:
            temporary.chmod(file.stat().st_mode & 0o777)
            temporary.replace(file)
            return
        try:
            os.link(temporary, file)  # which does not replace what is there by now
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if os.path.lexists(file):
                raise FileExistsError from None
            temporary.rename(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
