"""Another step in the place of one that failed, or several in the place of one that is too large.

The slow model is asked in the form of a plan, and its answer is held against the workspace like
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from festina import plans, prompt
from festina.clean import stripped
from festina.plans import Step

MOST_PARTS = 6
MOST_WHY = 2000
"""Characters of reasons: what failed first says most."""


@dataclass(frozen=True, slots=True)
class Instead:
    """A step that is to be replaced, and why. ``apart``: by several smaller ones."""

    step: Step
    why: tuple[str, ...] = ()
    apart: bool = False

    @property
    def words(self) -> str:
        """What a model is told of it. What is quoted is material."""
        shown = "\n".join(plans.written(self.step))
        told = [f"This step of the plan is to be replaced:\n{prompt.fenced(shown, 'markdown')}"]
        if self.why:
            reasons = stripped("\n".join(f"- {reason}" for reason in self.why))[:MOST_WHY]
            told.append(f"It was tried, and rejected:\n{prompt.fenced(reasons)}")
        if self.apart:
            told.append(
                f"Take it apart: answer with two to {MOST_PARTS} smaller steps that come to the "
                "same together, with the tests passing after each."
            )
        else:
            told.append(
                "Answer with one step in its place that can be carried out: another way, clearer "
                "words, or bounds that fit."
            )
        return "\n\n".join(told)

    def amiss(self, steps: Sequence[Step]) -> list[str]:
        """Say what is wrong with the steps that came."""
        if self.apart and not 2 <= len(steps) <= MOST_PARTS:
            return [f"It has {len(steps)} steps; answer with two to {MOST_PARTS}."]
        if not self.apart and len(steps) != 1:
            return [f"It has {len(steps)} steps; answer with exactly one."]
        if any(step.key == self.step.key for step in steps):
            return ["It is the step that is to be replaced, word for word; change it."]
        return []
