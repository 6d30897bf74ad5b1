import re
import tempfile
from pathlib import Path

import pytest

from festina.commands import sampling
from festina.commands.base import Exit
from festina.config import ModelSettings
from festina.models import factory
from festina.models.chat import ChatModel
from festina.models.http import Http
from festina.models.presets import for_url
from festina.verify import sandbox
from support import projects
from support.command_line import CommandLine
from support.fake_model import FakeModel

GOOD = '''\
def mean(values):
    """Return the average of some values, 0 if there are none."""
    return sum(values) / len(values) if values else 0
'''
NOTHING = '''\
def mean(values):
    """Return the average of some values, and 0 of an empty list."""
    return sum(values) / len(values)
'''
BUNDLED = Path(sampling.__file__).parents[1] / "sample"


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(
        lambda request: {1: "I am sorry, I cannot do that.", 2: GOOD, 3: NOTHING}[request["seed"]]
    ) as model:
        line.use(model)
        yield model


def test_the_main_job_is_shown_on_the_sample_and_nothing_is_left(line, fake, tmp_path):
    before = projects.digest(BUNDLED)
    ran = line.run("try", "--model", "fast", "-n", "3")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    rows = ran.out.splitlines()
    assert re.fullmatch(r"\S+\.py:\d+-\d+  'handle an empty list'", rows[0])
    assert "3 answers are asked for; syntax, ruff and the sample's tests decide." in rows
    assert any(row.startswith("Sandbox: ") for row in rows)
    assert any(row.startswith("✘ unusable   #1") for row in rows)
    assert any(row.startswith("✘ rejected   #3  tests: test_mean_of_nothing: Z") for row in rows)
    assert "+    return sum(values) / len(values) if values else 0" in rows
    assert any(row.startswith("✔ passed     #2  syntax ok, ruff ok, ") for row in rows)
    assert any(row.startswith("model ") and "verification " in row for row in rows)
    assert "1 of 3 answers held; caught: 1 as no usable code, 1 by the tests." in rows
    assert list((tmp_path / "scratch").iterdir()) == []
    assert projects.digest(BUNDLED) == before
    assert line.trust.folders() == [str(line.project)]


def test_json_says_the_same(line, fake):
    fake.script(GOOD)
    ran = line.run("try", "--model", "fast", "-n", "1", "--json")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert (ran.json["status"], ran.json["candidate"]) == ("passed", 0)
    assert ran.json["verdict"]["gates"][-1]["sandbox"]


def test_when_no_answer_holds_that_is_said(line, fake):
    fake.script("I am sorry, I cannot do that.")
    ran = line.run("try", "--model", "fast", "-n", "2")
    assert ran.code == Exit.FAILED
    assert "This time none of the answers held" in ran.out


@pytest.fixture
def embedded(line, fake):
    """The fake model in the place of the embedded one."""

    async def make(choice, say):
        at = ModelSettings(base_url=fake.base_url, model=fake.model)
        return ChatModel(at, None, Http(), for_url(fake.base_url))

    line.monkeypatch.setattr(factory, "_embedded", make)
    return fake


def test_where_none_of_the_embedded_models_answers_holds_it_asks_for_more_once(line, embedded):
    embedded.script(lambda request: GOOD if request["seed"] == 4 else NOTHING)
    ran = line.run("try", "-n", "2")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    rows = ran.out.splitlines()
    assert "None of 2 candidates passed: 2 more, with other seeds." in rows
    first = [row for row in rows if row.startswith(("✔", "✘"))]
    assert [row.split()[2] for row in first if "rejected" in row] == ["#1", "#2", "#1", "#1", "#3"]
    assert any(row.startswith("✔ passed     #4") for row in rows)
    assert "+    return sum(values) / len(values) if values else 0" in rows


def test_it_ends_where_more_answers_do_not_help_either(line, embedded):
    embedded.script("I am sorry, I cannot do that.")
    ran = line.run("try", "-n", "2", "--json")
    assert (ran.code, ran.json["status"], ran.json["candidate"]) == (Exit.FAILED, "failed", None)
    assert [each["index"] for each in ran.json["candidates"]] == [0, 1, 2, 3]
    assert {request["seed"] for request in embedded.requests} >= {1, 2, 3, 4}
    ran = line.run("try", "-n", "2")
    assert ran.code == Exit.FAILED
    assert (
        "This time none of the answers held, so none is offered. The embedded model is" in ran.out
    )


def test_without_a_sandbox_the_sample_alone_goes_on_and_says_so(line, fake):
    async def probe(*, fresh=False):
        return sandbox.Probe(sandbox.Level.NONE, "No sandbox here.", "Install bubblewrap.")

    line.monkeypatch.setattr(sandbox, "probe", probe)
    fake.script(GOOD)
    ran = line.run("try", "--model", "fast", "-n", "1")
    assert ran.code == Exit.DONE
    assert "No sandbox: No sandbox here. As this is only the bundled sample" in ran.out


def test_without_pytest_it_says_how_to_get_it(line, fake, monkeypatch):
    monkeypatch.setattr(sampling.importlib.util, "find_spec", lambda name: None)
    ran = line.run("try")
    assert ran.code == Exit.USAGE
    assert "-m pip install pytest" in ran.err


def test_a_scratch_folder_that_cannot_be_written_is_told(line, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(line.file))
    ran = line.run("try")
    assert ran.code == Exit.FAILED
    assert "The sample could not be copied" in ran.err
    assert "TMPDIR" in ran.err
