"""The lint gate: new findings only."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from festina.findings import Finding, Gate, Severity, Status
from festina.verify import compare, lint
from festina.verify.base import Candidate


def finding(code: str, message: str, line: int) -> Finding:
    return Finding(Gate.LINT, "m.py", message, line=line, code=code)


def test_findings_that_only_moved_are_not_new() -> None:
    old, new = "import os\nx = 1\n", "\n\nimport os\nx = 1\n"
    before = [finding("F401", "`os` imported but unused", 1)]
    assert (
        compare.subtract([finding("F401", "`os` imported but unused", 3)], new, before, old) == []
    )


def test_one_more_of_the_same_is_new() -> None:
    text = "import os\nimport os\n"
    known = finding("F401", "unused", 1)
    added = compare.subtract([known, finding("F401", "unused", 2)], text, [known], "import os\n")
    assert [f.line for f in added] == [2]


def test_what_stays_in_the_changed_lines_is_not_new() -> None:
    before, after = (
        finding("F821", "Undefined name `y`", 2),
        finding("F821", "Undefined name `y`", 3),
    )
    assert compare.subtract([after], "a\nb\nprint(y)\nc\n", [before], "a\ny\nc\n") == []
    another = finding("F821", "Undefined name `z`", 3)
    assert compare.subtract([another], "a\nb\nprint(z)\nc\n", [before], "a\ny\nc\n") == [another]
    twice = [finding("F821", "Undefined name `y`", line) for line in (2, 3)]
    assert compare.subtract(twice, "a\ny + y\nprint(y)\nc\n", [before], "a\ny\nc\n") == twice[1:]


def test_the_same_message_elsewhere_is_new() -> None:
    gone, new = finding("F821", "Undefined name `y`", 1), finding("F821", "Undefined name `y`", 3)
    # a definition that the edit took away is missed in lines that it did not change
    assert compare.subtract([new], "a\nb\nprint(y)\n", [gone], "y\nb\nprint(y)\n") == [new]


def test_numbers_in_messages_do_not_make_a_finding_new() -> None:
    old, new = "def f(): ...\n", "\ndef f(): ...\n"
    before = [finding("F811", "Redefinition of unused `f` from line 1", 1)]
    after = [finding("F811", "Redefinition of unused `f` from line 2", 2)]
    assert compare.subtract(after, new, before, old) == []


@pytest.fixture
def ruff(tmp_path: Path) -> lint.Ruff:
    (tmp_path / "ruff.toml").write_text(
        'fix = true\nextend-exclude = ["skip.py"]\n[lint]\nselect = ["F", "E7"]\n'
    )
    binary = lint.our_ruff()
    assert binary is not None
    return lint.Ruff(binary, tmp_path, {"PATH": os.environ["PATH"]})


async def test_new_findings_fail_with_their_place(ruff: lint.Ruff) -> None:
    result = await lint.check(Candidate("m.py", "x = 1\n", "x = 1\nprint(y)\n"), ruff)
    assert result.status is Status.FAILED
    (found,) = result.findings
    assert (found.code, found.line, found.column, found.path) == ("F821", 2, 7, "m.py")
    assert (found.end_line, found.end_column, found.severity) == (2, 8, Severity.ERROR)


STYLE = "def f(a, b):\n    return '{} {}'.format(a, b)\n"  # UP032, by ruff's defaults


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({}, Status.PASSED),
        ({"pyproject.toml": "[tool.black]\n"}, Status.PASSED),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = ['UP']\n"}, Status.FAILED),
        ({"ruff.toml": "lint.select = ['UP']\n"}, Status.FAILED),
        ({".ruff.toml": ""}, Status.FAILED),
    ],
)
async def test_without_a_configuration_matters_of_taste_do_not_count(
    tmp_path: Path, files: dict[str, str], status: Status
) -> None:
    workspace = tmp_path / "w"
    workspace.mkdir()
    for name, content in files.items():
        (workspace / name).write_text(content)
    binary = lint.our_ruff()
    assert binary is not None
    ruff = lint.Ruff(binary, workspace, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert (await lint.check(Candidate("m.py", "", STYLE), ruff)).status is status
    # a project with a ruff of its own uses it, if only with the defaults
    assert (await lint.check(Candidate("m.py", "", STYLE), replace(ruff, own=True))).status is (
        Status.FAILED
    )


async def test_without_a_configuration_errors_count_and_so_does_what_is_to_be_fixed(
    tmp_path: Path,
) -> None:
    binary = lint.our_ruff()
    assert binary is not None
    ruff = lint.Ruff(binary, tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert (await lint.check(Candidate("m.py", "", "print(y)\n"), ruff)).status is Status.FAILED
    wish = (Finding(Gate.LINT, "m.py", "", line=2, code="UP032"),)
    same = Candidate("m.py", STYLE, STYLE + "x = 1\n", resolves=wish)
    assert (await lint.check(same, ruff)).status is Status.FAILED
    mended = "def f(a, b):\n    return f'{a} {b}'\n"
    good = Candidate("m.py", STYLE, mended, resolves=wish)
    assert (await lint.check(good, ruff)).status is Status.PASSED


@pytest.mark.parametrize("code", ["reportUndefinedVariable", "W0611", "name-defined"])
async def test_without_a_configuration_another_tools_finding_is_no_rule_of_ruffs(
    tmp_path: Path, code: str
) -> None:
    binary = lint.our_ruff()
    assert binary is not None
    ruff = lint.Ruff(binary, tmp_path, {"PATH": os.environ["PATH"]})
    wanted = (finding(code, "somebody else's", 1),)
    result = await lint.check(Candidate("m.py", "x = 1\n", "x = 2\n", wanted), ruff)
    assert result.status is Status.UNVERIFIED
    assert result.reason == (
        f"ruff does not report {code!r} without the edit, so nothing shows that the edit"
        " resolves it."
    )
    wrong = await lint.check(Candidate("m.py", "x = 1\n", "x = y\n", wanted), ruff)
    assert [found.code for found in wrong.findings] == ["F821"]


async def test_the_persons_own_configuration_is_one(tmp_path: Path) -> None:
    config = tmp_path / "config" / "ruff"
    config.mkdir(parents=True)
    binary = lint.our_ruff()
    assert binary is not None
    environ = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(config.parent)}
    ruff = lint.Ruff(binary, tmp_path, environ)
    assert not lint.is_configured(ruff, "m.py")
    (config / "ruff.toml").touch()
    assert lint.is_configured(ruff, "m.py")


async def test_a_project_that_fixes_gets_no_fix_and_its_own_rules(ruff: lint.Ruff) -> None:
    # with `fix = true` ruff prints the repaired source unless told not to
    assert (await lint.check(Candidate("m.py", "", "import os\n"), ruff)).status is Status.FAILED
    assert (await lint.check(Candidate("m.py", "", "x = [ 1 ]\n"), ruff)).status is Status.PASSED
    assert (await lint.check(Candidate("skip.py", "", "import os\n"), ruff)).status is Status.PASSED


async def test_what_was_there_before_does_not_count(ruff: lint.Ruff) -> None:
    candidate = Candidate("m.py", "import os\nx = 1\n", "# more\nimport os\nx = 2\n")
    assert (await lint.check(candidate, ruff)).status is Status.PASSED


async def test_a_diagnostic_to_be_fixed_must_be_gone(ruff: lint.Ruff) -> None:
    old = "import os\nimport sys\n"
    wanted = (finding("F401", "`os` imported but unused", 1),)
    kept = await lint.check(Candidate("m.py", old, "import os\nimport sys  # x\n", wanted), ruff)
    assert kept.status is Status.FAILED
    assert {found.message for found in kept.findings} >= {"`os` imported but unused"}
    gone = await lint.check(Candidate("m.py", old, "import sys\n", wanted), ruff)
    assert gone.status is Status.PASSED


async def test_a_diagnostic_that_ruff_does_not_know_is_not_proved_gone(ruff: lint.Ruff) -> None:
    wanted = (finding("F999", "never reported", 1),)
    result = await lint.check(Candidate("m.py", "x = 1\n", "x = 2\n", wanted), ruff)
    assert result.status is Status.UNVERIFIED
    assert "F999" in (result.reason or "")


async def test_a_broken_configuration_is_unverified(ruff: lint.Ruff) -> None:
    (ruff.root / "ruff.toml").write_text("select = 3\n")
    result = await lint.check(Candidate("m.py", "x = 1\n", "x = 2\n"), ruff)
    assert result.status is Status.UNVERIFIED
    assert "ruff check m.py" in (result.reason or "")


async def test_no_ruff_and_no_python() -> None:
    candidate = Candidate("m.py", "x = 1\n", "x = 2\n")
    assert (await lint.check(candidate, None)).status is Status.UNVERIFIED
    other = Candidate("m.js", "let x", "let y")
    assert (await lint.check(other, None)).status is Status.SKIPPED
