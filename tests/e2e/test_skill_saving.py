"""A skill is made of an accepted edit, and kept only if a replay of it passes. Stock clients."""

import re
from pathlib import Path

import pytest

from festina import skill_saving
from support import desk, loops
from support.clamp import fenced, reach
from support.fake_model import FakeModel
from support.loops import ASK, FILE, LINES, accept, told
from support.presets import NEOVIM_11, VSCODE, VSCODE_PLUGIN
from support.secret_samples import FORMS
from support.trees import hash_tree

FEW = ("total", "largest")
QUICK = {"gates": ["syntax", "lint"]}
"""For what does not depend on which gates there are."""


@pytest.fixture
def project(workspace):
    loops.put(workspace, FEW)
    return workspace


def wrote(editor, before):
    """Check that nothing came into the workspace but the skill that the person asked for."""
    tree = hash_tree(editor.workspace)
    folders = (".agents", ".agents/skills", ".agents/skills/loop-over-items")
    assert tree == {**before, **{name: tree[name] for name in (*folders, FILE)}}
    editor.expected_tree = tree


@pytest.mark.parametrize(
    "preset",
    [pytest.param(NEOVIM_11, marks=pytest.mark.slow), VSCODE],
    ids=lambda preset: preset.name,
)
async def test_it_is_offered_where_an_edit_was_accepted_replayed_and_written(
    start, project, tmp_path, preset
):
    with FakeModel(loops.model) as fake:
        editor = await start(preset, env=desk.config(tmp_path, fake))
        buffer, _ = await accept(editor)
        before = hash_tree(project)
        action = desk.titled(await editor.code_actions(buffer, (1, 1)), "save as a skill")
        assert action.title == f"Festina: save as a skill (total): {ASK}"
        assert (await editor.choose(action))["ok"] is True
        said = await told(editor, "the skill loop-over-items")
        assert f"was written to {FILE}. Its replay passed: shop/total.py, total: syntax ok" in said
        writing, replay = fake.requests[1:]
        sent = writing["messages"][1]["content"]
        assert f"Instruction: {ASK}\nIt passed: syntax, lint, tests\nBefore:\n" in sent
        assert loops.function("total") in sent
        assert loops.converted(loops.function("total")) in sent
        # the fast model has the skill and what was there before, and not what was asked for then
        assert loops.asked_region(replay) == loops.function("total")
        assert "for each `items[i]`" in replay["messages"][1]["content"]
        assert ASK not in str(replay)
        assert replay["messages"][1]["content"].endswith("Follow the skill loop-over-items")
        wrote(editor, before)
        listed = await editor.code_actions(buffer, LINES)
        follow = "Festina: Follow the skill loop-over-items"
        titles = [one.title for one in listed if one.title.startswith(follow)]
        assert titles == [follow, f"{follow} in the whole workspace"]
        editor.undo(buffer)
        listed = await editor.code_actions(buffer, LINES)
        assert "save as a skill" not in str([one.title for one in listed])
        assert (project / "shop" / "total.py").read_text() == loops.function("total")


async def test_one_whose_replay_fails_is_sent_back_once_and_is_not_kept(start, project, tmp_path):
    def wrong(body):
        if loops.writes_skill(body) or "Follow the skill" not in str(body):
            return loops.model(body)
        return fenced(loops.asked_region(body).replace("result = 0", "result = 1"))

    with FakeModel(wrong) as fake:
        env = desk.config(tmp_path, fake)
        editor = await start(VSCODE, env=env, options={"trusted": True, "settings": NO_REPAIR})
        _, proposal = await accept(editor)
        before = hash_tree(project)
        assert (await editor.execute("festina.saveSkill", {"proposal": proposal}))["ok"] is True
        said = await told(editor, "no skill was written")
        assert "also not when it was asked for again. The replay failed. shop/total.py, tot" in said
        assert (
            "an edit that follows it did not pass: tests failed: test_shop.py::test_total" in said
        )
        writings = [body for body in fake.requests if loops.writes_skill(body)]
        assert len(writings) == 2
        assert "The replay failed. shop/total.py, total:" in writings[1]["messages"][3]["content"]
        assert hash_tree(project) == before


NO_REPAIR = {"repair": {"rounds": 0}}


async def test_a_replay_that_leaves_what_was_to_be_changed_is_none(start, project, tmp_path):
    def other(body):
        if loops.writes_skill(body) or "Follow the skill" not in str(body):
            return loops.model(body)
        return fenced(loops.asked_region(body).replace("result = 0", "result = int()"))

    with FakeModel(other) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake, **QUICK))
        _, proposal = await accept(editor)
        await editor.execute("festina.saveSkill", {"proposal": proposal})
        said = await told(editor, "no skill was written")
        assert "passed, and left what the skill is meant to change: `for i in range(len(" in said


async def test_of_several_edits_each_is_replayed_and_a_name_can_be_given(start, project, tmp_path):
    with FakeModel(loops.model) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake, **QUICK))
        _, first = await accept(editor)
        buffer, second = await accept(editor, "largest")
        action = desk.titled(await editor.code_actions(buffer, LINES), "save as a skill")
        assert action.title == f"Festina: save as a skill (2 edits): {ASK}"
        argument = {"proposals": [first, second], "name": "loops"}
        assert (await editor.execute("festina.saveSkill", argument))["ok"] is True
        said = await told(editor, "the skill loops was written to .agents/skills/loops/SKILL.md")
        assert "total: syntax ok, ruff ok" in said
        assert "largest: syntax ok, ruff ok" in said
        assert "name: loops\n" in (project / ".agents/skills/loops/SKILL.md").read_text()
        replays = [body for body in fake.requests if "Follow the skill" in str(body)]
        asked = [loops.asked_region(body) for body in replays]
        assert asked == [loops.function("total"), loops.function("largest")]
        editor.expected_tree = hash_tree(project)


