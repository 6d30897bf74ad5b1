"""Globs for commands, and the problems that their output names."""

from __future__ import annotations

import time

import pytest

from festina.findings import Severity
from festina.gate_commands import MATCHERS
from festina.globs import applies
from festina.verify.problems import FORMS, problems

FILES = ("src/a.ts", "src/x.rs", "x.go", "pkg/x_test.go", "m.c", "my dir/b.py", "src/lib.rs")


def place(path: str) -> str | None:
    path = path.removeprefix("/w/").removeprefix("./")
    found = [file for file in FILES if file == path or file.endswith(f"/{path}")]
    return found[0] if len(found) == 1 else None


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("**/*.ts", ["a.ts", "x/a.ts", "x/y/a.ts"], ["a.tsx", "a.ts/b"]),
        ("*.ts", ["a.ts", "x/a.ts"], ["a.js"]),
        ("src/*.ts", ["src/a.ts"], ["src/x/a.ts", "a.ts", "x/src/a.ts"]),
        ("src/**", ["src/a", "src/x/a.ts"], ["a", "lib/src/a"]),
        ("**/*.{js,ts}", ["a.js", "x/a.ts"], ["a.jsts", "a.c"]),
        ("./a?.py", ["x/a1.py"], ["a12.py"]),
        ("src/**/test_*.py", ["src/test_a.py", "src/x/y/test_b.py"], ["test_a.py"]),
        ("a+b(c).txt", ["a+b(c).txt"], ["aab(c).txt"]),
        ("{a", ["{a"], ["a"]),
        ("**/{a,b", ["x/{a,b"], ["a"]),
    ],
)
def test_globs(glob: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not applies([glob], path)] == []
    assert [path for path in no if applies([glob], path)] == []
    assert applies(["nothing", glob], yes[0])
    assert applies([], "anything")


@pytest.mark.parametrize(
    ("output", "path", "line", "column", "code", "message"),
    [
        (
            "src/a.ts(1,2): error TS2322: Type 'x' is not y.",
            *("src/a.ts", 1, 2, "TS2322", "Type 'x' is not y."),
        ),
        (
            "\x1b[96msrc/a.ts\x1b[0m:\x1b[93m3\x1b[0m:4 - \x1b[91merror\x1b[0m TS1: No.",
            *("src/a.ts", 3, 4, "TS1", "No."),
        ),
        (
            "/w/src/a.ts\n  1:10  error  'x' is not defined  no-undef",
            *("src/a.ts", 1, 10, "no-undef", "'x' is not defined"),
        ),
        (
            "/w/src/a.ts:1:10: 'x' is not defined. [Error/no-undef]",
            *("src/a.ts", 1, 10, "no-undef", "'x' is not defined."),
        ),
        (
            "error[E0308]: mismatched types\n  --> src/x.rs:1:2\n   |",
            *("src/x.rs", 1, 2, "E0308", "mismatched types"),
        ),
        (
            "thread 'tests::two' (77) panicked at src/lib.rs:8:5:\nassertion failed: x",
            *("src/lib.rs", 8, 5, None, "assertion failed: x"),
        ),
        ("./x.go:1:2: undefined: y", "x.go", 1, 2, None, "undefined: y"),
        ("    x_test.go:8: got 3", "pkg/x_test.go", 8, None, None, "got 3"),
        ("src/a.ts:7:TODO: later", "src/a.ts", 7, None, None, "TODO: later"),
        ("m.c:4: fatal error: no.h: No such file", "m.c", 4, None, None, "no.h: No such file"),
        ("m.c:4:1: error: unused [-Wunused]", "m.c", 4, 1, "-Wunused", "unused"),
        ("my dir/b.py:1:2: F401 [*] `os` unused", "my dir/b.py", 1, 2, "F401", "`os` unused"),
        (
            "my dir/b.py:5: error: Wrong types  [assignment]",
            *("my dir/b.py", 5, None, "assignment", "Wrong types"),
        ),
    ],
)
def test_the_usual_forms(
    output: str, path: str, line: int, column: int | None, code: str | None, message: str
) -> None:
    (found,) = problems(output, "auto", place).findings
    assert (found.path, found.line, found.column) == (path, line, column)
    assert (found.code, found.message, found.severity) == (code, message, Severity.ERROR)


def test_what_is_no_problem_stays_apart() -> None:
    output = "http://example.com:80: hi\nnothing.ts:12: error: x\nok 1 - a\nat src/a.ts:1:2\n"
    found = problems(f"{output}src/a.ts:1:2: warning: y", "auto", place)
    assert [finding.severity for finding in found.findings] == [Severity.WARNING]
    assert list(found.others) == output.splitlines()
    assert problems("src/a.ts:1:2: y", "none", place).findings == ()
    assert problems("src/a.ts(1,2): error TS1: y", "go", place).findings == ()


def test_every_matcher_of_the_configuration_is_there() -> None:
    assert set(MATCHERS) == set(FORMS)


def test_output_that_is_made_to_take_long() -> None:
    start = time.process_time()
    for line in ("a b " * 400, "x:1" * 600, "a ab" * 500 + ":1", "(1,1)" * 400, " 1:1 error " * 90):
        assert problems(f"{line}\n" * 2000, "auto", place).findings == ()
    assert time.process_time() - start < 60  # seconds of a quadratic search would be hours here
