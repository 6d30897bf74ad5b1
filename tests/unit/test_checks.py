"""The commands of verify.md must pass, once approved; what may not be run is not met."""

import os

import pytest

from festina import checks
from festina.commands import running
from festina.commands.base import Exit
from festina.config import Settings, VerifySettings
from festina.gate_commands import Command
from festina.trust import TrustStore
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound")
FILE = """# Must pass

Never run `touch /tmp/festina-was-here`.

- [x] bound: `grep -q high calc/core.py`
- [ ] never: `false`
"""


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(GOOD) as model:
        line.use(model)
        yield model


@pytest.fixture
def file(line):
    path = line.project / "verify.md"
    path.write_text(FILE)
    return path


def verdict(ran):
    return {gate["gate"]: gate for gate in ran.json["verdict"]["gates"]}


# -- approving ----------------------------------------------------------------------------------


def test_it_is_listed_with_what_is_approved(line, file):
    ran = line.run("trust", "--checks")
    assert ran.code == Exit.FAILED
    assert ran.out == (
        "verify.md:5  grep -q high calc/core.py  (not approved: edits stay unverified)\n"
        "To approve them: festina trust --checks at a terminal, or with --yes after reading them.\n"
    )
    assert line.run("trust", "--checks", "--yes").code == Exit.DONE
    ran = line.run("trust", "--checks")
    assert (ran.code, ran.out) == (
        Exit.DONE,
        "verify.md:5  grep -q high calc/core.py  (approved)\n",
    )
    assert line.run("trust", "--list").out.endswith(
        "Commands of a verify.md that you approved:\n"
        f"  grep -q high calc/core.py  (in {line.project})\n"
    )
    (check,) = line.run("trust", "--checks", "--json").json["checks"]
    assert check["run"] == ["grep", "-q", "high", "calc/core.py"]
    assert check["approved"] is True


def test_each_is_asked_for_alone(line, file, monkeypatch):
    file.write_text(FILE + "- [x] `true`\n- [x] `make check`\n")
    asked = []

    def ask(question):
        asked.append(question)
        return "true" in question

    monkeypatch.setattr(running, "may_ask", lambda: True)
    monkeypatch.setattr(running, "ask", ask)
    assert line.run("trust", "--checks").code == Exit.FAILED
    assert [question.splitlines()[0] for question in asked] == [
        "Line 5 of verify.md: grep -q high calc/core.py",
        "Line 7 of verify.md: true",
        "Line 8 of verify.md: make check",
    ]
    assert TrustStore().approved(line.project) == [("true",)]
    asked.clear()
    line.run("trust", "--checks")
    assert len(asked) == 2


def test_a_changed_command_is_a_new_one(line, file):
    line.run("trust", "--checks", "--yes")
    file.write_text(FILE.replace("-q high", "-c high"))
    ran = line.run("trust", "--checks")
    assert "grep -c high calc/core.py  (not approved" in ran.out
    file.write_text(FILE.replace("bound:", "another name:").replace("# Must", "# These must"))
    assert line.run("trust", "--checks").code == Exit.DONE


def test_it_is_approved_for_one_workspace_and_no_longer_than_that_is_trusted(line, file, tmp_path):
    line.run("trust", "--checks", "--yes")
    other = tmp_path / "other"
    other.mkdir()
    (other / "verify.md").write_text(FILE)
    assert TrustStore().approved(other) == []
    assert line.run("trust", "--checks", str(other)).code == Exit.FAILED
    line.run("trust", "--revoke")
    assert TrustStore().approved(line.project) == []


def test_to_trust_a_folder_approves_nothing_and_says_so(line, file):
    ran = line.run("trust")
    assert "Its verify.md names a command that must pass. To see and approve: festina" in ran.out
    assert TrustStore().approved(line.project) == []


def test_what_cannot_be_understood_is_told(line, file):
    file.write_text("- [x] `make | tee log`\n- [x] by hand\n")
    ran = line.run("trust", "--checks", "--yes")
    assert ran.code == Exit.FAILED
    assert ran.out.startswith("! Line 1 of verify.md: No shell reads it, so `|` would be handed")
    assert "verify.md:2  names no command between backticks, so nothing checks it\n" in ran.out


# -- judging ------------------------------------------------------------------------------------


