"""A session in which somebody asks, or has what is ready reviewed; the models are scripted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from festina.asking import Asking, Question
from festina.edits import Region
from festina.findings import Gate
from support.fakes import ScriptedModel
from support.sitting import Sitting


class Desk(Sitting):
    """A session in which somebody asks."""

    def __init__(self, *answers) -> None:
        super().__init__(answers or ["It returns **2**."])
        self.asking = Asking(self.session, self.models, self.lifecycle.runs.jobs)
        self.shown = []
        self.asking.changed = self.shown.append

    def ask(self, words="What is it?", **more):
        return self.asking.ask(Question(self.document, Region(3, 5), words, "one", **more)).id

    async def over(self, answer_id):
        async with asyncio.timeout(10):
            while not self.asking.find(answer_id).stage.over:
                await asyncio.sleep(0.005)
        return self.asking.find(answer_id)

    def asked(self, model=None) -> str:
        return (model or self.models.model).requests[-1].messages[-1].content


def reviewing(*answers, whole=None) -> tuple[Sitting, ScriptedModel]:
    desk = Sitting(whole=whole)
    verify = replace(desk.session.settings[None].verify, gates=("tests", "review"))
    return desk, desk.think(*answers, verify=verify)


async def reviewed(desk, proposal_id):
    def result():
        view = desk.session.find(proposal_id).candidate
        return view and view.verdict and view.verdict.gate(Gate.REVIEW)

    async with asyncio.timeout(10):
        while not result():
            await asyncio.sleep(0.005)
    return desk.session.find(proposal_id)
