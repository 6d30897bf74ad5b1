"""The plugin `clients/neovim` in real Neovims in a terminal, as a person uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import fake_replies
from support.bench import Bench, bench, neovim
from support.neovim_plugin import configure
from support.tmux import Terminal

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]

NEW = "return min(high, max(low, value))"
STATUS = "vim.o.statusline = \"%f %m%=%{v:lua.require'festina'.statusline()}\""

TYPING = """
vim.keymap.set("i", "<F2>", "<Cmd>Festina accept<CR>")
vim.g.passed = 0
vim.api.nvim_create_autocmd("User", { pattern = "FestinaReady", callback = function()
  vim.g.passed = vim.g.passed + 1
  vim.cmd.redrawstatus()
end })
vim.o.statusline = "passed: %{g:passed}"
"""


@contextmanager
def opened(made: Bench, version: str, *more: str, size: tuple[int, int]) -> Iterator[Terminal]:
    configure(made, version, "vim.o.laststatus = 2", STATUS, *more)
    command = ["env", f"FESTINA_TEST_TOKEN={made.token}", str(neovim(version)), "mod.py"]
    with Terminal(command, made.folder, made.environment, size) as terminal:
        terminal.until("def double")
        yield terminal
        assert "Press ENTER" not in terminal.screen(), terminal.screen()
        terminal.keys("C-\\", "C-n")
        terminal.type(":qa!")
        terminal.keys("Enter")
        terminal.until("[ended: 0]")
        assert made.left() == set(), "the server outlived its editor"


def words(screen: str) -> str:
    """All that is on the screen as one line: what is wrapped is put together again."""
    return " ".join(screen.split())


@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_the_main_job_in_a_narrow_terminal(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made, opened(made, version, size=(80, 24)) as terminal:
        terminal.type("4GVjj\\f")
        terminal.until("Festina, edit lines 4-6:")
        terminal.type("respect the upper bound")
        terminal.keys("Enter")
        screen = terminal.until("    return min(high,")
        assert "Festina clamp writing" in screen, screen
        assert "gzc cancel" in screen, screen
        assert "●1" in screen.splitlines()[-2], screen
        rows = screen.splitlines()
        assert rows.index("    return min(high,") == 7, screen  # below the comment, above the rest

        made.released.set()
        screen = terminal.until(lambda screen: "3 tests ok" in words(screen))
        assert "(1 of 1 changed lines executed)" in words(screen), screen
        assert "gza accept" in screen, screen
        assert f"    {NEW}" in screen, screen
        assert "Festina, edit" not in screen, screen  # the prompt has gone
        coloured = terminal.screen(colour=True)
        assert grounds(coloured, "max(low, value)")[0] != grounds(coloured, NEW)[-1], coloured

        terminal.type("gza")
        screen = terminal.until(lambda screen: "Festina clamp" not in screen and NEW in screen)
        assert "# festina:" not in screen, screen
        terminal.type("u")
        terminal.until(lambda screen: NEW not in screen and "# festina:" in screen)

        # what fails is named; the test is one key away
        terminal.type("4GVjj:Festina edit Simplify this")
        terminal.keys("Enter")
        screen = terminal.until("rejected: ")
        assert "test_mod.py::test_inside" in words(screen), screen
        assert "gza accept" not in screen, screen
        terminal.type("gzt")
        terminal.until("assert clamp(5, 0, 10) == 5")
        terminal.until(lambda screen: "test_inside: assert 0 == 5" in screen.splitlines()[-1])
        terminal.type(":close")
        terminal.keys("Enter")
        terminal.type("gzx")
        terminal.until(lambda screen: "rejected" not in screen)


@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_what_waits_is_wrapped_anew_for_a_narrower_window(tmp_path: Path, version: str) -> None:
    """The server has no more to say of it: nothing else has it drawn again."""
    with bench(tmp_path) as made, opened(made, version, size=(100, 24)) as terminal:
        made.released.set()
        terminal.type("4GVjj:Festina edit respect the upper bound")
        terminal.keys("Enter")
        whole = "syntax ok, ruff ok, 3 tests ok (1 of 1 changed lines executed)"
        terminal.until(whole)
        terminal.type(":vsplit")
        terminal.keys("Enter")
        terminal.until(lambda screen: screen.count("✓ Festina clamp ready:") == 2)
        terminal.type(":vertical resize 30")
        terminal.keys("Enter")
        # what is seen of it there is all of it
        terminal.until(lambda screen: whole in words("\n".join(left(screen, 30))))
        terminal.type(":only")
        terminal.keys("Enter")
        terminal.until(whole)
        terminal.type("gzx")
        terminal.until(lambda screen: "Festina clamp" not in screen)


def left(screen: str, width: int) -> list[str]:
    """What the leftmost columns show."""
    return [row[:width] for row in screen.splitlines()]


@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_messages_never_wait_for_a_key(tmp_path: Path, version: str) -> None:
    with (
        bench(tmp_path, trusted=False) as made,
        opened(made, version, size=(60, 20)) as terminal,
    ):
        made.released.set()
        terminal.type("4GVjj:Festina edit respect the upper bound")
        terminal.keys("Enter")
        screen = terminal.until(lambda screen: "is not trusted" in words(screen))
        assert "unverified: " in screen, screen
        terminal.type("gza")  # refused, with more words than a line has
        terminal.until(":Festina log)")
        terminal.type(":Festina trust")
        terminal.keys("Enter")
        terminal.until("✓ Festina clamp ready")
        terminal.type("gza")
        terminal.until(lambda screen: NEW in screen and "Festina clamp" not in screen)
        terminal.type("u")


@pytest.mark.parametrize("line", ["Go", "ggO"], ids=["below", "above"])
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_an_accept_while_typing_is_one_undo_step(tmp_path: Path, version: str, line: str) -> None:
    """What was typed before and after it are steps of their own."""
    with bench(tmp_path) as made, opened(made, version, TYPING, size=(80, 30)) as terminal:
        made.released.set()
        terminal.type("4GVjj:Festina edit respect the upper bound")
        terminal.keys("Enter")
        terminal.until("passed: 1")
        terminal.type(f"{line}# before")
        terminal.until("# before")
        terminal.until("passed: 2")  # verified again: the file is another one
        terminal.keys("F2")
        terminal.until(lambda screen: NEW in screen and "Festina clamp" not in screen)
        assert "-- INSERT --" in terminal.screen()
        terminal.type(", after")
        terminal.until("# before, after")
        terminal.keys("Escape")
        terminal.until(lambda screen: "-- INSERT --" not in screen)
        for edit, typed in [(True, "# before"), (False, "# before"), (False, "")]:
            terminal.type("u")
            terminal.until(
                lambda screen, edit=edit, typed=typed: (
                    (NEW in screen) == edit and _comment(screen) == typed
                )
            )
        terminal.keys("C-r", "C-r", "C-r")
        terminal.until(lambda screen: NEW in screen and _comment(screen) == "# before, after")
        terminal.type("uuu")


@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_neovims_own_list_of_variations_shows_what_each_changes(
    tmp_path: Path, version: str
) -> None:
    answers = iter(["return min(high, max(low, value))", "return max(low, min(high, value))"])

    def answer(body: object) -> fake_replies.Reply:
        return fake_replies.text(
            f"```python\ndef clamp(value, low, high):\n    {next(answers)}\n```\n"
        )

    with bench(tmp_path) as made:
        made.fake.script(answer)
        with opened(made, version, size=(80, 30)) as terminal:
            terminal.type("4GVjj:Festina edit respect the upper bound")
            terminal.keys("Enter")
            terminal.until("✓ Festina clamp ready")
            terminal.type(":Festina variations 1")
            terminal.keys("Enter")
            screen = terminal.until("of 2 ready")
            match = re.search(r"clamp (\d) of 2 ready", screen)
            assert match, screen
            here, other = int(match[1]), 3 - int(match[1])
            terminal.type("gzv")
            screen = terminal.until("3: ask for four more")
            rows = [line.strip("│ ") for line in screen.splitlines()]
            assert "what each would change" in rows[0], screen
            titles = [row for row in rows[1:8] if re.match(r"\d: ✓ ", row)]
            assert titles[here - 1].startswith(f"{here}: ✓ (shown) +1 -2"), screen
            assert titles[other - 1].startswith(f"{other}: ✓ +1 -2"), screen
            assert rows.index("-     # festina: respect the upper bound") < rows.index(
                f"+     {NEW}"
            )
            second = rows.index("+     return max(low, min(high, value))")
            assert rows.index(f"+     {NEW}") < second, screen
            coloured = terminal.screen(colour=True)
            assert grounds(coloured, "# festina")[0] != grounds(coloured, "return min(")[0], (
                coloured
            )
            terminal.type(str(other))
            terminal.keys("Enter")
            terminal.until(
                lambda screen: (
                    f"Festina clamp {other} of 2 ready" in screen
                    and "what each would change" not in screen
                )
            )


def _comment(screen: str) -> str:
    return next((line.strip() for line in screen.splitlines() if line.startswith("# before")), "")


def grounds(coloured: str, text: str) -> list[str]:
    """The background that is in force where each occurrence of a text begins, as its escape."""
    found = []
    for line in coloured.splitlines():
        ground, plain, starts = "", "", {}
        for code, part in re.findall(r"\x1b\[([\d;:]*)m|([^\x1b]+)", line):
            if part:
                starts[len(plain)] = ground
                plain += part
            elif code in ("", "0", "49"):
                ground = ""
            elif match := re.search(r"(?:^|;)(48;[\d;]+|4[0-7]|10[0-7])", code):
                ground = match[1]
        if text in plain:
            at = plain.index(text)
            found.append(starts[max(start for start in starts if start <= at)])
    assert found, coloured
    return found
