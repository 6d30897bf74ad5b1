"""The whole path on real weights, with no fake model: propose, stream, verify, ready, accept.

Once with the embedded model, once with llama.cpp's own server, which is found out to be one by what
it lists. Both write with the smallest weights, so the instruction is one that these can follow.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from festina.config import ModelSettings, Settings
from festina.models import factory, weights
from festina.models.base import Message, Request
from festina.trust import TrustStore
from support import desk, projects
from support.asking import ask
from support.llama_server import llama_server
from support.presets import VSCODE_PLUGIN

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(600)]

PROJECT = """
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== greet.py
def greet(name):
    return "Hello, " + name + "!"
=== tests/test_greet.py
from greet import greet


def test_greet():
    assert greet("Ada") == "Hello, Ada!"
"""
ASK = "rewrite with an f-string"
WANTED = 'def greet(name):\n    return f"Hello, {name}!"\n'
SECONDS = 300.0
"""For an answer of some twenty tokens; two busy processors write hardly more in a second."""


@pytest.fixture(params=["embedded", "llama.cpp"])
def configuration(request, tmp_path):
    """The person's configuration for a model on this machine; no model is named for a server."""
    path = asyncio.run(weights.ensure(weights.DEFAULT))  # fetched once
    file = tmp_path / "user-config.toml"
    rest = f"[verify]\npython = {json.dumps(sys.executable)}\n"
    if request.param == "embedded":
        ours = tmp_path / "cache" / "festina"
        ours.mkdir(parents=True)
        (ours / "models").symlink_to(path.parent)
        file.write_text(f'[models.fast]\ndialect = "embedded"\n{rest}')
        yield "embedded", file
        return
    with llama_server(path) as server:
        same = "extra_body = { temperature = 0, max_tokens = 100 }"
        file.write_text(f'[models.fast]\nbase_url = "{server.base_url}"\n{same}\n{rest}')
        yield "llama.cpp", file


def environment(file):
    return {"FESTINA_CONFIG": str(file), "XDG_CACHE_HOME": str(file.parent / "cache")}


async def test_in_an_editor(start, workspace, configuration):
    which, file = configuration
    projects.make(workspace, PROJECT)
    editor = await start(VSCODE_PLUGIN, env=environment(file))
    buffer = await editor.open("greet.py")
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    argument = {"uri": buffer.uri, "range": span, "instruction": ASK}
    proposal = (await editor.execute("festina.propose", argument))["proposal"]
    watch = desk.Watch(editor, buffer)
    ended = ("ready", "rejected", "failed", "unverified")
    state = await editor.until(lambda: watch.state() in ended and watch.state(), "it", SECONDS)
    last = editor.proposal(proposal)
    assert state == "ready", last
    texts = [one["text"] for one in editor.proposals if one["state"] == "streaming"]
    assert len({text for text in texts if text}) > 2, "it streamed"
    assert last["verdict"]["status"] == "passed"
    call = last["calls"][0]
    assert call["model"] == ("smollm2-135m" if which == "embedded" else "smollm2")
    assert call["prompt_tokens"] > 50
    assert 5 < call["completion_tokens"] < 200
    actions = await editor.code_actions(buffer, (0, 1))
    await editor.choose(desk.titled(actions, "accept"))
    await watch.gone()
    assert buffer.text == WANTED


def test_on_the_command_line(configuration, tmp_path, monkeypatch):
    which, file = configuration
    project = projects.make(tmp_path / "project", PROJECT)
    for name in ("state", "home"):
        (tmp_path / name).mkdir()
    mine = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path / "home")}
    env = {**os.environ, **environment(file), **mine}
    monkeypatch.setenv("XDG_STATE_HOME", mine["XDG_STATE_HOME"])
    TrustStore().trust(project)
    command = [sys.executable, "-m", "festina", "edit", "greet.py:1", "-m", ASK, "--apply"]
    ran = subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, timeout=SECONDS
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert ("smollm2-135m" if which == "embedded" else "smollm2") in ran.stdout
    assert "1 test ok" in ran.stdout
    assert (project / "greet.py").read_text() == WANTED


async def test_accelerators_change_no_answer():
    """A server at any address is known by its list; what it has read before is not read again."""
    path = await weights.ensure(weights.DEFAULT)
    code = "".join(f"def add_{n}(x):\n    return x + {n}\n\n\n" for n in range(3))
    words = f"Repeat this code in a code block:\n```python\n{code}```"
    # it ends where the copy comes to the third function
    request = Request((Message("user", words),), 90, temperature=0.0, stop=("add_2",))
    answers = []
    for options in ({}, {"speculation": "NGRAM_SIMPLE"}):
        with llama_server(path, slots=1, **options) as server:
            for accelerators in ("off", "auto"):
                said = ModelSettings(base_url=server.base_url, accelerators=accelerators)
                model, choice = await factory.create(Settings(fast=said), {})
                assert choice.preset.name == "llamacpp"
                answers.append(await ask(model, replace(request, predicted=code)))
                await model.aclose()
    assert len({text for text, _ in answers}) == 1
    assert "def add_1(x):\n    return x + 1\n" in answers[0][0]
    cached = [usage.cached for _, usage in answers]
    assert cached[1] > answers[0][1].prompt // 2, cached
    assert cached[3] > answers[0][1].prompt // 2, cached
