"""What a document would read with a candidate in it: how an applied edit is known by its text."""

from __future__ import annotations

from dataclasses import dataclass

from festina.asked import Asked
from festina.text import Text


@dataclass(frozen=True, slots=True)
class _Result:
    """What a whole document would read, without holding it."""

    length: int
    digest: str


class Results:
    """The texts that the candidates of each proposal would give."""

    def __init__(self) -> None:
        self.asked = Asked()
        self._of: dict[str, dict[int, _Result]] = {}

    def note(self, proposal_id: str, index: int, text: Text) -> None:
        """Remember what a candidate would give."""
        result = _Result(len(text.content), text.digest)
        self._of.setdefault(proposal_id, {})[index] = result

    def forget(self, proposal_id: str) -> None:
        """Forget what the proposal's candidates would give."""
        self._of.pop(proposal_id, None)

    def matching(self, proposal_id: str, text: Text) -> int | None:
        """Return the candidate whose result is exactly ``text``, or None."""
        for index, result in self._of.get(proposal_id, {}).items():
            if len(text.content) == result.length and text.digest == result.digest:
                return index
        return None
