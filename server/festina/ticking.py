"""Ticks of steps that were accepted: in the plan at once, and known until the plan is on the disk.

Where the plan is open in the editor the person saves it. What ends everything before that takes the
tick away, and the edits may be saved: so until then the step's tries are not over in the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from festina import steps, tried
from festina.going import Desk, Going
from festina.plans import Plan, Step
from festina.remembering import Remembering
from festina.session import Refusal

End = Callable[[Going, str], None]


class Ticking:
    """The ticks of one session. ``end`` takes a step out of what is under way."""

    def __init__(self, desk: Desk, memory: Remembering, end: End) -> None:
        self._desk = desk
        self._memory = memory
        self._end = end
        self._unsaved: dict[Going, bool] = {}
        """Steps that are ticked in the editor alone; whether they are yet."""

    async def tick(self, going: Going) -> None:
        """All edits of a step were accepted: its box is ticked."""
        outcome = tried.ACCEPTED
        if going.paper.open:
            self._unsaved[going] = False  # before: it may be saved as soon as it is there
        try:
            await going.paper.change(lambda plan: steps.ticked(plan, going.step))
            if going in self._unsaved:
                self._unsaved[going] = True
                outcome = ""
        except Refusal as refusal:
            self._desk.tell(str(refusal), wrong=True)
        finally:
            if outcome:
                self._unsaved.pop(going, None)
            self._end(going, outcome)

    def saved(self, workspace: Path, plan: Plan) -> None:
        """A plan was saved: what is ticked there is ticked on the disk."""
        for going, there in list(self._unsaved.items()):
            if going.paper.workspace != workspace:
                continue
            same = [step.done for step in plan.steps if step.key == going.step.key]
            if there:
                self._over(going, tried.ACCEPTED if any(same) or not same else "taken back")
            elif any(same):
                del self._unsaved[going]  # the tick has just come there, and says so itself

    def run_anew(self, workspace: Path, step: Step) -> None:
        """A step is run once more: what came of it before is over."""
        for going in list(self._unsaved):
            if going.paper.workspace == workspace and going.step.key == step.key:
                self._over(going, "taken back")

    def _over(self, going: Going, outcome: str) -> None:
        del self._unsaved[going]
        work = partial(tried.end, tries=going.tries, outcome=outcome)
        self._memory.post(going.paper.workspace, work)
