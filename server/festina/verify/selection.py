"""Which tests a candidate needs first, and in which order: those most likely to fail.

Pure: what is known of the suite comes from the impact map.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Mapping, Sequence

_REMEMBERED = 200


class Failures:
    """The tests that failed last for each changed function: its next variation fails them too."""

    def __init__(self) -> None:
        self._seen: collections.OrderedDict[tuple[str, tuple[str, ...]], dict[str, int]] = (
            collections.OrderedDict()
        )

    def note(self, path: str, functions: tuple[str, ...], tests: Iterable[str]) -> None:
        """Remember what failed with an edit of these functions."""
        seen = self._seen.setdefault((path, functions), {})
        self._seen.move_to_end((path, functions))
        for test in tests:
            seen[test] = seen.get(test, 0) + 1
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def of(self, path: str, functions: tuple[str, ...]) -> list[str]:
        """Return the tests that failed with edits of these functions, most frequent first."""
        seen = self._seen.get((path, functions), {})
        return sorted(seen, key=lambda test: -seen[test])


def in_order(
    tests: Collection[str],
    own: Sequence[str],
    seconds: Mapping[str, float],
    failed: Iterable[str] = (),
) -> tuple[str, ...]:
    """Put tests into the order in which a failure shows soonest.

    What failed before comes first; then file by file, since fixtures are shared in a file, those
    that take least first; in a file, as in ``own``, the project's order.
    """
    wanted = set(tests)
    first = [test for test in failed if test in wanted]
    rest = wanted.difference(first)
    cost: dict[str, float] = {}
    for test in rest:
        file = test.partition("::")[0]
        cost[file] = cost.get(file, 0.0) + seconds.get(test, 0.01)
    place = {test: number for number, test in enumerate(own)}
    ordered = sorted(
        rest,
        key=lambda test: (
            cost[test.partition("::")[0]],
            test.partition("::")[0],
            place.get(test, len(place)),
        ),
    )
    return (*first, *ordered)
