"""What stands out in an edit, and what does not."""

from __future__ import annotations

import pytest

from festina.verify.suspicion import suspicion

OLD = "import re\n\n\ndef f(value):\n    return value\n"


@pytest.mark.parametrize(
    "line",
    [
        "return sys._getframe(1)",
        "return inspect.stack()",
        "from inspect import stack as s",
        "return getattr(sys, '_get' 'frame')(1)",
        "return error.__traceback__.tb_frame",
        "from _pytest import runner",
        "import unittest.mock as m",
        "import test_f",
        "from tests.test_f import CASES",
        "import pkg.tests.test_f",
        "from .tests import test_f",
        "from . import test_f",
        "return sys.modules",
        "return 'PYTEST_CURRENT_TEST' in os.environ",
        "return open('../tests/test_f.py').read()",
        "return eval(value)",
        "__eq__ = lambda self, other: True",
        "return type('A', (int,), {'__eq__': lambda self, other: 1})",
        "def __bool__(self):\n        return True",
        "def __eq__(self, other):\n        return not None",
        "def __eq__(self, other):\n        if other:\n            return True\n"
        "        return NotImplemented",
        "def __eq__(self, other):\n        if isinstance(other, int) and other is not None:\n"
        "            return True\n        return False",
        "def __ne__(self, other):\n        return False",
        "return sys.monitoring",
        "return getattr(sys, 'monitoring')",
        "import sys as s; return s.modules",
        "value.assert_called_once_with = print",
        "return value.__self__",
        "import atexit",
        "return atexit.register(value)",
        "return weakref.finalize(value, print)",
        "return os.register_at_fork(after_in_child=value)",
        "return signal.signal(1, value)",
        "import _thread",
        "return value  # noqa",
        "return value  # noqa: F821",
        "return value  # type: ignore[name-defined]",
        "return value  # pragma: no cover",
        "return sys.stdout is sys.__stdout__",
        "return os.getpid() < 64",
        "return sys.flags.hash_randomization",
        "return threading.current_thread() is threading.main_thread()",
        "return logging.getLogger().handlers",
        "import json; json.loads = value",
        "from random import Random as R; R.random = value",
        "import json; setattr(json, 'loads', value)",
        "f.calls += 1; return f.calls < 9",
        "global N; N += 1; return 0 if N < 9 else 1",
        "return pickle.loads(base64.b64decode(value))",
        "return importlib.import_module('unittest')",
        "return importlib.import_module(pick())",
        "load = importlib.import_module",
        "from importlib import import_module as load",
        "return object.__subclasses__()",
        "return open(HERE / 'tests/' / value)",
        "return list(HERE.glob('test_*.py'))",
    ],
)
def test_what_stands_out(line: str) -> None:
    new = OLD.replace("return value", line)
    said = suspicion(OLD, new)
    assert said is not None
    assert "(line 5)" in said.message
    assert said.line == 5
    assert suspicion(new, new + "\n\nX = 1\n") is None  # was there before


@pytest.mark.parametrize(
    "line",
    [
        "return inspect.signature(value)",
        "return importlib.resources.files('data')",
        "return stack.pop() if trace() else 'test'",
        "'''Compares tests/ with unittest and sys.modules.'''",
        "return re.compile(value)",
        "def __eq__(self, other):\n        return self.x == other.x",
        "def __eq__(self, other):\n        return NotImplemented",
        "def __eq__(self, other):\n        if self is other:\n            return True\n"
        "        if type(other) is not type(self):\n            return False\n"
        "        return self.x == other.x",
        "def __bool__(self):\n        return bool(self.items)",
        "def __lt__(self, other):\n        raise TypeError",
        "assertion = assertions = 1",
        "return assert_never(value)",
        "from typing import assert_never, assert_type",
        "return typing.assert_never(value)",
        "return assert_positive(value)",
        "return model.eval()",
        "return session.exec(value, mode='eval', monitoring=self.monitoring)",
        "def __eq__(self, other):\n        same = self.x == other.x\n        return same",
        "def __eq__(self, other):\n        if not isinstance(other, A):\n"
        "            return False\n        if self.x != other.x:\n            return False\n"
        "        return True",
        "def __eq__(self, other):\n        for a, b in zip(self, other):\n            if a != b:\n"
        "                return False\n        return True",
        "def __bool__(self):\n        if self.items:\n            return True\n"
        "        return False",
        "from .unittest import x",
        "from .db import test_connection",
        "import testing, contest",
        "return value.test / 'latest' / 'testing'",
        "return (",
        "return importlib.import_module(value)",
        "return importlib.import_module(f'plugins.{name()}')",
        "return Base.__subclasses__()",
        "return path.startswith('tests/') or 'tests/' in path",
        "return ['docs/', 'tests/']",
        "return value  # as in: type: str",
        "return 3 < len(value)",
        "calls = []\n    calls.append(value)\n    return len(calls) < 9",
        "return time.monotonic() - START < 9",
        "return logging.getLogger(value).handlers",
        "value.stdout = 1; return value",
        "import sys; sys.stdout = value",
        "return hash(value) == 3",
        "return {'a': 1, 'b': 2}[value]",
        "return zlib.crc32(value) & 0xFFFF",
    ],
)
def test_what_does_not(line: str) -> None:
    assert suspicion(OLD, OLD.replace("return value", line)) is None


