"""``festina recover``: what was accepted, and never reached its file before everything ended."""

import os

import pytest

from festina.commands.base import Exit
from festina.memory import Kept, State, Store
from festina.memory.journal import Journal
from festina.text import Text
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel

OLD = "def clamp(value, low, high):\n    if value < low:\n        return low\n    return value\n"
ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound", "--apply")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def accepted(line, new=GOOD, **more):
    """Accept an edit in a process that ends before it is in the file."""
    before = Text(line.before)
    kept = Kept("calc/core.py", before, Text(line.before.replace(OLD, new)))
    assert kept.after != before
    store = Store(line.project)
    store.journal.begin([kept], name="clamp", **more)
    store.close()
    return kept


def test_where_all_is_in_its_files_nothing_is_said_or_made(line):
    ran = line.run("recover")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert ran.out == "Nothing is left over: every edit that you accepted is in its file.\n"
    assert not Store(line.project).database.exists
    assert line.run("recover", "--json").json["left"] == []


def test_what_is_left_is_listed_with_what_to_do(line):
    kept = accepted(line)
    ran = line.run("recover")
    assert ran.code == Exit.FAILED
    assert ran.out.startswith("1  clamp in calc/core.py, accepted in the editor on ")
    assert "\n   calc/core.py: absent. It is as it was before the edit.\n" in ran.out
    assert "   `festina recover --apply 1` checks it again and writes it; --show 1" in ran.out
    (left,) = line.run("recover", "--json").json["left"]
    state = {"state": "absent", "changed": False, "gone": False, "torn": False}
    assert left["files"] == [{"path": "calc/core.py", **state}]
    assert (left["id"], left["name"], left["how"]) == (1, "clamp", "editor")
    assert (left["accepted"], left["applicable"]) == (True, True)
    shown = line.run("recover", "--show", "1")
    assert (shown.code, shown.out.count("\n+"), line.file.read_text()) == (0, 2, line.before)
    assert "+    return min(value, high)\n" in shown.out
    assert kept.after.content not in shown.out


def test_it_is_checked_again_and_written_once(line):
    kept = accepted(line, how="command")
    ran = line.run("recover", "--apply", "1")
    assert (ran.code, ran.out) == (Exit.DONE, "Applied to calc/core.py.\n")
    assert line.file.read_text() == kept.after.content
    assert line.run("recover").code == Exit.DONE
    again = line.run("recover", "--apply", "1")
    assert again.code == Exit.USAGE
    assert "There is no accepted edit 1 left" in again.err
    assert line.file.read_text() == kept.after.content


def test_what_does_not_pass_any_more_is_not_written(line):
    accepted(line, UNDEFINED)
    ran = line.run("recover", "--apply", "1")
    assert ran.code == Exit.FAILED
    assert "calc/core.py is as it was, as the edit does not pass any more: failed: " in ran.err
    assert line.file.read_text() == line.before
    assert line.run("recover").code == Exit.FAILED


def test_without_trust_nothing_is_run_and_nothing_written(line):
    accepted(line)
    (line.project / "festina.toml").unlink()
    line.trust.untrust(line.project)
    ran = line.run("recover", "--apply", "1")
    assert ran.code == Exit.UNVERIFIED
    assert line.file.read_text() == line.before


def test_what_somebody_has_changed_since_is_shown_and_not_written(line):
    accepted(line)
    typed = line.before.replace("LIMIT = 10", "LIMIT = 11")
    line.file.write_text(typed)
    listed = line.run("recover").out
    assert "calc/core.py: absent. The edit is not in it. Somebody has changed it since." in listed
    assert "`festina recover --show 1` prints it, to be asked for again" in listed
    ran = line.run("recover", "--apply", "1")
    assert ran.code == Exit.FAILED
    assert "calc/core.py was changed since, so the edit cannot be written" in ran.err
    assert line.file.read_text() == typed
    line.file.unlink()
    assert "There is no such file any more." in line.run("recover").out
    assert line.run("recover", "--apply", "1").code == Exit.FAILED
    assert not line.file.exists()


