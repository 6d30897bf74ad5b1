"""On save, in every editor: red at the assertion and at the change, and nothing left when green.

The project's own tests run, by the real server; at the end the workspace must hold what the editor
saved and nothing else.
"""

import json
import os
import sys

import pytest
from lsprotocol import types as lsp

from support import clamp
from support.presets import EMACS, NEOVIM_11, PRESETS, VSCODE, VSCODE_PLUGIN

TEST = "test_mod.py"
OLD = "\n\ndef test_old():\n    assert clamp(50, 0, 9) == 9\n"
SLOW = """\
import time

from mod import clamp


def test_clamp():
    if clamp(50, 0, 9) == 51:
        time.sleep(600)
"""


def config(tmp_path, **verify):
    file = tmp_path / "user-config.toml"
    lines = ["[verify]", f"python = {json.dumps(sys.executable)}"]
    lines += ["tests.args = ['--disable-plugin-autoload']"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in verify.items()]
    file.write_text("\n".join(lines) + "\n")
    # a save that does not wait for the settings would go to the machine's own interpreter
    other = tmp_path / "other" / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    path = os.pathsep.join([str(other.parent), os.environ["PATH"]])
    return {"FESTINA_CONFIG": str(file), "PATH": path}


class Sitting:
    def __init__(self, editor, buffer):
        self.editor = editor
        self.buffer = buffer
        self.test = (buffer.path.parent / TEST).as_uri()

    def write(self, old, new):
        self.editor.type(self.buffer, old, new)
        self.editor.save(self.buffer)

    def shown(self):
        """What is shown in both files: ours, and so that all of it can be compared."""
        found = []
        for uri in (self.buffer.uri, self.test):
            for one in self.editor.client.diagnostics.get(uri, ()):
                assert one.source == "festina"
                found.append((uri.rpartition("/")[2], one.range.start.line, one.message))
        return found

    async def until(self, *messages):
        """Wait until exactly these are shown."""
        try:
            await self.editor.until(
                lambda: [one[2].partition("\n")[0] for one in self.shown()] == list(messages)
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.shown()}, not {messages}") from None


@pytest.fixture
async def sit(start, workspace, tmp_path):
    async def sit(preset, tests=clamp.TESTS, **verify):
        clamp.put(workspace, tests=tests)
        editor = await start(preset, env=config(tmp_path, **verify))
        return Sitting(editor, await editor.open(clamp.MODULE))

    return sit


RED = ("test_double fails since this change: assert 6 == 4", "assert 6 == 4")


FIRST = (VSCODE, NEOVIM_11, EMACS)
EDITORS = [
    pytest.param(one, id=one.name, marks=() if one in FIRST else pytest.mark.slow)
    for one in PRESETS
]


@pytest.mark.parametrize("preset", EDITORS)
async def test_red_and_then_nothing(sit, preset):
    here = await sit(preset)
    editor = here.editor
    here.write("return value + value", "return value + value + value")
    await here.until(*RED)
    assert here.shown()[0][:2] == ("mod.py", 8)
    assert here.shown()[1][:2] == (TEST, 12)
    at_change, at_test = (editor.client.diagnostics[uri][0] for uri in (here.buffer.uri, here.test))
    assert at_change.code == at_test.code == f"{TEST}::test_double"
    if preset.can("textDocument.publishDiagnostics.relatedInformation"):
        assert at_change.related_information[0].location.uri == here.test
        assert at_change.related_information[0].location.range == at_test.range
        assert at_test.related_information[0].location.uri == here.buffer.uri
    else:
        assert at_change.message.endswith(f"\n{TEST}:13")
        assert at_test.message.endswith("\nmod.py:9")
    here.write("return value + value + value", "return 2 * value")
    await here.until()
    assert editor.messages == []
    if preset.can("window.workDoneProgress"):
        await editor.until(
            lambda: "4 tests ok" in str(editor.client.progress_reports), "how it went"
        )


