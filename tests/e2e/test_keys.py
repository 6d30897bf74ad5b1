"""A key that is planted in each of its sources is in no place but the header of its own origin.

Looked for in all logs at debug level, all messages to the editor, all output of the command line,
all prompts, the environments and command lines of all processes below, and every file left behind.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import fake_replies, projects
from support.command_line import PROJECT
from support.fake_model import FakeModel
from support.planted import COMMAND, KEY, files_with_key, own_address, sources, watched
from support.presets import VSCODE_PLUGIN

SOURCES = ("environment", "command", "keyring", "editor")
TESTED = PROJECT.replace('["syntax", "lint"]', '["syntax", "lint", "tests", "command"]').replace(
    "=== calc/__init__.py",
    """\
[[verify.commands]]
name = "tells all"
run = ["sh", "-c", "grep -q 'return value$' calc/core.py || { env; cat /proc/*/environ; exit 1; }"]
=== calc/__init__.py""",
)
TELLING = """\
def clamp(value, low, high):
    import os
    raise RuntimeError(dict(os.environ))
"""
CRASHING = """\
def clamp(value, low, high):
    import os
    os.write(2, str(dict(os.environ)).encode())
    os.abort()
"""
GOOD = """\
def clamp(value, low, high):
    return max(low, min(high, value))
"""
ECHO = {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": KEY, "type": KEY}}
DEAR = {
    "x-ratelimit-limit-requests": "5",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "9h",
    "x-request-id": KEY,
}


def answers(other: FakeModel) -> dict[str, fake_replies.Answer]:
    elsewhere = {"location": f"{other.base_url}/chat/completions?key={KEY}"}
    return {
        "passes the tests": GOOD,
        "a test fails": TELLING,
        "a test crashes": CRASHING,
        "401": fake_replies.status(401, ECHO),
        "403": fake_replies.status(403, ECHO),
        "500": fake_replies.status(500, ECHO),
        "limit": fake_replies.document(ECHO, 429, DEAR),
        "redirect": fake_replies.document(ECHO, 307, elsewhere),
        "error in the stream": fake_replies.events(ECHO),
        "not json": fake_replies.stream(f"data: {{{KEY}\n\n".encode()),
    }


TESTS = ("passes the tests", "a test fails", "a test crashes")
REFUSALS = ("401", "403", "500", "limit", "redirect", "error in the stream", "not json")
CASES = [(source, "a test fails") for source in SOURCES]
CASES += [("environment", name) for name in (TESTS[0], TESTS[2], *REFUSALS)]
CASES += [("editor", "401"), ("command", "500"), ("keyring", "redirect")]


@pytest.fixture
def other():
    """A server that no key is for."""
    with FakeModel("x = 1\n") as fake:
        yield fake


@pytest.fixture
def vault(tmp_path):
    return sources(tmp_path / "vault")


def configure(folder, fake, source):
    file = folder / "user-config.toml"
    file.write_text(
        f'[models.fast]\nbase_url = "{fake.base_url}"\nmodel = "{fake.model}"\n'
        f"max_retries = 0\n{source.lines}\n[repair]\nrounds = 1\n"
    )
    return {"FESTINA_CONFIG": str(file), "VIRTUAL_ENV": sys.prefix, **source.environment}


def look(fake, other, *folders):
    """Look in what was sent, and in what was left."""
    assert fake.heads
    used = [head for head in fake.heads if KEY in str(head.headers)]
    assert used == fake.heads  # it was used where it is for
    bare = [{**head.headers, "authorization": ""} for head in fake.heads]
    assert KEY not in str(bare) + str([head.target for head in fake.heads]) + str(fake.requests)
    assert other.heads == []
    assert files_with_key(*folders) == []


@pytest.mark.parametrize(("name", "answer"), CASES)
async def test_in_an_editor(start, workspace, tmp_path, vault, other, name, answer):
    projects.make(workspace, TESTED)
    source = vault[name]
    # an editor is not asked for the key of this machine itself
    host = own_address() if name == "editor" else "127.0.0.1"
    with FakeModel(answers(other)[answer], key=KEY, host=host) as fake:
        command = (*COMMAND, "server")
        environment = configure(tmp_path, fake, source)
        editor = await start(VSCODE_PLUGIN, env=environment, command=command)
        editor.client.record = []
        if name == "editor":
            editor.client.keys[fake.origin] = KEY
        own = {"\0".join(command) + "\0"}
        with watched(editor.client.process.pid, own) as below:
            buffer = await editor.open("calc/core.py")
            argument = {
                "uri": buffer.uri,
                "range": {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}},
                "instruction": "mind the upper bound",
            }
            proposal = (await editor.execute("festina.propose", argument))["proposal"]
            over = {"ready", "rejected", "unverified", "failed"}
            await editor.until(lambda: (editor.proposal(proposal) or {}).get("state") in over)
            await editor.close()
        look(fake, other, tmp_path / "home0", workspace)
    said = await editor.client.last_words()
    assert "DEBUG" in said
    assert KEY not in said
    assert editor.client.record
    assert KEY not in "\n".join(editor.client.record)
    assert below.told == {}
    if answer in TESTS:
        assert below.seen
    if answer == "a test fails":
        assert "PATH" in str(editor.proposals)  # what the command told did come through


@pytest.mark.parametrize(("name", "answer"), [case for case in CASES if case[0] != "editor"])
def test_on_the_command_line(workspace, tmp_path, vault, other, name, answer):
    projects.make(workspace, TESTED)
    home = tmp_path / "home"
    folders = {"HOME": home}
    folders |= {f"XDG_{kind}_HOME": home / kind.lower() for kind in ("STATE", "CACHE", "CONFIG")}
    with FakeModel(answers(other)[answer], key=KEY) as fake:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            **configure(tmp_path, fake, vault[name]),
        }
        environment |= {each: str(folder) for each, folder in folders.items()}
        trusted = subprocess.run([*COMMAND, "trust"], cwd=workspace, env=environment, check=False)
        assert trusted.returncode == 0
        command = [
            *COMMAND,
            "edit",
            "calc/core.py:5",
            "-m",
            "mind it",
            "-n",
            "3",
            "--json",
            "--debug",
        ]
        process = subprocess.Popen(
            command, cwd=workspace, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with watched(process.pid, {"\0".join(command) + "\0"}) as below:
            out, err = process.communicate(timeout=100)
        stats = subprocess.run(
            [*COMMAND, "stats"], cwd=workspace, env=environment, capture_output=True, check=True
        )
        look(fake, other, home, workspace)
    assert b"DEBUG" in err
    assert out
    assert KEY.encode() not in out + err + stats.stdout + stats.stderr
    assert below.told == {}
