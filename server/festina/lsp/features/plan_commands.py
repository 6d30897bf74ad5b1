"""The commands about plans: each takes one object and answers at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from festina.lsp import messages
from festina.lsp.features import arguments, step_accepting
from festina.session import Refusal

if TYPE_CHECKING:
    from festina.lsp.app import App


async def plan(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.plan``: have the slow model write plan.md for a goal."""
    goal, uri = arguments.string(argument, "goal"), arguments.string(argument, "uri")
    force = argument.get("force") is True
    return {"ok": True, "message": await app.planning.plan(goal, uri, force=force)}


async def run_step(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.runStep``: the step on a line becomes proposals."""
    return {"ok": True, "message": await app.planning.run(*_place(argument))}


async def skip_step(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.skipStep``: tick the step on a line, with a note that it was skipped."""
    return {"ok": True, "message": await app.planning.skip(*_place(argument))}


async def split_step(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.splitStep``: have the step on a line taken apart by the slow model."""
    return {"ok": True, "message": await app.planning.split(*_place(argument))}


async def explain_step(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.explainStep``: answer, like ``festina.ask``, what a step comes to."""
    return {"ok": True, "message": await app.planning.explain(*_place(argument))}


async def accept_step(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.acceptStep``: all edits of a step are applied as one, or none of them is."""
    seen = step_accepting.seen(argument)
    if proposal := arguments.string(argument, "proposal"):
        going = app.planning.stepping.of(proposal)
    else:
        going = await app.planning.going(*_place(argument))
    return {"ok": True, "message": await step_accepting.accept(app, going, seen)}


def _place(argument: dict[str, Any]) -> tuple[str, int]:
    line = arguments.index(argument, "line")
    if line is None:
        raise Refusal("`line` must be a number: that of a line of the step, from 0.")
    return arguments.string(argument, "uri"), line


HANDLERS: dict[str, Callable[[App, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    messages.PLAN: plan,
    messages.RUN_STEP: run_step,
    messages.SKIP_STEP: skip_step,
    messages.SPLIT_STEP: split_step,
    messages.EXPLAIN_STEP: explain_step,
    messages.ACCEPT_STEP: accept_step,
}