def test_an_approved_command_is_run_for_each_edit(line, file, fake):
    line.run("trust", "--checks", "--yes")
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    assert (verdict(ran)["command"]["status"], verdict(ran)["command"]["name"]) == (
        "passed",
        "bound",
    )


def test_an_edit_that_it_rejects_is_rejected_and_not_written(line, file, fake):
    file.write_text("- [x] bound: `sh -c '! grep -q min calc/core.py'`\n")
    line.run("trust", "--checks", "--yes")
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.FAILED
    assert "bound failed" in ran.out
    assert line.file.read_text() == line.before


def test_what_was_not_approved_is_not_run_and_nothing_passes(line, file, fake, tmp_path):
    ran_here = tmp_path / "ran"
    file.write_text(f"- [x] `touch {ran_here}`\n")
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.UNVERIFIED
    assert (
        "which you have not approved, so it was not run. If it may be run in the sandbox" in ran.out
    )
    assert line.file.read_text() == line.before
    assert not ran_here.exists()


def test_what_cannot_be_understood_is_not_met(line, file, fake):
    file.write_text("- [x] `true; true`\n")
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.UNVERIFIED
    assert verdict(ran)["command"]["name"] == "verify.md line 1"
    assert "Line 1 of verify.md: No shell reads it" in verdict(ran)["command"]["reason"]


def test_a_line_that_is_not_checked_and_text_are_not_run(line, fake, tmp_path):
    path = tmp_path / "ran"
    text = (
        f"Run `touch {path}`.\n\n- [ ] `touch {path}`\n\n```sh\ntouch {path}\n- [x] `false`\n```\n"
    )
    (line.project / "verify.md").write_text(text)
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    assert "command" not in verdict(ran)
    assert not path.exists()


def test_it_can_only_add_to_what_must_pass(line, file):
    given = Settings(
        verify=VerifySettings(
            gates=("syntax", "lint"), commands=(Command("bound", ("true",), ("*.js",)),)
        )
    )
    trust = TrustStore()
    trust.approve(line.project, ("grep", "-q", "high", "calc/core.py"))
    settings = checks.add(given, line.project, trust)
    assert settings.verify.gates == ("syntax", "lint", "command")
    assert settings.verify.commands[0] == given.verify.commands[0]
    assert settings.verify.commands[1] == Command(
        "bound (verify.md)", ("grep", "-q", "high", "calc/core.py"), origin="verify.md"
    )
    file.unlink()
    assert checks.add(given, line.project, trust) is given


@pytest.mark.parametrize("kind", ["link", "folder", "large", "binary"])
def test_a_file_that_cannot_be_read_is_not_met(line, file, tmp_path, kind):
    file.unlink()
    if kind == "link":
        (tmp_path / "outside.md").write_text("")
        file.symlink_to(tmp_path / "outside.md")
    elif kind == "folder":
        file.mkdir()
    else:
        file.write_bytes(b"x" * 200_001 if kind == "large" else b"- [ ] a\0")
    (problem,) = checks.look(line.project, TrustStore()).problems
    assert problem.message.endswith("so nobody knows what must pass.")
    (command,) = checks.add(Settings(), line.project, TrustStore()).verify.commands
    assert command.withheld == str(problem)


# -- it is a person's ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["itself", "symbolic", "hard"])
def test_no_edit_of_it_is_proposed_by_whatever_name(line, file, fake, how):
    before, name = file.read_text(), "verify.md"
    if how != "itself":
        name = "notes.md"
        link = line.project / name
        link.symlink_to(file) if how == "symbolic" else os.link(file, link)
    ran = line.run("edit", f"{name}:1-5", "-m", "drop the check", "--apply")
    assert ran.code == Exit.USAGE
    assert "verify.md says what must pass, and only you edit it" in ran.err
    assert fake.requests == []
    assert file.read_text() == before


def test_the_doctor_tells_what_must_pass_and_what_is_not_approved(line, file, fake):
    fake.script("OK", "OK")

    def told():
        found = line.run("doctor", "--json").json["checks"]
        return [(each["state"], each["detail"]) for each in found if each["name"] == "verify.md"]

    ((state, detail),) = told()
    assert state == "note"
    assert detail.startswith("not approved yet, so edits stay unverified: `grep -q high")
    line.run("trust", "--checks", "--yes")
    assert told() == [("ok", "must pass: `grep -q high calc/core.py`")]
    file.write_text("- [x] `a | b`\n")
    assert told()[0][0] == "amiss"
