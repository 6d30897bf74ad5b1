"""What is laid over a base so that it stands for a later state of the workspace."""

import os
from pathlib import Path

import pytest

from festina.verify import shadow
from festina.verify.base import Snapshot
from festina.verify.drift import MOST_BYTES, MOST_FILES, drift
from festina.verify.state import State, States


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg/a.py").write_text("A = 1\n")
    (folder / "pkg/b.py").write_text("B = 1\r\n", newline="")
    (folder / "pyproject.toml").write_text("[project]\nname = 'w'\n")
    (folder / "link.py").symlink_to("pkg/a.py")
    return folder


async def state(root: Path, **buffers: str) -> State:
    named = {f"pkg/{name}.py": text for name, text in buffers.items()}
    return await States().of(Snapshot(root, named))


async def test_a_buffer_and_a_saved_file_are_the_same_drift(root: Path) -> None:
    base = await state(root)
    assert drift(base, await state(root)) == {}
    typed = await state(root, a="A = 2\n")
    assert drift(base, typed) == {"pkg/a.py": "A = 2\n"}
    (root / "pkg/a.py").write_text("A = 2\n")
    assert drift(base, await state(root)) == {"pkg/a.py": "A = 2\n"}
    assert drift(typed, await state(root)) == {}, "the base was of the unsaved text"


async def test_line_ends_new_and_removed_files(root: Path) -> None:
    base = await state(root)
    (root / "pkg/b.py").write_text("B = 2\r\n", newline="")
    (root / "pkg/a.py").unlink()
    assert drift(base, await state(root, new="N = 1\n")) == {
        "pkg/a.py": None,
        "pkg/b.py": "B = 2\r\n",
        "pkg/new.py": "N = 1\n",
    }


@pytest.mark.parametrize(
    "what", ["mode", "link", "folder", "configuration", "bytes", "many", "much", "environment"]
)
async def test_what_texts_alone_cannot_say(
    root: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await state(root)
    if what == "mode":
        (root / "pkg/a.py").chmod(0o755)
    elif what == "link":
        (root / "link.py").unlink()
        (root / "link.py").symlink_to("pkg/b.py")
    elif what == "folder":
        (root / "empty").mkdir()
    elif what == "configuration":
        (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    elif what == "bytes":
        (root / "pkg/a.py").write_bytes(b"\xff\xfe")
    elif what == "many":
        for number in range(MOST_FILES + 1):
            (root / f"pkg/n{number}.py").touch()
    elif what == "much":
        (root / "pkg/a.py").write_text("#" * (MOST_BYTES + 1))
    else:
        monkeypatch.setenv("LANG", "xx_XX")
    assert drift(base, await state(root)) is None


async def test_a_file_saved_meanwhile_is_told(root: Path) -> None:
    base = await state(root)
    (root / "pkg/a.py").write_text("A = 2\n")
    now = await state(root)
    (root / "pkg/a.py").write_text("A = 3\n")
    os.utime(root / "pkg/a.py", ns=(7, 7))
    with pytest.raises(shadow.Changed):
        drift(base, now)
