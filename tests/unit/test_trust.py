import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from festina.session import Session
from festina.trust import TrustStore
from festina.workspaces import workspace_of


@pytest.fixture
def store(tmp_path):
    return TrustStore(tmp_path / "state" / "trust.json")


def test_nothing_is_trusted_at_first(store, tmp_path):
    assert not store.is_trusted(tmp_path)
    assert store.folders() == []


def test_trust_covers_what_lies_below_and_nothing_beside(store, tmp_path):
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    store.trust(project)
    assert store.is_trusted(project)
    assert store.is_trusted(project / "sub")
    assert not store.is_trusted(tmp_path)
    assert not store.is_trusted(tmp_path / "project2")


def test_trust_goes_by_the_real_path(store, tmp_path):
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    link = tmp_path / "link"
    link.symlink_to(project)
    store.trust(link)
    assert store.is_trusted(project)
    link.unlink()
    link.symlink_to(other)
    assert not store.is_trusted(link)


def test_trust_can_be_taken_back(store, tmp_path):
    store.trust(tmp_path)
    assert store.untrust(tmp_path)
    assert not store.is_trusted(tmp_path)
    assert not store.untrust(tmp_path)


def test_origins_and_folders_do_not_disturb_each_other(store, tmp_path):
    store.trust(tmp_path)
    store.allow_send("https://api.example.com")
    assert store.may_send("https://api.example.com")
    assert not store.may_send("https://api.example.com:8443")
    assert store.is_trusted(tmp_path)


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"folders": 3}', '{"folders": [1]}'])
def test_a_damaged_file_trusts_nothing_and_can_be_replaced(store, tmp_path, content):
    store.trust(tmp_path)
    file = tmp_path / "state" / "trust.json"
    file.write_text(content)
    assert not store.is_trusted(tmp_path)
    store.trust(tmp_path)
    assert store.is_trusted(tmp_path)


def test_the_file_is_the_users_alone_and_no_scraps_stay(store, tmp_path):
    store.trust(tmp_path)
    file = tmp_path / "state" / "trust.json"
    assert file.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in file.parent.iterdir()] == ["trust.json"]
    assert json.loads(file.read_text())["folders"] == [os.path.realpath(tmp_path)]


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        ([("outer", "festina.toml"), ("outer/inner", ".git")], "outer"),
        ([("outer", ".git"), ("outer/inner", "pyproject.toml")], "outer"),
        ([("outer", "pyproject.toml")], "outer"),
        ([("outer", "setup.py")], "outer"),
        ([("outer", "setup.cfg"), ("outer/inner", "setup.py")], "outer/inner"),
        ([], "outer/inner"),
    ],
)
def test_the_workspace_is_the_nearest_folder_with_the_best_marker(tmp_path, markers, expected):
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder, name in markers:
        (tmp_path / folder / name).touch()
    (inner / "a.py").touch()
    assert workspace_of(inner / "a.py") == tmp_path / expected


def test_changes_by_several_processes_at_once_all_count(tmp_path):
    file = tmp_path / "state" / "trust.json"
    folders = [tmp_path / f"p{number}" for number in range(40)]

    def trust(folder):
        TrustStore(file).trust(folder)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(trust, folders))
    assert TrustStore(file).folders() == sorted(os.path.realpath(folder) for folder in folders)


def test_the_way_to_trust_is_where_trust_was_withheld(tmp_path):
    for said, words in ((False, "in the editor"), (None, "")):
        session = Session(trusted_by_editor=said, trust=TrustStore(tmp_path / "trust.json"))
        snapshot = session.snapshot(tmp_path)
        assert not snapshot.trusted
        assert words in snapshot.trust_remedy
        assert bool(snapshot.trust_remedy) == bool(words)