async def test_what_is_there_is_replaced_only_where_the_person_says_so(start, project, tmp_path):
    file = project / FILE
    file.parent.mkdir(parents=True)
    file.write_text(loops.SKILL)
    with FakeModel(loops.model) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake, **QUICK))
        _, proposal = await accept(editor)
        sent = len(fake.requests)
        argument = {"proposal": proposal, "name": "loop-over-items"}
        refused = await editor.execute("festina.saveSkill", argument)
        assert refused["ok"] is False
        assert "There is a skill loop-over-items already" in refused["message"]
        assert len(fake.requests) == sent
        # a model that takes the name by itself is told of it, and then has another one
        names = iter(["loop-over-items", "other-name"])
        fake.script(
            lambda body: (
                loops.renamed(loops.SKILL, next(names))
                if loops.writes_skill(body)
                else loops.model(body)
            )
        )
        assert (await editor.execute("festina.saveSkill", {"proposal": proposal}))["ok"] is True
        await told(editor, "the skill other-name was written")
        assert file.read_text() == loops.SKILL
        assert "names are taken, so find another one: loop-over" in str(fake.requests[sent])
        assert "There is a skill loop-over-items already" in str(fake.requests[sent + 1])
        fake.script(loops.model)
        assert (await editor.execute("festina.saveSkill", argument | {"replace": True}))["ok"]
        await told(editor, "the skill loop-over-items was written")
        assert file.read_text() != loops.SKILL
        editor.expected_tree = hash_tree(project)


async def test_one_that_is_open_is_replaced_through_the_editor(start, project, tmp_path):
    file = project / FILE
    file.parent.mkdir(parents=True)
    file.write_text(loops.SKILL)
    with FakeModel(loops.model) as fake:
        editor = await start(VSCODE, env=desk.config(tmp_path, fake, **QUICK))
        _, proposal = await accept(editor)
        opened = await editor.open(FILE, language="markdown")
        argument = {"proposal": proposal, "name": "loop-over-items", "replace": True}
        await editor.execute("festina.saveSkill", argument)
        await told(editor, "the skill loop-over-items was written")
        assert 'description: "Loops over items' in opened.text
        assert file.read_text() == loops.SKILL
        editor.undo(opened)
        assert opened.text == loops.SKILL


async def test_it_is_refused_where_nothing_can_be_proved(start, project, tmp_path):
    with FakeModel(loops.model) as fake:
        env = desk.config(tmp_path, fake, **QUICK)
        with Path(env["FESTINA_CONFIG"]).open("a") as config:
            config.write('[models.slow]\ndialect = "embedded"\nmodel = "smollm2-135m"\n')
        editor = await start(VSCODE_PLUGIN, env=env)
        buffer, proposal = await accept(editor)
        assert (await editor.execute("festina.saveSkill", {"proposal": proposal}))["ok"]
        said = await told(editor, "no skill was written")
        assert said == f"Festina: no skill was written. {skill_saving.TOO_SMALL}"
        start_, end = ({"line": line, "character": 0} for line in LINES)
        other = await editor.open("shop/largest.py")
        argument = {"uri": other.uri, "range": {"start": start_, "end": end}, "instruction": ASK}
        ready = (await editor.execute("festina.propose", argument))["proposal"]
        await reach(editor, ready, "ready")
        sent = len(fake.requests)
        many = {"proposals": [f"p{number}" for number in range(9)]}
        for wrong, words in (
            ({"proposal": ready}, "was not accepted; it is ready"),
            ({"proposal": "p99"}, "not known any more"),
            ({}, "Name the accepted edit"),
            ({"proposals": "p1"}, "must be a list"),
            (many, "not known any more"),
            ({"proposal": proposal, "name": "../up"}, "'../up' is none"),
            ({"proposal": proposal, "replace": True}, "Name the skill that is to be replaced"),
        ):
            refused = await editor.execute("festina.saveSkill", wrong)
            assert refused["ok"] is False
            assert words in refused["message"]
        editor.client.protocol.notify("festina/trust", {"trusted": False})
        refused = await editor.execute("festina.saveSkill", {"proposal": proposal})
        assert refused["ok"] is False
        assert "The workspace is not trusted, so its skills are not foll" in refused["message"]
        assert "save as a skill" not in str(await editor.code_actions(buffer, LINES))
        assert len(fake.requests) == sent
        assert not (project / ".agents").exists()


async def test_a_secret_goes_neither_to_the_model_nor_into_a_skill(start, project, tmp_path):
    token = FORMS["a GitHub token"]
    source = loops.function("total").replace("result = 0", f"result = 0  # {token}")
    (project / "shop" / "total.py").write_text(source)

    def leaks(body):
        if not loops.writes_skill(body):
            return loops.model(body)
        placeholder = re.search(r"FESTINA-SECRET-\d+", str(body))[0]
        return loops.SKILL.replace("The tests and", f"{placeholder}, tests and")

    with FakeModel(leaks) as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake, **QUICK))
        buffer = await editor.open("shop/total.py")
        start_, end = ({"line": line, "character": 0} for line in LINES)
        argument = {"uri": buffer.uri, "range": {"start": start_, "end": end}, "instruction": ASK}
        proposal = (await editor.execute("festina.propose", argument))["proposal"]
        await reach(editor, proposal, "ready")
        await editor.execute("festina.accept", {"proposal": proposal})
        await reach(editor, proposal, "applied")
        await editor.execute("festina.saveSkill", {"proposal": proposal})
        said = await told(editor, "no skill was written")
        assert "It names the placeholder of a secret" in said
        assert token not in str(fake.requests)
        assert token not in said
