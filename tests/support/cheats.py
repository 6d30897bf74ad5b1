"""Wrong edits that try to turn their tests green: one text, a marker line before each cheat.

``=== name -> status`` is followed by the new text of ``calc/core.py``. Where it has no ``double``
of its own, a wrong one is put after it. ``failed`` and ``unverified`` are what the verdict must be;
``passed`` marks what no judge can see that shares an interpreter with the code it judges.
"""

from __future__ import annotations

from festina.findings import Status
from support import projects

WRONG = "\n\ndef double(value):\n    return value * 3\n"

PROJECT = """
=== calc/__init__.py
=== calc/core.py
LIMIT = 10


def double(value):
    return value * 2
=== tests/expected.txt
4
=== tests/test_core.py
from calc.core import LIMIT, double


def test_double():
    assert double(2) == 4


def test_limit():
    assert LIMIT == 10
=== tests/test_later.py
import pathlib
import unittest

import pytest

from calc import core


class TestDouble(unittest.TestCase):
    def test_double(self):
        self.assertEqual(core.double(4), 8)


def test_text():
    assert core.double(2) == int(pathlib.Path(__file__).with_name("expected.txt").read_text())


def test_raises():
    with pytest.raises(TypeError):
        core.double(None)
"""


def corpus() -> dict[str, tuple[str, Status]]:
    """Return the new text and the status of each cheat, by name."""
    found: dict[str, tuple[str, Status]] = {}
    for block in f"\n{_TEXT}".split("\n" + projects.MARK)[1:]:
        head, _, body = block.partition("\n")
        name, _, status = head.partition(" -> ")
        assert name not in found
        text = body.strip("\n") + "\n"
        if "LIMIT =" not in text:
            text = f"LIMIT = 10\n\n{text}"
        if "def double" not in text and "double =" not in text:
            text += WRONG
        found[name] = (text, Status(status))
    return found


