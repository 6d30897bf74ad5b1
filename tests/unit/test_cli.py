import argparse
import ast
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import festina
from festina import __main__, cli
from festina.commands.base import Exit, Stop

HEAVY = ("asyncio", "httpx2", "pygls", "lsprotocol", "rich", "platformdirs")


def imported_by(*words):
    """Run a command in a fresh interpreter; return the heavy modules that it imported."""
    code = (
        "import sys\nfrom festina import cli\n"
        f"try:\n    cli.main({list(words)!r})\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout
    return done.stderr.split()


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["edit", "--help"]])
def test_what_shells_ask_for_imports_nothing_heavy(words):
    assert imported_by(*words) == []


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    assert f"usage: festina {command}" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"festina {festina.__version__}\n"


def test_no_command_shows_what_there_is(capsys):
    assert cli.main([]) == Exit.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert all(command in printed.err for command in cli.COMMANDS)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["verfy"], "there is no command 'verfy'; did you mean `festina verify`?"),
        (["xyzzy"], "there is no command 'xyzzy'; `festina --help` lists them all."),
        (["edit"], "the following arguments are required: FILE[:START[-END]]"),
        (["edit", "a.py", "-n", "76"], "'76' is not a whole number from 1 to 75"),
        (["edit", "a.py", "-n", "x"], "'x' is not a whole number from 1 to 75"),
        (["edit", "a.py", "--apply", "--json"], "not allowed with"),
        (["verify", "a.py"], "one of the arguments --candidate --candidates --watch is required"),
        (["model"], "the following arguments are required: ACTION"),
    ],
)
def test_usage_mistakes_are_told_in_a_line(words, sentence, capsys):
    assert cli.main(words) == Exit.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("festina: ")
    assert sentence in printed.err
    assert printed.err.count("\n") == 1


@pytest.fixture
def ending(monkeypatch):
    """Let ``festina doctor`` end by raising what is given."""

    def use(raised):
        def run(args: argparse.Namespace) -> int:
            raise raised

        module = SimpleNamespace(configure=lambda parser: None, run=run)
        monkeypatch.setattr(cli, "_module", lambda name: module)

    monkeypatch.delenv("FESTINA_DEBUG", raising=False)
    return use


def test_control_c_is_130_and_silent(ending, capsys):
    ending(KeyboardInterrupt())
    assert cli.main(["doctor"]) == Exit.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_refusal_is_its_sentence_and_its_code(ending, capsys):
    ending(Stop("No.", Exit.UNVERIFIED))
    assert cli.main(["doctor"]) == Exit.UNVERIFIED
    assert capsys.readouterr().err == "festina: No.\n"


def test_an_unexpected_error_shows_no_traceback_and_no_content(ending, capsys):
    ending(ValueError("SOURCE TEXT"))
    assert cli.main(["doctor"]) == Exit.FAILED
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "--debug" in err
    assert "Traceback" not in err
    assert "SOURCE TEXT" not in err


@pytest.mark.parametrize("words", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_the_traceback(ending, capsys, words):
    ending(ValueError("x"))
    assert cli.main(words) == Exit.FAILED
    assert "Traceback" in capsys.readouterr().err


def test_the_environment_can_ask_for_tracebacks(ending, capsys, monkeypatch):
    monkeypatch.setenv("FESTINA_DEBUG", "1")
    ending(ValueError("x"))
    cli.main(["doctor"])
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_error():
    code = (
        "import sys\nfrom types import SimpleNamespace\nfrom festina import cli\n"
        "def run(args):\n    while True:\n        sys.stdout.write('x' * 10_000)\n"
        "cli._module = lambda name: SimpleNamespace(configure=lambda parser: None, run=run)\n"
        "sys.exit(cli.main(['doctor']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == Exit.FAILED


def test_an_old_python_is_told_what_is_needed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert __main__.main() == Exit.USAGE
    assert capsys.readouterr().err == (
        "festina: this is Python 3.10, and Festina needs 3.11 or newer. Install it with a newer "
        "one, such as: python3.12 -m pip install festina\n"
    )


def test_an_old_python_understands_the_file_that_tells_it():
    for module in (__main__, festina):
        ast.parse(Path(module.__file__).read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_a_person_who_starts_the_server_by_hand_is_told_what_it_waits_for(
    monkeypatch, capsys, at_a_terminal
):
    from festina.lsp import app

    monkeypatch.setattr(app, "main", lambda: 0)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: at_a_terminal))
    assert cli.main(["server"]) == Exit.DONE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("waits for LSP messages" in printed.err) == at_a_terminal
