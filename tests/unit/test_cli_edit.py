import subprocess

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, SYNTAX, UNDEFINED, CommandLine
from support.fake_model import FakeModel

RESULT = GOOD.splitlines()[-1]


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(GOOD) as model:
        line.use(model)
        yield model


ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound")


def test_an_edit_is_shown_with_what_it_rests_on_and_nothing_is_written(line, fake):
    ran = line.run(*ASK)
    assert ran.code == Exit.DONE
    assert ran.out.startswith("calc/core.py:4-7  clamp\n--- a/calc/core.py\n")
    assert f"\n-    return value\n+{RESULT}\n" in ran.out
    assert "✔ passed     syntax ok, ruff ok, " in ran.out
    assert "model " in ran.out
    assert "verification " in ran.out
    assert "fake-coder (127.0.0.1:" in ran.out
    assert "not applied; --apply writes an edit that passed" in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert line.file.read_text() == line.before


def test_the_model_is_told_what_to_do_and_with_which_lines(line, fake):
    line.run(*ASK)
    asked = fake.requests[0]["messages"][-1]["content"]
    assert "mind the upper bound" in asked
    assert "calc/core.py (python)" in asked
    assert "def clamp" in asked


def test_the_comment_in_the_code_is_the_instruction_where_none_is_given(line, fake):
    line.file.write_text(
        line.before.replace("    return value\n", "    return value  # festina: cap\n", 1)
    )
    ran = line.run("edit", "calc/core.py:5", "--apply")
    assert ran.code == Exit.DONE
    assert "cap" in fake.requests[0]["messages"][-1]["content"]
    assert "festina:" not in line.file.read_text()


def test_without_an_instruction_nothing_is_asked(line, fake):
    ran = line.run("edit", "calc/core.py:5")
    assert ran.code == Exit.USAGE
    assert "Say what to do: -m TEXT, or a comment in the lines" in ran.err
    assert fake.requests == []


def test_apply_writes_what_passed(line, fake):
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.DONE
    assert line.file.read_text() == line.before.replace("    return value\n", f"{RESULT}\n", 1)
    assert "applied to calc/core.py" in ran.out


@pytest.mark.parametrize("answer", [UNDEFINED, SYNTAX, "no code, sorry.", ""])
def test_apply_writes_nothing_that_did_not_pass(line, fake, answer):
    fake.script(answer)
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.FAILED
    assert line.file.read_text() == line.before
    assert "calc/core.py was not touched" in ran.out


def test_a_rejected_edit_shows_what_is_wrong_with_it(line, fake):
    fake.script(UNDEFINED)
    ran = line.run(*ASK)
    assert ran.code == Exit.FAILED
    assert "✘ rejected   #1  syntax ok, lint failed, " in ran.out
    assert "  lint  calc/core.py:7  F821  Undefined name `smallest`" in ran.out
    assert "--apply" not in ran.out


def test_of_several_candidates_each_verdict_is_told_and_the_best_shown(line, fake):
    fake.script(lambda request: {1: UNDEFINED, 2: GOOD, 3: SYNTAX}[request["seed"]])
    ran = line.run(*ASK, "-n", "3")
    assert ran.code == Exit.DONE
    assert sorted(row[:15].rstrip() for row in ran.err.splitlines()) == [
        "✔ passed     #2",
        "✘ rejected   #1",
        "✘ rejected   #3",
    ]
    assert "✔ passed     #2  syntax ok, ruff ok" in ran.out
    assert "min(value, high)" in ran.out


def test_when_none_of_several_passes_that_is_said(line, fake):
    fake.script(UNDEFINED)
    ran = line.run(*ASK, "-n", "2")
    assert ran.code == Exit.FAILED
    assert "None of 4 candidates passed." in ran.out
    assert "ask for more candidates with -n" in ran.out


def test_json_is_one_object_and_no_progress(line, fake):
    fake.script(lambda request: {1: UNDEFINED, 2: GOOD}[request["seed"]])
    ran = line.run(*ASK, "-n", "2", "--json")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    data = ran.json
    assert data["status"] == "passed"
    assert (data["path"], data["region"]) == ("calc/core.py", {"start": 4, "end": 7})
    assert data["candidate"] == 1
    assert [each["status"] for each in data["candidates"]] == ["failed", "passed"]
    assert data["text"] == GOOD
    assert data["verdict"]["status"] == "passed"
    assert data["model"]["name"] == "fake-coder"
    assert data["candidates"][0]["verdict"]["findings"][0]["code"] == "F821"


