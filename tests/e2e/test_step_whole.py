"""A step of several files is accepted as one edit, or not at all, in editors without a plugin."""

from __future__ import annotations

import pytest

from festina.memory import Store
from support import desk, ledger
from support.noted import noted, rest
from support.presets import EMACS, NEOVIM_11, VSCODE, VSCODE_PLUGIN

pytestmark = pytest.mark.slow

STEP = ledger.STEPS[4]
FILES = ("ledger/report.py", "ledger/cli.py")
BOTH = "Festina: accept both files"


class Sitting:
    """An editor with a plan of one step in two files, which is run and ready."""

    def __init__(self, editor, plan, buffers):
        self.editor, self.plan, self.buffers = editor, plan, buffers
        self.texts = [buffer.text for buffer in buffers]

    @property
    def untouched(self):
        texts = [buffer.text for buffer in self.buffers]
        return texts == self.texts and self.plan.text == STEP

    async def ready(self):
        if self.editor.preset.proposals:
            states = {}

            def all_ready():
                states.update((one["uri"], one["state"]) for one in self.editor.proposals)
                return [states.get(one.uri) for one in self.buffers] == ["ready", "ready"]

        else:

            def all_ready():
                found = [self.editor.diagnostics(one) for one in self.buffers]
                return all("ready" in map(desk.state_of, some) for some in found)

        await self.editor.until(all_ready, "both are ready")

    async def lens(self):
        found = [one.command for one in await self.editor.code_lenses(self.plan)]
        (whole,) = [one for one in found if one.title.startswith(BOTH)]
        assert found[0] == whole, "what the step was judged as comes first"
        return whole

    def accepted(self):
        report, cli = (buffer.text for buffer in self.buffers)
        return ledger.RIGHT["lines"] in report and ledger.RIGHT["main"] in cli


@pytest.fixture
def fake():
    with ledger.fake(ledger.Models()) as fake:
        yield fake


async def sit(start, workspace, tmp_path, fake, preset):
    ledger.put(workspace)
    (workspace / "plan.md").write_text(STEP)
    file = tmp_path / "config.toml"
    file.write_text(ledger.config(fake))
    editor = await start(preset, env={"FESTINA_CONFIG": str(file)})
    plan = await editor.open("plan.md", language="markdown")
    buffers = [await editor.open(name) for name in FILES]
    sitting = Sitting(editor, plan, buffers)
    await editor.execute("festina.runStep", {"uri": plan.uri, "line": 0})
    await sitting.ready()
    return sitting


