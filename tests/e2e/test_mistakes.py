"""A newcomer's mistakes each get a sentence that helps, and nothing is lost."""

import socket
from pathlib import Path

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN


@pytest.fixture
def source(workspace):
    desk.put_project(workspace)
    return (workspace / desk.MODULE).read_text()


def whole(buffer, start=0, end=3):
    return {
        "uri": buffer.uri,
        "range": {"start": {"line": start, "character": 0}, "end": {"line": end, "character": 0}},
        "instruction": "x",
    }


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (fake_replies.status(401), "key"),
        (fake_replies.status(404), "model"),
        (fake_replies.status(404, {"detail": "Not Found"}), "/v1"),
        (fake_replies.status(402), "credit"),
        (fake_replies.status(429, {"error": {"code": "insufficient_quota"}}), "credit"),
        (fake_replies.document(b"<html>Log in</html>", kind="text/html"), "web page"),
        (fake_replies.stream(fake_replies.Hold()), "first_content_seconds"),
    ],
)
async def test_what_the_model_server_says_reaches_the_person(start, source, tmp_path, reply, words):
    with FakeModel(reply) as fake:
        environment = desk.config(tmp_path, fake)
        config = Path(environment["FESTINA_CONFIG"])
        limits = "[models.fast]\nmax_retries = 0"
        if words == "first_content_seconds":  # only here: a busy machine can be slow to answer
            limits += "\nfirst_content_seconds = 2"
        config.write_text(config.read_text().replace("[models.fast]", limits))
        editor = await start(VSCODE, env=environment)
        buffer = await desk.open_with_marker(editor)
        await desk.ask_for_edit(editor, buffer)
        message = await editor.until(lambda: next(iter(editor.messages), ""), "a message")
        assert words in message.lower()
        assert fake.origin in message
        assert "Traceback" not in message
        await desk.Watch(editor, buffer).gone()


def closed() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("lines", "environment", "words"),
    [
        ('model = "nobody-has-it"', {}, "No place for the model 'nobody-has-it' was found"),
        ('dialect = "embedded"\nmodel = "x"', {}, "`festina model list` shows"),
        ('base_url = "localhost:11434/v1"', {}, "It is open which model is meant"),
        ('base_url = "http://h/v1"\nmodel = "m"\napi_key_env = "NO_KEY"', {}, "expected in NO_KEY"),
        ('base_url = "http://no-such-host.invalid/v1"\nmodel = "m"', {}, "does not resolve"),
        (
            'base_url = "https://api.example.test/v1"\nmodel = "m"',
            {"HTTPS_PROXY": f"http://{closed()}"},
            "on the way to https://api.example.test refused the connection",
        ),
    ],
    ids=["no model", "no such weights", "no address", "no key", "no network", "no proxy"],
)
async def test_a_model_that_cannot_be_reached_is_told(
    start, source, tmp_path, lines, environment, words
):
    config = tmp_path / "mistaken.toml"
    config.write_text(f"[models.fast]\nmax_retries = 0\n{lines}\n")
    editor = await start(VSCODE, env={"FESTINA_CONFIG": str(config), **environment})
    buffer = await desk.open_with_marker(editor)
    await desk.ask_for_edit(editor, buffer)
    await editor.until(lambda: any(words in text for text in editor.messages), words)
    assert not any("Traceback" in text for text in editor.messages)
    await desk.Watch(editor, buffer).gone()


async def test_a_server_without_tls_is_told(start, source, tmp_path):
    with FakeModel("x") as fake:
        environment = desk.config(tmp_path, fake)
        config = Path(environment["FESTINA_CONFIG"])
        config.write_text(config.read_text().replace("http:", "https:"))
        editor = await start(VSCODE, env=environment)
        buffer = await desk.open_with_marker(editor)
        await desk.ask_for_edit(editor, buffer)
        message = await editor.until(lambda: next(iter(editor.messages), ""), "a message")
        assert "No secure connection" in message
        assert "https://" in message
        assert fake.requests == []


