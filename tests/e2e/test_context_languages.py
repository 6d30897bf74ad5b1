"""What a real server sends of a file that is no Python: definitions from other files."""

from pathlib import Path

import pytest

from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import HELIX, VSCODE
from support.secret_samples import FORMS

TOKEN = FORMS["a GitHub token"]
MODULE = """\
import { limit } from "./limits";

export class Range {
  clamp(value: number): number {
    return Math.max(limit(this), value);
  }
}

export const other = 1;
"""
LIMITS = f"""\
/** The lower limit. */
export function limit(of: unknown, token = "{TOKEN}"): number {{
  return of ? 0 : 1;
}}
"""


def put(workspace: Path) -> None:
    (workspace / "src").mkdir()
    (workspace / "src" / "range.ts").write_text(MODULE)
    (workspace / "src" / "limits.ts").write_text(LIMITS)
    (workspace / "package.json").write_text("{}\n")


@pytest.mark.parametrize("editor_is", [VSCODE, HELIX], ids=lambda one: one.name)
async def test_the_definition_from_another_file_is_in_the_prompt(
    start, workspace, tmp_path, editor_is
):
    put(workspace)
    with FakeModel("") as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await editor.open("src/range.ts", language="typescript")
        actions = await editor.code_actions(buffer, (4, 4))
        assert any("(clamp)" in action.title for action in actions), "the method is meant"
        shown = await editor.execute("festina.showPrompt", clamp.argument(buffer, (4, 4)))
        assert shown == {"ok": True, "message": "Showing the prompt."}
        told = "Festina: the prompt is in "
        if editor_is.can("window.showDocument"):
            await editor.until(lambda: editor.client.shown_documents, "the page")
            uri = editor.client.shown_documents[-1].uri
            page = Path(uri.removeprefix("file://")).read_text()
        else:
            await editor.until(lambda: any(told in each for each in editor.messages), "the page")
            page = Path(editor.messages[-1].removeprefix(told)).read_text()
        definition = LIMITS.replace(TOKEN, "FESTINA-SECRET-1")
        assert (
            f"What it uses from src/limits.ts, for reading only:\n```typescript\n{definition}"
            in page
        )
        assert TOKEN not in page
        region = page.partition("The region to rewrite:\n```typescript\n")[2]
        assert region.startswith("clamp(value: number): number {\n")


async def test_unsaved_text_of_the_other_file_is_what_is_sent(start, workspace, tmp_path):
    put(workspace)
    with FakeModel(clamp.fenced("export const other = 2;")) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open("src/range.ts", language="typescript")
        limits = await editor.open("src/limits.ts", language="typescript")
        editor.set_text(limits, "export const limit = (of: unknown) => 7;\n")
        proposal = await clamp.propose(editor, buffer, (3, 6))
        await fake.until(lambda: fake.requests)
        asked = fake.requests[0]["messages"][-1]["content"]
        assert "export const limit = (of: unknown) => 7;" in asked
        await editor.execute("festina.cancel", {"proposal": proposal})