async def test_both_files_are_one_edit_and_one_undo_step_each(
    start, workspace, tmp_path, fake, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home0" / "state"))
    at = await sit(start, workspace, tmp_path, fake, VSCODE)
    editor, before = at.editor, rest(workspace)
    lenses = [one.command.title for one in await editor.code_lenses(at.plan)]
    assert [title.partition(" (")[0] for title in lenses] == [
        BOTH,
        *("Festina: accept ledger/cli.py", "dismiss ledger/cli.py"),
        *("Festina: accept ledger/report.py", "dismiss ledger/report.py"),
    ]

    async def no(_):
        return False

    confirm, editor.confirm = editor.confirm, no
    whole = await at.lens()
    answer = await editor.choose(whole)
    assert answer["ok"], answer
    await editor.until(lambda: "did not apply the edit: not confirmed" in str(editor.messages))
    assert at.untouched
    written = []

    async def looks(params):
        if len(params.edit.document_changes) == 2:
            store = Store(workspace)
            found = store.database.read(
                "SELECT path FROM accepts JOIN accepted_files ON accept = id"
            )
            written.extend(path for (path,) in found)
            store.close()
        return True

    editor.confirm = looks
    answer = await editor.choose(await at.lens())
    assert answer == {"ok": True, "message": "Applying the step's edit of both files."}
    assert (await editor.choose(whole))["ok"], "the key was pressed twice"
    await editor.until(lambda: "- [x]" in at.plan.text)
    assert at.accepted()
    assert sorted(written) == sorted(FILES), "both were written down before the editor had them"
    changes = [edit.edit.document_changes for edit in editor.edits]
    wholes = [edits for edits in changes if len(edits) == 2]
    assert len(wholes) == 2, "the one that was not confirmed, and the one that was"
    assert all(one.text_document.version is not None for edits in wholes for one in edits)
    assert rest(workspace) == before, "nothing is saved but by the person"
    await noted(editor, 2)
    editor.confirm = confirm
    for buffer, text in zip(at.buffers, at.texts, strict=True):
        editor.undo(buffer)
        assert buffer.text == text


@pytest.mark.parametrize("preset", [VSCODE, EMACS, NEOVIM_11], ids=lambda one: one.name)
async def test_it_is_refused_whole_once_one_file_has_moved_on(
    start, workspace, tmp_path, fake, preset
):
    at = await sit(start, workspace, tmp_path, fake, preset)
    editor, (report, cli) = at.editor, at.buffers
    whole = await at.lens()
    editor.type(cli, '"""The command."""', '"""The command!"""')
    refused = await editor.choose(whole)
    assert refused["ok"] is False
    assert "ledger/cli.py: " in refused["message"]
    assert refused["message"].endswith("None of the step's files was changed.")
    assert report.text == at.texts[0]
    await at.ready()
    assert (await editor.choose(await at.lens()))["ok"]
    await editor.until(at.accepted)
    assert cli.text.startswith('"""The command!"""')
    await noted(editor, 2)


async def test_an_action_in_the_code_accepts_the_step(start, workspace, tmp_path, fake):
    at = await sit(start, workspace, tmp_path, fake, EMACS)
    editor, (_, cli) = at.editor, at.buffers
    action = desk.titled(await editor.code_actions(cli, (5, 6)), "accept both files of the step")
    assert at.untouched
    await editor.choose(action)
    await editor.until(lambda: "- [x]" in at.plan.text)
    assert at.accepted()
    await noted(editor, 2)
    text = (workspace / "progress.md").read_text()
    assert text.count(" accepted: ") == 2, "each was accepted as verified"


async def test_an_editor_that_takes_half_of_it_is_told_what_to_do(start, workspace, tmp_path, fake):
    """Neovim without our plugin looks at each file by itself, and says yes in any case."""
    at = await sit(start, workspace, tmp_path, fake, NEOVIM_11)
    editor, (report, cli) = at.editor, at.buffers

    async def typing(_):
        editor.set_text(cli, "# typed\n" + cli.text)
        return True

    confirm, editor.confirm = editor.confirm, typing
    assert (await editor.choose(await at.lens()))["ok"]
    await editor.until(
        lambda: "to ledger/report.py, and not to ledger/cli.py. Undo it" in str(editor.messages)
    )
    editor.confirm = confirm
    assert ledger.RIGHT["lines"] in report.text
    assert cli.text == "# typed\n" + at.texts[1]
    assert at.plan.text == STEP, "one file is not in it"
    await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(cli)))
    await noted(editor, 1)


async def test_what_the_person_did_not_see_is_not_accepted(start, workspace, tmp_path, fake):
    at = await sit(start, workspace, tmp_path, fake, VSCODE_PLUGIN)
    editor = at.editor
    last = {one["uri"]: one for one in editor.proposals}
    cli, report = (last[one.uri] for one in reversed(at.buffers))
    assert (cli["beside"], report["beside"]) == (["ledger/report.py"], ["ledger/cli.py"])
    edits = [{"proposal": one["proposal"], "candidate": 3} for one in (cli, report)]
    for argument, words in (
        ({"proposal": cli["proposal"], "edits": edits}, "have changed since you looked"),
        ({"proposal": cli["proposal"], "edits": [{}]}, "`edits` must be a list of objects"),
        ({"proposal": "none"}, "No edit of such a step waits"),
        ({"uri": at.plan.uri, "line": 9}, "There is no step on line 10."),
    ):
        refused = await editor.execute("festina.acceptStep", argument)
        assert refused["ok"] is False
        assert words in refused["message"]
    await editor.execute("festina.dismiss", {"proposal": report["proposal"]})
    refused = await editor.execute("festina.acceptStep", {"uri": at.plan.uri, "line": 0})
    assert "An edit of this step was put away" in refused["message"]
    assert at.untouched
    await noted(editor, 1)