async def test_a_read_only_folder_is_no_obstacle_to_a_verdict(start, source, tmp_path, workspace):
    folders = [workspace, *(path for path in workspace.rglob("*") if path.is_dir())]
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        try:
            for folder in folders:
                folder.chmod(0o555)
            await desk.ask_for_edit(editor, buffer)
            await watch.until("ready")
        finally:
            for folder in folders:
                folder.chmod(0o755)


async def test_no_server_at_the_address(start, source, tmp_path):
    with FakeModel("x") as fake:
        environment = desk.config(tmp_path, fake)
    editor = await start(VSCODE, env=environment)
    buffer = await desk.open_with_marker(editor)
    await desk.ask_for_edit(editor, buffer)
    message = await editor.until(lambda: next(iter(editor.messages), ""), "a message")
    assert fake.origin in message


async def test_five_thousand_lines_are_too_many(start, source, tmp_path, workspace):
    with FakeModel("x") as fake:
        editor = await start(NEOVIM_11, env=desk.config(tmp_path, fake))
        buffer = await editor.open("big.py", "x = 1\n" * 5000)
        refused = await editor.execute("festina.propose", whole(buffer, 0, 5000))
        assert refused["ok"] is False
        assert "5000 lines are too many" in refused["message"]
        await editor.until(lambda: any("too many" in text for text in editor.messages))
        assert fake.requests == []


async def test_few_lines_that_hold_too_much_are_too_many(start, source, tmp_path):
    with FakeModel("x") as fake:
        editor = await start(NEOVIM_11, env=desk.config(tmp_path, fake))
        buffer = await editor.open("minified.py", f"x = '{'y' * 300_000}'\nz = 1\n")
        refused = await editor.execute("festina.propose", whole(buffer, 0, 2))
        assert refused["ok"] is False
        assert "300,013 characters are too many for one edit" in refused["message"]
        assert fake.requests == []


async def test_an_empty_selection_means_the_enclosing_definition(start, source, tmp_path):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        proposed = await editor.execute(
            "festina.propose", whole(buffer, desk.FIRST + 3, desk.FIRST + 3)
        )
        seen = await editor.until(lambda: editor.proposal(proposed["proposal"]))
        assert seen["range"]["start"]["line"] == desk.FIRST
        assert seen["range"]["end"]["line"] == desk.FIRST + LENGTH
        refused = await editor.execute("festina.propose", whole(buffer, 0, 0))
        assert "Select the lines" in refused["message"]


LENGTH = 10


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("untitled:Untitled-1", "unsaved file"),
        ("vscode-notebook-cell:/w/a.ipynb#c1", "notebook cell"),
        ("file:///somewhere/else/a.py", "outside the workspace"),
    ],
)
async def test_documents_without_a_project(start, source, tmp_path, uri, words):
    from lsprotocol import types as lsp

    with FakeModel("x") as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        item = lsp.TextDocumentItem(uri, "python", 1, "x = 1\ny = 2\n")
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        zero = {"line": 0, "character": 0}
        argument = {
            "uri": uri,
            "range": {"start": zero, "end": {"line": 1, "character": 0}},
            "instruction": "x",
        }
        refused = await editor.execute("festina.propose", argument)
        assert words in refused["message"].lower()
        assert fake.requests == []


async def test_a_binary_document_is_refused(start, source, tmp_path):
    with FakeModel("x") as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open("blob.py", "a\0b\nc\n")
        refused = await editor.execute("festina.propose", whole(buffer, 0, 1))
        assert "binary" in refused["message"]


