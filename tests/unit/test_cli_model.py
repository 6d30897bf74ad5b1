import asyncio
import threading

import pytest

from festina.commands.base import Exit
from festina.models import embedded, weights
from festina.models.base import ModelError, Trouble
from support.command_line import CommandLine


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_models_are_listed_with_size_and_licence(line):
    ran = line.run("model", "list")
    assert ran.code == Exit.DONE
    rows = ran.out.splitlines()
    assert len([row for row in rows if " MB  " in row]) == len(weights.WEIGHTS)
    assert rows[0].split() == [
        weights.DEFAULT,
        "98",
        "MB",
        "Apache-2.0",
        "(can",
        "be",
        "fetched,",
        "default)",
    ]


def test_what_is_here_is_said(line):
    default = weights.WEIGHTS[weights.DEFAULT]
    weights.folder().mkdir(parents=True)
    (weights.folder() / default.file).touch()
    assert "(here, default)" in line.run("model", "list").out
    row = line.run("model", "list", "--json").json[0]
    assert (row["name"], row["default"]) == (weights.DEFAULT, True)
    assert row["path"] == str(weights.folder() / default.file)


def test_pull_says_where_the_model_is(line, tmp_path):
    file = tmp_path / "m.gguf"
    file.touch()
    ran = line.run("model", "pull", file)
    assert (ran.code, ran.out) == (Exit.DONE, f"{file}\n")

    ran = line.run("model", "pull", file, "--json")
    assert ran.json == {"name": str(file), "path": str(file)}


@pytest.mark.parametrize("action", ["pull", "serve"])
def test_an_unknown_model_is_told(line, action):
    ran = line.run("model", action, "nonsense")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "There is no embedded model 'nonsense'. `festina model list`" in ran.err


def test_a_model_that_does_not_start_is_told(line, monkeypatch):
    async def start(name, say=None):
        raise ModelError(Trouble.EMBEDDED, "It does not start.")

    monkeypatch.setattr(embedded, "start", start)
    ran = line.run("model", "serve")
    assert (ran.code, ran.err) == (Exit.USAGE, "festina: It does not start.\n")


class Served:
    """An embedded model of which only the end matters."""

    name, base_url, key = "tiny", "http://127.0.0.1:1/v1", "k"

    def __init__(self):
        self.ended = threading.Event()
        self.closed = False

    def wait(self):
        self.ended.wait(20)

    async def aclose(self):
        self.closed = True
        self.ended.set()


@pytest.mark.parametrize("how", ["the child ends", "control-C", "control-C, in JSON"])
def test_a_model_is_served_until_it_ends(line, monkeypatch, how):
    served = Served()

    async def start(name, say=None):
        if how != "the child ends":
            task = asyncio.current_task()
            asyncio.get_running_loop().call_later(0.05, task.cancel)
        else:
            served.ended.set()
        return served

    monkeypatch.setattr(embedded, "start", start)
    ran = line.run("model", "serve", *(["--json"] if "JSON" in how else []))
    if "JSON" in how:
        assert ran.json == {"base_url": "http://127.0.0.1:1/v1", "api_key": "k"}
    else:
        assert ran.out == 'base_url = "http://127.0.0.1:1/v1"\napi_key  = "k"\n'
    assert served.closed
    if how != "the child ends":
        assert ran.code == Exit.INTERRUPTED
    else:
        assert ran.code == Exit.FAILED
        assert "The embedded model tiny has ended unexpectedly" in ran.err
