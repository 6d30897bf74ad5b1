"""Forms of code that make green tests say little, whatever names they use. Pure.

Answers that depend on how often or when one asks, parts of the
standard library that are replaced, code and answers that nobody can read.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping

from festina.verify.comparing import Use, comparing
from festina.verify.gather import FUNCTIONS, Gathered

CALLERS = "with which code can tell a test from any other caller"
JUDGE = "with which code can reach what judges it"
UNSEEN = "so that what it runs cannot be seen here"
LATER = "so that it goes on where no test looks any more"
FEWER = "so that fewer tests count"
_OTHERS = "which tests and their runner use as well"
_STATE = "so that what it gives depends on how often or when it is asked"
_TABLE = "so that it may know answers instead of finding them"

_STREAMS = frozenset(["stdout", "stderr", "stdin"])
_CLOCKS = frozenset(["time", "monotonic", "perf_counter", "process_time", "time_ns", "now"])
_CLOCKS |= frozenset(["monotonic_ns", "perf_counter_ns", "utcnow", "today"])
_NUMBERS = frozenset(["getpid", "getppid", "get_ident", "get_native_id"])
_CHANGES = frozenset(["append", "add", "pop", "popleft", "appendleft", "update", "extend"])
_CHANGES |= frozenset(["remove", "discard", "insert", "clear", "setdefault"])
_WRITES = frozenset(["touch", "write_text", "write_bytes", "mkdir", "unlink", "rename", "makedirs"])
_WRITES |= frozenset(["symlink_to", "rmdir", "replace", "open"])
_DIGESTS = frozenset(["crc32", "adler32", "md5", "sha1", "sha256", "sha512", "blake2b", "hash"])
_DECODERS = re.compile(
    r"(?:[ab]?\d*[ab]64|[ab]85|b32|b16|urlsafe_b64|standard_b64)decode|decompress"
    r"|unhexlify|fromhex|a2b_\w+"
)
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_\-\s]{160,}\Z")
_ENTRIES = 3


def uses(
    tree: Gathered, called: Mapping[str, str], known: frozenset[str] = frozenset()
) -> Iterator[Use]:
    """Yield the forms in a tree; ``called`` says what imported names stand for.

    ``known`` are names outside of functions that the tree itself does not show.
    """
    held = _held(tree, outside(tree) | known)
    for node in tree.nodes:
        line = getattr(node, "lineno", 0)
        yield from comparing(node)
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
            yield from _replaced(node, line, called)
        elif isinstance(node, ast.Call):
            yield from _called(node, line, called)
        elif isinstance(node, ast.Attribute):
            yield from _handlers(node, line)
        elif isinstance(node, ast.Compare):
            yield from _counted(node, line, held)
    yield from _at_import(tree)
    yield from _beside_itself(tree)
    yield from _table(tree)


# -- state, time, place -------------------------------------------------------------------------


def outside(tree: Gathered) -> frozenset[str]:
    """Return the names that hold a value for all calls: outside of functions, or as a default."""
    found = {
        target.id
        for node in tree.outer
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in tree.nodes:
        if isinstance(node, FUNCTIONS):
            defaults = [*node.args.defaults, *node.args.kw_defaults]
            arguments = [*node.args.posonlyargs, *node.args.args][-len(node.args.defaults) or 999 :]
            for argument, value in zip([*arguments, *node.args.kwonlyargs], defaults, strict=True):
                if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.Call)):
                    found.add(argument.arg)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
    return frozenset(found)


def _held(tree: Gathered, names: frozenset[str]) -> frozenset[str]:
    """Return those of some names whose values functions change: what one call leaves to others."""
    changed: set[str] = set()
    declared: set[str] = set()
    for function in tree.functions:
        for node in function:
            match node:
                case ast.Global(inner):
                    declared.update(inner)
                case ast.Call(ast.Attribute(ast.Name(name), attr)) if attr in _CHANGES:
                    changed.add(name)
                case ast.Call(ast.Name("next"), [ast.Name(name), *_]):
                    changed.add(name)
                case ast.AugAssign(ast.Subscript(ast.Name(name)) | ast.Attribute(ast.Name(name))):
                    changed.add(name)
                case ast.Assign([ast.Subscript(ast.Name(name)), *_]):
                    changed.add(name)
                case _:
                    pass
    return (names & changed) | declared


def _counted(node: ast.Compare, line: int, held: frozenset[str]) -> Iterator[Use]:
    sides = [node.left, *node.comparators]
    if not any(isinstance(side, ast.Constant) and _is_count(side.value) for side in sides):
        return
    for side in sides:
        names = {part.id for part in ast.walk(side) if isinstance(part, ast.Name)}
        if name := next(iter(sorted(names & held)), None):
            yield f"a count kept in `{name}`", line, _STATE
        if isinstance(side, ast.Call) and _last(side.func) in _NUMBERS:
            yield f"the value of `{_last(side.func)}`", line, CALLERS


def _is_count(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 1


def _at_import(tree: Gathered) -> Iterator[Use]:
    """What happens once, when the module is imported, and has its effect in tests later."""
    clocks: dict[str, int] = {}
    for node in tree.outer:
        match node:
            case ast.Call(ast.Attribute(attr="start")):
                if any(_last(part) in ("Thread", "Timer") for part in ast.walk(node)):
                    yield "a thread that is started at import", node.lineno, LATER
            case ast.Assign([ast.Name(name)], ast.Call(func)) if _last(func) in _CLOCKS:
                clocks[name] = node.lineno
            case _:
                pass
    if not clocks:
        return
    for function in tree.functions:
        for part in function:
            if isinstance(part, ast.Compare):
                names = {it.id for it in ast.walk(part) if isinstance(it, ast.Name)}
                for name in names & set(clocks):
                    yield f"the time since `{name}`", part.lineno, _STATE


def _handlers(node: ast.Attribute, line: int) -> Iterator[Use]:
    match node:
        case ast.Attribute(ast.Call(func, []), "handlers") if _last(func) == "getLogger":
            yield "the handlers of all logging", line, CALLERS
        case ast.Attribute(ast.Attribute(ast.Name("logging"), "root"), "handlers"):
            yield "the handlers of all logging", line, CALLERS
        case _:
            pass


def _beside_itself(tree: Gathered) -> Iterator[Use]:
    """Files beside the module that it finds by its own name, and writes."""
    own = [node for node in tree.nodes if isinstance(node, ast.Name) and node.id == "__file__"]
    if not own:
        return
    for node in tree.nodes:
        if isinstance(node, ast.Call) and _last(node.func) in _WRITES and _writes(node):
            yield "`__file__` and files that it writes", node.lineno, _OTHERS
            return


def _writes(node: ast.Call) -> bool:
    name = _last(node.func)
    if name == "replace":
        return False  # of a text, most of the time
    if name != "open":
        return True
    texts = [arg.value for arg in ast.walk(node) if isinstance(arg, ast.Constant)]
    return any(isinstance(text, str) and re.fullmatch(r"[wax][bt+]*", text) for text in texts)


# -- what others use, and what nobody sees ------------------------------------------------------


def _replaced(
    node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete,
    line: int,
    called: Mapping[str, str],
) -> Iterator[Use]:
    targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
    for target in targets:
        if isinstance(target, ast.Attribute) and (whole := _library(target, called)):
            yield f"a change of `{whole}`", line, _OTHERS


def _library(node: ast.Attribute, called: Mapping[str, str]) -> str | None:
    """Return the full name of an attribute of the standard library, unless it is everyday."""
    names = [node.attr]
    at: ast.expr = node.value
    while isinstance(at, ast.Attribute):
        names.append(at.attr)
        at = at.value
    if not isinstance(at, ast.Name) or at.id not in called:
        return None
    whole = ".".join([called[at.id], *reversed(names)])
    first, _, rest = whole.partition(".")
    if first not in sys.stdlib_module_names or (first == "sys" and rest in _STREAMS):
        return None
    return whole if not rest.startswith(("path.", "argv")) else None


def _called(node: ast.Call, line: int, called: Mapping[str, str]) -> Iterator[Use]:
    name = _last(node.func)
    if name in ("setattr", "delattr") and isinstance(node.func, ast.Name) and node.args:
        target = ast.Attribute(node.args[0], "x", ast.Store())
        if isinstance(node.args[0], (ast.Name, ast.Attribute)) and _library(target, called):
            yield f"a change of `{ast.unparse(node.args[0])}`", line, _OTHERS
    if name in ("loads", "Unpickler") and isinstance(node.func, ast.Attribute):
        inner = [_last(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)]
        decoded = any(_DECODERS.fullmatch(part or "") for part in inner)
        if decoded and _last(node.func.value) in ("pickle", "marshal", "dill", "cloudpickle"):
            yield f"`{_last(node.func.value)}` of encoded data", line, UNSEEN


def _table(tree: Gathered) -> Iterator[Use]:
    """Answers by a checksum of the question, and long texts that nobody can read."""
    digests = [
        node for node in tree.nodes if isinstance(node, ast.Call) and _last(node.func) in _DIGESTS
    ]
    for node in tree.nodes:
        if digests and isinstance(node, ast.Dict) and len(node.keys) >= _ENTRIES:
            parts = [*node.keys, *node.values]
            if all(isinstance(part, ast.Constant) for part in parts):
                yield "a table of answers, and checksums to find them by", node.lineno, _TABLE
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if len(text) >= 160 and _is_opaque(text):
                yield "a long text that nobody can read", node.lineno, UNSEEN


def _is_opaque(text: str) -> bool:
    words = [word for word in re.split(r"\s+", text) if word]
    longest = max(map(len, words), default=0)
    return longest >= 60 and bool(_OPAQUE.match(text)) and bool(re.search(r"[0-9]", text))


def _last(node: object) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
