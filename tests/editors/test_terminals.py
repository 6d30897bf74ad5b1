"""The main job in real editors, in a terminal, as a person does it with the lines of the README."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from support.bench import ADDED, GOOD, Bench, bench
from support.people import Helix, Neovim, Person
from support.people_emacs import Emacs
from support.people_vim import Vim
from support.tmux import SECONDS, Terminal

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

EDITORS = {
    "neovim-0.10": partial(Neovim, version="0.10"),
    "neovim-0.11": partial(Neovim, version="0.11"),
    "neovim-0.12": partial(Neovim, version="0.12"),
    "helix-trixie": partial(Helix, suite="trixie"),
    "helix-sid": partial(Helix, suite="sid"),
    "emacs-30": Emacs,
    "vim-ale": Vim,
}
OLD, NEW = "# festina: respect the upper bound", "return min(high, max(low, value))"


@pytest.fixture(params=EDITORS)
def editor(request: pytest.FixtureRequest) -> partial[Person]:
    return EDITORS[request.param]


@contextmanager
def opened(editor: partial[Person], made: Bench) -> Iterator[Person]:
    person = editor(made)
    command = ["env", f"FESTINA_TEST_TOKEN={made.token}", *person.command()]
    with Terminal(command, made.folder, made.environment) as terminal:
        person.open(terminal)
        yield person
        person.quit()
        terminal.until("[ended: 0]")
        assert made.left() == set(), "the server outlived its editor"


def accepted(screen: str) -> bool:
    """Whether the code is the edit's, and no diagnostic shows it as well."""
    return NEW in screen and OLD not in screen and "Festina: ready" not in screen


def as_before(screen: str) -> bool:
    return NEW not in screen and OLD in screen


def offered(titles: list[str], word: str) -> bool:
    """Whether there is such an action that can be chosen (Neovim 0.12 lists disabled ones)."""
    found = [title for title in titles if title.startswith(f"Festina: {word} ")]
    return any(not title.endswith("(disabled)") for title in found)


def test_the_main_job(tmp_path: Path, editor: partial[Person]) -> None:
    with bench(tmp_path) as made, opened(editor, made) as person:
        person.choose("respect the upper bound")
        person.until_shown("Festina: streaming", f"- {OLD}", "+ return min(high,")
        titles = person.menu("cancel edit of clamp")
        assert not offered(titles, "accept"), titles
        person.leave()

        made.released.set()
        person.until_shown("Festina: ready: ruff ok, 3 tests ok (1 of 1 changed lines", f"+ {NEW}")
        person.choose("accept edit of clamp: ruff ok, 3 tests ok")
        person.until(accepted)
        person.undo()
        person.until(as_before)

        # what fails is named, and cannot be accepted
        person.choose("Simplify this code")
        person.until_shown("Festina: rejected: tests failed", "test_mod.py::test_inside")
        titles = person.menu("dismiss edit of clamp")
        assert not offered(titles, "accept"), titles
        person.leave()
        person.choose("dismiss edit of clamp")

        # typing elsewhere moves an edit along; it is verified again, and can be accepted
        person.choose("respect the upper bound")
        person.until_shown("Festina: ready")
        person.type_at(1, "# ")
        person.choose("accept edit of clamp: ruff ok")
        person.until(lambda screen: '# """Numbers' in screen and accepted(screen))
        person.undo()
        person.until(lambda screen: '# """Numbers' in screen and as_before(screen))


def test_what_is_accepted_is_saved_and_taken_back(tmp_path: Path, editor: partial[Person]) -> None:
    with bench(tmp_path) as made, opened(editor, made) as person:
        made.released.set()
        before = made.file.read_text()

        # a code action that needs no comment
        person.choose("Add type hints")
        person.until_shown("Festina: ready")
        assert made.file.read_text() == before
        person.choose("accept edit of clamp")
        person.until(accepted)
        assert made.file.read_text() == before
        person.save()
        until_saved(
            made,
            before.replace(
                before[before.index("def clamp") : before.index("\n\n\ndef double") + 1], GOOD
            ),
        )
        person.undo()
        person.until(as_before)
        person.save()
        until_saved(made, before)

        # a comment that the person types
        person.at, person.lines = 9, 2
        person.append(9, "  # festina: do it by adding")
        person.choose("do it by adding")
        person.until_shown("Festina: ready")
        person.choose("accept edit of double")
        person.until(lambda screen: "return value + value" in screen and "by adding" not in screen)
        person.save()
        until_saved(made, before.replace("def double(value):\n    return value * 2\n", ADDED))
        person.undo()
        person.until(lambda screen: "return value * 2" in screen and "by adding" in screen)
        made.file.write_text(before)  # what was saved was wanted


def until_saved(made: Bench, text: str) -> None:
    deadline, found = time.monotonic() + SECONDS, ""
    while found != text:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
        with suppress(FileNotFoundError):  # Helix moves the old one away before it writes the new
            found = made.file.read_text()


def test_edits_that_end_before_they_are_accepted(tmp_path: Path, editor: partial[Person]) -> None:
    with bench(tmp_path) as made, opened(editor, made) as person:
        person.choose("Fix bugs in this code")
        person.until_shown("Festina: streaming", "+ return min(high,")
        assert made.fake.streams == 1
        person.choose("cancel edit of clamp")
        made.fake.wait(lambda: made.fake.streams == 0)

        made.released.set()
        person.choose("respect the upper bound")
        person.until_shown("Festina: ready")
        person.type_at(6, "#")
        person.until(lambda screen: "Festina: ready" not in screen and "+    ret" not in screen)
        titles = person.menu("Fix bugs in this code")
        assert not offered(titles, "accept"), titles
        assert not offered(titles, "dismiss"), titles
        person.leave()


def test_a_workspace_that_is_not_trusted(tmp_path: Path, editor: partial[Person]) -> None:
    with bench(tmp_path, trusted=False) as made, opened(editor, made) as person:
        made.released.set()
        person.choose("respect the upper bound")
        person.until_shown("Festina: unverified: The workspace is not trusted", "`festina trust ")
        titles = person.menu("apply unverified edit of clamp")
        assert not offered(titles, "accept"), titles
        person.leave()
