"""What an edit newly uses that tells tests apart or reaches for their judge. Pure.

The second line behind the records of a run: code shares an interpreter with its tests, so green
tests say little about an edit that looks at its callers, equals everything, or goes for pytest
itself. Such an edit is for a person to read. What the old text used already is its own business.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping

_CALLERS = "with which code can tell a test from any other caller"
_JUDGE = "with which code can reach what judges it"
_UNSEEN = "so that what it runs cannot be seen here"
_EQUAL = "so that comparisons in tests may prove nothing"

_MODULES = frozenset(["pytest", "_pytest", "pluggy", "unittest", "mock", "gc", "ctypes"])
_MODULES |= frozenset(["builtins", "__builtin__"])
_TESTS = re.compile(r"(?:tests?|conftest|test_\w+|festina_\w+)\Z")
_NAMES = {
    **dict.fromkeys(["_getframe", "_current_frames", "currentframe", "getouterframes"], _CALLERS),
    **dict.fromkeys(["getinnerframes", "extract_stack", "walk_stack", "walk_tb"], _CALLERS),
    **dict.fromkeys(["format_stack", "print_stack", "_getframemodulename", "f_back"], _CALLERS),
    **dict.fromkeys(["tb_frame", "f_code", "gi_frame", "cr_frame", "ag_frame"], _CALLERS),
    **dict.fromkeys(["settrace", "setprofile", "sys.monitoring", "meta_path"], _JUDGE),
    **dict.fromkeys(["f_globals", "f_locals", "f_builtins", "__builtins__", "__globals__"], _JUDGE),
    **dict.fromkeys(["__closure__", "__code__", "__subclasses__", "get_objects"], _JUDGE),
    **dict.fromkeys(["get_referrers", "__loader__", "__spec__", "__self__", "_exit"], _JUDGE),
    **dict.fromkeys(["inspect.stack", "inspect.trace"], _CALLERS),
    **dict.fromkeys(["sys.modules", "path_hooks"], _JUDGE),
    **dict.fromkeys(["__import__", "import_module", "run_path"], _UNSEEN),
}
_BUILTINS = dict.fromkeys(["exec", "eval"], _UNSEEN)
"""Everyday names of methods (of a model, a session, an expression): only the builtins matter."""
_WORDS = re.compile(
    r"_?pytest|PYTEST_|unittest|festina|/proc/|conftest|(?:^|/)tests?/|/tests?$|(?:^|/)test_\w+\.py"
)
_ASSERTING = re.compile(r"assert[A-Z_]\w(?!ever$|ype$)")  # not typing's assert_never, assert_type
_TYPE_CHECKS = frozenset(["isinstance", "issubclass", "type", "hasattr", "callable", "id"])
_SHORT = 80
_COMPARING = frozenset(["__eq__", "__ne__", "__bool__", "__lt__", "__le__", "__gt__", "__ge__"])


Use = tuple[str, int, str]
"""What is used, in which line, and why that matters."""


def suspicion(old: str, new: str) -> str | None:
    """Say, in a sentence, why a person should read the new text; None: nothing stands out.

    Nothing stands out in a text that does not compile here.
    """
    after = _uses(new)
    before = {what for what, _, _ in _uses(old)}
    for what, line, why in after:
        if what not in before:
            return f"The tests pass, but the edit uses {what} (line {line}), {why}: read it."
    return None


def _uses(text: str) -> list[Use]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
    called = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname
    }
    found = [use for node in ast.walk(tree) for use in _of(node, called)]
    return sorted(found, key=lambda use: use[1])


def _of(node: ast.AST, called: Mapping[str, str]) -> Iterator[Use]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _imported(node, line)
    elif isinstance(node, ast.Name):
        yield from _name(node.id, line)
        if node.id in _BUILTINS:
            yield f"`{node.id}`", line, _BUILTINS[node.id]
    elif isinstance(node, ast.Attribute):
        yield from _name(node.attr, line)
        if _ASSERTING.match(node.attr):  # of a test case or a mock
            yield f"`{node.attr}`", line, _JUDGE
        if isinstance(node.value, ast.Name):
            yield from _name(f"{called.get(node.value.id, node.value.id)}.{node.attr}", line)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _string(node.value, line)
    else:
        match node:
            case ast.Call(ast.Name("getattr"), [ast.Name(of), ast.Constant(str(name)), *_]):
                yield from _name(f"{called.get(of, of)}.{name}", line)
        yield from _comparing(node, line)


def _imported(node: ast.Import | ast.ImportFrom, line: int) -> Iterator[Use]:
    names = [alias.name for alias in node.names]
    modules, relative = names, False
    if isinstance(node, ast.ImportFrom):
        relative = bool(node.level)
        modules = [node.module] if node.module else names
        for name in [] if relative else names:
            yield from _name(name, line)
            yield from _name(f"{node.module}.{name}", line)
    for module in modules:
        parts = module.split(".")
        if (parts[0] in _MODULES and not relative) or any(map(_TESTS.match, parts)):
            yield f"`{module}`", line, _JUDGE


def _name(name: str, line: int) -> Iterator[Use]:
    if name in _NAMES:
        yield f"`{name}`", line, _NAMES[name]


def _string(text: str, line: int) -> Iterator[Use]:
    """A word in a docstring is no use of anything; a short string can be a name or a path."""
    if text in _NAMES:
        yield f"{text!r} in a string", line, _NAMES[text]
    elif len(text) <= _SHORT and " " not in text and (match := _WORDS.search(text)):
        yield f"{match[0]!r} in a string", line, _CALLERS


def _comparing(node: ast.AST, line: int) -> Iterator[Use]:
    """Comparisons that answer without a look at what they compare: in a class, or for one."""
    found: list[tuple[object, ast.arguments, list[ast.expr]]] = []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
        found = [(node.name, node.args, [part for part in parts if part is not None])]
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        names = [getattr(target, "id", None) for target in node.targets]
        found = [(name, node.value.args, [node.value.body]) for name in names]
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, ast.Lambda):
                found.append((getattr(key, "value", None), value.args, [value.body]))
    for name, arguments, answers in found:
        if name in _COMPARING and _is_blind(node, arguments, answers):
            yield f"`{name}` with a fixed answer", line, _EQUAL


def _is_blind(whole: ast.AST, arguments: ast.arguments, answers: list[ast.expr]) -> bool:
    """Whether no answer depends on the last argument, and not all of them are NotImplemented."""
    given = [*arguments.posonlyargs, *arguments.args]
    last = given[-1].arg if given else ""
    names = {part.id for it in answers for part in ast.walk(it) if isinstance(part, ast.Name)}
    unsure = all(isinstance(it, ast.Name) and it.id == "NotImplemented" for it in answers)
    return not (last in names or unsure or any(_looks_into(part, last) for part in ast.walk(whole)))


def _looks_into(node: ast.AST, name: str) -> bool:
    """Whether this is a look at what ``name`` holds, and not only at what it is."""
    within: list[ast.expr] = []
    if isinstance(node, ast.Attribute):
        within = [node.value] if not node.attr.startswith("__") else []
    elif isinstance(node, (ast.Subscript, ast.Starred)):
        within = [node.value]
    elif isinstance(node, (ast.For, ast.comprehension)):
        within = [node.iter]
    elif isinstance(node, ast.Compare):
        if not all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
            within = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") not in _TYPE_CHECKS:
        within = [*node.args]
    return any(isinstance(part, ast.Name) and part.id == name for part in within)
