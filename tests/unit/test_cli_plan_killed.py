"""`festina plan --run` killed in the middle, again and again, and gone on with."""

import shutil
import signal
import subprocess
import sys

import pytest

from festina.commands.base import Exit
from festina.memory import Store
from support import doomed_plan, fake_replies, ledger
from support.command_line import CommandLine

RUN = ("plan", "--run", "--until", "2")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    line = CommandLine(tmp_path, monkeypatch, capsys)
    shutil.rmtree(line.project)
    ledger.put(line.project)
    text = ledger.STEPS[1] + ledger.STEPS[4]  # one of one file, one of two
    (line.project / "plan.md").write_text(text)
    monkeypatch.chdir(line.project)
    return line


class Models(ledger.Models):
    """The first answer never comes to its end."""

    def __call__(self, body):
        answer = super().__call__(body)
        first = self.asked.total() == 1
        return fake_replies.text(answer, speed=0.5) if first else answer


def start(line, when, name):
    return subprocess.Popen(
        [sys.executable, doomed_plan.__file__, when, name, *RUN],
        cwd=line.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def killed(line, when, name):
    """Run it with somebody who accepts everything, until it is killed; return what it said."""
    process = start(line, when, name)
    said, _ = process.communicate(b"y\n" * 9)
    assert process.returncode == -signal.SIGKILL, said
    return said.decode()


def there(line):
    """Which files hold what was accepted, and which boxes are ticked."""
    texts = {
        path.name: path.read_text()
        for path in (line.project / "ledger").iterdir()
        if path.is_file()
    }
    pieces = {"money.py": "show", "report.py": "lines", "cli.py": "main"}
    found = [name for name, piece in pieces.items() if texts[name].count(ledger.RIGHT[piece]) == 1]
    plan = (line.project / "plan.md").read_text()
    return found, "".join(one[3] for one in plan.splitlines() if one.startswith("- ["))


def noted(line):
    """Which files progress.md says that something was accepted in, in its order."""
    file = line.project / "progress.md"
    lines = file.read_text().splitlines() if file.exists() else []
    return [one.split("ledger/")[1].split(",")[0] for one in lines if " accepted: " in one]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "name", "ticked", "written"),
    [
        ("before", "progress.md", " ", []),
        ("after", "progress.md", " ", ["money.py"]),
        ("before", "plan.md", " ", ["money.py"]),
        ("after", "plan.md", "x", ["money.py"]),
    ],
)
def test_between_the_edit_its_line_and_its_tick_nothing_is_lost(line, when, name, ticked, written):
    models = ledger.Models()
    (line.project / "plan.md").write_text(ledger.STEPS[1])
    with ledger.fake(models) as fake:
        line.config.parent.mkdir(parents=True, exist_ok=True)
        line.config.write_text(ledger.config(fake))
        killed(line, when, name)
        assert there(line) == (["money.py"], ticked)
        assert noted(line) == written
        if ticked == " ":  # killed once more, while that is made up for
            killed(line, "before", "plan.md")
            assert there(line) == (["money.py"], " ")
            assert noted(line) == ["money.py"]
        for _ in range(2):
            ran = line.run(*RUN)
            assert (ran.code, ran.out) == (Exit.DONE, "all 1 steps are done\n")
            assert there(line) == (["money.py"], "x")
            assert noted(line) == ["money.py"]
    assert models.asked == {"show": 1}


@pytest.mark.slow
def test_nothing_accepted_is_lost_and_nothing_is_done_twice(line):
    models = Models()
    with ledger.fake(models) as fake:
        line.config.parent.mkdir(parents=True, exist_ok=True)
        line.config.write_text(ledger.config(fake))

        # while the model writes: nothing was accepted, so nothing is there, and it is asked again
        process = start(line, "after", "nothing")
        fake.wait(lambda: fake.streams == 1 and models.asked["show"] == 1)
        process.kill()
        process.communicate()
        assert there(line) == ([], "  ")

        # after the person has accepted, before a file is written
        said = killed(line, "before", "money.py")
        assert "Apply this edit?" in said
        assert there(line) == ([], "  ")
        ran = line.run(*RUN)
        assert ran.code == Exit.FAILED
        assert "is not in its files yet. `festina recover --apply 1`" in ran.err
        assert noted(line) == []
        assert line.run("recover", "--apply", "1").code == Exit.DONE
        assert there(line) == (["money.py"], "  ")
        assert noted(line) == ["money.py"]

        # between two files of the next step; the first one is ticked and not run again
        said = killed(line, "after", "report.py")
        assert "step 1 was accepted before; it is ticked now" in said
        assert there(line) == (["money.py", "report.py"], "x ")
        ran = line.run(*RUN)
        assert ran.code == Exit.FAILED
        assert "`festina recover --apply 2`" in ran.err
        assert line.run("recover", "--apply", "2").code == Exit.DONE

        # right after the last tick
        killed(line, "after", "plan.md")
        assert there(line) == (["money.py", "report.py", "cli.py"], "xx")
        ran = line.run(*RUN)
        assert (ran.code, ran.out) == (Exit.DONE, "all 2 steps are done\n")
    assert noted(line) == ["money.py", "report.py", "cli.py"]
    assert models.asked == {"show": 2, "lines": 1, "main": 1}, "only what was cut off is done again"
    store = Store(line.project)
    states = store.database.read("SELECT proposal, state FROM accepts")
    store.close()
    assert len({proposal for proposal, _ in states}) == len(states) == 2
    assert {state for _, state in states} == {"applied"}
