import sys
from dataclasses import replace

import pytest

from festina.commands.base import Exit
from festina.verify import browser_find, sandbox
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.fake_replies import text


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel("OK") as model:
        line.use(model)
        yield model


def states(ran):
    return {(each["part"], each["name"]): each["state"] for each in ran.json["checks"]}


def detail(ran, name):
    return next(each for each in ran.json["checks"] if each["name"] == name)


def test_all_is_well(line, fake):
    ran = line.run("doctor")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert ran.out.endswith("\nall is well\n")
    assert f"  ✔ folder     {line.project}\n" in ran.out
    assert "  ✔ pytest     installed there\n" in ran.out
    assert "fake-coder at http://127.0.0.1:" in ran.out
    assert "  ✔ first token after " in ran.out


def test_limits_that_the_provider_tells_are_said(line, fake):
    headers = {"x-ratelimit-limit-tokens-minute": "6000"}
    headers["x-ratelimit-remaining-tokens-minute"] = "5900"
    fake.script(replace(text("OK"), headers=headers))
    host = fake.origin.removeprefix("http://")
    assert detail(line.run("doctor", "--json"), "limits")["detail"] == (
        f"6,000 tokens a minute, as {host} tells"
    )
    fake.script("OK")
    assert "✔ limits" not in line.run("doctor").out
    line.use(fake, "requests_per_minute = 9")
    assert f"  ✔ limits     9 requests a minute, as long as {host} tells none\n" in (
        line.run("doctor").out
    )


def test_json_says_the_same(line, fake):
    ran = line.run("doctor", "--json")
    assert ran.code == Exit.DONE
    assert ran.json["ok"] is True
    found = states(ran)
    assert set(found.values()) == {"ok"}
    assert {("project", "sandbox"), ("model", "first token"), ("configuration", "file")} <= set(
        found
    )


def test_before_trust_nothing_of_the_project_is_run(line, fake):
    trap = line.project / ".venv" / "bin" / "python"
    trap.parent.mkdir(parents=True)
    trap.write_text(f"#!/bin/sh\ntouch {line.project}/executed\n")
    trap.chmod(0o755)
    line.trust.untrust(line.project)
    ran = line.run("doctor", "--json")
    assert ran.code == Exit.DONE
    assert states(ran)["project", "trust"] == "note"
    assert detail(ran, "trust")["remedy"] == f"If you trust it: festina trust {line.project}"
    said = line.run("doctor").out
    assert said.endswith("\nnothing is broken; see what is said above of: trust\n")
    assert not (line.project / "executed").exists()
    line.trust.trust(line.project)
    ran = line.run("doctor", "--json")
    assert ran.code == Exit.FAILED
    assert (line.project / "executed").exists()
    assert states(ran)["project", "python"] == "amiss"


def test_problems_of_the_configuration_are_told(line, fake):
    (line.project / "festina.toml").write_text("variatons = 3\n")
    ran = line.run("doctor", "--json")
    assert (ran.code, ran.json["ok"]) == (Exit.FAILED, False)
    assert "did you mean `variations`?" in detail(ran, "problem")["detail"]


def test_a_configuration_file_that_cannot_be_used_is_not_called_unneeded(line, fake, monkeypatch):
    missing = line.project / "missing.toml"
    monkeypatch.setenv("FESTINA_CONFIG", str(missing))
    ran = line.run("doctor")
    assert ran.code == Exit.FAILED
    assert f"{missing}: is named by FESTINA_CONFIG and does not exist" in ran.out
    assert "not needed" not in ran.out
    missing.write_text("[models")
    ran = line.run("doctor", "--json")
    assert "is not valid TOML" in detail(ran, "choice")["detail"]
    assert "file" not in {each["name"] for each in ran.json["checks"] if str(missing) in str(each)}


