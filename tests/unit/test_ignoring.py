"""Files that a person keeps from models, in whichever tool's file they said so."""

import subprocess

import pytest

from festina.ignoring import AI, NO_AI, Ignores


@pytest.mark.parametrize("name", AI)
def test_each_tool_s_file_counts(tmp_path, name):
    (tmp_path / name).write_text("# private\n/private/\n*.sql\n!public.sql\n")
    ignores = Ignores(tmp_path)
    assert ignores.by_person("private/a.py") == name
    assert ignores.by_person("deep/private/a.py") == ""
    assert ignores.by_person("deep/dump.sql") == name
    assert ignores.by_person("deep/public.sql") == ""
    assert ignores.by_person("private/public.sql") == name, "nothing below a folder is taken back"
    assert not ignores.by_git("private/a.py")


def test_a_deeper_file_has_the_last_word(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / ".cursorignore").write_text("*.py\n")
    (tmp_path / "pkg" / ".cursorignore").write_text("!*.py\nmodels.py\n")
    ignores = Ignores(tmp_path)
    paths = ["a.py", "pkg/a.py", "pkg/models.py", "pkg/sub/a.py", "other/models.py"]
    assert [path for path in paths if ignores.by_person(path)] == [
        "a.py",
        "pkg/models.py",
        "other/models.py",
    ]


def test_what_one_of_them_takes_back_another_may_still_keep(tmp_path):
    (tmp_path / ".aiignore").write_text("!a.py\n")
    (tmp_path / ".aiexclude").write_text("a.py\n")
    assert Ignores(tmp_path).by_person("a.py") == ".aiexclude"


def test_a_folder_without_ai(tmp_path):
    (tmp_path / "legal").mkdir()
    (tmp_path / "legal" / NO_AI).touch()
    assert Ignores(tmp_path).by_person("legal/sub/a.py") == NO_AI
    assert Ignores(tmp_path).by_person("a.py") == ""


def test_a_workspace_inside_a_repository_is_kept_by_the_repository_s_files(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    workspace = tmp_path / "services" / "one"
    workspace.mkdir(parents=True)
    (tmp_path / ".aiignore").write_text("/services/one/private.py\n")
    (tmp_path / ".gitignore").write_text("build/\n")
    ignores = Ignores(workspace)
    assert ignores.by_person("private.py") == ".aiignore"
    assert ignores.by_person("public.py") == ""
    assert ignores.by_git("build/a.py")


def test_files_that_cannot_be_read_or_understood_ignore_nothing(tmp_path):
    (tmp_path / ".aiignore").mkdir()
    (tmp_path / ".cursorignore").write_bytes(b"\xff\xfe[z-a]\n!\n/\n   \nkept.py\n")
    ignores = Ignores(tmp_path)
    assert ignores.by_person("a.py") == ""
    assert ignores.by_person("kept.py") == ".cursorignore"
