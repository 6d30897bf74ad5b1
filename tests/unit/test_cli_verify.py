import json

import pytest

from festina.commands.base import Exit
from support.command_line import GOOD, SYNTAX, UNDEFINED, WRONG, CommandLine
from support.fakes import passed

OLD = GOOD.replace("min(value, high)", "value")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def candidate(line, tmp_path):
    def write(new, name="new.py"):
        path = tmp_path / "candidates" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(line.before.replace(OLD, new))
        return path

    return write


VERIFY = ("verify", "calc/core.py")


@pytest.mark.parametrize(
    ("new", "code", "words"),
    [
        (GOOD, Exit.DONE, "✔ passed     syntax ok, ruff ok, "),
        (UNDEFINED, Exit.FAILED, "✘ rejected   syntax ok, lint failed, "),
        (SYNTAX, Exit.FAILED, "✘ rejected   syntax failed, "),
    ],
)
def test_a_candidate_is_judged_for_a_person(line, candidate, new, code, words):
    ran = line.run(*VERIFY, "--candidate", candidate(new))
    assert ran.code == code
    assert ran.out.startswith(words)
    assert line.file.read_text() == line.before


def test_a_verdict_in_json_is_the_contracts(line, candidate):
    ran = line.run(*VERIFY, "--candidate", candidate(UNDEFINED), "--json")
    assert (ran.code, ran.err) == (Exit.FAILED, "")
    assert set(ran.json) == {"status", "seconds", "gates", "findings"}
    assert ran.json["status"] == "failed"
    finding = ran.json["findings"][0]
    assert (finding["gate"], finding["path"], finding["line"]) == ("lint", "calc/core.py", 7)


def test_a_candidate_can_come_on_standard_input(line, candidate):
    new = candidate(GOOD).read_bytes()
    assert line.run(*VERIFY, "--candidate", "-", stdin=new).code == Exit.DONE
    ran = line.run(*VERIFY, "--candidate", "-", stdin=b"\0")
    assert ran.code == Exit.USAGE
    assert "Standard input is no candidate" in ran.err


def test_a_folder_of_candidates_is_judged_in_name_order(line, candidate):
    for name, new in {"003.py": SYNTAX, "001.py": GOOD, "002.py": UNDEFINED, ".x": "?"}.items():
        candidate(new, name)
    folder = candidate(GOOD, "010.py").parent
    ran = line.run(*VERIFY, "--candidates", folder, "--json")
    assert ran.code == Exit.FAILED
    rows = [json.loads(row) for row in ran.out.splitlines()]
    assert [(row["candidate"], row["status"]) for row in rows[:-1]] == [
        ("001.py", "passed"),
        ("002.py", "failed"),
        ("003.py", "failed"),
        ("010.py", "passed"),
    ]
    summary = rows[-1]
    assert summary.pop("seconds") > 0
    assert summary == {
        "summary": True,
        "candidates": 4,
        "passed": 2,
        "failed": 2,
        "unverified": 0,
    }


def test_a_folder_for_a_person_ends_with_the_counts(line, candidate):
    candidate(GOOD, "1.py")
    folder = candidate(UNDEFINED, "2.py").parent
    rows = line.run(*VERIFY, "--candidates", folder).out.splitlines()
    assert rows[0].startswith("✔ passed     1.py  syntax ok, ruff ok")
    assert rows[1].startswith("✘ rejected   2.py  lint: F821 Undefined name")
    assert rows[2].startswith("2 candidates: 1 passed, 1 rejected in ")


def test_an_untrusted_workspace_is_unverified_and_the_remedy_told(line, candidate):
    line.trust.untrust(line.project)
    (line.project / "festina.toml").unlink()
    ran = line.run(*VERIFY, "--candidate", candidate(GOOD))
    assert ran.code == Exit.UNVERIFIED
    assert ran.out.startswith("? unverified syntax ok, lint ok, tests not verified, ")
    assert f"festina trust {line.project}" in ran.out
    ran = line.run(*VERIFY, "--candidates", candidate(GOOD).parent, "--json")
    assert ran.code == Exit.UNVERIFIED


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("verify", "nowhere.py", "--candidate", "-"), "There is no file nowhere.py"),
        ((*VERIFY, "--candidate", "nowhere.py"), "There is no file nowhere.py"),
        ((*VERIFY, "--candidates", "nowhere"), "nowhere, which is not a folder"),
        ((*VERIFY, "--candidates", "."), "cannot be edited: it holds NUL bytes"),
        ((*VERIFY, "--candidates", "empty"), "There is no candidate in empty"),
        ((*VERIFY, "--candidate", "-", "--workspace", "empty"), "is outside the workspace"),
    ],
)
def test_a_mistake_gets_a_sentence(line, words, sentence):
    (line.project / "empty").mkdir()
    (line.project / "binary").write_bytes(b"\0")
    ran = line.run(*words)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert sentence in ran.err


@pytest.mark.parametrize(("words", "scope"), [((), "full"), (("--scope", "impacted"), "impacted")])
def test_how_much_of_the_suite_must_pass_can_be_said(line, candidate, monkeypatch, words, scope):
    asked = []

    async def verify(self, snapshot, candidate, on_step=None, *, scope=None):
        asked.append((snapshot.settings.tests_scope, scope))
        return passed()

    monkeypatch.setattr("festina.commands.judging.Engine.verify", verify)
    assert line.run(*VERIFY, "--candidate", candidate(GOOD), *words).code == Exit.DONE
    assert line.run(*VERIFY, "--candidates", candidate(GOOD).parent, *words).code == Exit.DONE
    assert asked == [(scope, None)] * 2
    ran = line.run(*VERIFY, "--candidate", candidate(GOOD), "--scope", "some")
    assert ran.code == Exit.USAGE


def test_the_projects_own_tests_decide(line, candidate):
    (line.project / "festina.toml").unlink()
    candidate(GOOD, "1.py")
    folder = candidate(WRONG, "2.py").parent
    ran = line.run(*VERIFY, "--candidates", folder, "--json")
    rows = [json.loads(row) for row in ran.out.splitlines()]
    assert [row["status"] for row in rows[:-1]] == ["passed", "failed"]
    tests = rows[0]["gates"][-1]["tests"]
    assert (tests["passed"], tests["changed_lines_executed"]) == (1, 1)
    assert rows[1]["findings"][0]["path"] == "tests/test_core.py"
