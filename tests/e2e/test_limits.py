"""A provider's limits in an editor: a wait is shown with its end, and no proposal is lost."""

import asyncio
import json

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import HELIX, NEOVIM_11, VSCODE, VSCODE_PLUGIN


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_a_refusal_is_waited_out_in_sight_and_counted(start, workspace, tmp_path, editor_is):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    refusal = fake_replies.status(429, retry_after="2")
    with FakeModel(refusal, desk.answer(desk.GOOD, source)) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        words = f"Waiting for {fake.origin.removeprefix('http://')}'s limit until "

        def told():
            if editor_is.proposals:
                return any(each["message"].startswith(words) for each in editor.proposals)
            return any(words in each.message for each in watch.ours())

        await editor.until(told, words)
        await watch.until("ready")
        if editor_is.proposals:
            usage = editor.proposal(proposal)["usage"]
            assert (usage["requests"], usage["prompt_tokens"]) == (1, 100)
            assert usage["completion_tokens"] > 0
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        await editor.close()
    (kept,) = tmp_path.rglob("usage.json")
    assert source[:40] not in kept.read_text()
    ((row,),) = json.loads(kept.read_text())["days"].values()
    assert (row["requests"], row["proposals"], row["accepted"]) == (1, 1, 1)


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_a_limit_of_many_minutes_loses_nothing_and_can_be_cancelled(
    start, workspace, tmp_path, editor_is
):
    """It would have been the end of the proposal once: more than five minutes."""
    desk.put_project(workspace)
    with FakeModel(fake_replies.status(429, retry_after="2400")) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        words = f"Waiting for {fake.origin.removeprefix('http://')}'s limit until "

        def told():
            if editor_is.proposals:
                return editor.proposal(proposal) or {}
            shown = watch.ours()
            return {"state": watch.state(), "message": shown[0].message} if shown else {}

        await editor.until(lambda: words in told().get("message", ""), words)
        assert told()["state"] == "streaming"
        assert "(39 min)" in told()["message"] or "(40 min)" in told()["message"]
        assert len(fake.requests) == 1
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "cancel edit of"))
        await watch.gone()
        assert "failed" not in watch.states
        await editor.close()


