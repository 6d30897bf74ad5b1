"""End-to-end tests drive the real server process through ``support.editor``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from support.editor import Editor
from support.presets import PRESETS, VSCODE_PLUGIN, Preset

Start = Callable[..., Awaitable[Editor]]


@pytest.fixture(params=PRESETS, ids=lambda preset: preset.name)
def preset(request: pytest.FixtureRequest) -> Preset:
    """Every editor in turn."""
    return request.param


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder, in which a test puts its project before it starts an editor."""
    folder = tmp_path / "work space"
    folder.mkdir()
    return folder


@pytest.fixture
async def start(tmp_path: Path, workspace: Path) -> Any:
    """Start an editor on the workspace: ``editor = await start(preset, env=..., options=...)``.

    At the end of the test each editor is closed, its server must have ended with code 0, and the
    workspace must be as it was when the editor started, but for what the editor saved.
    """
    async with AsyncExitStack() as stack:
        homes = iter(range(1000))

        async def start_editor(preset: Preset = VSCODE_PLUGIN, **options: Any) -> Editor:
            home = tmp_path / f"home{next(homes)}"
            home.mkdir()
            folder = options.pop("workspace", workspace)
            return await stack.enter_async_context(Editor.start(preset, folder, home, **options))

        yield start_editor
