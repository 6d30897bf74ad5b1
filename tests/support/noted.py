"""The notes that are added to progress.md beside a plan: no change that a test looks for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from support.editor import SECONDS, Editor
from support.trees import hash_tree

NAME = "progress.md"


def rest(workspace: Path) -> dict[str, str]:
    """Hash a workspace but for its notes."""
    return {name: it for name, it in hash_tree(workspace).items() if name != NAME}


async def noted(editor: Editor, count: int) -> None:
    """Wait until so many decisions are noted; nothing else may have changed."""
    file = editor.workspace / NAME
    before = {name: it for name, it in editor.expected_tree.items() if name != NAME}
    async with asyncio.timeout(SECONDS):
        while not file.exists() or file.read_text().count("\n- ") < count:
            await asyncio.sleep(0.02)
    assert rest(editor.workspace) == before
    editor.expected_tree = hash_tree(editor.workspace)
