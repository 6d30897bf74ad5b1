"""A question in a real VS Code: the answer is written into a page beside the code.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
import threading
from pathlib import Path

import pytest

from support import fake_replies, vscode
from support.trees import hash_tree

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

MODULE = "def clamp(value, low, high):\n    return max(low, value)\n"
FIRST = "It keeps a value **above** `low`, see [the docs](https://e.example)\n\n"
SECOND = "- the upper bound is ignored\n- ![x](https://e.example/x.png) [run](command:x) it\n"


def held(go):
    """An answer whose second half comes when the event is set."""
    first = fake_replies.text(FIRST, finish=None, done=False)
    second = fake_replies.text(SECOND)
    steps = (*first.steps[:-1], fake_replies.Until(go), *second.steps[1:])
    return fake_replies.Reply(steps)


def pages(window):
    """Return what the previews of Markdown in a window hold, as HTML."""
    found = []
    for frame in window.page.frames:
        try:
            found.append(frame.content())
        except Exception:  # it is being replaced
            continue
    return [html for html in found if "markdown-body" in html or "vscode-body" in html]


def test_the_answer_streams_into_a_page_of_its_own(desk, tmp_path, request):
    project = tmp_path / "project"
    project.mkdir()
    (project / "mod.py").write_text(MODULE)
    before = hash_tree(project)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    go = threading.Event()
    desk.fake.script(held(go))
    window.open("mod.py", trust=True)
    window.select(1, 2)
    window.command("Festina: Ask About the Selected Lines")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type("what of the bounds?")
    window.press("Enter")

    window.until(lambda: any("<strong>above</strong>" in one for one in pages(window)), "the half")
    assert not any("upper bound" in one for one in pages(window))
    window.shot("half")
    go.set()
    window.until(lambda: any("upper bound is ignored" in one for one in pages(window)), "the rest")
    window.shot("whole")
    (page,) = [one for one in pages(window) if "upper bound is ignored" in one]
    assert "what of the bounds?" in page
    body = page.partition("<body")[2]
    assert "e.example" not in body
    assert "command:" not in body
    assert window.text.rstrip() == MODULE.rstrip()
    assert hash_tree(project) == before
    window.page.close()
