"""A long day: hundreds of proposals and ten thousand keystrokes leave a server as it was."""

import asyncio
import gc
import itertools

import pytest

from festina.lsp.app import App
from festina.session import KEPT_OVER
from support import wire
from support.fakes import OneModel, ScriptedModel, ScriptedVerifier, passed
from support.wire import Wire

URI = "file:///w/a.py"
HEAD = "".join(f"value_{n} = {n}\n" for n in range(200))
BASE = HEAD + "def one():\n    return 2\n"
GOOD = "```python\ndef one():\n    return 1\n```\n"


async def session(proposals: bool) -> tuple[App, Wire]:
    app = App({})
    line = Wire(app.server)
    app.verifier = app.lifecycle.verifier = ScriptedVerifier(lambda _: passed())  # type: ignore
    app.lifecycle.runs.verifier = app.lifecycle.verifier
    model = ScriptedModel([GOOD])
    app.lifecycle.runs.models = OneModel(model)
    capabilities = {
        "window": {"workDoneProgress": True},
        "workspace": {"applyEdit": True, "codeLens": {"refreshSupport": True}},
    }
    if proposals:
        capabilities["experimental"] = {"festina": {"proposals": True}}
    params = {**wire.INITIALIZE["params"], "rootUri": "file:///w", "capabilities": capabilities}
    await line.call("initialize", params, "init")
    item = {"uri": URI, "languageId": "python", "version": 1, "text": BASE}
    line.send(wire.notification("textDocument/didOpen", {"textDocument": item}))
    return app, line


def answer_everything(line: Wire) -> None:
    """Answer what the server asks: progress displays, refreshes, edits."""
    for message in line.sent:
        if "method" in message and "id" in message:
            result = {"applied": False} if message["method"] == "workspace/applyEdit" else None
            line.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
    line.sent.clear()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("proposals", [True, False], ids=["plugin", "plain"])
async def test_nothing_grows(proposals, monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)
    app, line = await session(proposals)
    versions = itertools.count(2)

    def type_something() -> None:
        zero = {"line": 0, "character": 0}
        end = {"line": 0, "character": 1}
        for start, stop, text in ((zero, zero, "#"), (zero, end, "")):
            line.send(
                wire.notification(
                    "textDocument/didChange",
                    {
                        "textDocument": {"uri": URI, "version": next(versions)},
                        "contentChanges": [{"range": {"start": start, "end": stop}, "text": text}],
                    },
                )
            )

    async def command(name: str, **argument):
        params = {"command": f"festina.{name}", "arguments": [argument]}
        return (await line.call("workspace/executeCommand", params))["result"]

    async def one(number: int) -> None:
        start, end = {"line": 200, "character": 0}, {"line": 202, "character": 0}
        span = {"start": start, "end": end}
        made = await command("propose", uri=URI, range=span, instruction="x", variations=3)
        proposal = made["proposal"]
        if number % 3:
            await app.lifecycle.runs.jobs.join(proposal)
        for _ in range(17):
            type_something()
        await asyncio.sleep(0)
        await app.lifecycle.runs.jobs.join(proposal) if number % 3 == 1 else None
        if number % 5 == 0:
            await command("accept", proposal=proposal)
        answer_everything(line)
        await command("cancel" if number % 3 == 0 else "dismiss", proposal=proposal)
        await app.lifecycle.runs.jobs.join(proposal)

    async def settle() -> tuple[int, int]:
        answer_everything(line)
        publisher = app.publisher
        throttles = (
            publisher._notify,
            publisher._refresh,
            publisher._progresses._report,
            app.board._throttle,
        )
        while len(asyncio.all_tasks()) > 1 or any(throttle._timers for throttle in throttles):
            answer_everything(line)
            await asyncio.sleep(0.01)
        app.verifier.judged.clear()
        app.verifier.snapshots.clear()
        app.lifecycle.runs.models.model.requests.clear()
        gc.collect()
        return len(gc.get_objects()), len(asyncio.all_tasks())

    for number in range(2 * KEPT_OVER):
        await one(number)
    before, _ = await settle()
    for number in range(300):
        await one(number)
    after, tasks = await settle()
    assert tasks == 1
    assert after - before < 300, "less than one object a proposal"
    assert len(app.session.proposals) == KEPT_OVER
    await line.call("shutdown", None)
    await line.close()
