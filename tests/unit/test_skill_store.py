"""Where a skill may be written, and that it is written whole or not at all."""

import os

import pytest

from festina import skill_store
from festina.session import Refusal
from festina.skill_store import slot, write
from festina.verify.base import Snapshot
from support import loops
from support.trees import hash_tree

FILE = ".agents/skills/loops/SKILL.md"


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def shot(workspace, **more):
    return Snapshot(workspace, **{"trusted": True, **more})


def refused(workspace, name="loops", **more):
    before = hash_tree(workspace)
    replaces = more.pop("replaces", False)
    with pytest.raises(Refusal) as error:
        slot(shot(workspace, **more), name, replaces=replaces)
    assert hash_tree(workspace) == before
    return str(error.value)


def test_it_is_a_new_file_with_the_permissions_of_any_other(workspace):
    before = os.umask(0o027)
    try:
        write(slot(shot(workspace), "loops"), loops.SKILL)
    finally:
        os.umask(before)
    assert (workspace / FILE).read_text() == loops.SKILL
    assert (workspace / FILE).stat().st_mode & 0o777 == 0o640
    assert list((workspace / FILE).parent.iterdir()) == [workspace / FILE]


def test_one_that_is_there_is_replaced_only_by_word_and_as_it_was_seen(workspace):
    file = workspace / FILE
    file.parent.mkdir(parents=True)
    file.write_text("old")
    file.chmod(0o600)
    assert "There is a skill loops already, in .agents/skills/loops/SKILL.md" in refused(workspace)
    where = slot(shot(workspace), "loops", replaces=True)
    file.write_text("newer")
    with pytest.raises(Refusal, match="has changed meanwhile"):
        write(where, loops.SKILL)
    assert file.read_text() == "newer"
    write(slot(shot(workspace), "loops", replaces=True), loops.SKILL)
    assert file.read_text() == loops.SKILL
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_that_comes_meanwhile_stays(workspace):
    where = slot(shot(workspace), "loops")
    (workspace / FILE).parent.mkdir(parents=True)
    (workspace / FILE).write_text("theirs")
    with pytest.raises(Refusal, match="made by somebody else meanwhile"):
        write(where, loops.SKILL)
    assert (workspace / FILE).read_text() == "theirs"
    assert list((workspace / FILE).parent.iterdir()) == [workspace / FILE]


def test_where_there_are_no_hard_links_it_is_whole_all_the_same(workspace, monkeypatch):
    def none(*_):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(skill_store.os, "link", none)
    test_it_is_a_new_file_with_the_permissions_of_any_other(workspace)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a--b", "x" * 65, "a\n"])
def test_a_name_is_a_folders_and_nothing_else(workspace, name):
    assert "is none." in refused(workspace, name)


@pytest.mark.parametrize("part", [".agents", ".agents/skills", ".agents/skills/loops", FILE])
def test_nothing_is_written_through_a_link(workspace, tmp_path, part):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = workspace / part
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    assert "so nothing is written there" in refused(workspace, replaces=True)
    assert list(outside.iterdir()) == []


def test_not_where_it_is_not_trusted_or_would_not_be_followed(workspace):
    assert "The workspace is not trusted" in refused(workspace, trusted=False)
    assert f"festina trust {workspace}" in refused(workspace, trusted=False)
    (workspace / ".gitignore").write_text(".agents\n")
    assert "Git ignores .agents/skills/loops/SKILL.md" in refused(workspace)


def test_a_folder_that_cannot_be_written_is_told(workspace):
    (workspace / ".agents").write_text("a file\n")
    with pytest.raises(Refusal, match="could not be written"):
        write(slot(shot(workspace), "loops"), loops.SKILL)
