"""Small tasks in a real project: an error is put into a function, and its suite has the test."""

from __future__ import annotations

from textwrap import dedent, indent

from support.small_tasks import REAL, Task


def _real(
    function: str,
    instruction: str,
    lines: str,
    old: str,
    test: str,
    hidden: str,
    file: str = "recipes",
) -> Task:
    body = indent(dedent(hidden).strip(), "    ")
    return Task(
        REAL,
        function,
        f"more_itertools/{file}.py",
        _indented(lines),
        _indented(old),
        _indented(lines),
        instruction,
        f"tests/test_{file}.py::{test}",
        f"import more_itertools as mi\n\n\ndef test_hidden():\n{body}\n",
    )


def _indented(lines: str) -> str:
    return indent(dedent(lines).strip(), "    ") + "\n"


ON_REAL = (
    _real(
        "nth",
        "give the default where there is no such item",
        "return next(islice(iterable, n, None), default)",
        "return next(islice(iterable, n, None))",
        "NthTests::test_default",
        'assert mi.nth([1], 3, "x") == "x"\nassert mi.nth("abc", 1) == "b"',
    ),
    _real(
        "quantify",
        "use pred instead of bool",
        "return sum(map(pred, iterable))",
        "return sum(map(bool, iterable))",
        "QuantifyTests::test_custom_predicate",
        "assert mi.quantify([1, 0, 0], lambda x: x == 0) == 2\nassert mi.quantify([1, 0, 3]) == 2",
    ),
    _real(
        "first_true",
        "give the default where nothing is true",
        "return next(filter(pred, iterable), default)",
        "return next(filter(pred, iterable))",
        "FirstTrueTests::test_default",
        "assert mi.first_true([0, 0], 5) == 5\nassert mi.first_true([0, 3]) == 3",
    ),
    _real(
        "prepend",
        "the value comes first, then the items",
        "return chain([value], iterable)",
        "return chain(iterable, [value])",
        "PrependTests::test_basic",
        "assert list(mi.prepend(0, [1, 2])) == [0, 1, 2]\nassert list(mi.prepend(7, [])) == [7]",
    ),
    _real(
        "rstrip",
        "call cache_clear() once its items were yielded",
        """
        for x in iterable:
            if pred(x):
                cache_append(x)
            else:
                yield from cache
                cache_clear()
                yield x
        """,
        """
        for x in iterable:
            if pred(x):
                cache_append(x)
            else:
                yield from cache
                yield x
        """,
        "StripFunctionTests::test_hashable",
        """
        assert list(mi.rstrip([1, 0, 2, 0, 3, 0], lambda x: not x)) == [1, 0, 2, 0, 3]
        assert list(mi.rstrip([0, 0], lambda x: not x)) == []
        """,
        "more",
    ),
    _real(
        "all_equal",
        "an empty iterable counts as equal",
        """
        iterator = groupby(iterable, key)
        for first in iterator:
            for second in iterator:
                return False
            return True
        return True
        """,
        """
        iterator = groupby(iterable, key)
        for first in iterator:
            for second in iterator:
                return False
            return True
        return False
        """,
        "AllEqualTests::test_empty",
        'assert mi.all_equal("")\nassert mi.all_equal("aa")\nassert not mi.all_equal("ab")',
    ),
    _real(
        "takewhile_inclusive",
        "yield x before the loop may break",
        """
        for x in iterable:
            yield x
            if not predicate(x):
                break
        """,
        """
        for x in iterable:
            if not predicate(x):
                break
            yield x
        """,
        "TakewhileInclusiveTests::test_basic",
        """
        assert list(mi.takewhile_inclusive(lambda x: x < 3, [1, 2, 3, 4, 1])) == [1, 2, 3]
        assert list(mi.takewhile_inclusive(bool, [])) == []
        """,
        "more",
    ),
    _real(
        "map_except",
        "catch the given exceptions, not just ValueError",
        """
        for item in iterable:
            try:
                yield function(item)
            except exceptions:
                pass
        """,
        """
        for item in iterable:
            try:
                yield function(item)
            except ValueError:
                pass
        """,
        "MapExceptTests::test_multiple",
        """
        assert list(mi.map_except(int, ["1", None, "2"], TypeError)) == [1, 2]
        try:
            list(mi.map_except(int, ["x"], TypeError))
        except ValueError:
            return
        raise AssertionError
        """,
        "more",
    ),
    _real(
        "distribute",
        "n must be at least 1",
        """
        if n < 1:
            raise ValueError('n must be at least 1')

        children = tee(iterable, n)
        return [islice(it, index, None, n) for index, it in enumerate(children)]
        """,
        """
        if n < 0:
            raise ValueError('n must be at least 1')

        children = tee(iterable, n)
        return [islice(it, index, None, n) for index, it in enumerate(children)]
        """,
        "DistributeTest::test_invalid_n",
        """
        assert [list(x) for x in mi.distribute(2, [1, 2, 3])] == [[1, 3], [2]]
        assert [list(x) for x in mi.distribute(1, [1, 2])] == [[1, 2]]
        try:
            mi.distribute(0, [1])
        except ValueError:
            return
        raise AssertionError
        """,
        "more",
    ),
    _real(
        "iequals",
        "iterables of different lengths are not equal: use strict=True",
        """
        try:
            return all(map(all_equal, zip(*iterables, strict=True)))
        except ValueError:
            return False
        """,
        """
        try:
            return all(map(all_equal, zip(*iterables)))
        except ValueError:
            return False
        """,
        "IequalsTests::test_not_equal_lengths",
        'assert not mi.iequals("ab", "a")\nassert mi.iequals("ab", ["a", "b"])',
        "more",
    ),
    _real(
        "always_reversible",
        "where reversed raises TypeError, reverse a list of the items",
        """
        try:
            return reversed(iterable)
        except TypeError:
            return reversed(list(iterable))
        """,
        "return reversed(iterable)",
        "AlwaysReversibleTests::test_nonseq_reversed",
        """
        assert list(mi.always_reversible(iter([1, 2, 3]))) == [3, 2, 1]
        assert list(mi.always_reversible("ab")) == ["b", "a"]
        """,
        "more",
    ),
    _real(
        "doublestarmap",
        "each item is a mapping: use ** to pass it as keywords",
        """
        for item in iterable:
            yield func(**item)
        """,
        """
        for item in iterable:
            yield func(item)
        """,
        "DoubleStarMapTests::test_adding",
        """
        assert list(mi.doublestarmap(lambda a, b: a - b, [{"a": 3, "b": 1}])) == [2]
        assert list(mi.doublestarmap(dict, [{"x": 1}, {}])) == [{"x": 1}, {}]
        """,
        "more",
    ),
)
"""The region is what stands below the docstring, which would be long to repeat."""
