"""The editor of ``support.editor`` itself: does each preset behave as that editor does?"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from support.editor import Editor
from support.presets import (
    EMACS,
    HELIX,
    MINIMAL,
    NEOVIM_10,
    NEOVIM_11,
    PRESETS,
    VSCODE,
    VSCODE_PLUGIN,
    Disabled,
    Preset,
)

TINY = (sys.executable, str(Path(__file__).with_name("tiny_server.py")))
OLD = "x😋y\r\nsecond\r\nlast"
NEW = "first\nsecond\r\nlastlast\n"


@pytest.fixture
async def tiny(start: Any, workspace: Path) -> Any:
    (workspace / "ä b.py").write_bytes(OLD.encode())

    async def start_tiny(preset: Preset, **options: Any) -> Editor:
        return await start(preset, command=TINY, **options)

    return start_tiny


async def server_text(editor: Editor) -> list[Any]:
    (text,) = (await editor.execute("tiny.text", {})).values()
    return text


async def test_editor_and_server_agree_on_the_text(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    buffer = await editor.open("ä b.py")
    await editor.until(lambda: [d.message for d in editor.diagnostics(buffer)] == ["opened"])
    editor.type(buffer, "y", "ö😋")
    editor.type(buffer, "last", "")
    editor.type(buffer, "second", "zweite\n\u2028")
    assert await server_text(editor) == [buffer.version, buffer.text]
    for _ in range(3):
        editor.undo(buffer)
    assert buffer.text == OLD
    assert await server_text(editor) == [7, OLD]


async def test_action_is_listed_resolved_applied_and_undone(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    buffer = await editor.open("ä b.py")
    actions = await editor.code_actions(buffer, (0, 1))
    await editor.choose(actions[0])
    assert buffer.text == NEW
    assert await server_text(editor) == [buffer.version, NEW]
    editor.undo(buffer)
    assert buffer.text == OLD
    assert buffer.undo == []
    assert await server_text(editor) == [buffer.version, OLD]


@pytest.mark.parametrize("preset", [VSCODE, HELIX, NEOVIM_11], ids=lambda p: p.name)
async def test_disabled_actions(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    actions = await editor.code_actions(await editor.open("ä b.py"), (0, 1))
    shown = preset.disabled is Disabled.SHOW
    assert [action.title for action in actions] == ["edit", *["not yet"] * shown]
    if shown:
        with pytest.raises(AssertionError, match="not yet"):
            await editor.choose(actions[1])


@pytest.mark.parametrize("preset", [p for p in PRESETS if p is not MINIMAL], ids=lambda p: p.name)
async def test_server_applies_an_edit(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    buffer = await editor.open("ä b.py")
    assert await editor.execute("tiny.apply", {"uri": buffer.uri}) == [True, ""]
    assert buffer.text == NEW
    assert [params.label for params in editor.edits] == ["tiny"]
    assert await server_text(editor) == [buffer.version, NEW]


@pytest.mark.parametrize(
    ("preset", "answer"),
    [
        (VSCODE, [False, "document has changed"]),
        (HELIX, [False, "document has changed"]),
        (NEOVIM_10, [True, ""]),
        (EMACS, [False, "Invalid edits: the document has another version"]),
        (MINIMAL, [False, "this editor does not let a language server edit files"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_stale_edit_is_not_applied_whatever_the_editor_says(
    tiny: Any, preset: Preset, answer: list[Any]
) -> None:
    editor = await tiny(preset)
    buffer = await editor.open("ä b.py")
    editor.type(buffer, "y", "z")
    params = {"uri": buffer.uri, "version": 1}
    assert await editor.execute("tiny.apply", params) == answer
    assert buffer.text == OLD.replace("y", "z")


async def test_server_talks_to_the_editor(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset, configuration={"verify": {"gates": ["lint"]}})
    editor.client.keys["https://example.org"] = "k"
    settings, key = await editor.execute("tiny.talk", {"text": "x"})
    configured = preset.can("workspace.configuration")
    assert settings == ({"verify": {"gates": ["lint"]}} if configured else None)
    assert key == ("k" if preset.proposals else None)
    assert editor.messages == ["hello"]
    assert [p["text"] for p in editor.proposals] == ["x"] * preset.proposals
    assert (editor.proposal("p1") or {}).get("state") == ("ready" if preset.proposals else None)
    dynamic = preset.can("workspace.didChangeConfiguration.dynamicRegistration")
    assert len(editor.client.registrations) == bool(dynamic)
    refreshes = bool(preset.can("workspace.codeLens.refreshSupport"))
    await editor.until(lambda: editor.client.lens_refreshes == refreshes)


@pytest.mark.parametrize("preset", [VSCODE, EMACS, MINIMAL], ids=lambda p: p.name)
async def test_person_answers_questions(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    editor.answer = lambda params: "that" if params.message == "which?" else None
    asked = "that" if preset is not MINIMAL else None
    assert await editor.execute("tiny.ask", {}) == asked
    assert len(editor.client.asked) == (asked is not None)


@pytest.mark.parametrize("preset", [VSCODE, HELIX, MINIMAL], ids=lambda p: p.name)
async def test_person_cancels_progress(tiny: Any, preset: Preset) -> None:
    editor = await tiny(preset)
    if preset is MINIMAL:
        assert await editor.execute("tiny.work", {}) == "cancelled"
        return
    params = lsp.ExecuteCommandParams(command="tiny.work", arguments=[{}])
    work = editor.client.workspace_execute_command_async(params)
    task = asyncio.ensure_future(work)
    reports = editor.client.progress_reports
    (token, values) = await editor.until(lambda: next((i for i in reports.items() if i[1]), None))
    begin = values[0]
    assert (begin.title, begin.message, begin.percentage) == ("working", "m", 50)
    assert begin.cancellable
    editor.cancel_progress(token)
    assert await editor.ask(task) == "cancelled"
    await editor.until(lambda: isinstance(reports[token][-1], lsp.WorkDoneProgressEnd))


async def test_lenses_run_commands(tiny: Any) -> None:
    editor = await tiny(VSCODE)
    buffer = await editor.open("ä b.py")
    (lens,) = await editor.code_lenses(buffer)
    assert await editor.choose(lens.command) == {buffer.uri: [1, OLD]}


async def test_saving_is_the_editors_right(tiny: Any, workspace: Path) -> None:
    editor = await tiny(VSCODE)
    buffer = await editor.open("ä b.py")
    editor.type(buffer, "y", "z")
    editor.save(buffer)
    editor.close_buffer(buffer)
    assert (workspace / "ä b.py").read_bytes().decode() == buffer.text
    assert await editor.execute("tiny.text", {}) == {}


async def test_server_that_writes_to_the_workspace_is_caught(
    tmp_path: Path, workspace: Path
) -> None:
    async def session() -> None:
        async with Editor.start(VSCODE, workspace, tmp_path / "home", command=TINY) as editor:
            await editor.execute("tiny.write", {"path": str(workspace / "new.py")})

    with pytest.raises(AssertionError, match="the workspace was changed"):
        await session()


async def test_server_that_dies_is_noticed(tmp_path: Path, workspace: Path) -> None:
    async def session() -> None:
        async with Editor.start(VSCODE, workspace, tmp_path / "home", command=TINY) as editor:
            editor.client.process.kill()
            await editor.until(lambda: False)

    with pytest.raises(AssertionError, match="the server has gone"):
        await session()


async def test_nothing_of_the_persons_environment_reaches_the_server(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    editor = await tiny(VSCODE, env={"FESTINA_CONFIG": "/nowhere"})
    seen = await editor.execute("tiny.environment", {})
    assert "OPENAI_API_KEY" not in seen
    assert seen["FESTINA_CONFIG"] == "/nowhere"
    assert "/home0/" in seen["XDG_CACHE_HOME"]


async def test_errors_reach_the_test(tiny: Any) -> None:
    editor = await tiny(VSCODE_PLUGIN)
    with pytest.raises(JsonRpcException) as caught:
        await editor.execute("tiny.nothing", {})
    assert caught.value.code == -32602
