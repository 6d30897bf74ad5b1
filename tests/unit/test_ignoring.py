"""Files that a person keeps from models, in whichever tool's file they said so."""

import subprocess

import pytest

from festina import ignoring
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


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "home/.config/git").mkdir(parents=True)
    return tmp_path / "home"


def test_what_a_person_has_git_ignore_everywhere_is_ignored(tmp_path, home, monkeypatch):
    (home / ".config/git/ignore").write_text("*.local.ts\n")
    ignores = Ignores(tmp_path)
    assert ignores.by_git("src/a.local.ts")
    assert not ignores.by_git("src/a.ts")
    (tmp_path / ".gitignore").write_text("!kept.local.ts\n")
    assert not Ignores(tmp_path).by_git("kept.local.ts"), "the repository has the last word"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    assert not Ignores(tmp_path).by_git("src/a.local.ts")


@pytest.mark.parametrize("shown", ["~/mine", '"~/mine"', "{home}/mine"])
def test_the_file_that_a_person_s_configuration_names_counts(tmp_path, home, shown):
    (home / "mine").write_text("notes.md\n")
    name = shown.format(home=home)
    (home / ".gitconfig").write_text(f"[user]\n\tname = x\n[core]\n\texcludesFile = {name}\n")
    assert Ignores(tmp_path).by_git("notes.md")


def test_where_case_does_not_tell_files_apart_it_does_not_for_patterns(tmp_path, monkeypatch):
    (tmp_path / ".aiignore").write_text("/src/Private.ts\n")
    assert not Ignores(tmp_path).by_person("src/private.ts")
    monkeypatch.setattr(ignoring, "FOLDS", True)
    for name in ("src/private.ts", "Src/PRIVATE.ts"):
        assert Ignores(tmp_path).by_person(name)
    assert not Ignores(tmp_path).by_person("src/public.ts")


def test_a_worktree_s_repository_says_what_it_excludes(tmp_path, home):
    repository, worktree = tmp_path / "repository", tmp_path / "tree"
    git = ["git", "-C", repository, "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "init", "-q", repository], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", worktree], check=True)
    (repository / ".git/info/exclude").write_text("private.go\n")
    assert Ignores(worktree).by_git("private.go")
    assert Ignores(repository).by_git("private.go")


def test_what_this_says_is_what_git_says(tmp_path, home):
    (home / ".config/git/ignore").write_text("everywhere\n")
    subprocess.run(["git", "init", "-q", tmp_path / "r"], check=True)
    (tmp_path / "r/.git/info/exclude").write_text("excluded\n!everywhere\n")
    (tmp_path / "r/.gitignore").write_text("!excluded\nlisted\n")
    for name in ("everywhere", "excluded", "listed", "other"):
        command = ["git", "-C", tmp_path / "r", "check-ignore", "-q", name]
        done = subprocess.run(command, check=False)
        assert Ignores(tmp_path / "r").by_git(name) == (done.returncode == 0), name
