"""Each leg of the editor tests can fail: with a broken server, and without its editor.

Run by `make test-legs`: a broken leg is waited for, so this takes longer than the tests themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.legs, pytest.mark.slow, pytest.mark.timeout(900)]

HERE = Path(__file__).parent

BROKEN = f"""#!{sys.executable}
# A Festina that works in all but one thing.
import sys
from festina import __main__
%s
sys.exit(__main__.main())
"""

APPLIES_SOMETHING_ELSE = """
import dataclasses
from festina.lsp import convert

right = convert.text_edits

def wrong(text, edits, encoding):
    wanted, other = "max(low", "max(high"
    edits = [dataclasses.replace(e, new_text=e.new_text.replace(wanted, other)) for e in edits]
    return right(text, edits, encoding)

convert.text_edits = wrong
"""

JOB = "test_the_main_job"
LEGS = {
    **{
        f"neovim-{version}": f"test_neovim.py::{JOB}_with_the_stock_client[{version}]"
        for version in ("0.10", "0.11", "0.12")
    },
    **{
        f"plugin-{version}": f"test_neovim_plugin.py::{JOB}[{version}]"
        for version in ("0.10", "0.11", "0.12")
    },
    **{
        f"terminal-{editor}": f"test_terminals.py::{JOB}[{editor}]"
        for editor in (
            *("neovim-0.10", "neovim-0.11", "neovim-0.12"),
            *("helix-trixie", "helix-sid", "emacs-30", "vim-ale"),
        )
    },
    **{
        f"plugin-terminal-{version}": (
            f"test_neovim_plugin_terminal.py::{JOB}_in_a_narrow_terminal[{version}]"
        )
        for version in ("0.10", "0.11", "0.12")
    },
    "vscode": f"test_vscode.py::{JOB}_from_the_selection_to_the_undo",
}


ONE_BY_ONE = {
    "saving": (
        "test_vscode_status.py::test_what_is_saved_is_red_and_then_green",
        """
from festina.lsp import messages
right = messages.status_payload
messages.status_payload = lambda uri, state, found: right(uri, "unchanged", None)
""",
        "the status bar says 'fails'",
    ),
    "trust": (
        "test_vscode.py::test_restricted_mode_says_what_to_do_and_trust_is_enough",
        """
from festina.session import Session
Session.trusted_by_editor = property(lambda self: True, lambda self, value: None)
""",
        "the lens 'unverified'",
    ),
    "key": (
        "test_vscode_keys.py::test_a_key_is_kept_for_one_origin_and_used_there",
        """
from festina.lsp import messages
messages.KEY = "festina/nothing"
""",
        "the question",
    ),
}
"""What VS Code's other legs are about: a test, a server without that, and what the test says."""


def broken(folder: Path, patch: str) -> dict[str, str]:
    """The environment of a test whose server is broken."""
    server = folder / "festina"
    server.write_text(BROKEN % patch)
    server.chmod(0o755)
    return {"FESTINA_TEST_SERVER": str(server), "FESTINA_TEST_SECONDS": "45"}


def run(test: str, *options: str, **environment: str) -> tuple[int, str]:
    """Run one test as `make test-editors` does; return pytest's exit code and what it says."""
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, HERE / test],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("leg", LEGS)
def test_a_leg_fails_when_what_is_applied_is_not_what_was_verified(tmp_path, leg):
    code, said = run(LEGS[leg], "--no-skips", **broken(tmp_path, APPLIES_SOMETHING_ELSE))
    assert code == 1, said
    assert "1 failed" in said, said
    assert "max(high" in said or "the key applies the edit" in said, said


@pytest.mark.parametrize("leg", ONE_BY_ONE)
def test_a_leg_of_vscode_fails_when_its_own_part_is_missing(tmp_path, leg):
    test, patch, words = ONE_BY_ONE[leg]
    code, said = run(test, "--no-skips", **broken(tmp_path, patch))
    assert code == 1, said
    assert "1 failed" in said, said
    assert words in said, said


@pytest.mark.parametrize("leg", LEGS)
def test_a_leg_fails_when_its_editor_cannot_be_had(tmp_path, leg):
    nowhere = {
        "FESTINA_TEST_TOOLS": str(tmp_path / "tools"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
    }
    code, said = run(LEGS[leg], **nowhere)
    assert code == 0, said
    assert "could not be fetched" in said, said
    code, said = run(LEGS[leg], "--no-skips", **nowhere)
    assert code == 1, said
    assert "could not be fetched" in said, said
