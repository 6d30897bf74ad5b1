"""What is sent to the model, in a real VS Code: a page beside the code, and nothing is sent."""

import os
from pathlib import Path

import pytest

from support import vscode
from support.trees import hash_tree

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

MODULE = """\
def clamp(value, low, high):
    # festina: mind the upper bound
    return max(low, value)
"""


def test_the_prompt_is_a_page_of_its_own_and_cannot_be_changed(desk, tmp_path, request):
    project = tmp_path / "project"
    project.mkdir()
    (project / "mod.py").write_text(MODULE)
    before = hash_tree(project)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    asked = len(desk.fake.requests)
    window.open("mod.py", trust=True)
    window.select(1, 3)
    window.command("Festina: Show What Is Sent to the Model")
    lines = ".editor-instance .view-line"

    def shown():
        text = "\n".join(window.texts(lines)).replace("\u00a0", " ")
        return "mind the upper bound" in text and "Answer: at most" in text

    window.until(shown, "the page")
    window.shot("page")
    assert any("What Would Be Sent" in one for one in window.texts(".tab .label-name"))
    window.page.keyboard.type("x")
    window.until(
        lambda: "read-only" in " ".join(window.texts(".monaco-editor-overlaymessage")).lower(),
        "that it cannot be changed",
    )
    assert len(desk.fake.requests) == asked
    assert hash_tree(project) == before
    window.page.close()
