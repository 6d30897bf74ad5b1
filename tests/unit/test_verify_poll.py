"""What changes on disk is seen, however an editor saves it."""

import asyncio

import pytest

from festina.verify import poll, shadow
from festina.verify.poll import Poll


@pytest.fixture
def files(tmp_path):
    for name in ("a.py", "pkg/b.py", "pkg/notes.md", ".venv/pyvenv.cfg", ".venv/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1\n")
    return tmp_path


def polled(root, *within):
    watch = Poll(root, lambda path: path.endswith(".py"), within)
    assert watch.look() == frozenset()
    return watch


def test_new_changed_and_gone_files_are_seen_once(files):
    watch = polled(files)
    assert set(watch.paths) == {"a.py", "pkg/b.py"}
    (files / "a.py").write_text("22\n")
    (files / "pkg" / "b.py").unlink()
    (files / "pkg" / "c.py").write_text("1\n")
    (files / "pkg" / "notes.md").write_text("2\n")
    (files / ".venv" / "c.py").write_text("22\n")
    assert watch.look() == {"a.py", "pkg/b.py", "pkg/c.py"}
    assert watch.look() == frozenset()


def test_a_file_that_is_replaced_by_renaming_is_seen(files):
    watch = polled(files)
    (files / ".a.py.swp").write_text("2\n")
    (files / ".a.py.swp").replace(files / "a.py")
    assert watch.look() == {"a.py"}


def test_only_what_is_asked_for_counts(files):
    watch = polled(files, "pkg")
    (files / "a.py").write_text("22\n")
    (files / "pkg" / "b.py").write_text("22\n")
    assert watch.look() == {"pkg/b.py"}
    assert polled(files, "a.py").paths == ("a.py",)


async def test_it_waits_for_a_change_and_says_when_there_is_too_much(files, monkeypatch):
    monkeypatch.setattr(poll, "LEAST_SECONDS", 0.001)
    watch = polled(files)
    waiting = asyncio.create_task(watch.changes())
    await asyncio.sleep(0.01)
    (files / "a.py").write_text("22\n")
    assert await waiting == {"a.py"}
    monkeypatch.setattr(shadow, "MAX_FILES", 1)
    with pytest.raises(shadow.TooLarge):
        await watch.changes()
