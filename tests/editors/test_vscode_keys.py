"""A key in a real VS Code's secret store: it is sent where it is for, and stands in no file."""

import os
from pathlib import Path

import pytest

from support import vscode
from support.fake_model import FakeModel
from support.planted import KEY, files_with_key, own_address

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

MODULE = "def clamp(value, low, high):\n    return max(low, value)\n"


BOX = ".quick-input-widget"


def typed(window, words, prompt):
    """Type into the box that asks for something."""
    window.until(lambda: prompt in " ".join(window.texts(BOX)), prompt)
    window.page.keyboard.type(words)
    window.press("Enter")


def test_a_key_is_kept_for_one_origin_and_used_there(desk, tmp_path, request):
    project = tmp_path / "project"
    project.mkdir()
    (project / "mod.py").write_text(MODULE)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    # an editor is not asked for the key of this machine itself
    with FakeModel("It ignores the upper bound.", key=KEY, host=own_address()) as fake:
        config = desk.config.read_text()
        desk.config.write_text(config.replace(desk.fake.base_url, fake.base_url))
        window.open("mod.py", trust=True)
        window.instruct("mind the bounds", 1, 2)
        window.until(lambda: any("wants a key" in toast for toast in window.toasts), "a remedy")
        window.shot("wants-a-key")
        fake.heads.clear()
        window.page.click(".notification-toast .monaco-button:has-text('Set API Key')")
        typed(window, f"{fake.base_url}/", "Cerebras")
        typed(window, KEY, f"The key for {fake.origin}.")
        window.until(lambda: any("is kept" in toast for toast in window.toasts), "it says so")
        window.select(1, 2)
        window.command("Festina: Ask About the Selected Lines")
        typed(window, "what of the bounds?", "What do you want to know")
        window.until(lambda: fake.requests and fake.streams == 0, "the question")
        heads = list(fake.heads)
        assert {head.headers["authorization"] for head in heads} == {f"Bearer {KEY}"}
        window.until(lambda: "what of the bounds" in " ".join(window.texts(".tab")), "its page")
        window.page.wait_for_timeout(1000)  # it takes the focus when it is drawn
        window.shot("answered")
        window.select(1, 2)

        # forgotten: the next request has none
        window.command("Festina: Clear API Key")
        window.until(lambda: fake.origin in " ".join(window.texts(BOX)), "what can be forgotten")
        window.shot("clear")
        window.press("Enter")
        window.until(lambda: any("forgotten" in toast for toast in window.toasts), "it says so")
        window.select(1, 2)
        window.command("Festina: Ask About the Selected Lines")
        typed(window, "and now?", "What do you want to know")
        window.until(lambda: len(fake.heads) > len(heads), "a request without a key")
        assert "authorization" not in fake.heads[-1].headers
        window.page.wait_for_timeout(1000)
        window.select(1, 2)
        window.command("Festina: Clear API Key")
        window.until(lambda: any("no key" in toast for toast in window.toasts), "there is none")
    assert KEY not in " ".join(window.texts("body"))
    assert files_with_key(tmp_path, desk.config.parent) == []
    assert desk.fake.heads == []
    window.page.close()
