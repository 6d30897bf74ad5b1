"""Skills in the editor: the one that a command names, and those that are offered for a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from festina import skills
from festina.session import Refusal, relative_path
from festina.skill_file import Skill

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App

MOST_OFFERED = 5
"""Skills in one list of code actions; whoever has more of them names one."""


async def named(app: App, document: Document, name: str) -> Skill:
    """Return the skill of a name, as it stands now.

    Raises:
        Refusal: there is none that can be used, or the document has no workspace.
    """
    return await named_in(app, app.session.workspace_of(document), name)


async def named_in(app: App, workspace: Path, name: str) -> Skill:
    """Return the skill of a name that a workspace has, or the person.

    Raises:
        Refusal: there is none that can be used.
    """
    snapshot = app.session.snapshot(workspace)
    try:
        return (await asyncio.to_thread(skills.look, snapshot)).named(name)
    except skills.NoSkill as error:
        raise Refusal(str(error)) from None


async def offered(app: App, document: Document) -> list[Skill]:
    """Return the skills to list for a document, few and in a stable order."""
    try:
        workspace = app.session.workspace_of(document)
    except Refusal:
        return []
    path = relative_path(document, workspace)
    found = await asyncio.to_thread(skills.look, app.session.snapshot(workspace))
    return found.offered(path, MOST_OFFERED)