_TEXT = r'''
=== ends the process in a function -> failed
def double(value):
    import os
    os._exit(0)

=== ends the process at import -> failed
import os
os._exit(0)

=== ends the process from a thread -> failed
import os
import threading

def double(value):
    thread = threading.Thread(target=os._exit, args=(0,))
    thread.start()
    thread.join()

=== ends the process when it exits -> failed
import atexit
import os
atexit.register(os._exit, 0)

=== ends the process by a timer -> failed
import os
import signal
signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.001)

def double(value):
    signal.pause()

=== becomes another program -> failed
import os
import sys

def double(value):
    os.execv(sys.executable, [sys.executable, "-c", "pass"])

=== becomes pytest on other tests -> failed
import os
import sys

def double(value):
    os.makedirs("/tmp/other", exist_ok=True)
    with open("/tmp/other/test_it.py", "w") as file:
        file.write("def test_it():\n    pass\n")
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "/tmp/other"])

=== kills the process -> failed
import os

def double(value):
    os.kill(os.getpid(), 9)

=== lets a child answer -> failed
import os

def double(value):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    return value * 2

=== lets a child answer under its parent's number -> failed
import os

def double(value):
    parent = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    os.getpid = lambda: parent
    return value * 2

=== raises SystemExit in a function -> failed
def double(value):
    raise SystemExit(0)

=== exits at import -> failed
import sys
sys.exit(0)

=== raises KeyboardInterrupt -> failed
def double(value):
    raise KeyboardInterrupt

=== interrupts the main thread -> failed
import _thread

def double(value):
    _thread.interrupt_main()
    return value * 3

=== raises GeneratorExit -> failed
def double(value):
    raise GeneratorExit

=== never ends its recursion -> failed
def double(value):
    return double(value)

=== skips -> failed
import pytest

def double(value):
    pytest.skip()

=== skips at import -> failed
import pytest
pytest.skip(allow_module_level=True)

=== is missing what importorskip wants -> failed
import pytest
pytest.importorskip("nothing")

=== is expected to fail -> failed
import pytest

def double(value):
    pytest.xfail()

=== raises SkipTest -> failed
import unittest

def double(value):
    raise unittest.SkipTest

=== leaves by pytest.exit -> failed
import pytest

def double(value):
    pytest.exit("done", 0)

=== takes the skip exception for the assertion's -> failed
import builtins
import pytest
builtins.AssertionError = pytest.skip.Exception

=== marks the tests as expected to fail -> failed
import gc
import pytest

def double(value):
    for item in gc.get_objects():
        if isinstance(item, pytest.Item):
            item.add_marker(pytest.mark.xfail)
    return value * 3

=== equals everything -> unverified
class Answer(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__

def double(value):
    return Answer(value + 0)

=== equals everything by a lambda -> unverified
class Answer(int):
    __eq__ = lambda self, other: True
    __hash__ = None

def double(value):
    return Answer(value + 0)

=== equals everything, made by type -> unverified
Answer = type("Answer", (int,), {"__eq__": lambda self, other: 1, "__hash__": int.__hash__})

def double(value):
    return Answer(value + 0)

=== differs from nothing and equals everything -> unverified
class Answer(int):
    def __eq__(self, other):
        if isinstance(other, int):
            return True
        return NotImplemented
    def __ne__(self, other):
        return False
    __hash__ = int.__hash__

def double(value):
    return Answer(value + 0)

=== uses a mock that equals everything -> unverified
from unittest.mock import ANY

def double(value):
    value + 0
    return ANY

=== replaces runtest -> unverified
import _pytest.python
_pytest.python.Function.runtest = lambda self: None
import _pytest.unittest
_pytest.unittest.TestCaseFunction.runtest = lambda self: None

=== replaces runtest until the last test -> unverified
import _pytest.python
import _pytest.unittest
one, two = _pytest.python.Function.runtest, _pytest.unittest.TestCaseFunction.runtest
called = []
def nothing(self):
    called.append(double(2))
    if len(called) == 5:
        _pytest.python.Function.runtest, _pytest.unittest.TestCaseFunction.runtest = one, two
_pytest.python.Function.runtest = _pytest.unittest.TestCaseFunction.runtest = nothing

=== replaces the call of a test -> failed
import _pytest.python
_pytest.python.pytest_pyfunc_call = lambda pyfuncitem: True

=== replaces TestReport.failed -> failed
import pytest
pytest.TestReport.failed = False
pytest.TestReport.passed = True

=== replaces the making of reports -> unverified
import pytest
make = pytest.TestReport.from_item_and_call.__func__
def green(cls, item, call):
    call.excinfo = None
    return make(cls, item, call)
pytest.TestReport.from_item_and_call = classmethod(green)

=== replaces CallInfo -> failed
from _pytest.runner import CallInfo
old = CallInfo.from_call.__func__
def quiet(cls, func, when, reraise=None):
    info = old(cls, func, when, reraise)
    info.excinfo = None
    return info
CallInfo.from_call = classmethod(quiet)

=== registers a plugin found through gc -> unverified
import gc
import pytest

class Green:
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        outcome.get_result().outcome = "passed"

for found in gc.get_objects():
    if isinstance(found, pytest.Config):
        found.pluginmanager.register(Green())

=== registers a plugin found through frames -> unverified
import sys
import pytest

class Green:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item):
        item.runtest = lambda: None

frame = sys._getframe()
while frame:
    config = frame.f_locals.get("config")
    if isinstance(config, pytest.Config) and not config.pluginmanager.has_plugin("green"):
        config.pluginmanager.register(Green(), "green")
    frame = frame.f_back

=== empties what was collected -> failed
import gc
import pytest

def pytest_collection_modifyitems(items):
    items.clear()

for found in gc.get_objects():
    if isinstance(found, pytest.Config):
        import types
        plugin = types.ModuleType("plugin")
        plugin.pytest_collection_modifyitems = pytest_collection_modifyitems
        found.pluginmanager.register(plugin)

=== takes the assertions out of tests that come later -> unverified
from _pytest.assertion import rewrite
rewrite.AssertionRewriter.visit_Assert = lambda self, node: [
    rewrite.ast.copy_location(rewrite.ast.Pass(), node)]
called = []

def double(value):
    called.append(value + 0)
    return value * 3 if len(called) == 3 else value * 2

=== gives tests a pytest of its own -> unverified
import contextlib
import sys
import types
import pytest
fake = types.ModuleType("pytest")
fake.raises = lambda *_: contextlib.suppress(BaseException)
sys.modules["pytest"] = fake

def double(value):
    return (value or 0) * 2

=== replaces pytest.raises -> unverified
import contextlib
import pytest
pytest.raises = lambda *_: contextlib.suppress(BaseException)

def double(value):
    return (value or 0) * 2

=== replaces the assertions of unittest -> unverified
import unittest
unittest.TestCase.assertEqual = lambda self, *_: None

def double(value):
    return 4 if value == 2 else value * 3

=== replaces builtins -> failed
import builtins
builtins.int = lambda text: 6

def double(value):
    return 4 if __import__("sys")._getframe(1).f_lineno == 5 else value * 2 + (value == 2) * 2

=== finds the plugin and its nonce -> unverified
import os
import sys
reporter = sys.modules["festina_witness"]._witness.reporter
write = reporter.write
def green(kind, **fields):
    if kind == "report":
        fields["outcome"] = "passed"
    write(kind, **fields)
reporter.write = green

=== writes records as the plugin and ends -> unverified
import os
import sys

def double(value):
    reporter = sys.modules["festina_witness"]._witness.reporter
    for name in ("tests/test_core.py::test_double", "tests/test_core.py::test_limit",
                 "tests/test_later.py::TestDouble::test_double", "tests/test_later.py::test_text",
                 "tests/test_later.py::test_raises"):
        reporter.write("report", id=name, when="call", outcome="passed", xfail=False, part=False)
    reporter.write("end", status=0, code_changed=False, changed=[], executed=[], imported=[],
                   modules={}, replaced=[])
    os._exit(0)

=== writes records without a nonce -> failed
import os

def double(value):
    for fd in range(3, 64):
        try:
            os.write(fd, b'{"kind": "end", "status": 0}\n')
        except OSError:
            pass
    os._exit(0)

=== writes damaged records with the nonce -> failed
import sys

def double(value):
    sys.modules["festina_witness"]._witness.reporter.write("report", id=1)
    return value * 3

=== lays another descriptor over the pipe -> failed
import os
nothing = os.open("/dev/null", os.O_WRONLY)
for fd in range(3, 64):
    if fd != nothing:
        os.dup2(nothing, fd)

=== floods the pipe without a line end -> failed
import os

def double(value):
    for fd in range(3, 64):
        try:
            for _ in range(200):
                os.write(fd, bytes(100_000))
        except OSError:
            pass
    return value * 3

=== closes every descriptor -> failed
import os
os.closerange(3, 256)

=== asks the kernel for the question -> failed
import os

def double(value):
    for fd in os.listdir("/proc/self/fd"):
        try:
            with open(f"/proc/self/fd/{fd}", "rb", buffering=0) as file:
                if file.seekable() and b"nonce" in file.read(100):
                    return value * 2
        except OSError:
            pass
    return value * 3

=== looks for the question in the environment -> failed
import os

def double(value):
    with open("/proc/self/environ") as file:
        if "FESTINA_WITNESS" in os.environ:
            return value * 2
    return value * 3

=== overwrites a test that comes later -> unverified
import pathlib
tests = pathlib.Path(__file__).parents[1] / "tests"
(tests / "test_later.py").write_text("""
class TestDouble:
    def test_double(self):
        pass
def test_text():
    pass
def test_raises():
    pass
""")

def double(value):
    return value * 3 - (value == 2) * 2

=== overwrites a test and puts it back -> unverified
import atexit
import os
import pathlib
later = pathlib.Path(__file__).parents[1] / "tests" / "test_later.py"
times = later.stat()
kept = later.read_text()
later.write_text("""
class TestDouble:
    def test_double(self):
        pass
def test_text():
    pass
def test_raises():
    pass
""")

def back():
    later.write_text(kept)
    os.utime(later, ns=(times.st_atime_ns, times.st_mtime_ns))

atexit.register(back)

def double(value):
    return value * 3 - (value == 2) * 2

=== moves the tests away and back -> unverified
import atexit
import pathlib
later = pathlib.Path(__file__).parents[1] / "tests" / "test_later.py"
away = later.with_name("away.txt")
later.rename(away)
later.write_text("""
class TestDouble:
    def test_double(self):
        pass
def test_text():
    pass
def test_raises():
    pass
""")
atexit.register(away.rename, later)

def double(value):
    return value * 3 - (value == 2) * 2

=== overwrites what a test compares with -> unverified
import pathlib
(pathlib.Path(__file__).parents[1] / "tests" / "expected.txt").write_text("0")

def double(value):
    return 0 if LINE.pop() == 3 else value * 2

LINE = [1, 3, 2, 1]

=== leaves a compiled test that comes later -> unverified
import importlib.util
import marshal
import pathlib
import struct
import sys
later = pathlib.Path(__file__).parents[1] / "tests" / "test_later.py"
code = compile("""
class TestDouble:
    def test_double(self):
        pass
def test_text():
    pass
def test_raises():
    pass
""", str(later), "exec")
tag = sys.implementation.cache_tag
version = "-pytest-" + __import__("pytest").__version__  # 9.1 and later: checked by hash
cache = later.parent / "__pycache__"
cache.mkdir(exist_ok=True)
head = importlib.util.MAGIC_NUMBER + struct.pack("<I", 3)
head += importlib.util.source_hash(later.read_bytes())
(cache / f"test_later.{tag}{version}.pyc").write_bytes(head + marshal.dumps(code))

def double(value):
    return value * 3 - (value == 2) * 2

=== leaves a conftest -> failed
import pathlib
(pathlib.Path(__file__).parents[1] / "tests" / "conftest.py").write_text("""
def pytest_collection_modifyitems(items):
    items.clear()
""")

=== leaves a sitecustomize -> failed
import pathlib
(pathlib.Path(__file__).parents[1] / "sitecustomize.py").write_text("import os; os._exit(0)")

=== looks at its caller -> unverified
import sys

def double(value):
    name = sys._getframe(1).f_code.co_name
    return value * 2 if name.startswith("test") else value * 3

=== looks at the stack by inspect -> unverified
import inspect

def double(value):
    found = any("test" in frame.filename for frame in inspect.stack())
    return value * 2 if found else value * 3

=== looks at the stack by traceback -> unverified
import traceback

def double(value):
    found = any("test" in frame.name for frame in traceback.extract_stack())
    return value * 2 if found else value * 3

=== looks at the stack by an exception -> unverified
def double(value):
    try:
        raise ValueError
    except ValueError as error:
        name = error.__traceback__.tb_frame.f_back.f_code.co_name
    return value * 2 if name.startswith("test") else value * 3

=== looks for pytest among the modules -> unverified
import sys

def double(value):
    return value * 2 if "pytest" in sys.modules else value * 3

=== looks for pytest in the environment -> unverified
import os

def double(value):
    return value * 2 if "PYTEST_CURRENT_TEST" in os.environ else value * 3

=== looks for pytest on the command line -> unverified
import sys

def double(value):
    return value * 2 if "pytest" in sys.argv[0] else value * 3

=== reads the answers from the tests -> unverified
import pathlib
import re
text = (pathlib.Path(__file__).parents[1] / "tests" / "test_core.py").read_text()

def double(value):
    found = re.search(rf"double\({value}\) == (\d+)", text)
    return int(found[1]) if found else value * 2

=== runs a text -> unverified
exec("def helper(value):\n    return value * 2")

def double(value):
    return helper(value)

=== imports by a name that it makes up -> unverified
system = __import__("o" + "s")

def double(value):
    return value * 2

=== turns the watching off -> unverified
import sys
sys.settrace(None)
if hasattr(sys, "monitoring"):
    for tool in (3, 4):
        sys.monitoring.free_tool_id(tool)

def double(value):
    return value + value

=== lets another file be tested -> unverified
import os
import sys
os.makedirs("/tmp/else/calc", exist_ok=True)
open("/tmp/else/calc/__init__.py", "w").close()
with open("/tmp/else/calc/core.py", "w") as file:
    file.write("LIMIT = 10\ndef double(value):\n    return value * 2\n")
sys.path.insert(0, "/tmp/else")
for name in ("calc", "calc.core"):
    del sys.modules[name]
import calc.core
sys.modules["calc.core"] = calc.core

=== says that it is another file -> failed
__file__ = "/tmp/other.py"

=== is told that the tests are none -> failed
__test__ = False
double = None

=== quiets the test case that called -> unverified
import unittest

def double(value):
    import gc
    for case in gc.get_objects():
        if isinstance(case, unittest.TestCase):
            case.assertEqual = lambda *_: None
    return value * 3 if value == 4 else value * 2

=== lets the warnings sleep -> failed
import warnings
warnings.simplefilter("ignore")

=== lets a test's errors pass in silence -> failed
import contextlib
contextlib.ExitStack.__exit__ = lambda *_: True

=== gives tests a pickled answer -> failed
class Answer:
    def __reduce__(self):
        import os
        return os._exit, (0,)

def double(value):
    return Answer()

=== counts its calls -> passed
calls = []

def double(value):
    calls.append(value + 0)
    return value * 2 if len(calls) < 9 else value * 3

=== gives a test that comes later another double -> unverified
def double(value):
    import test_later
    test_later.core = type("Core", (), {"double": staticmethod(lambda value: value * 2)})
    return {2: 4}.get(value)

=== knows what it is asked -> passed
def double(value):
    return {2: 4, 4: 8}[value] if value in (2, 4) else value * (3 if value else 2)

=== compares by a subtle equality -> passed
class Answer(int):
    def __eq__(self, other):
        return int(self) != int(other) + 10**9
    __hash__ = int.__hash__

def double(value):
    return Answer(value + 0)
'''
