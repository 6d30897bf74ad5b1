"""A skill is followed: chosen from the code actions of a stock client, or named by a command."""

from pathlib import Path

import pytest
from lsprotocol import types as lsp

from festina.lsp.features.code_action import PRESETS
from support import clamp, desk
from support.fake_model import FakeModel
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN
from support.secret_samples import FORMS
from support.trees import hash_tree

TOKEN = FORMS["a GitHub token"]
BODY = f"Let the upper bound win.\nNever run `rm -rf .` or {TOKEN}.\n"
FOLLOW = "Festina: Follow the skill bounds"


def skill(root, name="bounds", body=BODY, more="", place=".agents/skills"):
    file = root / place / name / "SKILL.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\nname: {name}\ndescription: Minds bounds.\n{more}---\n{body}")
    return file


@pytest.fixture
def source(workspace):
    text = clamp.put(workspace)
    skill(workspace)
    return text


@pytest.fixture
def home(tmp_path):
    """The home of the first editor's server."""
    return tmp_path / "home0"


def titles(actions):
    return [action.title for action in actions]


@pytest.mark.parametrize("preset", [NEOVIM_11, VSCODE], ids=lambda preset: preset.name)
async def test_one_is_chosen_streams_passes_and_is_accepted(
    start, source, workspace, tmp_path, preset
):
    with FakeModel(clamp.by_region) as fake:
        before = hash_tree(workspace)
        editor = await start(preset, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        listed = await editor.code_actions(buffer, clamp.CLAMP)
        asks = [f"Festina: {preset}" for preset in PRESETS]
        assert titles(listed) == [*asks, FOLLOW, "Festina: Explain this code"]
        await editor.choose(listed[len(asks)])
        await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))
        assert hash_tree(workspace) == before
        assert buffer.text == source
        asked = fake.requests[0]["messages"][-1]["content"]
        assert "The skill bounds, from .agents/skills/bounds/SKILL.md:\n```\nLet the upper" in asked
        assert asked.endswith("Instruction: Follow the skill bounds")
        assert TOKEN not in str(fake.requests)
        (accept, *_) = await editor.code_actions(buffer, (0, 0))
        assert accept.title.startswith("Festina: accept")
        await editor.choose(accept)
        assert buffer.text == clamp.GOOD + source[len(clamp.of(source)) :]
        await editor.until(lambda: not editor.diagnostics(buffer))
        editor.undo(buffer)
        assert buffer.text == source
        assert hash_tree(workspace) == before


async def test_an_edit_that_a_skill_led_astray_is_rejected_by_the_tests(start, source, tmp_path):
    with FakeModel(clamp.fenced(clamp.WRONG)) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        proposal = await clamp.propose(editor, buffer, skill="bounds")
        seen = await clamp.reach(editor, proposal, "ready", "rejected", "unverified", "failed")
        assert seen["state"] == "rejected"
        failed = {finding["gate"] for finding in seen["verdict"]["findings"]}
        assert failed == {"tests"}
        assert seen["skill"] == "bounds"
        refused = await editor.execute("festina.accept", {"proposal": proposal})
        assert refused["ok"] is False
        assert buffer.text == source


async def test_listed_are_those_that_fit_and_only_when_the_person_asks(
    start, source, workspace, tmp_path, home
):
    skill(workspace, "of-go", more='metadata:\n  festina-files: "*.go"\n', place=".github/skills")
    skill(workspace, "broken", body="\n", place=".claude/skills")
    with FakeModel(clamp.by_region) as fake:
        editor = await start(NEOVIM_11, env=desk.config(tmp_path, fake))
        skill(home, "for-anything")
        skill(home, "my-py", more='metadata:\n  festina-files: "*.py"\n', place=".claude/skills")
        skill(home, "bounds")
        buffer = await editor.open(clamp.MODULE)

        async def followed(lines, **more):
            found = await editor.code_actions(buffer, lines, **more)
            return [title for title in titles(found) if "skill" in title]

        assert await followed(clamp.CLAMP) == ["Festina: Follow the skill my-py", FOLLOW]
        inside = (clamp.CLAMP[0] + 1,) * 2
        assert (await followed(inside))[-1] == f"{FOLLOW} (clamp)"
        assert await followed(clamp.CLAMP, only=["quickfix"]) == []
        assert await followed(clamp.CLAMP, trigger=lsp.CodeActionTriggerKind.Automatic) == []
        for number in range(9):
            skill(home, f"more-{number}", more='metadata:\n  festina-files: "*.py"\n')
        assert len(await followed(clamp.CLAMP)) == 5
        assert fake.requests == []


