"""An edit of a stylesheet is looked at in a real Chromium, in editors without any plugin."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from support import desk, pages
from support.fake_model import FakeModel
from support.presets import HELIX, NEOVIM_11, VSCODE, VSCODE_PLUGIN

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(180)]

RULE = ".card .price {\n  margin: 0;\n  color: #5c544a;\n}\n"
PALE = RULE.replace("#5c544a", "#c9c2b8")
GOOD = RULE.replace("#5c544a", "#4a443c")


def answer(rule):
    return f"```css\n{rule}```\n"


async def propose(editor, buffer):
    """Ask for another colour of the price."""
    first = buffer.text[: buffer.text.index(RULE)].count("\n")
    lines = {"start": {"line": first, "character": 0}, "end": {"line": first + 4, "character": 0}}
    argument = {"uri": buffer.uri, "range": lines, "instruction": "another colour"}
    proposal = (await editor.execute("festina.propose", argument))["proposal"]
    return proposal, first


def settings(tmp_path, fake, rounds):
    environment = desk.config(tmp_path, fake)
    config = Path(environment["FESTINA_CONFIG"])
    config.write_text(config.read_text() + f"[repair]\nrounds = {rounds}\ncandidates = 1\n")
    return {**environment, "PATH": pages.path_with(pages.chromium())}


@pytest.mark.parametrize("preset", [VSCODE, HELIX, NEOVIM_11], ids=lambda one: one.name)
async def test_a_pale_price_is_rejected_with_its_picture_and_a_dark_one_accepted(
    start, workspace, tmp_path, preset
):
    pages.put_shop(workspace)
    with FakeModel(answer(PALE), answer(GOOD)) as fake:
        editor = await start(preset, env=settings(tmp_path, fake, 0))
        buffer = await editor.open(pages.CARD, language="css")
        before = buffer.text
        watch = desk.Watch(editor, buffer)
        proposal, line = await propose(editor, buffer)
        await watch.until("rejected")
        (shown,) = watch.ours()
        assert shown.message.startswith("Festina: rejected: browser failed\n")
        assert "color contrast is 1.76:1" in " ".join(shown.message.split())
        refused = await editor.execute("festina.accept", {"proposal": proposal})
        assert not refused["ok"]
        hover = await editor.hover(buffer, line)
        assert '<p class="price">' in hover
        pictures = [unquote(urlsplit(uri).path) for uri in re.findall(r"\((file:[^)]*)\)", hover)]
        assert len(pictures) == 3, "the price, and the page with it and without it"
        for picture in map(Path, pictures):
            assert picture.read_bytes().startswith(b"\x89PNG")
            assert not picture.is_relative_to(workspace)
        assert buffer.text == before

        again = {"proposal": proposal, "instruction": "darker"}
        assert (await editor.execute("festina.redirect", again))["ok"]
        await watch.until("ready")
        (shown,) = watch.ours()
        assert "browser ok (1 page at 3 widths)" in shown.message
        assert buffer.text == before
        actions = await editor.code_actions(buffer, (line, line + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await editor.until(lambda: buffer.text != before, "the edit")
        await watch.gone()
        assert buffer.text == before.replace(RULE, GOOD)
        editor.undo(buffer)
        assert buffer.text == before


async def test_what_is_wrong_goes_back_to_the_model_and_a_plugin_gets_the_pictures(
    start, workspace, tmp_path
):
    pages.put_shop(workspace)
    with FakeModel(answer(PALE), answer(GOOD)) as fake:
        editor = await start(VSCODE_PLUGIN, env=settings(tmp_path, fake, 1))
        buffer = await editor.open(pages.CARD, language="css")
        before = buffer.text
        watch = desk.Watch(editor, buffer)
        proposal, _ = await propose(editor, buffer)
        await watch.until("ready")
        asked = fake.requests[1]["messages"][-1]["content"]
        assert "color contrast is 1.76:1" in asked
        assert ".png" not in asked
        gate = editor.proposal(proposal)["verdict"]["gates"][-1]
        assert (gate["gate"], gate["status"]) == ("browser", "passed")
        assert [shot["width"] for shot in gate["shots"]] == [375, 768, 1280]
        assert all(Path(shot["path"]).is_file() for shot in gate["shots"])
        assert all(shot["before"] != shot["path"] for shot in gate["shots"])
        assert buffer.text == before
