"""Plans: a checklist of bounded steps in Markdown, which a person reads and edits in any editor.

Values only. Nothing in a plan is ever executed: gates and tests are named, never spelled out.
"""

from festina.plans.bounds import (
    Bounds,
    Change,
    broken,
    kept_away,
    required,
    unknown_gates,
)
from festina.plans.plan import Entry, Plan
from festina.plans.reading import read
from festina.plans.step import Damaged, Place, Problem, Step
from festina.plans.writing import noted, replaced, tick, without_ticks, write, written

__all__ = [
    "Bounds",
    "Change",
    "Damaged",
    "Entry",
    "Place",
    "Plan",
    "Problem",
    "Step",
    "broken",
    "kept_away",
    "noted",
    "read",
    "replaced",
    "required",
    "tick",
    "unknown_gates",
    "without_ticks",
    "write",
    "written",
]
