"""The gallery beside a stock editor: opened, read as it changes, and picked from by a person."""

import asyncio

import pytest

from support import clamp, fake_replies
from support.fake_model import FakeModel
from support.presets import EMACS, HELIX, VSCODE, VSCODE_PLUGIN
from support.visitor import Visitor

OTHER = clamp.GOOD.replace("min(high, max(low, value))", "sorted((low, value, high))[1]")


async def opened(editor) -> Visitor:
    """The browser that the editor opened, with the page in it."""
    await editor.until(lambda: editor.client.shown_documents, "the page")
    shown = editor.client.shown_documents[-1]
    assert shown.external
    visitor = Visitor(shown.uri)
    answer = await asyncio.to_thread(visitor.enter)
    assert answer.status == 200, answer
    return visitor


async def board(visitor, condition):
    return await asyncio.to_thread(visitor.watch, condition)


def settled(count):
    return lambda one: (
        one["head"]["state"] == "ready"
        and all(card["status"] in {"passed", "failed"} for card in one["cards"].values())
        and sum(len(card["same"]) for card in one["cards"].values()) == count
    )


@pytest.mark.parametrize("preset", [VSCODE, HELIX], ids=lambda preset: preset.name)
async def test_open_watch_and_accept_from_the_page(start, workspace, tmp_path, preset):
    source = clamp.put(workspace)
    texts = [clamp.WRONG, clamp.GOOD, OTHER, clamp.GOOD]
    slow = [fake_replies.text(clamp.fenced(text), speed=60) for text in texts]
    with FakeModel(*slow) as fake:
        editor = await start(preset, env=clamp.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        await clamp.propose(editor, buffer, variations=4)
        lenses = []

        async def lens():
            while not lenses:
                found = await editor.code_lenses(buffer)
                lenses.extend(one for one in found if one.command.title == "open gallery")
                await asyncio.sleep(0.02)

        await asyncio.wait_for(lens(), 60)
        command = lenses[0].command
        answer = await editor.execute(command.command, *command.arguments)
        assert answer == {"ok": True, "message": "Opening the gallery."}
        visitor = await opened(editor)

        seen = []

        def is_settled(one):
            gates = [g["status"] for card in one["cards"].values() for g in card["gates"]]
            seen.append((one["head"]["state"], {c["status"] for c in one["cards"].values()}, gates))
            return settled(4)(one)

        last = await board(visitor, is_settled)
        assert any("streaming" in statuses for _, statuses, _ in seen), "it is there live"
        assert any("running" in gates for _, _, gates in seen), "gate by gate"
        cards = {card["text"]: card for card in last["cards"].values()}
        assert {card["status"] for card in cards.values()} == {"passed", "failed"}
        best, other, wrong = (cards[text] for text in (clamp.GOOD, OTHER, clamp.WRONG))
        assert len(best["same"]) == 2
        assert (best["rank"], best["best"]) == (1, True)
        assert best["why"].startswith(f"before #{other['id'] + 1} by agreement")
        assert wrong["findings"][0]["place"].startswith("test_mod.py:")
        assert buffer.text == source

        refused = (await asyncio.to_thread(visitor.wish, "accept", wrong)).json
        assert refused["ok"] is False
        stale = {**other, "digest": best["digest"]}
        refused = (await asyncio.to_thread(visitor.wish, "accept", stale)).json
        assert "has changed since it was drawn" in refused["message"]
        assert editor.edits == []
        accepted = (await asyncio.to_thread(visitor.wish, "accept", other)).json
        assert accepted["ok"], accepted
        await board(visitor, lambda one: one["head"]["state"] == "applied")
        assert buffer.text == source.replace(clamp.of(source), OTHER)
        assert len(editor.edits) == 1
        again = (await asyncio.to_thread(visitor.wish, "accept", other)).json
        assert (again["ok"], len(editor.edits)) == (False, 1)
        editor.undo(buffer)
        assert buffer.text == source


async def test_more_variations_another_on_show_and_dismissed_from_the_page(
    start, workspace, tmp_path
):
    clamp.put(workspace)
    with FakeModel(clamp.fenced(clamp.GOOD), clamp.fenced(OTHER)) as fake:
        editor = await start(VSCODE_PLUGIN, env=clamp.config(tmp_path, fake, gates=["syntax"]))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await clamp.reach(editor, proposal, "ready")
        await editor.execute("festina.gallery", {"proposal": proposal})
        visitor = await opened(editor)
        one = await board(visitor, settled(1))
        assert len(one["cards"]) == 1
        asked = (await asyncio.to_thread(visitor.wish, "variations", count=1)).json
        assert asked == {"ok": True, "message": "Asking for 1 more."}
        two = await board(visitor, settled(2))
        other = two["cards"][1]
        assert (await asyncio.to_thread(visitor.wish, "show", other)).json["ok"]
        await board(visitor, lambda now: now["head"]["shown"] == 1)
        await editor.until(lambda: editor.proposal(proposal)["candidate"] == 1)
        assert (await asyncio.to_thread(visitor.wish, "dismiss")).json["ok"]
        await board(visitor, lambda now: now["head"]["over"])
        await clamp.reach(editor, proposal, "dismissed")
        late = await editor.execute("festina.gallery", {"proposal": proposal})
        assert late == {"ok": False, "message": "That proposal is dismissed already."}


async def test_an_editor_that_opens_nothing_is_told_the_address(start, workspace, tmp_path):
    clamp.put(workspace)
    assert not EMACS.can("window.showDocument")
    with FakeModel(clamp.fenced(clamp.GOOD)) as fake:
        editor = await start(EMACS, env=clamp.config(tmp_path, fake, gates=["syntax"]))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer)
        await editor.execute("festina.gallery", {"proposal": proposal})
        said = "open this in a browser, once: "
        await editor.until(lambda: any(said in message for message in editor.messages))
        (link,) = [m.partition(said)[2] for m in editor.messages if said in m]
        visitor = Visitor(link)
        assert (await asyncio.to_thread(visitor.enter)).status == 200
        # and whoever reads along has got nothing
        assert (await asyncio.to_thread(Visitor(link).enter)).status == 403
        await board(visitor, settled(1))
        await editor.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.to_thread(visitor.send, visitor.at)