async def test_what_has_passed_is_ready_while_the_others_would_wait_for_an_hour(
    start, workspace, tmp_path
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    late = fake_replies.status(429, retry_after="3600")
    with FakeModel(desk.answer(desk.GOOD, source), late) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        end = desk.FIRST + desk.LENGTH + 1
        argument = {
            "uri": buffer.uri,
            "range": {
                "start": {"line": desk.FIRST, "character": 0},
                "end": {"line": end, "character": 0},
            },
            "instruction": desk.ASK,
            "variations": 4,
        }
        proposal = (await editor.execute("festina.propose", argument))["proposal"]
        watch = desk.Watch(editor, buffer)
        await watch.until("ready")
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        assert desk.GOOD in buffer.text
        assert watch.states[-1] == "applied"
        await editor.close()


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_what_a_limit_has_ended_is_asked_for_again_with_one_action(
    start, workspace, tmp_path, editor_is
):
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    refusal = fake_replies.status(429, retry_after="3")
    with FakeModel(refusal, desk.answer(desk.GOOD, source)) as fake:
        environment = desk.config(tmp_path, fake)
        config = tmp_path / "user-config.toml"
        config.write_text(
            config.read_text().replace("[models.fast]", "[models.fast]\nwait_seconds = 1")
        )
        editor = await start(editor_is, env=environment)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("rejected")
        if editor_is.proposals:
            payload = editor.proposal(proposal)
            assert payload["again"] is True
            assert "takes no more requests for now" in payload["message"]
        else:
            assert watch.ours()[0].message.startswith("Festina: held back: ")
        lenses = [lens.command.title for lens in await editor.code_lenses(buffer)]
        assert any(title.startswith("Festina: ask again (held back: ") for title in lenses)
        await asyncio.sleep(2.2)  # so that what is left of the limit is short enough
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        await editor.choose(desk.titled(actions, "ask again for the edit of dasherize"))
        await watch.until("ready")
        assert desk.ASK in str(fake.requests[-1]["messages"])
        await editor.execute("festina.accept", {"proposal": proposal})
        await watch.gone()
        assert desk.GOOD in buffer.text
        assert "failed" not in watch.states
        await editor.close()


async def test_at_a_cap_of_ones_own_the_proposal_says_what_to_do(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel("x") as fake:
        environment = desk.config(tmp_path, fake)
        with (tmp_path / "user-config.toml").open("a") as config:
            config.write("[limits]\ntokens_per_day = 10\n")
        editor = await start(VSCODE_PLUGIN, env=environment)
        buffer = await desk.open_with_marker(editor)
        proposal = await desk.ask_for_edit(editor, buffer)
        await editor.until(lambda: (editor.proposal(proposal) or {}).get("state") == "failed")
        message = editor.proposal(proposal)["message"]
        assert "nothing was sent: 0 of 10 tokens are used (limits.tokens_per_day)" in message
        assert fake.requests == []


def slow_model(tmp_path, fake):
    with (tmp_path / "user-config.toml").open("a") as config:
        config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
        config.write("[repair]\nrounds = 0\ncandidates = 1\n")


def reports(editor):
    return [
        getattr(report, "message", None) or ""
        for shown in editor.client.progress_reports.values()
        for report in shown
    ]


@pytest.mark.parametrize("editor_is", [VSCODE, NEOVIM_11], ids=lambda one: one.name)
async def test_a_question_that_waits_counts_down_where_that_is_no_message(
    start, workspace, tmp_path, editor_is
):
    desk.put_project(workspace)
    refusal = fake_replies.status(429, retry_after="3")
    with FakeModel(refusal, "It splits and joins.\n") as fake:
        environment = desk.config(tmp_path, fake)
        slow_model(tmp_path, fake)
        editor = await start(editor_is, env=environment)
        buffer = await editor.open(desk.MODULE)
        where = {
            "start": {"line": desk.FIRST, "character": 0},
            "end": {"line": desk.FIRST, "character": 0},
        }
        await editor.execute(
            "festina.ask", {"uri": buffer.uri, "range": where, "question": "What is it?"}
        )
        await editor.until(lambda: "answered the question" in " ".join(reports(editor)), "the end")
        waits = [each for each in reports(editor) if "Waiting for " in each]
        assert waits[0].startswith("waiting: Waiting for 127.0.0.1:")
        assert waits[0].endswith(" (3 s)")
        ends = [each[each.index(" until ") :].split(" (")[0] for each in waits]
        assert len(set(ends)) == 1, "it ends when it was said to"
        left = [each[-5:] for each in waits]
        assert (left == ["(3 s)"]) if editor_is is NEOVIM_11 else ("(2 s)" in left)
        assert len(waits) <= 4, "about one a second"


@pytest.mark.parametrize("editor_is", [VSCODE_PLUGIN, HELIX], ids=lambda one: one.name)
async def test_what_the_slow_model_waits_for_is_shown(start, workspace, tmp_path, editor_is):
    """Of a better instruction, then of a review."""
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    refused = set()

    def answer(body):
        asked = body["messages"][-1]["content"]
        if body["model"] != "thinker":
            good = "Split it." in asked
            return desk.answer(desk.GOOD if good else desk.WRONG, source)
        review = "with line numbers" in asked
        if review not in refused:
            refused.add(review)
            return fake_replies.status(429, retry_after="1.5")
        return "OK\n" if review else "Split it.\n"

    with FakeModel(answer, models=("fake-coder", "thinker")) as fake:
        gates = ["syntax", "lint", "tests", "review"]
        environment = desk.config(tmp_path, fake, gates=gates)
        slow_model(tmp_path, fake)
        editor = await start(editor_is, env=environment)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("ready")

        def told():
            if editor_is.proposals:
                return [payload["message"] for payload in editor.proposals]
            return reports(editor)

        whose = f"waiting for {fake.origin.removeprefix('http://')}'s limit until "
        review = f"; review: {whose}" if editor_is.proposals else f"W{whose[1:]}"
        await editor.until(
            lambda: any(f"slow model: {whose}" in each for each in told()), "the plan's wait"
        )
        await editor.until(lambda: any(review in each for each in told()), "the review's wait")
        await fake.until(lambda: len(refused) == 2 and len(fake.requests) == 6)
        await editor.until(lambda: whose[1:] not in told()[-1], "that it is over")
        await editor.close()