def test_the_diff_is_one_that_git_applies(line, fake):
    ran = line.run(*ASK, "--diff")
    assert ran.code == Exit.DONE
    done = subprocess.run(
        ["git", "apply", "-"],
        cwd=line.project,
        input=ran.out.encode(),
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert RESULT in line.file.read_text()


def test_no_diff_of_what_did_not_pass(line, fake):
    fake.script(UNDEFINED)
    ran = line.run(*ASK, "--diff")
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert "Undefined name" in ran.err


def test_an_untrusted_workspace_is_said_and_can_only_be_unverified(line, fake):
    line.trust.untrust(line.project)
    (line.project / "festina.toml").unlink()
    ran = line.run(*ASK)
    assert ran.code == Exit.UNVERIFIED
    assert f"festina trust {line.project}" in ran.err
    assert "? unverified " in ran.out
    asked = len(fake.requests)
    ran = line.run(*ASK, "--apply")
    assert (ran.code, ran.out) == (Exit.UNVERIFIED, "")
    assert len(fake.requests) == asked
    assert line.file.read_text() == line.before


def test_a_read_only_file_is_refused_before_the_model_is_asked(line, fake):
    line.file.chmod(0o444)
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.USAGE
    assert "is read-only" in ran.err
    assert fake.requests == []


def test_a_workspace_that_changed_after_the_check_is_not_written_to(line, fake, monkeypatch):
    from festina.commands import job

    pursue = job.pursue

    async def and_meanwhile(*args, **options):
        outcome = await pursue(*args, **options)
        (line.project / "calc" / "other.py").write_text("x = 1\n")
        return outcome

    monkeypatch.setattr(job, "pursue", and_meanwhile)
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.FAILED
    assert "The workspace changed after the edit was checked, so nothing was written" in ran.err
    assert line.file.read_text() == line.before
    # what was made is not lost
    assert "+    return min(value, high)\n" in ran.out
    assert "applied" not in ran.out


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(401, Exit.USAGE, "key"), (404, Exit.USAGE, "model"), (400, Exit.USAGE, "")],
)
def test_what_is_wrong_with_the_configuration_of_a_model_is_2(line, fake, status, code, words):
    fake.script(fake_replies.status(status))
    ran = line.run(*ASK)
    assert ran.code == code
    assert ran.out == ""
    assert ran.err.startswith("festina: ")
    assert words in ran.err


def test_a_models_error_in_json_says_what_kind_it_is(line, fake):
    fake.script(fake_replies.status(401))
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.USAGE
    assert (ran.json["status"], ran.json["trouble"]) == ("failed", "auth")


def test_a_setting_that_is_wrong_is_told_and_the_rest_goes_on(line, fake):
    (line.project / "festina.toml").write_text('verify.gates = ["syntax"]\nvariatons = 3\n')
    ran = line.run(*ASK)
    assert ran.code == Exit.DONE
    assert (
        "festina.toml: variatons: there is no such setting; did you mean `variations`?" in ran.err
    )


@pytest.mark.parametrize(("scope", "used"), [("auto", "full"), ("impacted", "impacted")])
def test_the_whole_suite_decides_unless_a_person_asks_for_less(line, scope, used):
    from festina.commands.job import settings_of

    (line.project / "festina.toml").write_text(f'verify.tests.scope = "{scope}"\n')
    assert settings_of(line.project, pytest.fail).verify.tests_scope == used
    for said in ("impacted", "full"):
        assert settings_of(line.project, pytest.fail, said).verify.tests_scope == said


# -- the first send to an endpoint that was found -------------------------------------------


@pytest.fixture
def found(line):
    """A model that is found by a variable, not configured."""
    with FakeModel(GOOD, key="sk-test") as model:
        line.monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        line.monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        yield model


@pytest.mark.parametrize(
    "content", ['models.fast.base_url = "localhost:11434/v1"', "[models.fast", "models.fast = 3"]
)
def test_a_configured_model_that_is_not_understood_is_not_replaced_by_a_found_one(
    line, found, content
):
    line.trust.allow_send(found.origin)
    line.config.parent.mkdir(parents=True, exist_ok=True)
    line.config.write_text(content)
    ran = line.run(*ASK)
    assert ran.code == Exit.USAGE
    assert found.connections == 0
    assert "It is open which model is meant, so none is asked" in ran.err
    assert str(line.config) in ran.err.splitlines()[-1]


def test_nothing_is_sent_to_a_found_endpoint_before_that_was_agreed(line, found):
    ran = line.run(*ASK)
    assert ran.code == Exit.USAGE
    assert f"found a model at {found.origin} (OPENAI_API_KEY is set" in ran.err
    assert "agree with --yes, once, or configure it as models.fast" in ran.err
    assert found.requests == []


