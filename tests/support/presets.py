"""Editors as a language server sees them: what they declare, and how they behave."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent.parent / "e2e" / "clients"


class Stale(enum.Enum):
    """What an editor does with an edit for a version that is no longer the document's."""

    REFUSE = "applied: false"
    SKIP = "applied: true, but nothing is done"
    ERROR = "an error response"


class Disabled(enum.Enum):
    """What an editor does with disabled code actions."""

    SHOW = "shows them, and does not run them"
    HIDE = "hides them"
    OFFER = "offers them like any other"


@dataclass(frozen=True)
class Preset:
    """An editor.

    ``file`` holds its ``clientInfo`` and ``capabilities``: a name in ``tests/e2e/clients``, or one
    of pytest-lsp's. ``answers_first``: the reply to ``workspace/applyEdit``
    precedes the ``didChange``. ``change_per_edit``: each text edit is one content change, last one
    first; else one change covers them all. ``saves_with_text``: the text comes with ``didSave``,
    though the server does not ask for it.
    """

    name: str
    file: str
    stale: Stale = Stale.REFUSE
    disabled: Disabled = Disabled.OFFER
    answers_first: bool = False
    change_per_edit: bool = False
    proposals: bool = False
    answers: bool = False
    model: bool = False
    saves_with_text: bool = False

    def load(self) -> dict[str, Any]:
        """Return ``clientInfo`` and ``capabilities`` as the editor sends them."""
        own = OWN / f"{self.file}.json"
        source = (
            own if own.exists() else resources.files("pytest_lsp.clients") / f"{self.file}.json"
        )
        sent: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        if self.proposals:
            experimental = sent["capabilities"].setdefault("experimental", {})
            declared = {"answers": self.answers, "model": self.model}
            more = {name: True for name, value in declared.items() if value}
            experimental["festina"] = {"proposals": True, **more}
        return sent

    @property
    def encoding(self) -> str:
        """The position encoding that the editor wants most."""
        general = self.load()["capabilities"].get("general", {})
        return str((general.get("positionEncodings") or ["utf-16"])[0])

    def can(self, path: str) -> Any:
        """Return a declared capability by its dotted path, or None."""
        value: Any = self.load()["capabilities"]
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value


VSCODE = Preset("vscode", "visual-studio-code", disabled=Disabled.SHOW, change_per_edit=True)
VSCODE_PLUGIN = Preset(
    "vscode-plugin",
    "visual-studio-code",
    disabled=Disabled.SHOW,
    change_per_edit=True,
    proposals=True,
)
NEOVIM_10 = Preset("neovim-0.10", "neovim_v0.10.0", stale=Stale.SKIP, answers_first=True)
NEOVIM_11 = Preset("neovim-0.11", "neovim_v0.11.0", stale=Stale.SKIP, answers_first=True)
EMACS = Preset("emacs-29.1", "emacs_v29.1", stale=Stale.ERROR, saves_with_text=True)
HELIX = Preset("helix", "helix", disabled=Disabled.HIDE)
MINIMAL = Preset("minimal", "minimal")

PRESETS = (VSCODE, VSCODE_PLUGIN, NEOVIM_10, NEOVIM_11, EMACS, HELIX, MINIMAL)
