"""The ``syntax`` gate: does the whole new file compile? In process; nothing is executed."""

from __future__ import annotations

import asyncio
import sys
import time
import warnings
from pathlib import Path

from festina import parsing
from festina.findings import Finding, Gate, GateResult, Status
from festina.verify import process
from festina.verify.base import Candidate
from festina.verify.classify import Swap, classify
from festina.verify.interpreter import Environment, Missing

_SUFFIXES = frozenset([".py", ".pyi", ".pyw"])
_CHECK = "import sys; compile(sys.stdin.buffer.read(), 'candidate', 'exec', dont_inherit=True)"
_SECONDS = 20.0


def is_python(path: str) -> bool:
    """Whether a workspace path names Python source."""
    return Path(path).suffix.lower() in _SUFFIXES


async def judge(candidate: Candidate, python: Environment | Missing | None) -> GateResult:
    """Judge a candidate's syntax, for the interpreter of the project where that is known.

    Where only the inside of functions is new, only that is compiled.
    """
    start = time.perf_counter()
    newer = None
    if isinstance(python, Environment):
        newer = python.python if is_newer(python.version) else None
    if newer is None and is_python(candidate.path):
        version = sys.version_info[:2]
        kind = await asyncio.to_thread(classify, candidate.old, candidate.new, version=version)
        if isinstance(kind, Swap):
            return GateResult(Gate.SYNTAX, Status.PASSED, time.perf_counter() - start)
    return await check(candidate, newer)


async def check(candidate: Candidate, newer: Path | None = None) -> GateResult:
    """Judge a candidate's syntax.

    ``newer`` is the project's interpreter where it is newer than ours and may be run: what only it
    understands is no error.
    """
    start = time.perf_counter()
    if not is_python(candidate.path):
        return GateResult(Gate.SYNTAX, Status.SKIPPED, reason="Not a Python file.")
    finding = await asyncio.to_thread(_error, candidate.path, candidate.new)
    status, reason = Status.PASSED, None
    if finding is not None:
        if await asyncio.to_thread(_error, candidate.path, candidate.old) is not None:
            status, finding = Status.SKIPPED, None
            reason = "The file has a syntax error without the edit too."
        else:
            compiles = False if newer is None else await _compiles(newer, candidate.new)
            if compiles is None:
                status = Status.UNVERIFIED
                reason = f"{newer} did not say whether it understands the file. Verify again."
            elif not compiles:
                status = Status.FAILED
            if compiles is not False:
                finding = None
    findings = (finding,) if finding else ()
    return GateResult(Gate.SYNTAX, status, time.perf_counter() - start, findings, reason=reason)


def _error(path: str, text: str) -> Finding | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # as bytes: a coding line and a byte order mark mean what they mean on disk
            tree = parsing.parse(text.encode("utf-8", "surrogatepass"), path)
            # some errors ("return" outside of a function) are found by the compiler alone
            compile(tree, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            column = None if not error.offset or error.offset < 1 else error.offset
            return Finding(
                Gate.SYNTAX,
                path,
                error.msg or "invalid syntax",
                line=error.lineno or None,
                column=column,
                code="syntax-error",
            )
        except ValueError as error:  # a null byte, in older versions
            return Finding(Gate.SYNTAX, path, str(error), code="syntax-error")
        except (RecursionError, MemoryError):
            return Finding(Gate.SYNTAX, path, "too deeply nested to compile", code="syntax-error")
    return None


async def _compiles(python: Path, text: str) -> bool | None:
    """Whether an interpreter understands a text; None: it did not come to an answer."""
    try:
        done = await process.run(
            [str(python), "-I", "-S", "-c", _CHECK],
            cwd=Path("/"),
            env={},
            stdin=text.encode("utf-8", "surrogatepass"),
            timeout=_SECONDS,
        )
    except (OSError, process.LaunchError):
        return None
    return {0: True, 1: False}.get(done.returncode)


def is_newer(version: tuple[int, int, int]) -> bool:
    """Whether an interpreter may know syntax that ours does not."""
    return version[:2] > sys.version_info[:2]