def test_what_was_torn_is_told_and_finished(line):
    kept = accepted(line, how="command")
    other = line.project / "calc" / "other.py"
    os.link(line.file, other)
    new, old = kept.after.content.encode(), line.before.encode()
    torn = new[:120] + old[120:]
    assert torn not in (new, old)
    line.file.write_bytes(torn)
    listed = line.run("recover").out
    assert "partial. It was being written when everything ended: its end is still the" in listed
    assert line.run("recover", "--apply", "1").code == Exit.DONE
    assert line.file.read_bytes() == new
    assert other.samefile(line.file)


def test_what_is_put_away_is_not_told_of_again(line):
    accepted(line)
    ran = line.run("recover", "--forget", "1")
    assert (ran.code, ran.out) == (Exit.DONE, "Forgotten.\n")
    assert line.run("recover").code == Exit.DONE
    assert line.file.read_text() == line.before
    assert Store(line.project).journal.find(1).files == ()


def test_the_next_edit_tells_of_it_once(line):
    accepted(line)
    with FakeModel(GOOD.replace("min(value, high)", "min(high, value)")) as fake:
        line.use(fake)
        first = line.run(*ASK[:-1])
        told = "An edit that you accepted (clamp in calc/core.py, on "
        assert told in first.err
        assert "is not in its file. `festina recover` in the project's folder shows" in first.err
        assert told not in line.run(*ASK[:-1]).err


def test_what_an_editor_was_only_given_is_listed_and_no_news(line):
    accepted(line, state=State.OFFERED)
    assert "clamp in calc/core.py, given to the editor on " in line.run("recover").out
    with FakeModel(GOOD) as fake:
        line.use(fake)
        assert "An edit that you accepted" not in line.run(*ASK[:-1]).err
        checks = line.run("doctor", "--json").json["checks"]
    assert [each["state"] for each in checks if each["name"] == "accepted"] == ["note"]


def test_the_doctor_tells_of_it(line):
    accepted(line)
    with FakeModel("OK") as fake:
        line.use(fake)
        ran = line.run("doctor")
    assert ran.code == Exit.FAILED
    assert "calc/core.py: It is as it was before the edit." in " ".join(ran.out.split())
    assert "festina recover --apply 1" in ran.out


def test_an_accept_on_the_command_line_is_over_when_it_is_in_the_file(line):
    with FakeModel(GOOD) as fake:
        line.use(fake)
        assert line.run(*ASK).code == Exit.DONE
    store = Store(line.project)
    entry = store.journal.find(1)
    assert (entry.state, entry.how, entry.name, entry.files) == ("applied", "command", "clamp", ())
    assert store.journal.find(2) is None


def test_an_accept_that_was_refused_is_taken_back(line, monkeypatch):
    real = Journal.begin

    def begin(self, *args, **named):
        number = real(self, *args, **named)
        line.file.write_text("# mine\n" + line.before)
        return number

    monkeypatch.setattr(Journal, "begin", begin)
    with FakeModel(GOOD) as fake:
        line.use(fake)
        ran = line.run(*ASK)
    assert ran.code == Exit.FAILED
    assert "changed while the edit was made, so nothing was written" in ran.err
    assert line.run("recover").code == Exit.DONE
    assert line.file.read_text() == "# mine\n" + line.before


def test_a_memory_that_is_damaged_is_told_and_the_edit_is_applied(line):
    store = Store(line.project)
    store.file.parent.mkdir(parents=True)
    store.file.write_bytes(b"not a database, not at all. " * 40)
    with FakeModel(GOOD) as fake:
        line.use(fake)
        ran = line.run(*ASK)
        assert ran.code == Exit.DONE
        assert "is damaged (file is not a database), so Festina goes on without" in ran.err
        assert line.file.read_text() == line.before.replace(OLD, GOOD)
        checks = line.run("doctor", "--json").json["checks"]
    (memory,) = [each for each in checks if each["name"] == "memory"]
    assert memory["state"] == "amiss"
    assert line.run("recover").code == Exit.FAILED
