"""Which files are never copied into a shadow; what git ignores is what git says it ignores."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from festina.verify import secret_files, shadow

IGNORES = {
    ".gitignore": "*.key\n!public.key\n/local\nbuild/\n*.pem \n# *.txt\n\\#odd\nsub/*.p12\n"
    "**/deep/*.jks\nlogs/**\na/**/b\n[Tt]oken?.json\n!keep.pem\n",
    "pkg/.gitignore": "!special.key\ncredentials*\n/only-here.key\n",
}
PATHS = """server.key public.key pkg/special.key pkg/other.key local/x.key build/public.key
x/build/k keep.pem a.pem #odd file.txt sub/x.p12 x/sub/x.p12 deep/a.jks x/y/deep/a.jks deep/x/a.jks
logs/a/b a/b a/x/y/b a/c Token1.json token1.json token12.json pkg/credentials.json credentials.json
pkg/only-here.key pkg/sub/credentials pkg/sub/only-here.pem"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in IGNORES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_git_ignores(repository: Path) -> None:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", repository], check=True, env=environ)
    (repository / ".git" / "info" / "exclude").write_text("")
    command = ["git", "-C", str(repository), "check-ignore", "--no-index", "--stdin"]
    paths = "\n".join(PATHS.split())
    done = subprocess.run(
        command, check=False, env=environ, input=paths, capture_output=True, text=True
    )
    ours = [path for path in PATHS.split() if secret_files.ignored(repository, path)]
    assert ours == [line.strip('"') for line in done.stdout.splitlines()]
    assert len(ours) > 10


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (".env", True),
        (".env.local", True),
        (".env.example", False),
        ("pkg/.env", True),
        ("server.key", True),
        ("public.key", False),  # git does not ignore it
        ("a.pem", True),
        ("keep.pem", False),
        ("pkg/credentials.json", True),
        ("credentials.json", False),
        ("pkg/credentials.py", False),  # code
        ("pkg/credentials.example", False),
        ("README.md", False),
    ],
)
def test_secrets(repository: Path, path: str, secret: bool) -> None:
    target = repository / path
    target.parent.mkdir(exist_ok=True)
    target.write_text("x")
    assert secret_files.holds_secrets(repository, path) == secret
    copied = {entry.path for entry in shadow.survey(repository).entries}
    assert (path not in copied) == secret


def test_a_file_of_ignores_that_changes_is_read_again(repository: Path) -> None:
    assert not secret_files.ignored(repository, "new.kdbx")
    (repository / ".gitignore").write_text("*.kdbx\n")
    assert secret_files.ignored(repository, "new.kdbx")


def test_local_ignores_count(tmp_path: Path) -> None:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("mine.key\n")
    assert secret_files.holds_secrets(tmp_path, "mine.key")
