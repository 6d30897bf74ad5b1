"""No more edits than may wait for the person are made by themselves, whatever makes them."""

from support import clamp, desk
from support.fake_model import FakeModel
from support.noted import noted, rest
from support.presets import VSCODE
from support.trees import hash_tree

PLAN = """\
- [ ] Return at most `high` from `clamp`.
  - where: `mod.py`, `clamp`
- [ ] Do both.
  - where: `mod.py`, `double`
  - where: `test_mod.py`, `test_low`
"""


async def test_a_step_waits_for_its_turn_and_what_is_asked_for_by_hand_does_not(
    start, workspace, tmp_path
):
    source = clamp.put(workspace)
    (workspace / "plan.md").write_text(PLAN)
    with FakeModel(clamp.by_region) as fake:
        before = hash_tree(workspace)
        env = desk.config(tmp_path, fake, gates=["syntax", "lint"])
        editor = await start(VSCODE, env=env, configuration={"review": {"pending": 1}})
        buffer = await editor.open(clamp.MODULE)
        plan = await editor.open("plan.md", language="markdown")
        step, both = ({"uri": plan.uri, "line": line} for line in (0, 2))
        refused = await editor.execute("festina.runStep", both)
        assert refused["ok"] is False
        assert refused["message"] == (
            "This step makes 2 edits, and at most 1 may wait for you at once (review.pending). "
            "Split the step, or allow more in your settings."
        )
        ids = [await clamp.propose(editor, buffer, at) for at in (clamp.DOUBLE, clamp.CLAMP)]

        def ready():
            return [desk.state_of(one) for one in editor.diagnostics(buffer)] == ["ready"] * 2

        await editor.until(ready)
        refused = await editor.execute("festina.runStep", step)
        assert refused["message"] == (
            "2 edits wait for your review, this step makes 1 more, and at most 1 may wait at once "
            "(review.pending). Accept or dismiss some, then run it again."
        )
        assert len(fake.requests) == 2
        for one in ids:
            await editor.execute("festina.dismiss", {"proposal": one})
        assert (await editor.execute("festina.runStep", step))["ok"] is True
        await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))
        assert (buffer.text, plan.text) == (source, PLAN)
        assert rest(workspace) == before
        await noted(editor, 2)
