import os
from pathlib import Path

import pytest

from festina import replacing
from festina.commands import apply
from festina.commands.base import Stop
from festina.text import Text

OLD, NEW = Text("old = 1\r\n"), Text("\ufeffnew = 'ü'\n")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "folder" / "a.py"
    path.parent.mkdir()
    path.write_bytes(b"old = 1\r\n")
    return path


def assert_untouched(file):
    assert file.read_bytes() == b"old = 1\r\n"
    assert [entry.name for entry in file.parent.iterdir()] == ["a.py"]


def test_the_new_text_is_written_byte_for_byte_and_nothing_else_is_left(file):
    apply.write(file, OLD, NEW)
    assert file.read_bytes() == "\ufeffnew = 'ü'\n".encode()
    assert [entry.name for entry in file.parent.iterdir()] == ["a.py"]


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600, 0o666])
def test_the_mode_stays(file, mode):
    file.chmod(mode)
    apply.write(file, OLD, NEW)
    assert file.stat().st_mode & 0o7777 == mode


def test_a_link_stays_a_link_and_its_target_is_written(file):
    link = file.parent.parent / "link.py"
    link.symlink_to("folder/a.py")
    apply.write(link, OLD, NEW)
    assert link.is_symlink()
    assert file.read_bytes() == "\ufeffnew = 'ü'\n".encode()


@pytest.mark.parametrize("new", [NEW, Text("x\n"), Text("long = 1\n" * 1000)])
def test_a_file_with_two_names_stays_one_file(file, new):
    other = file.parent.parent / "other.py"
    os.link(file, other)
    apply.write(file, OLD, new)
    assert other.read_bytes() == new.content.encode()
    assert other.samefile(file)


def test_extended_attributes_stay(file):
    try:
        os.setxattr(file, "user.festina", b"kept")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    apply.write(file, OLD, NEW)
    assert os.getxattr(file, "user.festina") == b"kept"


def test_a_file_that_changed_meanwhile_is_left_alone(file):
    file.write_bytes(b"typed meanwhile\n")
    with pytest.raises(Stop, match="changed while the edit was made, so nothing was written"):
        apply.write(file, OLD, NEW)
    assert file.read_bytes() == b"typed meanwhile\n"
    assert [entry.name for entry in file.parent.iterdir()] == ["a.py"]


def test_a_read_only_file_is_refused_even_for_root(file):
    file.chmod(0o444)
    with pytest.raises(Stop, match="is read-only"):
        apply.check_writable(file)
    with pytest.raises(Stop, match="is read-only"):
        apply.write(file, OLD, NEW)
    assert_untouched(file)


def test_a_read_only_folder_is_refused(file, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != file.parent and access(path, mode))
    with pytest.raises(Stop, match=f"The folder {file.parent} is read-only"):
        apply.write(file, OLD, NEW)
    assert_untouched(file)


def test_a_read_only_folder_is_refused_even_for_root(file):
    file.parent.chmod(0o555)
    try:
        with pytest.raises(Stop, match=f"The folder {file.parent} is read-only"):
            apply.check_writable(file)
    finally:
        file.parent.chmod(0o755)
    apply.check_writable(file)


@pytest.mark.parametrize("step", ["mkstemp", "fsync", "replace"])
def test_when_a_step_fails_the_file_is_as_it_was(file, monkeypatch, step):
    def fail(*args, **options):
        raise OSError(28, "No space left on device")

    place = {"mkstemp": replacing.tempfile, "fsync": os, "replace": Path}[step]
    monkeypatch.setattr(place, step, fail)
    with pytest.raises(
        Stop, match=r"could not be written: No space left on device. It is as it was"
    ):
        apply.write(file, OLD, NEW)
    assert_untouched(file)


def test_an_in_place_write_that_fails_is_undone(file, monkeypatch):
    os.link(file, file.parent.parent / "other.py")
    fill, calls = replacing._fill, []

    def fail_once(path, data):
        calls.append(path)
        if len(calls) == 2:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        fill(path, data)

    monkeypatch.setattr(replacing, "_fill", fail_once)
    with pytest.raises(Stop, match="It is as it was"):
        apply.write(file, OLD, NEW)
    assert_untouched(file)


def test_an_in_place_write_that_cannot_be_undone_leaves_the_old_text_beside(file, monkeypatch):
    os.link(file, file.parent.parent / "other.py")
    fill = replacing._fill

    def fail(path, data):
        if path == file:
            raise OSError(5, "Input/output error")
        fill(path, data)

    monkeypatch.setattr(replacing, "_fill", fail)
    with pytest.raises(Stop, match=r"Its old content is in .*a\.py\.before-festina"):
        apply.write(file, OLD, NEW)
    assert (file.parent / "a.py.before-festina").read_bytes() == b"old = 1\r\n"
