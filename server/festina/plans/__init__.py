"""Plans: a checklist of bounded steps in Markdown, which a person reads and edits in any editor.

Values only. Nothing in a plan is ever executed: gates and tests are named, never spelled out.
"""

from festina.plans.bounds import Change, broken, kept_away
from festina.plans.reading import Entry, Plan, read
from festina.plans.step import Damaged, Place, Problem, Step
from festina.plans.writing import replaced, tick, without_ticks, write

__all__ = [
    "Change",
    "Damaged",
    "Entry",
    "Place",
    "Plan",
    "Problem",
    "Step",
    "broken",
    "kept_away",
    "read",
    "replaced",
    "tick",
    "without_ticks",
    "write",
]