async def test_an_untrusted_workspace_runs_nothing_of_it(start, source, tmp_path, workspace):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        env = desk.config(tmp_path, fake)
        editor = await start(VSCODE_PLUGIN, env=env, options={})
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("unverified")
        verdict = editor.proposal(proposal)["verdict"]
        gates = {gate["gate"]: gate for gate in verdict["gates"]}
        assert gates["syntax"]["status"] == "passed"
        assert gates["lint"]["status"] == "passed"
        assert "festina trust" in gates["tests"]["reason"]
        assert editor.proposal(proposal)["apply_unverified"] is True
        refused = await editor.execute("festina.accept", {"proposal": proposal})
        assert refused["ok"] is False
        # told to trust it later, the next proposal runs the tests
        editor.client.protocol.notify("festina/trust", {"trusted": True})
        await editor.execute("festina.dismiss", {"proposal": proposal})
        second = await desk.ask_for_edit(editor, buffer)
        await editor.until(lambda: (editor.proposal(second) or {}).get("state") == "ready")


async def test_an_unverified_edit_is_applied_by_its_own_action_only(
    start, source, tmp_path, workspace
):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake), options={})
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        await watch.until("unverified")
        actions = await editor.code_actions(buffer, (desk.FIRST, desk.FIRST + 1))
        unverified = desk.titled(actions, "unverified")
        assert not unverified.is_preferred
        assert "trust" in unverified.title
        await editor.choose(unverified)
        await watch.gone()
        assert buffer.text == source.replace(desk.OLD, desk.GOOD)


async def test_where_unverified_edits_are_switched_off_nobody_is_offered_one(
    start, source, tmp_path, workspace
):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        options = {"settings": {"apply_unverified": False}}
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake), options=options)
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        proposal = await desk.ask_for_edit(editor, buffer)
        await watch.until("unverified")
        assert editor.proposal(proposal)["apply_unverified"] is False
        asked = {"proposal": proposal, "unverified": True}
        refused = await editor.execute("festina.accept", asked)
        assert "switched off" in refused["message"]


async def test_the_first_send_to_an_endpoint_that_was_found_asks_once(start, source, tmp_path):
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": fake.base_url}
        editor = await start(VSCODE, env=env, options={"trusted": True})
        buffer = await desk.open_with_marker(editor)
        watch = desk.Watch(editor, buffer)
        await desk.ask_for_edit(editor, buffer)
        message = await editor.until(lambda: next(iter(editor.messages), ""), "a refusal")
        assert "Nothing was sent" in message or "has not been told" in message
        assert fake.requests == []
        assert fake.origin in editor.client.asked[0].message
        editor.answer = lambda _: "Allow"
        await desk.ask_for_edit(editor, buffer)
        await watch.until("verifying", "ready", "unverified")
        assert len(editor.client.asked) == 2
        await watch.until("ready", "unverified")
        assert len(fake.requests) >= 1


async def test_bad_settings_are_told_and_the_defaults_used(start, source, tmp_path, workspace):
    (workspace / "festina.toml").write_text(
        'variations = 1000\n[models.fast]\nbase_url = "https://evil.example"\n'
    )
    with FakeModel(desk.answer(desk.GOOD, source)) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        await editor.until(lambda: len(editor.messages) == 2)
        assert any("1 to 75" in message for message in editor.messages)
        assert any("never from a workspace" in message for message in editor.messages)


async def test_ill_formed_commands_are_refused_with_a_sentence(start, source, tmp_path):
    with FakeModel("x") as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(desk.MODULE)
        for argument in (
            {},
            {"uri": "file:///nowhere.py"},
            {"uri": buffer.uri},
            {"uri": buffer.uri, "range": {"start": 3}},
            {"uri": buffer.uri, "range": {"start": {"line": "x"}, "end": {}}},
        ):
            refused = await editor.execute("festina.propose", argument)
            assert refused["ok"] is False
            assert refused["message"].endswith(".")
        for name in ("accept", "dismiss", "cancel", "redirect", "next", "previous", "variations"):
            refused = await editor.execute(f"festina.{name}", {"proposal": "p99"})
            assert refused == {
                "ok": False,
                "message": "That proposal is gone. Ask for the edit again.",
            }
