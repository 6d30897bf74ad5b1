"""A slow model beside the fast one, in editors with and without our plugin: review, replan."""

import asyncio
import json
import re

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import HELIX, MINIMAL, VSCODE, VSCODE_PLUGIN

WHOM = [
    ("fast", "model", "fake-coder"),
    ("fast", "model", "fake-coder"),
    ("slow", "model", "thinker"),
    ("fast", "model", "fake-coder"),
]
BETTER = "Split at the underscores, then join with a hyphen."
REVIEW = "10: WARNING: a word of underscores alone gives hyphens alone\nNothing else.\n"


def two_models(tmp_path, source, *, gates, rounds=0):
    """Return a server of both models, and the environment that names it."""

    def answer(body):
        asked = body["messages"][-1]["content"]
        if body["model"] == "thinker":
            said = REVIEW if "with line numbers" in asked else BETTER
            return fake_replies.text(said, speed=30)
        good = BETTER in asked or "review" in gates
        return fake_replies.text(desk.answer(desk.GOOD if good else desk.WRONG, source), speed=200)

    fake = FakeModel(answer, models=("fake-coder", "thinker"))

    def environment():
        found = desk.config(tmp_path, fake, gates=gates)
        with (tmp_path / "user-config.toml").open("a") as config:
            config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
            config.write(f"[repair]\nrounds = {rounds}\ncandidates = 1\n")
        return found

    return fake, environment


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX, MINIMAL], ids=lambda one: one.name)
async def test_a_review_is_added_to_what_is_ready_and_decides_nothing(
    start, workspace, tmp_path, editor_is
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    fake, environment = two_models(tmp_path, source, gates=["syntax", "lint", "tests", "review"])
    with fake:
        editor = await start(editor_is, env=environment())
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        line = desk.FIRST + 10
        if editor_is.proposals:

            def reviewed():
                verdict = editor.proposal(proposal)["verdict"]
                return verdict and verdict["gates"][-1]["gate"] == "review"

            await editor.until(reviewed, "the review")
            last = editor.proposal(proposal)
            assert (last["state"], last["verdict"]["status"]) == ("ready", "passed")
            assert last["verdict"]["gates"][-1]["findings"][0]["line"] == line
            assert [call["why"] for call in last["calls"]] == ["write", "review"]
            first = next(p for p in editor.proposals if p["state"] == "ready")
            assert first["verdict"]["gates"][-1]["gate"] == "tests", "ready before the review"
        else:
            remark = f"* review: line {line}: warning: a word of underscores alone"
            await editor.until(lambda: remark in watch.ours()[0].message, "the remark")
            assert "review: 1 remark" in " ".join(watch.ours()[0].message.split())
            assert len(watch.ours()[0].message.splitlines()[0]) <= 80
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "accept"))
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, VSCODE], ids=lambda one: one.name)
async def test_the_slow_model_says_what_to_do_when_the_repairs_are_used_up(
    start, workspace, tmp_path, editor_is
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    fake, environment = two_models(tmp_path, source, gates=["syntax", "lint", "tests"], rounds=1)
    with fake:
        editor = await start(editor_is, env=environment())
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        models = [body["model"] for body in fake.requests]
        assert models == ["fake-coder", "fake-coder", "thinker", "fake-coder"]
        assert "test_inflection.py" in str(fake.requests[2]), "the findings were told"
        assert f"{desk.ASK}\\n{BETTER}" in str(fake.requests[3])
        logged = [one.message for one in editor.client.log_messages]
        calls = [line for line in logged if line.startswith(f"{proposal}: ")]
        whom = [line.split(": ")[1].split(" ", 3)[:3] for line in calls]
        assert whom == [[*call] for call in WHOM], "in any editor"
        assert all(re.search(r"\(100 \+ \d+ tokens, [\d.,]+ m?s\)$", line) for line in calls), calls
        if editor_is.proposals:
            calls = editor.proposal(proposal)["calls"]
            whys = [(call["who"], call["why"]) for call in calls]
            assert whys == [
                ("fast", "write"),
                ("fast", "repair"),
                ("slow", "replan"),
                ("fast", "write"),
            ]
            assert calls[2]["said"] == BETTER
            assert calls[2]["completion_tokens"] > 0
            messages = " ".join(payload["message"] for payload in editor.proposals)
            assert "asking the slow model for a better instruction" in messages
            assert "with the slow model's instruction; about" in messages


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_a_review_that_still_runs_at_an_accept_is_ended_at_once(
    start, workspace, tmp_path, editor_is
):
    """Its connection is closed, what it took is counted, and nothing of it is shown later."""
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()

    def answer(body):
        if body["model"] != "thinker":
            return desk.answer(desk.GOOD, source)
        half = fake_replies.text(REVIEW, finish=None, done=False)
        return fake_replies.Reply((*half.steps, fake_replies.Hold()))

    with FakeModel(answer, models=("fake-coder", "thinker")) as fake:
        environment = desk.config(tmp_path, fake, gates=["syntax", "lint", "tests", "review"])
        with (tmp_path / "user-config.toml").open("a") as config:
            config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
        editor = await start(editor_is, env=environment)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")
        await fake.until(lambda: fake.streams == 1)
        assert fake.requests[-1]["model"] == "thinker"
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        await fake.until(lambda: fake.streams == 0 and fake.disconnects == 1)
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)
        told = len(editor.proposals), len(editor.client.messages), len(editor.client.published)
        await asyncio.sleep(0.5)
        now = len(editor.proposals), len(editor.client.messages), len(editor.client.published)
        assert now == told, "nothing more is shown"
        assert not watch.ours()
        if editor_is.proposals:
            assert editor.proposals[-1]["state"] == "applied"
            assert "review" not in str(editor.proposals[-1]["verdict"])
        await editor.close()
    (kept,) = tmp_path.rglob("usage.json")
    (rows,) = json.loads(kept.read_text())["days"].values()
    (thinker,) = [row for row in rows if row["model"] == "thinker"]
    assert thinker["requests"] == 1
    assert thinker["prompt_tokens"] > 0
    assert thinker["completion_tokens"] >= len(REVIEW) // 4
    whole = thinker["prompt_tokens"] + thinker["completion_tokens"]
    assert thinker["estimated_tokens"] == whole
