"""What a real server sends: planted secrets and ignored files are looked for in every request."""

import json
from pathlib import Path

import pytest

from support import clamp, desk, fake_replies
from support.fake_model import FakeModel
from support.presets import MINIMAL, VSCODE, VSCODE_PLUGIN
from support.secret_samples import FORMS, PRIVATE_KEY

TOKEN = FORMS["a GitHub token"]
STRIPE = FORMS["a Stripe key"]
PASSWORD = "tr0ub4dor-and-3"
IGNORED = "word_of_an_ignored_file"
PLANTED = (TOKEN, TOKEN[:24], STRIPE, PASSWORD, *PRIVATE_KEY.split("\n")[1:4], IGNORED)

SOURCE = f'''\
from helper import scale

KEY = """{PRIVATE_KEY}"""


def clamp(value, low, high):
    token = "{TOKEN}"  # stays
    value = scale(value, token)
    return max(low, value)


def double(value):
    return value + value
'''
GOOD = """\
def clamp(value, low, high):
    token = "{}"  # stays
    value = scale(value, token)
    return min(high, max(low, value))
"""
HELPER = f'''\
DB_PASSWORD = "{PASSWORD}"
STRIPE = "{STRIPE}"


def scale(value, token, password=DB_PASSWORD):
    """Return the value."""
    assert token == "{TOKEN}" and STRIPE
    return value
'''
TESTS = f'''\
from mod import clamp, double

SECRET_TOKEN = "{TOKEN}"


def test_high():
    token, password = SECRET_TOKEN, "{PASSWORD}"
    assert clamp(10, 0, 9) == 9, (token, password, "{STRIPE}")


def test_double():
    assert double(2) == 4
'''


def put(workspace):
    clamp.put(workspace, SOURCE, TESTS)
    (workspace / "helper.py").write_text(HELPER)
    (workspace / "AGENTS.md").write_text(f"Be brief. The password is {PASSWORD}.\n")
    (workspace / "private.py").write_text(f"def other():\n    return '{IGNORED}'\n")
    (workspace / ".cursorignore").write_text("private.py\n")


def region(text):
    first = text[: text.index("def clamp")].count("\n")
    return (first, first + 4)


def sent(fake):
    return json.dumps(fake.requests)


async def test_no_request_holds_a_secret_and_an_edit_puts_them_back(start, workspace, tmp_path):
    put(workspace)

    def answer(body):
        """Wrong at first: the traceback, with what the test holds, goes back as well."""
        if len(fake.requests) == 1:
            return clamp.fenced(GOOD.format("FESTINA-SECRET-7").replace("min(high", "min(low"))
        asked = str(body["messages"])
        name = asked[asked.index('token = "') + len('token = "') :].split('"')[0]
        return clamp.fenced(GOOD.format(name))

    with FakeModel(answer) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer, region(buffer.text), instruction="mind high")
        seen = await clamp.reach(editor, proposal, "ready", "rejected", "failed", "unverified")
        assert seen["state"] == "ready", seen["message"]
        assert len(fake.requests) >= 2
        assert [planted for planted in PLANTED if planted in sent(fake)] == []
        first = fake.requests[0]["messages"][1]["content"]
        assert "Be brief. The password is FESTINA-SECRET-" in first
        assert "def scale(value, token, password=DB_PASSWORD):" in first
        assert "FESTINA-SECRET-1 and the like stand for secrets" in first
        assert seen["text"] == GOOD.format(TOKEN), "the secret is where it was"
        assert (await editor.execute("festina.accept", {"proposal": proposal}))["ok"]
        await editor.until(lambda: "min(high" in buffer.text)
        assert buffer.text == SOURCE.replace("max(low, value)", "min(high, max(low, value))")


async def test_an_answer_that_moves_a_secret_is_rejected(start, workspace, tmp_path):
    put(workspace)
    with FakeModel(clamp.fenced(GOOD.format("FESTINA-SECRET-1 ").replace("# stays", ""))) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer, region(buffer.text))
        seen = await clamp.reach(editor, proposal, "ready", "rejected", "failed", "unverified")
        assert seen["state"] == "rejected"
        assert "stands for a secret, which no model is given" in seen["message"]
        assert [planted for planted in PLANTED if planted in sent(fake)] == []
        said = str(editor.proposals) + str(editor.messages)
        assert TOKEN not in said.replace(SOURCE, "")