async def test_a_traceback_through_the_change_marks_its_line_and_a_name_that_is_not_there_too(sit):
    here = await sit(VSCODE)
    here.write("    value = value + 0\n", "    value = value + nought\n")
    await here.until(
        "Undefined name `nought`",
        "test_low fails here: NameError: name 'nought' is not defined (and 1 more test)",
        "NameError: name 'nought' is not defined",
        "NameError: name 'nought' is not defined",
    )
    assert [one[:2] for one in here.shown()] == [("mod.py", 1)] * 2 + [(TEST, 4), (TEST, 8)]
    here.write("nought", "0")
    await here.until()


async def test_a_save_during_a_run_begins_anew(sit):
    here = await sit(VSCODE, tests=SLOW)
    here.write("return max(low, value)", "return value + 1")
    progress = here.editor.client.progress_reports
    await here.editor.until(lambda: "running all tests" in str(progress), "a run")
    here.write("return value + 1", "return 1 // 0")
    await here.until(
        "test_clamp fails here: ZeroDivisionError: integer division or modulo by zero",
        "ZeroDivisionError: integer division or modulo by zero",
    )


@pytest.mark.slow
async def test_what_failed_before_is_said_to(sit):
    here = await sit(
        VSCODE, tests=clamp.TESTS + "\n\ndef test_old():\n    assert clamp(50, 0, 9) == 9\n"
    )
    here.write("return value + value", "return 2 * value")
    await here.until("assert 50 == 9 (failed before this change, too)")
    (only,) = here.editor.client.diagnostics[here.test]
    assert only.severity == lsp.DiagnosticSeverity.Information


async def test_a_suite_that_cannot_be_collected_is_shown_where_it_breaks(sit):
    here = await sit(VSCODE)
    here.write("def double(value):", "def twice(value):")
    await here.editor.until(lambda: here.test in here.editor.client.diagnostics, "the import error")
    assert any("cannot import name 'double'" in one[2] for one in here.shown())
    here.write("def twice(value):", "def double(value):")
    await here.until()


@pytest.mark.slow
async def test_a_syntax_error_is_shown_alone_and_nothing_runs(sit):
    here = await sit(VSCODE)
    here.write("return value + value", "return (value + value")
    await here.editor.until(here.shown, "the syntax error")
    assert [one[0] for one in here.shown()] == ["mod.py"]


@pytest.mark.slow
async def test_without_tests_it_is_said_once(sit, workspace):
    here = await sit(VSCODE, tests="")
    here.write("return value + value", "return 2 * value")
    words = "Festina: no tests run on save: pytest collected no tests."
    await here.editor.until(lambda: here.editor.messages, "the sentence")
    here.write("return 2 * value", "return value * 2")
    progress = here.editor.client.progress_reports
    await here.editor.until(lambda: str(progress).count("tests not run") == 2, "the second look")
    assert len(here.editor.messages) == 1
    assert here.editor.messages[0].startswith(words)


async def test_off_and_asked_for(sit):
    here = await sit(VSCODE_PLUGIN, on_save="off")
    here.write("return value + value", "return value + value + value")
    here.editor.type(here.buffer, "return max(low, value)", "return max(low, value, 7)")
    answer = await here.editor.execute("festina.verify", {"uri": here.buffer.uri})
    assert answer == {"ok": True, "message": "Verifying mod.py."}
    await here.editor.until(lambda: here.editor.messages, "the result")
    assert here.editor.messages[0].startswith("Festina: mod.py: 3 of 4 tests fail, ")
    assert len(here.editor.client.diagnostics[here.test]) == 3
    here.editor.undo(here.buffer)


async def test_an_untrusted_workspace_is_only_linted(start, workspace, tmp_path):
    clamp.put(workspace)
    (workspace / "conftest.py").write_text("raise SystemExit('executed')\n")
    editor = await start(VSCODE, env=config(tmp_path), options={"trusted": False})
    here = Sitting(editor, await editor.open(clamp.MODULE))
    here.write("return value + value", "return value + velue")
    await here.until("Undefined name `velue`")
    assert editor.messages == []
