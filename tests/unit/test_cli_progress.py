"""``progress.md`` beside a plan: what the command line adds, and where it adds nothing."""

import pytest

from festina import noting
from festina.commands.base import Exit
from festina.memory import Store
from festina.noting import PLAN
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel
from support.secret_samples import FORMS

ASK = ("edit", "calc/core.py:5", "-m")
TOKEN = FORMS["a GitHub token"]


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    line = CommandLine(tmp_path, monkeypatch, capsys)
    (line.project / PLAN).write_text("# Plan: mind the bounds\n")
    return line


def edit(line, answer, *words):
    with FakeModel(answer) as fake:
        line.use(fake, "[repair]", "rounds = 0")
        return line.run(*ASK, *words)


def progress(line):
    return (line.project / "progress.md").read_text()


def test_what_was_accepted_and_rejected_is_noted_with_its_reason(line):
    (line.project / "progress.md").write_text("# Ours\n\nWe begin.\n")
    assert edit(line, UNDEFINED, "mind the upper bound").code == Exit.FAILED
    assert edit(line, GOOD, "mind the upper bound", "--apply").code == Exit.DONE
    mine, day = progress(line).split("\n\n## ")
    _, _, rejected, accepted, end = day.split("\n")
    assert (mine, end) == ("# Ours\n\nWe begin.", "")
    assert rejected.endswith(
        ' rejected: calc/core.py, clamp: "mind the upper bound" (lint: F821 (line 7))'
    )
    assert accepted.endswith(
        ' accepted: calc/core.py, clamp: "mind the upper bound" (syntax, lint)'
    )


def test_without_a_plan_nothing_is_written(line):
    (line.project / PLAN).unlink()
    edit(line, GOOD, "mind the upper bound", "--apply")
    assert not (line.project / "progress.md").exists()


def test_what_nobody_decided_is_not_noted(line):
    edit(line, GOOD, "mind the upper bound")
    assert not (line.project / "progress.md").exists()


def test_neither_secrets_nor_source_get_into_it(line):
    edit(line, GOOD, "mind the bound", "--apply")
    edit(line, UNDEFINED, "replace `return value * 2` by something")
    text = progress(line)
    assert text.count("\n- ") == 2
    source = line.file.read_text() + line.before + UNDEFINED
    for each in source.splitlines():
        assert len(each.strip()) < 12 or each.strip() not in text


def test_a_secret_is_taken_out_before_it_is_written_down_anywhere(line):
    store = Store(line.project)
    note = noting.begin(store, f'- 11:40:05 accepted: a.py: "use {TOKEN}"')
    store.close()
    noting.append(line.project, [note])
    assert progress(line).endswith('- 11:40:05 accepted: a.py: "use SECRET-NOT-SENT"\n')
    kept = b"".join(path.read_bytes() for path in store.file.parent.glob("*.sqlite3*"))
    assert TOKEN.encode() not in kept


def test_without_a_memory_it_is_written_all_the_same(line):
    memory = Store(line.project).file
    memory.parent.mkdir(parents=True)
    memory.write_bytes(b"this is no database, whatever it says " * 40)
    edit(line, GOOD, "mind the upper bound", "--apply")
    assert ' accepted: calc/core.py, clamp: "mind the upper bound"' in progress(line)


def test_what_an_earlier_process_was_to_write_is_written_first(line):
    other = Store(line.project)
    other.notes.begin("- 00:00:01 accepted: x.py", at=1.0)
    other.close()
    edit(line, GOOD, "mind the upper bound", "--apply")
    assert "- 00:00:01 accepted: x.py\n" in progress(line)
    assert Store(line.project).notes.left() == []


def test_a_file_that_cannot_be_written_is_told_and_the_edit_stands(line):
    (line.project / "progress.md").mkdir()
    ran = edit(line, GOOD, "mind the upper bound", "--apply")
    assert ran.code == Exit.DONE
    assert "progress.md is no file, so nothing is added." in ran.err
    assert line.file.read_text() != line.before