async def test_what_must_not_be_sent_is_refused_with_the_place_named(start, workspace, tmp_path):
    put(workspace)
    with FakeModel(clamp.fenced(GOOD)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(
            editor, buffer, region(buffer.text), instruction=f"use {FORMS['a Groq key']}"
        )
        seen = await clamp.reach(editor, proposal, "failed")
        assert seen["message"].startswith("The instruction holds what looks like a Groq key, so")
        private = await editor.open("private.py")
        for command, more in (("propose", {"instruction": "x"}), ("ask", {"question": "why"})):
            argument = {**clamp.argument(private, (0, 2)), **more}
            refused = await editor.execute(f"festina.{command}", argument)
            assert refused["ok"] is False
            assert refused["message"].startswith(
                "private.py is kept from language models by .cursor"
            )
        assert fake.requests == []


@pytest.mark.parametrize("editor_is", [VSCODE, MINIMAL], ids=lambda one: one.name)
async def test_what_is_sent_is_shown_and_only_to_this_user(start, workspace, tmp_path, editor_is):
    put(workspace)

    async def page(count):
        """Return the page that the editor was shown, or was told of."""
        if editor_is.can("window.showDocument"):
            await editor.until(lambda: len(editor.client.shown_documents) == count, "the page")
            path = Path(editor.client.shown_documents[-1].uri.removeprefix("file://"))
        else:
            told = "Festina: the prompt is in "
            await editor.until(
                lambda: sum(told in message for message in editor.messages) == count, "the page"
            )
            path = Path(editor.messages[-1].removeprefix(told))
        assert path.stat().st_mode & 0o777 == 0o600
        return path, path.read_text()

    with FakeModel(fake_replies.text(clamp.fenced(GOOD), speed=20)) as fake:
        editor = await start(editor_is, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        argument = clamp.argument(buffer, region(buffer.text), instruction="show me first")
        shown = await editor.execute("festina.showPrompt", argument)
        assert shown == {"ok": True, "message": "Showing the prompt."}
        _, before = await page(1)
        assert before.startswith(f"To: fake-coder at {fake.origin}\n")
        assert fake.requests == []
        assert [planted for planted in PLANTED if planted in before] == []

        asked = clamp.argument(buffer, region(buffer.text), instruction="show me first")
        proposal = (await editor.execute("festina.propose", asked))["proposal"]
        await fake.until(lambda: len(fake.requests) == 1)
        assert (await editor.execute("festina.showPrompt", {"proposal": proposal}))["ok"]
        path, during = await page(2)
        assert during == before
        for message in fake.requests[0]["messages"]:
            assert f"===== {message['role']} =====\n{message['content']}\n" in during
        await editor.execute("festina.cancel", {"proposal": proposal})
        late = await editor.execute("festina.showPrompt", {"proposal": proposal})
        assert late == {"ok": False, "message": "That proposal is cancelled already."}
        await editor.close()
    assert not path.exists()


async def test_to_fix_a_test_that_fails_since_a_save_its_traceback_is_sent(
    start, workspace, tmp_path
):
    clamp.put(workspace)
    wrong = "    return value + 3\n"
    with FakeModel(clamp.fenced(clamp.TWICE)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        editor.type(buffer, "    return value + value\n", wrong)
        editor.save(buffer)

        def failing():
            shown = editor.client.diagnostics.get(buffer.uri, ())
            return [one for one in shown if str(one.code).endswith("test_double")]

        (diagnostic,) = await editor.until(failing, "the failing test at the change")
        at = {"line": diagnostic.range.start.line, "character": 0}
        seen = {
            "range": {"start": at, "end": at},
            "message": diagnostic.message,
            "source": diagnostic.source,
            "code": diagnostic.code,
        }
        argument = clamp.argument(buffer, clamp.DOUBLE, diagnostics=[seen])
        proposal = (await editor.execute("festina.propose", argument))["proposal"]
        await clamp.reach(editor, proposal, "ready")
        asked = fake.requests[0]["messages"][-1]["content"]
        _, _, told = asked.partition("The failing test test_mod.py::test_double:\n")
        assert "def test_double():\n    assert double(2) == 4" in told
        assert "It said:" in told
        assert "Traceback (most recent call last):" in told
        assert "assert 5 == 4" in told
        assert told.index("It said:") < told.index("The region to rewrite:")
