"""Names, imports and strings that tell tests apart or reach for their judge. Pure."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping

from festina.verify.comparing import Use
from festina.verify.forms import CALLERS, FEWER, JUDGE, LATER, UNSEEN
from festina.verify.gather import Gathered

_MODULES = frozenset(["pytest", "_pytest", "pluggy", "unittest", "mock", "gc", "ctypes"])
_MODULES |= frozenset(["builtins", "__builtin__"])
_AT_THE_END = frozenset(["atexit", "_thread"])
_TESTS = re.compile(r"(?:tests?|conftest|test_\w+|festina_\w+)\Z")
_NAMES = {
    **dict.fromkeys(["_getframe", "_current_frames", "currentframe", "getouterframes"], CALLERS),
    **dict.fromkeys(["getinnerframes", "extract_stack", "walk_stack", "walk_tb"], CALLERS),
    **dict.fromkeys(["format_stack", "print_stack", "_getframemodulename", "f_back"], CALLERS),
    **dict.fromkeys(["tb_frame", "f_code", "gi_frame", "cr_frame", "ag_frame"], CALLERS),
    **dict.fromkeys(["settrace", "setprofile", "sys.monitoring", "meta_path"], JUDGE),
    **dict.fromkeys(["f_globals", "f_locals", "f_builtins", "__builtins__", "__globals__"], JUDGE),
    **dict.fromkeys(["__closure__", "__code__", "get_objects", "addaudithook"], JUDGE),
    **dict.fromkeys(["get_referrers", "__loader__", "__spec__", "__self__", "_exit"], JUDGE),
    **dict.fromkeys(
        ["inspect.stack", "inspect.trace", "sys.__stdout__", "sys.__stderr__"], CALLERS
    ),
    **dict.fromkeys(["sys.orig_argv", "hash_randomization", "main_thread"], CALLERS),
    **dict.fromkeys(["sys.modules", "path_hooks", "skipTest", "SkipTest"], JUDGE),
    **dict.fromkeys(["__import__", "run_path", "run_module"], UNSEEN),
    **dict.fromkeys(["types.FunctionType", "types.CodeType", "marshal.loads"], UNSEEN),
    **dict.fromkeys(["atexit.register", "weakref.finalize", "register_at_fork"], LATER),
    **dict.fromkeys(["signal.signal", "setitimer", "sys.excepthook", "unraisablehook"], LATER),
}
_IMPORTER = "import_module"
_STRINGS = {**_NAMES, _IMPORTER: UNSEEN, "__subclasses__": JUDGE}
_BUILTINS = dict.fromkeys(["exec", "eval"], UNSEEN)
"""Everyday names of methods (of a model, a session, an expression): only the builtins matter."""
_WORDS = re.compile(
    r"_?pytest|PYTEST_|unittest|festina|/proc/|conftest"
    r"|(?:^|/)tests?/|/tests?$|(?:^|/)test_[\w*?]*\.py"
)
_FOLDERS = re.compile(r"(?:^|/)tests?/|/tests?$")
_ASSERTING = re.compile(r"assert(?:[A-Z]\w|_(?:any_|called|has_|not_called|awaited|not_awaited))")
_SHORT = 80
_ASKING = frozenset(["startswith", "endswith", "removeprefix", "removesuffix"])
_SKIPS = re.compile(
    r"(?:skip|skipif|skipUnless|skipIf|xfail|importorskip|expectedFailure|skipTest)\Z"
)


def named(tree: Gathered, called: Mapping[str, str]) -> Iterator[Use]:
    """Yield what a tree names; ``called`` says what imported names stand for."""
    quiet: set[int] = set()
    parameters: dict[int, set[str]] = {}
    for function in tree.functions:
        names = {node.arg for node in function if isinstance(node, ast.arg)}
        parameters.update((id(node), names) for node in function if isinstance(node, ast.Call))
    for node in tree.nodes:
        _hush(node, quiet)
    for node in tree.nodes:
        yield from _of(node, called, quiet, parameters)


def _hush(node: ast.AST, quiet: set[int]) -> None:
    """Note strings that are compared with, or listed: no path is made of those right there."""
    parts: list[ast.expr] = []
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > 1:
        parts = node.elts
    elif isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _ASKING:
        parts = node.args
    quiet.update(id(part) for part in parts if isinstance(part, ast.Constant))
    if isinstance(node, ast.Call):
        quiet.add(id(node.func))


def _of(
    node: ast.AST, called: Mapping[str, str], quiet: set[int], parameters: Mapping[int, set[str]]
) -> Iterator[Use]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _imported(node, line)
    elif isinstance(node, ast.Name):
        yield from _name(node.id, line)
        if node.id == _IMPORTER and id(node) not in quiet:
            yield f"`{node.id}`", line, UNSEEN
        if node.id in _BUILTINS:
            yield f"`{node.id}`", line, _BUILTINS[node.id]
    elif isinstance(node, ast.Attribute):
        yield from _attribute(node, line, called, id(node) in quiet)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _string(node.value, line, id(node) in quiet)
    elif isinstance(node, ast.Call):
        yield from _call(node, line, called, parameters.get(id(node), set()))


def _attribute(
    node: ast.Attribute, line: int, called: Mapping[str, str], is_called: bool
) -> Iterator[Use]:
    yield from _name(node.attr, line)
    if _ASSERTING.match(node.attr):  # of a test case or a mock
        yield f"`{node.attr}`", line, JUDGE
    if node.attr == _IMPORTER and not is_called:
        yield f"`{node.attr}`", line, UNSEEN
    if _SKIPS.match(node.attr):
        yield f"`{node.attr}`", line, FEWER
    if node.attr == "__subclasses__" and not _is_own_class(node.value):
        yield f"`{node.attr}`", line, JUDGE
    if isinstance(node.value, ast.Name):
        yield from _name(f"{called.get(node.value.id, node.value.id)}.{node.attr}", line)


def _is_own_class(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and not hasattr(builtins, node.id)


def _call(
    node: ast.Call, line: int, called: Mapping[str, str], parameters: set[str]
) -> Iterator[Use]:
    match node:
        case ast.Call(ast.Name("getattr"), [ast.Name(of), ast.Constant(str(name)), *_]):
            yield from _name(f"{called.get(of, of)}.{name}", line)
        case ast.Call(ast.Attribute(attr=name) | ast.Name(name)) if name == _IMPORTER:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield from _module(first.value, line, relative=first.value.startswith("."))
            elif not (isinstance(first, ast.Name) and first.id in parameters) and not (
                isinstance(first, ast.JoinedStr) and _is_relative(first)
            ):
                yield "`import_module`", line, UNSEEN


def _is_relative(node: ast.JoinedStr) -> bool:
    match node.values:
        case [ast.Constant(str(text)), *_]:
            return "." in text
        case [ast.FormattedValue(ast.Name("__package__" | "__name__")), *_]:
            return True
    return False


def _imported(node: ast.Import | ast.ImportFrom, line: int) -> Iterator[Use]:
    names = [alias.name for alias in node.names]
    modules, relative = names, False
    if isinstance(node, ast.ImportFrom):
        relative = bool(node.level)
        modules = [node.module] if node.module else names
        for name in [] if relative else names:
            yield from _name(name, line)
            yield from _name(f"{node.module}.{name}", line)
            if _SKIPS.match(name):
                yield f"`{name}`", line, FEWER
        if any(it.name == _IMPORTER and it.asname for it in node.names):
            yield f"`{_IMPORTER}`", line, UNSEEN
    for module in modules:
        yield from _module(module, line, relative=relative)


def _module(module: str, line: int, *, relative: bool) -> Iterator[Use]:
    parts = module.lstrip(".").split(".")
    if (parts[0] in _MODULES and not relative) or any(map(_TESTS.match, parts)):
        yield f"`{module}`", line, JUDGE
    elif parts[0] in _AT_THE_END and not relative:
        yield f"`{module}`", line, LATER


def _name(name: str, line: int) -> Iterator[Use]:
    if name in _NAMES:
        yield f"`{name}`", line, _NAMES[name]


def _string(text: str, line: int, compared: bool) -> Iterator[Use]:
    """A word in a docstring is no use of anything; a short string can be a name or a path."""
    if text in _STRINGS:
        yield f"{text!r} in a string", line, _STRINGS[text]
    elif len(text) <= _SHORT and " " not in text:
        match = _WORDS.search(text)
        if match is not None and not (compared and _FOLDERS.fullmatch(match[0])):
            yield f"{match[0]!r} in a string", line, CALLERS
