"""Small, fair tasks for a very small model: each says in a sentence what is wrong with some lines.

A task has lines as they are (``old``), one good answer (``good``), a test that stands in the
project's suite and fails until it is done, and hidden tests, which no verdict knows: they say
whether what passed is what was asked for. The small model's prompt shows it none of the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

SAMPLE = "sample"
REAL = "more-itertools"

MODULE = "comfort/__init__.py"
ASKED = "tests/test_asked.py"
HIDDEN = "tests/test_hidden.py"


@dataclass(frozen=True)
class Task:
    """``lines`` stand in ``path`` of ``project``; ``old`` is in their place when work begins.

    Without ``lines``, ``old`` is added at the end of the file. ``test`` is the id of the test that
    must pass, ``asked`` the text of its file where the suite does not have it.
    """

    project: str
    name: str
    path: str
    lines: str
    old: str
    good: str
    instruction: str
    test: str
    hidden: str
    asked: str = ""

    def begun(self, text: str) -> str:
        """Return the file's text at the beginning, of the text that it has in the project."""
        if not self.lines:
            return f"{text.rstrip()}\n\n\n{self.old}"
        assert text.count(self.lines) == 1, self.name
        return text.replace(self.lines, self.old)


def _sample(
    name: str, instruction: str, old: str, good: str, asked: str, hidden: str, lines: str = ""
) -> Task:
    def file(test: str, body: str) -> str:
        head = f"import pytest\n\nimport comfort\n\n\ndef {test}():\n"
        return head + indent(dedent(body).strip(), "    ") + "\n    assert pytest\n"

    return Task(
        SAMPLE,
        name,
        MODULE,
        dedent(lines).lstrip(),
        dedent(old).lstrip(),
        dedent(good).lstrip(),
        instruction,
        f"{ASKED}::test_asked",
        file("test_hidden", hidden),
        file("test_asked", asked),
    )


_CLAMP = '''
    def clamp(value, low, high):
        """Return a value, or the bound that it is beyond."""
        return max(low, min(value, high))
'''
_FAHRENHEIT = '''
    def to_fahrenheit(celsius):
        """Convert degrees Celsius to degrees Fahrenheit."""
        return celsius * 9 / 5 + 32
'''
_MEAN = '''
    def mean(values):
        """Return the average of some values, 0 if there are none."""
        return sum(values) / len(values)
'''

ON_SAMPLE = (
    _sample(
        "empty list",
        "handle an empty list",
        _MEAN,
        _MEAN.replace("return sum", "return 0 if not values else sum"),
        "assert comfort.mean([]) == 0",
        """
        assert comfort.mean(()) == 0
        assert comfort.mean([1, 2, 3, 6]) == 3
        assert comfort.mean([-4]) == -4
        """,
        _MEAN,
    ),
    _sample(
        "upper bound",
        "respect the upper bound, too",
        _CLAMP.replace("max(low, min(value, high))", "max(low, value)"),
        _CLAMP,
        "assert comfort.clamp(12, 0, 10) == 10",
        """
        assert comfort.clamp(11, 3, 7) == 7
        assert comfort.clamp(1, 3, 7) == 3
        assert comfort.clamp(5, 3, 7) == 5
        """,
        _CLAMP,
    ),
    _sample(
        "wrong factor",
        "the factor is 9 / 5",
        _FAHRENHEIT.replace("9 / 5", "5 / 9"),
        _FAHRENHEIT,
        "assert comfort.to_fahrenheit(100) == 212",
        "assert [comfort.to_fahrenheit(c) for c in (0, 10, -40)] == [32, 50, -40]",
        _FAHRENHEIT,
    ),
    _sample(
        "add up",
        "subtract 32 before the multiplication",
        """
        def to_celsius(fahrenheit):
            return fahrenheit * 5 / 9
        """,
        """
        def to_celsius(fahrenheit):
            return (fahrenheit - 32) * 5 / 9
        """,
        "assert comfort.to_celsius(212) == 100",
        "assert [comfort.to_celsius(f) for f in (32, 50, -40)] == [0, 10, -40]",
    ),
    _sample(
        "bounds in order",
        "raise ValueError if low is greater than high",
        _CLAMP,
        _CLAMP.replace(
            "        return",
            "        if low > high:\n            raise ValueError(low)\n        return",
        ),
        """
        with pytest.raises(ValueError):
            comfort.clamp(5, 10, 0)
        """,
        """
        assert comfort.clamp(5, 3, 3) == 3
        with pytest.raises(ValueError):
            comfort.clamp(1, 2, 1)
        """,
        _CLAMP,
    ),
    _sample(
        "coldest",
        "return the coldest room, not the warmest",
        """
        def coldest(rooms):
            return max(rooms, key=rooms.get)
        """,
        """
        def coldest(rooms):
            return min(rooms, key=rooms.get)
        """,
        'assert comfort.coldest({"attic": 12, "kitchen": 21}) == "attic"',
        'assert comfort.coldest({"a": 3, "b": -2, "c": 9}) == "b"',
    ),
    _sample(
        "twenty is warm",
        "20 degrees count as warm, too",
        """
        def warm(temperatures):
            return [t for t in temperatures if t > 20]
        """,
        """
        def warm(temperatures):
            return [t for t in temperatures if t >= 20]
        """,
        "assert comfort.warm([19, 20, 21]) == [20, 21]",
        """
        assert comfort.warm([20]) == [20]
        assert comfort.warm([19.5, 20.5]) == [20.5]
        assert comfort.warm([]) == []
        """,
    ),
    _sample(
        "one decimal",
        "round the temperature to one decimal",
        """
        def label(celsius):
            return f"{celsius} C"
        """,
        """
        def label(celsius):
            return f"{round(celsius, 1)} C"
        """,
        'assert comfort.label(21.4567) == "21.5 C"',
        """
        assert comfort.label(20.04) == "20.0 C"
        assert comfort.label(-3.26) == "-3.3 C"
        """,
    ),
    _sample(
        "spread",
        "subtract the smallest value",
        """
        def spread(values):
            return max(values)
        """,
        """
        def spread(values):
            return max(values) - min(values)
        """,
        "assert comfort.spread([18, 24]) == 6",
        "assert [comfort.spread(v) for v in ([5], [1, 9, 4], [-2, 2])] == [0, 8, 4]",
    ),
    _sample(
        "skip None",
        "leave out values that are None",
        """
        def known(values):
            return list(values)
        """,
        """
        def known(values):
            return [value for value in values if value is not None]
        """,
        "assert comfort.known([1, None, 2]) == [1, 2]",
        """
        assert comfort.known([0, None]) == [0]
        assert comfort.known([]) == []
        """,
    ),
    _sample(
        "is it freezing",
        "0 degrees are freezing, too; return True or False",
        """
        def is_freezing(celsius):
            return celsius < 0
        """,
        """
        def is_freezing(celsius):
            return celsius <= 0
        """,
        "assert comfort.is_freezing(0) is True",
        """
        assert comfort.is_freezing(-5) is True
        assert comfort.is_freezing(0.0) is True
        assert comfort.is_freezing(0.5) is False
        """,
    ),
    _sample(
        "sort by warmth",
        "sort by temperature, not by name",
        """
        def ranking(rooms):
            return sorted(rooms)
        """,
        """
        def ranking(rooms):
            return sorted(rooms, key=rooms.get)
        """,
        'assert comfort.ranking({"a": 20, "b": 10}) == ["b", "a"]',
        """
        assert comfort.ranking({"a": 3, "b": 1, "c": 2}) == ["b", "c", "a"]
        assert comfort.ranking({}) == []
        """,
    ),
)
