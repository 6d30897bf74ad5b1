"""How far a candidate has come, for clients that show it: tokens as it streams, then gate by gate.

Values only; no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from festina.findings import GateResult

WAITING = "waiting"
RUNNING = "running"

_SHORTEST = 0.05
"""Seconds of a stream below which a rate says nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of one verification: the gate that is running, or its result once it has one.

    ``message`` is for a person, such as ``running the tests once without the edit``. ``gate`` is
    the one that it is about, None for more of the one that runs. The first step of all has the
    names of all ``gates``, in their order.
    """

    message: str
    result: GateResult | None = None
    gate: str | None = None
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateProgress:
    """One gate of a verification: ``waiting``, ``running``, or its result's status.

    ``seconds`` is None until there is a result. ``message`` is for a person.
    """

    gate: str
    status: str = WAITING
    seconds: float | None = None
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data: dict[str, Any] = {"gate": self.gate, "status": self.status}
        if self.seconds is not None:
            data["seconds"] = round(self.seconds, 4)
        if self.message:
            data["message"] = self.message
        return data


@dataclass(frozen=True, slots=True)
class Progress:
    """``tokens`` is an estimate; ``seconds`` are those since the first of them."""

    tokens: int = 0
    seconds: float = 0.0
    gates: tuple[GateProgress, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; the rate is null until it says something."""
        rate = self.tokens / self.seconds if self.seconds >= _SHORTEST else None
        return {
            "tokens": self.tokens,
            "tokens_per_second": None if rate is None else round(rate, 1),
            "seconds": round(self.seconds, 4),
            "gates": [gate.to_json() for gate in self.gates],
        }

    def after(self, step: Step) -> Progress:
        """Return the progress after a step of the verification."""
        if step.gates:
            return replace(self, gates=tuple(GateProgress(gate) for gate in step.gates))
        if step.gate is not None:
            return replace(self, gates=tuple(_told(one, step) for one in self.gates))
        words = step.message
        gates = (replace(g, message=words) if g.status == RUNNING else g for g in self.gates)
        return replace(self, gates=tuple(gates))


NOTHING_YET = Progress()


def _told(one: GateProgress, step: Step) -> GateProgress:
    if one.gate != step.gate:
        return one
    if step.result is None:
        return replace(one, status=RUNNING, message=step.message)
    result = step.result
    return GateProgress(one.gate, str(result.status), result.seconds, result.reason or "")
