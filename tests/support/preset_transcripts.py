"""What each provider answers, written from its documentation: ``tests/fixtures/presets``.

There is a file for each preset and dialect, with an HTTP response under each name: ``models`` (the
list), ``success``, ``limit`` (too much asked, or too early), ``error`` and ``broken`` (a stream
that ends badly). ``{{time+30}}`` and ``{{epoch_ms+45}}`` stand for times from now, in the
provider's form. What is to come of them stands in ``outcomes.json``.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from festina.models import presets
from festina.models.presets import Preset
from support.fake_replies import Reply

FOLDER = Path(__file__).parents[1] / "fixtures" / "presets"
KINDS = ("models", "success", "limit", "error", "broken")
OUTCOMES: dict[str, dict[str, Any]] = json.loads((FOLDER / "outcomes.json").read_text("utf-8"))

_TIME = re.compile(r"\{\{(time|epoch_ms)\+(\d+)\}\}")


def spoken() -> dict[str, tuple[Preset, str]]:
    """Every way that a provider can be spoken to, by the name of its file."""
    found = {}
    for preset in (*presets.HOSTED, *presets.LOCAL, presets.GENERIC):
        found[preset.name] = (preset, preset.dialect)
        for dialect in preset.others:
            found[f"{preset.name}-{dialect}"] = (preset, dialect)
    return found


def load(name: str) -> dict[str, Reply]:
    """The responses of one file, by kind."""
    text = _TIME.sub(_from_now, (FOLDER / f"{name}.http").read_text("utf-8"))
    _, *sections = re.split(r"^=== (\w+)\n", text, flags=re.MULTILINE)
    return {kind: _reply(raw) for kind, raw in zip(sections[::2], sections[1::2], strict=True)}


def _from_now(match: re.Match[str]) -> str:
    seconds = int(match[2])
    if match[1] == "epoch_ms":
        return str(round((time.time() + seconds) * 1000))
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reply(raw: str) -> Reply:
    head, _, body = raw.partition("\n\n")
    status, *lines = head.split("\n")
    headers = dict(line.split(": ", 1) for line in lines)
    kind = headers.pop("content-type")
    pieces = re.split(r"(?<=\n\n)", body) if "event-stream" in kind else [body]
    steps = tuple(piece.encode() for piece in pieces if piece)
    return Reply(steps, int(status.partition(" ")[0]), headers, content_type=kind)