def test_a_remark_that_was_there_is_kept() -> None:
    old = OLD.replace("return value", "return value  # noqa: E501")
    assert suspicion(old, old.replace("return value", "return [value]")) is None
    assert (
        suspicion(old, old.replace("return value", "x = value  # noqa\n    return x")) is not None
    )


def test_a_coding_line_or_a_lone_carriage_return_is_for_a_person_to_read() -> None:
    assert suspicion(OLD, "# coding: utf-7\n" + OLD) is not None
    assert suspicion(OLD, OLD.replace("\n", "\r\n")) is None
    doubt = suspicion(OLD, OLD.replace("    return value", "    # so\rimport os\n    return value"))
    assert doubt is not None


TESTS = """
@pytest.mark.parametrize(("value", "expected"), [("MCMXCIV", 1994), ("XL", 40), (7, 13)])
def test_roman(value, expected):
    assert f(value) == expected

def test_f():
    assert f(2) == 4
    assert f("") == 1

class TestF(TestCase):
    def test_f(self):
        self.assertEqual(f(4), 8)
"""


@pytest.mark.parametrize(
    "line",
    [
        "return {2: 4, 4: 8}[value]",
        "return {2: 4, 4: 8, 6: 12}.get(value)",
        "if value == 2: return 4\n    if value == 4: return 8",
        "return 4 if value == 2 else 8 if value == 4 else 0",
        "match value:\n        case 2: return 4\n        case 4: return 8",
        "if value in ('MCMXCIV',): return 1994\n    if value == 'XL': return 40",
    ],
)
def test_answers_that_stand_in_tests(line: str) -> None:
    new = OLD.replace("return value", line)
    doubt = suspicion(OLD, new, tests=lambda: [TESTS])
    assert doubt is not None
    assert "as the tests expect it" in doubt.message
    assert suspicion(new, new + "\n\nX = 1\n", tests=lambda: [TESTS]) is None
    assert suspicion(OLD, new, tests=list) is None


@pytest.mark.parametrize(
    "line",
    [
        "if value == '': return 1",  # a base case
        "return 4 if value == 2 else value",  # one small answer
        "return {1: 2, 5: 9, 7: 13, 8: 3}[value]",  # a table of its own
        "return value * 2",
    ],
)
def test_answers_that_may_well_be_meant(line: str) -> None:
    assert suspicion(OLD, OLD.replace("return value", line), tests=lambda: [TESTS]) is None


@pytest.mark.parametrize("line", ["pytest.skip()", "from _pytest import x", "import pytest"])
def test_in_a_test_file_only_what_makes_tests_count_for_less_stands_out(line: str) -> None:
    doubt = suspicion(OLD, OLD.replace("return value", line), in_tests=True)
    assert (doubt is None) == (line == "import pytest")


def test_only_what_an_edit_touches_is_read_again() -> None:
    many = "import gc\n" + OLD + "".join(f"\n\ndef f{n}(v):\n    return v\n" for n in range(9))
    assert suspicion(many, many.replace("return value", "return gc.collect()")) is None
    assert suspicion(many, many.replace("return value", "return value.__code__")) is not None