def test_yes_is_remembered(line, found):
    assert line.run(*ASK, "--yes").code == Exit.DONE
    assert line.trust.origins() == [found.origin]
    assert line.run(*ASK).code == Exit.DONE


@pytest.mark.parametrize(
    ("answer", "code"), [(b"y\n", Exit.DONE), (b"\n", Exit.USAGE), (b"", Exit.USAGE)]
)
def test_a_person_is_asked_once(line, found, answer, code):
    from festina.commands import running

    line.monkeypatch.setattr(running, "may_ask", lambda: True)
    ran = line.run(*ASK, stdin=answer)
    assert ran.code == code
    assert f"found a model at {found.origin}" in ran.err
    assert "[y/N]" in ran.err
    assert bool(found.requests) == (code == Exit.DONE)
    assert ("Nothing was sent" in ran.err) == (code != Exit.DONE)


# -- as a filter ----------------------------------------------------------------------------

LINES = b"def clamp(value, low, high):\n    if value < low:\n        return low\n    return value\n"
FILTER = ("edit", "calc/core.py", "--filter", "-m", "mind the upper bound")


def test_a_filter_prints_the_passed_text_alone(line, fake):
    ran = line.run(*FILTER, stdin=LINES)
    assert (ran.code, ran.out) == (Exit.DONE, GOOD)
    assert line.file.read_text() == line.before


def test_a_filter_takes_unsaved_lines_where_they_are_named(line, fake):
    unsaved = b"def clamp(v, low, high):\n    return v\n"
    fake.script("def clamp(v, low, high):\n    return max(v, low)\n")
    ran = line.run("edit", "calc/core.py:4-7", "--filter", "-m", "x", stdin=unsaved)
    assert (ran.code, ran.out) == (Exit.DONE, "def clamp(v, low, high):\n    return max(v, low)\n")


def test_unsaved_lines_are_checked_where_the_file_has_others(line, fake, monkeypatch):
    from festina.commands import job

    tasks, pursue = [], job.pursue

    def watched(task, *args, **options):
        tasks.append(task)
        return pursue(task, *args, **options)

    monkeypatch.setattr(job, "pursue", watched)
    fake.script("LIMIT = 12\n")
    line.run("edit", "calc/core.py:1-1", "--filter", "-m", "x", stdin=b"LIMIT = 11\n")
    text = line.before.replace("LIMIT = 10", "LIMIT = 11")
    assert tasks[0].text.content == text
    assert tasks[0].snapshot.buffers == {"calc/core.py": text}


@pytest.mark.parametrize(
    ("answer", "words", "code"),
    [
        (UNDEFINED, FILTER, Exit.FAILED),
        ("", FILTER, Exit.FAILED),
        (GOOD, (*FILTER, "-n", "200"), Exit.USAGE),
        (GOOD, (*FILTER, "--nonsense"), Exit.USAGE),
        (GOOD, ("edit", "missing.py", "--filter", "-m", "x"), Exit.USAGE),
    ],
)
def test_a_filter_prints_its_input_whenever_it_has_nothing_better(line, fake, answer, words, code):
    fake.script(answer)
    ran = line.run(*words, stdin=LINES)
    assert (ran.code, ran.out) == (code, LINES.decode())
    assert ran.err.startswith("festina: ")


def test_an_unverified_filter_prints_its_input_and_is_3(line, fake):
    line.trust.untrust(line.project)
    ran = line.run(*FILTER, stdin=LINES)
    assert (ran.code, ran.out) == (Exit.UNVERIFIED, LINES.decode())


def test_a_filter_that_is_interrupted_or_breaks_prints_its_input(line, fake, monkeypatch):
    from festina.commands import job

    for raised, code in ((KeyboardInterrupt(), Exit.INTERRUPTED), (ValueError(), Exit.FAILED)):

        async def end(*args, _raised=raised, **options):
            raise _raised

        monkeypatch.setattr(job, "pursue", end)
        ran = line.run(*FILTER, stdin=LINES)
        assert (ran.code, ran.out) == (code, LINES.decode())


def test_a_filter_whose_errors_would_end_in_the_code_is_silent(line, fake, tmp_path):
    """Vim runs filters with standard output and error in one file."""
    import sys

    printed = tmp_path / "printed"
    with printed.open("wb") as both:
        done = subprocess.run(
            [sys.executable, "-m", "festina", "edit", "missing.py", "--filter", "-m", "x"],
            cwd=line.project,
            input=LINES,
            stdout=both,
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert done.returncode == Exit.USAGE
    assert printed.read_bytes() == LINES