def test_a_model_that_does_not_answer_is_told_with_a_remedy(line, fake):
    fake.key = "sk-right"
    ran = line.run("doctor")
    assert ran.code == Exit.FAILED
    assert "  ✘ key " in ran.out
    assert ran.out.endswith("\n1 thing needs mending\n")


def test_a_found_model_is_named_with_the_reason_and_asked_for_before_code_is_sent(line):
    with FakeModel("OK", key="sk-test") as found:
        line.monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        line.monkeypatch.setenv("OPENAI_BASE_URL", found.base_url)
        ran = line.run("doctor", "--json")
    assert ran.code == Exit.DONE
    assert "OPENAI_API_KEY is set" in detail(ran, "choice")["detail"]
    assert found.origin in detail(ran, "consent")["detail"]
    assert "sk-test" not in ran.out


def test_an_interpreter_that_cannot_run_tests_is_told(line, fake, tmp_path):
    old = tmp_path / "old"
    data = '{"version": [3, 7, 1], "executable": "/old", "prefixes": [], "path": [], "editable": []'
    old.write_text(f"#!/bin/sh\necho '{data}, \"pytest\": true}}'\n")
    old.chmod(0o755)
    (line.project / "festina.toml").write_text(f'verify.python = "{old}"\n')
    ran = line.run("doctor", "--json")
    assert ran.code == Exit.FAILED
    assert "is Python 3.7, and tests can be watched from 3.8 on" in detail(ran, "pytest")["detail"]
    assert "verify.python" in detail(ran, "pytest")["remedy"]


def test_no_model_is_told(line, monkeypatch):
    ran = line.run("doctor", "--json", "--model", "groq")
    assert ran.code == Exit.FAILED
    assert "GROQ_API_KEY" in detail(ran, "choice")["detail"]


@pytest.mark.parametrize(("agreed", "state"), [(False, "amiss"), (True, "note")])
def test_no_sandbox_is_amiss_unless_that_was_agreed_to(line, fake, agreed, state):
    async def probe(*, fresh=False):
        return sandbox.Probe(sandbox.Level.NONE, "No sandbox here.", "Install bubblewrap.")

    line.monkeypatch.setattr(sandbox, "probe", probe)
    if agreed:
        with line.config.open("a") as file:
            file.write('[verify]\nsandbox = "off"\n')
    ran = line.run("doctor", "--json")
    assert states(ran)["project", "sandbox"] == state
    assert detail(ran, "sandbox")["remedy"] == "Install bubblewrap."


def test_a_folder_that_is_none_is_told(line):
    ran = line.run("doctor", "nowhere")
    assert ran.code == Exit.USAGE
    assert "There is no folder nowhere." in ran.err


def test_without_tree_sitter_one_line_says_what_is_not_sent(line, fake, monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    ran = line.run("doctor", "--json")
    assert ran.code == Exit.DONE
    found = detail(ran, "context")
    assert found["state"] == "note"
    assert found["detail"] == (
        "definitions are found in Python alone: tree_sitter_go is not installed"
    )
    assert (
        found["remedy"] == "For JavaScript, TypeScript, Go, Rust: pip install 'festina[languages]'"
    )


def test_the_browser_is_looked_for_where_pages_are_to_be_looked_at(
    line, fake, monkeypatch, tmp_path
):
    assert ("project", "browser") not in states(line.run("doctor", "--json"))
    (line.project / "festina.toml").write_text('[verify]\nbrowser = { folder = "." }\n')
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(browser_find, "_SYSTEM", ("no-such-browser",))
    found = detail(line.run("doctor", "--json"), "browser")
    assert (found["state"], found["detail"]) == ("amiss", "No Chromium was found")
    assert found["remedy"].startswith("Install one that is then on the PATH, or run")
    program = tmp_path / "bin" / "some-browser"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setattr(browser_find, "_SYSTEM", ("some-browser",))
    found = detail(line.run("doctor", "--json"), "browser")
    assert (found["state"], found["detail"]) == ("ok", str(program))
