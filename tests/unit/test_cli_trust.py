from pathlib import Path

import pytest

from festina.commands.base import Exit
from support.command_line import CommandLine


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    line = CommandLine(tmp_path, monkeypatch, capsys)
    line.trust.untrust(line.project)
    return line


def test_the_workspace_you_are_in_is_trusted_and_can_be_revoked(line, monkeypatch):
    monkeypatch.chdir(line.project / "calc")
    ran = line.run("trust")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert ran.out.startswith(f"Trusted: {line.project}\n")
    assert (
        "its tests and commands may be run, in a sandbox, and its own Python, ruff and" in ran.out
    )
    assert line.trust.folders() == [str(line.project)]
    ran = line.run("trust", "--revoke")
    assert ran.out == f"No longer trusted: {line.project}\n"
    assert line.trust.folders() == []


def test_a_named_folder_is_trusted_by_its_real_path(line, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(line.project / "calc")
    assert line.run("trust", link).code == Exit.DONE
    assert line.trust.folders() == [str(line.project / "calc")]


def test_what_is_trusted_can_be_seen(line):
    assert line.run("trust", "--list").out == "Projects whose code may be run:\n  none\n"
    line.run("trust")
    line.trust.allow_send("https://api.example.com")
    out = line.run("trust", "--list").out
    assert f"  {line.project}\n" in out
    assert "  https://api.example.com\n" in out
    assert line.run("trust", "--list", "--json").json == {
        "folders": [str(line.project)],
        "origins": ["https://api.example.com"],
        "commands": [],
    }
    assert line.run("trust", "--json").json == {"folder": str(line.project), "trusted": True}


def test_revoking_below_a_trusted_folder_says_what_is_still_trusted(line):
    line.run("trust")
    ran = line.run("trust", "--revoke", "calc")
    assert ran.code == Exit.FAILED
    assert f"still trusted, through {line.project}" in ran.err
    assert f"festina trust --revoke {line.project}" in ran.err


@pytest.mark.parametrize("folder", ["/", "~"])
def test_far_more_than_a_project_is_refused(line, folder):
    ran = line.run("trust", Path(folder).expanduser())
    assert ran.code == Exit.USAGE
    assert "holds far more than one project" in ran.err
    assert line.trust.folders() == []


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("nowhere", "There is no folder nowhere"), ("festina.toml", "is a file; name the project's")],
)
def test_a_mistake_gets_a_sentence(line, folder, sentence):
    ran = line.run("trust", folder)
    assert ran.code == Exit.USAGE
    assert sentence in ran.err


def test_a_store_that_cannot_be_written_is_told(line, tmp_path):
    line.monkeypatch.setenv("XDG_STATE_HOME", str(line.project / "festina.toml"))
    ran = line.run("trust")
    assert ran.code == Exit.FAILED
    assert "cannot be written" in ran.err
