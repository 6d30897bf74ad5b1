"""The two-step promise over the protocol: a real suite refutes what its impacted tests passed."""

import itertools

import pytest
from lsprotocol import types as lsp

from support import clamp, desk, leak
from support.fake_model import FakeModel
from support.presets import VSCODE, VSCODE_PLUGIN

ERROR = lsp.DiagnosticSeverity.Error


class Model:
    """Answers with the text that it is told to give, each time with another comment."""

    def __init__(self):
        self.text = leak.GOOD
        self.count = itertools.count()

    def __call__(self, body):
        mark = f"return found  # {next(self.count)}"
        return clamp.fenced(self.text.replace("return found", mark))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
async def sit(start, workspace, tmp_path, model):
    """Start an editor that knows which tests a change affects, and a suite that takes too long."""
    leak.put(workspace)
    with FakeModel(model) as fake:
        environment = desk.config(tmp_path, fake, **{"tests.confirm_seconds": 0})
        config = tmp_path / "user-config.toml"
        config.write_text(config.read_text() + "[repair]\nrounds = 0\ncandidates = 1\n")

        async def sit(preset):
            editor = await start(preset, env=environment)
            buffer = await editor.open(leak.MODULE)
            watch = desk.Watch(editor, buffer)
            for _ in range(30):  # which test enters what is found out in the background
                proposal = await leak.propose(editor, buffer)
                await watch.until("ready")
                last = editor.proposal(proposal)
                words = last["message"] if last is not None else watch.ours()[0].message
                await editor.execute("festina.dismiss", {"proposal": proposal})
                await watch.gone()
                if "impacted" in words:
                    return editor, buffer, watch
            raise AssertionError(f"it is never known what is impacted: {words}")

        yield sit


async def test_the_whole_suite_confirms_what_is_ready_or_withdraws_it(sit, model):
    editor, buffer, _ = await sit(VSCODE_PLUGIN)
    proposal = await leak.propose(editor, buffer)
    seen = await clamp.reach(editor, proposal, "ready")
    assert leak.scope_of(seen) == "impacted"
    assert "1 impacted test ok, the whole suite is still running (" in seen["message"]

    def confirmed():
        last = editor.proposal(proposal)
        return last if "whole suite: 4 tests ok" in last["message"] else None

    seen = await editor.until(confirmed, "the whole suite")
    assert (seen["state"], leak.scope_of(seen)) == ("ready", "full")
    states = [p["state"] for p in editor.proposals if p["proposal"] == proposal]
    assert states[states.index("ready") :] == ["ready"] * states.count("ready")
    await editor.execute("festina.dismiss", {"proposal": proposal})

    model.text = leak.LEAKS
    proposal = await leak.propose(editor, buffer)
    await clamp.reach(editor, proposal, "ready")
    seen = await clamp.reach(editor, proposal, "rejected")
    assert seen["message"] == f"withdrawn: {leak.TEST} failed in the whole suite"
    assert [(one["index"], one["status"]) for one in seen["candidates"]] == [(0, "failed")]
    assert leak.scope_of(seen) == "full"
    refused = await editor.execute("festina.accept", {"proposal": proposal})
    assert refused["ok"] is False
    assert buffer.text == leak.SOURCE
    assert editor.messages == []


async def test_an_accepted_edit_that_the_whole_suite_refutes_is_shown_until_it_is_undone(
    sit, model
):
    editor, buffer, watch = await sit(VSCODE)
    model.text = leak.LEAKS
    proposal = await leak.propose(editor, buffer)
    await watch.until("ready")
    assert "the whole suite is still running" in watch.ours()[0].message
    actions = await editor.code_actions(buffer, leak.SCOPED)
    accept = desk.titled(actions, "accept")
    assert "1 impacted test ok, the whole suite is still running" in accept.title
    await editor.choose(accept)
    assert "return found" in buffer.text
    assert buffer.text != leak.SOURCE

    def refuted():
        return [one for one in editor.diagnostics(buffer) if one.severity is ERROR]

    (shown,) = await editor.until(refuted, "the failure")
    first, *_ = shown.message.split("\n")
    assert leak.TEST in shown.message
    assert first == "Festina: accepted edit of scoped fails test_nothing_is_left"
    assert shown.range.start.line == leak.SCOPED[0]
    place = shown.related_information[0].location
    assert place.uri.endswith("/test_registry.py")
    at_the_test = editor.client.diagnostics
    await editor.until(lambda: at_the_test.get(place.uri), "a diagnostic at the test as well")
    assert editor.messages[-1] == "Festina: accepted scoped fails test_nothing_is_…"
    titles = [one.title for one in await editor.code_actions(buffer, leak.SCOPED)]
    assert not [title for title in titles if "save as a skill" in title]
    refused = await editor.execute("festina.saveSkill", {"proposal": proposal})
    assert refused["ok"] is False
    assert refused["message"].startswith("The whole suite has failed with that edit since it was")
    editor.undo(buffer)
    await editor.until(
        lambda: not editor.diagnostics(buffer) and not at_the_test[place.uri], "no diagnostic"
    )
