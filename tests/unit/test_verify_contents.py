"""One hash for what a workspace holds: saving changes nothing, every other change does."""

import os
from pathlib import Path

import pytest

from festina.verify import shadow
from festina.verify.base import Snapshot
from festina.verify.contents import LARGEST, Contents
from festina.verify.contents import digest as digest_of
from festina.verify.state import States


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    (folder / "pkg").mkdir(parents=True)
    (folder / "a.py").write_text("A = 1\n")
    (folder / "pkg/b.py").write_text("B = 1\n")
    (folder / "link.py").symlink_to("a.py")
    os.utime(folder / "a.py", ns=(7, 7))
    return folder


def digest(contents: Contents, root: Path, **buffers: str) -> str:
    named = {f"{name}.py": text for name, text in buffers.items()}
    overlay = shadow.overlay(Snapshot(root, named))
    tree = shadow.survey(root)
    return digest_of(contents.of(tree, root, overlay), tree.shown)


def test_saving_touching_and_opening_change_nothing(root: Path) -> None:
    contents = Contents()
    unsaved = digest(contents, root, a="A = 2\n", new="N = '\\U0001f60b'\n")
    (root / "a.py").write_text("A = 2\n")
    (root / "new.py").write_text("N = '\\U0001f60b'\n")
    (root / "new.py").chmod(0o644)
    assert digest(contents, root, a="A = 2\n", new="N = '\\U0001f60b'\n") == unsaved
    assert digest(contents, root) == unsaved
    os.utime(root / "a.py")
    assert digest(contents, root) == unsaved
    assert digest(Contents(), root) == unsaved, "another process says the same"


def test_any_other_change_changes_it(root: Path) -> None:
    contents = Contents()
    seen = {digest(contents, root)}

    def differs(**buffers: str) -> bool:
        before = len(seen)
        seen.add(digest(contents, root, **buffers))
        return len(seen) > before

    assert not differs()
    assert differs(a="A = 3\n")
    assert differs(new="")
    (root / "a.py").write_text("A = 2\n")
    assert differs()
    (root / "a.py").chmod(0o755)
    assert differs()
    (root / "empty").mkdir()
    assert differs()
    (root / "link.py").unlink()
    (root / "link.py").symlink_to("pkg/b.py")
    assert differs()
    (root / "pkg/b.py").rename(root / "pkg/c.py")
    assert differs()
    (root / "large").write_bytes(b"x" * (LARGEST + 1))
    assert differs()
    os.utime(root / "large", ns=(9, 9))
    assert differs(), "what is too large to be read is known by its time"


def test_names_and_texts_that_are_no_characters(root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9.py")).write_text("x")
    contents = Contents()
    assert digest(contents, root, a="\ud83d") != digest(contents, root)


async def test_a_verdict_outlives_the_saving_of_what_it_was_made_from(root: Path) -> None:
    states = States()
    text = "A = 5\n"
    before = (await states.of(Snapshot(root, {"a.py": text}))).fingerprint
    (root / "a.py").write_text(text)
    assert (await states.of(Snapshot(root, {"a.py": text}))).fingerprint == before
    await states.aclose()
