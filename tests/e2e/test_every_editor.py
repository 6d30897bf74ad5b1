"""One sitting in every editor, on a real project: cancel, redirect, stale, two at once."""

import pytest

from support import clamp, desk, fake_replies
from support.fake_model import FakeModel

UNDERSCORE = "def underscore(word: str) -> str:"
LOWER = ("return word.lower()", "return str.lower(word)")


class Sitting:
    """An editor at work, whatever it can show."""

    def __init__(self, editor, buffer):
        self.editor = editor
        self.buffer = buffer

    def state(self, proposal):
        """The state that is shown; empty where the proposal is over, or not there yet."""
        if self.editor.preset.proposals:
            seen = self.editor.proposal(proposal)
            over = ("applied", "dismissed", "cancelled", "stale", "failed")
            if seen is None or seen["state"] in over:
                return ""
            return seen["state"] if seen["version"] == self.buffer.version else "outdated"
        shown = [d for d in self.editor.diagnostics(self.buffer) if d.source == "festina"]
        return next((d.data["state"] for d in shown if d.data["proposal"] == proposal), "")

    async def until(self, proposal, *states):
        await self.editor.until(lambda: self.state(proposal) in states, f"{proposal} {states}")

    def text_so_far(self, proposal):
        if self.editor.preset.proposals:
            return (self.editor.proposal(proposal) or {}).get("text", "")
        shown = [d for d in self.editor.diagnostics(self.buffer) if d.source == "festina"]
        return next((d.message for d in shown if d.data["proposal"] == proposal), "")

    def line(self, words):
        return self.buffer.text[: self.buffer.text.index(words)].count("\n")

    async def propose(self, words, instruction="split and join"):
        line = self.line(words)
        argument = clamp.argument(self.buffer, (line, line), instruction=instruction)
        answer = await self.editor.execute("festina.propose", argument)
        assert "proposal" in answer, answer
        await self.editor.until(lambda: self.state(answer["proposal"]))
        return answer["proposal"]

    async def actions(self, words):
        line = self.line(words)
        return await self.editor.code_actions(self.buffer, (line, line + 1))

    async def accept(self, proposal, words):
        before = self.buffer.text
        await self.editor.choose(desk.titled(await self.actions(words), "accept"))
        await self.editor.until(lambda: self.buffer.text != before, "the edit")
        await self.until(proposal, "")


def answers(source):
    def reply(body):
        asked = body["messages"][-1]["content"].split("The region to rewrite:")[1]
        if "def dasherize" in asked.split("Instruction")[0]:
            return desk.answer(desk.GOOD, source)
        start = source.index(UNDERSCORE)
        function = source[start : source.index("\n\n\n", start) + 1]
        return f"```python\n{function.replace(*LOWER)}```"

    return reply


@pytest.mark.timeout(400)
async def test_a_sitting(start, workspace, tmp_path, preset):
    """The tests of the project stay out of it: ``test_main_job`` runs them in every editor."""
    desk.put_project(workspace)
    source = (workspace / desk.MODULE).read_text()
    slow = fake_replies.text(desk.answer(desk.GOOD, source), speed=10)
    with FakeModel(slow) as fake:
        env = desk.config(tmp_path, fake, gates=["syntax", "lint"])
        editor = await start(preset, env=env)
        here = Sitting(editor, await editor.open(desk.MODULE))

        # cancelled in the middle of the stream: by the progress' button, and by the command
        for way in ("button", "command"):
            proposal = await here.propose(desk.SIGNATURE)
            await here.until(proposal, "streaming")
            streams = fake.disconnects
            await fake.until(lambda: fake.streams == 1)
            if way == "button" and preset.can("window.workDoneProgress"):
                await editor.until(lambda: editor.client.progress_reports)
                editor.cancel_progress(list(editor.client.progress_reports)[-1])
            else:
                cancel = desk.titled(await here.actions(desk.SIGNATURE), "cancel")
                await editor.choose(cancel)
            await here.until(proposal, "")
            await fake.until(lambda before=streams: fake.disconnects == before + 1)

        # redirected in the middle of the stream, and made stale by typing when it is ready
        proposal = await here.propose(desk.SIGNATURE)
        await editor.until(
            lambda: (
                "def dasherize" in here.text_so_far(proposal)
                or (not preset.proposals and "tokens so far" in here.text_so_far(proposal))
            ),
            "some text",
        )
        fake.script(answers(source))
        redirect = {"proposal": proposal, "instruction": "with a hyphen"}
        assert (await editor.execute("festina.redirect", redirect))["ok"]
        await here.until(proposal, "ready")
        assert "with a hyphen" in str(fake.requests[-1])
        accept = desk.titled(await here.actions(desk.SIGNATURE), "accept")
        editor.type(here.buffer, "Replace underscores with dashes", "Put dashes for underscores")
        typed = here.buffer.text
        await here.until(proposal, "")
        refused = await editor.execute("festina.accept", {"proposal": proposal})
        assert refused == {"ok": False, "message": "That proposal is stale already."}
        if accept.edit is None:  # else the editor itself holds an edit that it must not apply
            await editor.choose(accept)
        assert here.buffer.text == typed
        editor.undo(here.buffer)

        # two at once: accepting one moves the other along, and both can be undone
        one = await here.propose(desk.SIGNATURE)
        two = await here.propose(UNDERSCORE)
        await here.until(one, "ready")
        await here.until(two, "ready")
        await here.accept(one, desk.SIGNATURE)
        once = here.buffer.text
        assert once == source.replace(desk.OLD, desk.GOOD)
        await here.until(two, "ready")
        await here.accept(two, UNDERSCORE)
        assert here.buffer.text == once.replace(*LOWER)
        editor.undo(here.buffer)
        assert here.buffer.text == once
        editor.undo(here.buffer)
        assert here.buffer.text == source


ODD = (
    "\ufeffsmile = '😋'\r\ndef clamp(value, low, high):\r\n"
    "    '😋'; return max(low, value)\r\nend = '😋'"
)
EVEN = "def clamp(value, low, high):\n    '😋'; return min(high, max(low, value))\n"


async def test_odd_files_keep_every_byte_that_is_not_edited(start, workspace, tmp_path, preset):
    """A byte order mark, Windows line ends, characters of two units, no last line end."""
    clamp.put(workspace, ODD)
    with FakeModel(clamp.fenced(EVEN)) as fake:
        env = clamp.config(tmp_path, fake, gates=["syntax"])
        editor = await start(preset, env=env)
        here = Sitting(editor, await editor.open(clamp.MODULE))
        editor.type(here.buffer, "'😋'; return", "'😋😋'; return")
        editor.type(here.buffer, "'😋😋'; return", "'😋'; return")
        proposal = await here.propose("def clamp")
        await here.until(proposal, "ready")
        await here.accept(proposal, "def clamp")
        assert here.buffer.text == ODD.replace("max(low, value)", "min(high, max(low, value))")
        editor.undo(here.buffer)
        assert here.buffer.text == ODD