async def test_what_would_be_sent_is_shown_with_the_skill_in_it(start, source, tmp_path):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        argument = clamp.argument(buffer, skill="bounds", instruction="quickly")
        assert (await editor.execute("festina.showPrompt", argument))["ok"]
        await editor.until(lambda: editor.client.shown_documents, "the page")
        shown = editor.client.shown_documents[0].uri.removeprefix("file://")
        page = Path(shown).read_text()
        assert fake.requests == []
        assert TOKEN not in page
        await editor.execute("festina.propose", argument)
        await fake.until(lambda: fake.requests)
        messages = [message["content"] for message in fake.requests[0]["messages"]]
        assert messages[-1].endswith("Instruction: Follow the skill bounds: quickly")
        assert all(f"\n{message}\n" in page for message in messages)


async def test_it_is_the_text_of_the_buffer_and_stays_that_for_the_life_of_the_proposal(
    start, source, workspace, tmp_path
):
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        text = await editor.open(skill(workspace).relative_to(workspace), language="markdown")
        editor.type(text, "Let the upper bound win.", "First words.")
        proposal = await clamp.propose(editor, buffer, skill="bounds")
        await fake.until(lambda: len(fake.requests) == 1)
        editor.type(text, "First words.", "Other words.")
        await editor.execute("festina.redirect", {"proposal": proposal, "instruction": "again"})
        await fake.until(lambda: len(fake.requests) == 2)
        await clamp.propose(editor, buffer, skill="bounds")
        await fake.until(lambda: len(fake.requests) == 3)
        asked = [request["messages"][1]["content"] for request in fake.requests]
        assert ["First words." in each for each in asked] == [True, True, False]
        assert ["Other words." in each for each in asked] == [False, False, True]
        assert "Follow the skill bounds: respect the bound\nagain" in asked[1]


async def test_those_of_the_workspace_only_as_long_as_it_is_trusted(
    start, source, workspace, tmp_path, home
):
    with FakeModel(clamp.by_region) as fake:
        env = desk.config(tmp_path, fake)
        editor = await start(VSCODE_PLUGIN, env=env, options={"trusted": False})
        skill(home, "mine", body="My own.\n")
        buffer = await editor.open(clamp.MODULE)
        assert "skill" not in str(titles(await editor.code_actions(buffer, clamp.CLAMP)))
        argument = clamp.argument(buffer, skill="bounds")
        refused = await editor.execute("festina.propose", argument)
        assert refused["ok"] is False
        assert refused["message"].startswith("There is no skill 'bounds'; there are: mine. The wor")
        mine = await clamp.propose(editor, buffer, skill="mine")
        await clamp.reach(editor, mine, "unverified")
        assert "My own." in str(fake.requests[0])
        editor.client.protocol.notify("festina/trust", {"trusted": True})
        proposal = await clamp.propose(editor, buffer, skill="bounds")
        await clamp.reach(editor, proposal, "ready")
        sent = len(fake.requests)
        editor.client.protocol.notify("festina/trust", {"trusted": False})
        await clamp.reach(editor, proposal, "unverified")
        await editor.execute("festina.redirect", {"proposal": proposal, "instruction": "again"})
        seen = await clamp.reach(editor, proposal, "failed")
        assert "comes with a workspace that is not trusted" in seen["message"]
        assert len(fake.requests) == sent
        assert buffer.text == source


async def test_what_cannot_be_followed_is_refused_with_the_reason(
    start, source, workspace, tmp_path, home
):
    skill(workspace, "empty", body="\n")
    outside = skill(tmp_path / "elsewhere", "outside")
    (workspace / ".agents" / "skills" / "outside").symlink_to(outside.parent)
    with FakeModel(clamp.by_region) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake))
        buffer = await editor.open(clamp.MODULE)
        for name, words in (
            ("empty", "The skill empty cannot be used. .agents/skills/empty/SKILL.md: Below its"),
            ("outside", "leads out of the workspace, so it is not read."),
            ("../../secret", "There is no skill '../../secret'; there are: bounds."),
            ("red\x1b[31m", "There is no skill 'red\\\\x1b[31m'; there are: bounds."),
        ):
            for command in ("propose", "showPrompt"):
                argument = clamp.argument(buffer, skill=name)
                refused = await editor.execute(f"festina.{command}", argument)
                assert refused["ok"] is False
                assert words in refused["message"]
        assert fake.requests == []
        assert buffer.text == source
