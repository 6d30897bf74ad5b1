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
    ],
)
def test_what_does_not(line: str) -> None:
    assert suspicion(OLD, OLD.replace("return value", line)) is None
