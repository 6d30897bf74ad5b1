"""Pictures of a page, as a gate took them: values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shot:
    """One page with the candidate in it, at one width, in CSS pixels.

    ``path`` is a PNG outside of the workspace, and ``before`` one of the same page without the
    candidate, None where there is none. ``still`` is an HTML file, the page as the browser had
    drawn it in the end: a model's work, which is to be shown only where it can do nothing. They are
    in a cache, so one may be gone some day.
    """

    page: str
    width: int
    path: str
    before: str | None = None
    still: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, without what is unknown."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def seen(shots: Iterable[Shot]) -> str:
    """Say how much was looked at: ``2 pages at 3 widths``."""
    shots = tuple(shots)
    pages, widths = len({shot.page for shot in shots}), len({shot.width for shot in shots})
    return f"{pages} page{'s' * (pages > 1)} at {widths} width{'s' * (widths > 1)}"
