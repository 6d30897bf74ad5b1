"""What a verification does, told step by step as its gates take their turns."""

from __future__ import annotations

from collections.abc import Sequence

from festina.findings import Gate, GateResult, duration
from festina.verify.base import OnStep, Step

_DOING: dict[str, str] = {
    Gate.SYNTAX: "checking the syntax",
    Gate.LINT: "running ruff",
    Gate.FORMAT: "checking the format",
    Gate.TYPES: "checking the types",
    Gate.TESTS: "preparing the tests",
    Gate.COMMAND: "preparing the commands",
}


class Telling:
    """Tells one verification's steps to whoever wants them.

    The tests begin before it is their turn. What they do meanwhile is nothing that another gate
    does: the last of it is told when their turn comes.
    """

    def __init__(self, on_step: OnStep | None) -> None:
        self._on_step = on_step
        self._turn = ""
        self._doing = dict(_DOING)

    def start(self, gates: Sequence[str]) -> None:
        """Name all gates, in their order."""
        self._tell(Step("starting the gates", gates=tuple(gates)))

    def begin(self, gate: str) -> None:
        """It is a gate's turn."""
        self._turn = gate
        self._tell(Step(self._doing.get(gate, gate), gate=gate))

    def say(self, message: str) -> None:
        """What the gate does whose turn it is."""
        self._tell(Step(message))

    def of_tests(self, message: str) -> None:
        """What the tests do."""
        self._doing[Gate.TESTS] = message
        if self._turn == Gate.TESTS:
            self.say(message)

    def end(self, gate: str, result: GateResult) -> None:
        """A gate has come to a result."""
        message = f"{result.label}: {result.status} ({duration(result.seconds)})"
        self._tell(Step(message, result, gate))

    def _tell(self, step: Step) -> None:
        if self._on_step is not None:
            self._on_step(step)
