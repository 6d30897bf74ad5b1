"""``festina/model``: which model would be asked, told before one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from festina.lsp import messages

if TYPE_CHECKING:
    from festina.lsp.app import App
    from festina.models.naming import Named


class Naming:
    """Tells clients that show it, and tells them once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._told: Named | None = None

    def tell(self) -> None:
        """The settings were read: look for the model in the background."""
        if self._app.caps.model:
            self._app.lifecycle.runs.jobs.start("model", self._tell())

    async def _tell(self) -> None:
        named = await self._app.models.name()
        if named != self._told:
            self._told = named
            self._app.client.notify(messages.MODEL, messages.model_payload(named))
