"""Verdicts of ``festina verify`` against the truth: the whole suite, cold, at the original path.

Takes the sources of real projects from PyPI, installs each into an environment of its own (one in
editable form, the others plainly, so that a copy of the project lies in site-packages), makes
seeded edits of every kind, and asks for each: does the command line say what a cold run of the
whole suite says, with the candidate written into the tree itself? Any difference is printed, and
the exit code is 1. The edits depend on the seed and the projects' versions alone.

    python tests/bench/differential.py [--each 16] [--seed 1] [--work DIR] [--only NAME | --all]
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Project:
    """A release on PyPI; ``files`` are edited, ``slow`` tests left out by its own configuration."""

    name: str
    version: str
    editable: bool
    files: tuple[str, ...]
    slow: str = ""
    source: str = "."
    needs: tuple[str, ...] = ()
    usual: bool = True


PROJECTS = (
    Project(
        "click",
        "8.5.1",
        editable=True,
        files=("src/click/formatting.py", "src/click/utils.py", "src/click/types.py"),
        source="src",
    ),
    Project(
        "more-itertools",
        "11.2.1",
        editable=False,
        files=("more_itertools/recipes.py", "more_itertools/more.py"),
        slow="not Prime and not prime",
    ),
    Project(
        "itsdangerous",
        "2.2.0",
        editable=False,
        files=("src/itsdangerous/signer.py", "src/itsdangerous/timed.py"),
        source="src",
        needs=("freezegun",),
    ),
    # further layouts and habits, for --only and --all
    Project(  # plugins and their options in addopts
        "humanize",
        "4.17.0",
        editable=True,
        files=("src/humanize/number.py", "src/humanize/filesize.py", "src/humanize/time.py"),
        source="src",
        needs=("pytest-cov", "pytest-benchmark", "pytest-codspeed", "freezegun"),
        usual=False,
    ),
    Project(  # unittest's style, tests inside the package, a setup.cfg of old
        "pyflakes",
        "4.1.0",
        editable=True,
        files=("pyflakes/checker.py", "pyflakes/api.py", "pyflakes/messages.py"),
        usual=False,
    ),
    Project(  # tests inside the package, strict options
        "toolz",
        "1.2.0",
        editable=False,
        files=("toolz/itertoolz.py", "toolz/dicttoolz.py", "toolz/functoolz.py"),
        usual=False,
    ),
    Project(  # a flat layout
        "boltons",
        "26.2.0",
        editable=False,
        files=("boltons/strutils.py", "boltons/iterutils.py", "boltons/cacheutils.py"),
        usual=False,
    ),
    Project(  # warnings are errors, colour is forced
        "python-slugify",
        "9.2.0",
        editable=True,
        files=("slugify/slugify.py",),
        usual=False,
    ),
)


@dataclass(frozen=True)
class Edit:
    """One candidate: the whole new text of a file, and what was done to it."""

    path: str
    kind: str
    what: str
    text: str


@dataclass
class Truth:
    """A cold run: the ids by outcome, or that there was none."""

    ok: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    ended: bool = False
    timed_out: bool = False
    lint: collections.Counter[str] | None = None
    seconds: float = 0.0


def run(*argv: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a plain environment and return what it said."""
    environ = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        env={**environ, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def must(done: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a command that has to work."""
    if done.returncode != 0:
        raise SystemExit(f"{done.args} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def prepare(project: Project, work: Path) -> Path:
    """Fetch and unpack a project, and install it into ``.venv`` in its folder."""
    root = work / project.name
    if (root / ".ready").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    downloads = work / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip"]
    wanted = f"{project.name}=={project.version}"
    fetch = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(downloads), wanted]
    must(_pip(*pip, *fetch, cwd=work))
    stem = f"{project.name.replace('-', '_')}-{project.version}"
    with tarfile.open(downloads / f"{stem}.tar.gz") as archive:
        # Debian's 3.11 has no filters yet
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(work / "unpacked")
    (work / "unpacked" / stem).rename(root)
    if project.slow:
        _leave_out(root, project.slow)
    venv.create(root / ".venv", with_pip=True)
    python = root / ".venv" / "bin" / "python"
    install = ["-e", str(root)] if project.editable else [str(root)]
    must(
        _pip(
            str(python), "-m", "pip", "install", "-q", "pytest", *project.needs, *install, cwd=work
        )
    )
    for rest in ("build", *root.glob("**/*.egg-info")):
        shutil.rmtree(root / rest, ignore_errors=True)
    (root / ".ready").touch()
    return root


def _pip(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    keep = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    return run(*argv, cwd=cwd, **keep)


def _leave_out(root: Path, expression: str) -> None:
    """Leave tests out by the project's own pytest configuration, for the truth and for us."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    line = f'addopts = ["-k", "{expression}"]\n'
    for section in ("[tool.pytest.ini_options]\n", "[tool.pytest]\n"):
        if section in text:
            path.write_text(text.replace(section, section + line), encoding="utf-8")
            return
    path.write_text(f"{text}\n[tool.pytest.ini_options]\n{line}", encoding="utf-8")


# Edits


def candidates(root: Path, project: Project, count: int, seed: int) -> list[Edit]:
    """Make ``count`` edits, of every kind in turn, all different from the file."""
    chance = random.Random(f"{project.name} {seed}")
    kinds: list[Callable[[str, random.Random], tuple[str, str] | None]] = [
        _keep, _break, _break, _signature, _module, _break, _comment, _syntax, _keep, _delete,
    ]  # fmt: skip
    found: list[Edit] = []
    seen = set()
    while len(found) < count:
        make = kinds[len(found) % len(kinds)]
        path = chance.choice(project.files)
        old = (root / path).read_text(encoding="utf-8")
        made = make(old, chance)
        if made is None or made[1] in seen or made[1] == old:
            continue
        seen.add(made[1])
        found.append(Edit(path, make.__name__.strip("_"), made[0], made[1]))
    return found


def _functions(text: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def _replace(text: str, node: ast.expr | ast.stmt, new: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + (node.end_col_offset or 0)
    data = text.encode()
    return (data[:start] + new.encode() + data[end:]).decode()


def _bodies(text: str, kinds: tuple[type[ast.AST], ...]) -> list[ast.AST]:
    """Nodes in function bodies, docstrings and annotations aside."""
    return [
        node
        for function in _functions(text)
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, kinds)
    ]


def _break(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Change an operator, a constant or a condition."""
    node = chance.choice(_bodies(text, (ast.Compare, ast.BinOp, ast.Constant, ast.If, ast.Return)))
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        return f"not ({test})", _replace(text, node.test, f"not ({test})")
    if isinstance(node, ast.Return):
        return ("return None", _replace(text, node, "return None")) if node.value else None
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            return None
        return f"{node.value} + 1", _replace(text, node, str(node.value + 1))
    if isinstance(node, ast.Compare):
        swaps = {ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.Is: ast.IsNot}
        kind = type(node.ops[0])
        other = {**swaps, **{new: old for old, new in swaps.items()}}.get(kind)
        if other is None:
            return None
        before = ast.unparse(node)
        node.ops[0] = other()
    else:
        assert isinstance(node, ast.BinOp)
        other = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add}.get(type(node.op))
        if other is None:
            return None
        before = ast.unparse(node)
        node.op = other()
    return before, _replace(text, node, f"({ast.unparse(node)})")


def _keep(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Rewrite something so that it means the same."""
    node = chance.choice(_bodies(text, (ast.If, ast.Return)))
    if isinstance(node, ast.If):
        new = f"bool({ast.unparse(node.test)})"
        return new, _replace(text, node.test, new)
    assert isinstance(node, ast.Return)
    if node.value is None:
        return None
    new = f"return ({ast.unparse(node.value)})"
    indent = " " * node.col_offset
    return "a variable", _replace(
        text, node, f"outcome = {ast.unparse(node.value)}\n{indent}return outcome"
    )


def _signature(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Rename, add or drop a parameter in the header alone."""
    function = chance.choice(_functions(text))
    arguments = function.args.args
    if not arguments or arguments[-1].arg in ("self", "cls"):
        return None
    last = arguments[-1]
    name = f"{last.arg}_{chance.randrange(100)}"
    note = f": {ast.unparse(last.annotation)}" if last.annotation else ""
    return f"{function.name}({name})", _replace(text, last, name + note)


def _module(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Change something at the module's or a class's level."""
    tree = ast.parse(text)
    nodes = [
        node
        for parent in [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))]
        for node in parent.body
        if isinstance(node, ast.Assign | ast.ImportFrom | ast.FunctionDef)
    ]
    node = chance.choice(nodes)
    if isinstance(node, ast.ImportFrom):
        name = node.names[0].name
        return f"no import of {name}", _replace(text, node, "pass")
    if isinstance(node, ast.Assign):
        return f"{ast.unparse(node)[:40]} -> None", _replace(text, node.value, "None")
    return f"{node.name} renamed", text.replace(f"def {node.name}(", f"def {node.name}_(", 1)


def _comment(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Add a comment before a statement."""
    statement = chance.choice(chance.choice(_functions(text)).body)
    lines = text.splitlines(keepends=True)
    lines.insert(statement.lineno - 1, " " * statement.col_offset + "# explained\n")
    return "a comment", "".join(lines)


def _syntax(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Take a colon away."""
    function = chance.choice(_functions(text))
    lines = text.splitlines(keepends=True)
    number = function.lineno - 1
    if not lines[number].rstrip().endswith(":"):
        return None
    lines[number] = lines[number].rstrip()[:-1] + "\n"
    return f"no colon after {function.name}", "".join(lines)


def _delete(text: str, chance: random.Random) -> tuple[str, str] | None:
    """Delete one statement of a function that has others."""
    function = chance.choice(_functions(text))
    if len(function.body) < 3:
        return None
    statement = chance.choice(function.body[1:])
    lines = text.splitlines(keepends=True)
    del lines[statement.lineno - 1 : statement.end_lineno]
    return f"a statement of {function.name}", "".join(lines)


# The truth


def cold(root: Path, project: Project, limit: float) -> Truth:
    """Run the whole suite as a person would, with no cache of any kind left from before."""
    for cache in [*root.glob("**/__pycache__"), root / ".pytest_cache"]:
        if ".venv" not in cache.parts:
            shutil.rmtree(cache, ignore_errors=True)
    python = root / ".venv" / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        argv = [str(python), "-m", "pytest", "-q", "--junitxml", str(report)]
        # a plain install of a src layout would be tested in the place of the sources
        path = {} if project.editable else {"PYTHONPATH": str(root / project.source)}
        environ = {**{key: os.environ[key] for key in ("PATH", "HOME")}, **path}
        start = time.monotonic()
        try:
            subprocess.run(
                argv, cwd=root, env=environ, capture_output=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return Truth(timed_out=True)
        seconds = time.monotonic() - start
        if not report.exists():
            return Truth(seconds=seconds)
        ok, bad = set(), set()
        for case in ElementTree.parse(report).iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            outcomes = {child.tag for child in case}
            if outcomes & {"failure", "error"}:
                bad.add(name)
            elif "skipped" not in outcomes:
                ok.add(name)
        return Truth(frozenset(ok - bad), frozenset(bad), ended=True, seconds=seconds)


def lint_counts(root: Path, path: str) -> collections.Counter[str]:
    """Count ruff's findings in a file by code, by the command line alone.

    Where a project has no configuration for ruff, its errors alone count, as the README says.
    """
    ruff = Path(sys.executable).parent / "ruff"
    file = root / "pyproject.toml"
    uses_ruff = (root / "ruff.toml").exists() or (file.exists() and "tool.ruff" in file.read_text())
    rules = [] if uses_ruff else ["--select", "F,E9,PLE"]
    json_ = ["--output-format", "json"]
    said = run(ruff, "check", "--no-fix", *rules, *json_, "--no-cache", path, cwd=root)
    return collections.Counter(str(item["code"]) for item in json.loads(said.stdout or "[]"))


def truth_of(root: Path, project: Project, edit: Edit, base: Truth) -> str:
    """Write a candidate into the tree, judge by cold runs, and put the file back."""
    file = root / edit.path
    old = file.read_bytes()
    before = lint_counts(root, edit.path)
    try:
        file.write_text(edit.text, encoding="utf-8")
        if lint_counts(root, edit.path) - before:
            return "failed"
        run_ = cold(root, project, 60 + 10 * base.seconds)
    finally:
        file.write_bytes(old)
    if run_.timed_out:
        return "timeout"
    green = run_.ended and run_.ok >= base.ok and run_.bad <= base.bad
    return "passed" if green else "failed"


# The comparison


def festina(root: Path, edits: list[Edit], work: Path) -> Iterator[dict[str, Any]]:
    """Let the command line judge, file by file; yields verdicts in the order of ``edits``."""
    home = work / "home"
    environ = {
        name: str(home / name.lower())
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    }
    program = [sys.executable, "-m", "festina"]
    must(run(*program, "trust", root, cwd=root, **environ))
    verdicts: dict[int, dict[str, Any]] = {}
    for path in sorted({edit.path for edit in edits}):
        with tempfile.TemporaryDirectory() as folder:
            for number, edit in enumerate(edits):
                if edit.path == path:
                    Path(folder, f"{number:03}.py").write_text(edit.text, encoding="utf-8")
            done = subprocess.run(
                [*program, "verify", path, "--candidates", folder, "--json", "--workspace", root],
                cwd=root,
                env={**os.environ, **environ},
                capture_output=True,
                text=True,
                check=False,
            )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if not lines or not lines[-1].get("summary"):
            raise SystemExit(f"festina verify gave no summary:\n{done.stdout}{done.stderr}")
        verdicts |= {int(line["candidate"][:3]): line for line in lines[:-1]}
    for number in range(len(edits)):
        yield verdicts[number]


def compare(project: Project, work: Path, each: int, seed: int) -> tuple[int, int]:
    """Judge one project's candidates both ways; returns how many agree, of how many."""
    root = prepare(project, work)
    edits = candidates(root, project, each, seed)
    start = time.monotonic()
    verdicts = list(festina(root, edits, work))
    took = time.monotonic() - start
    base = cold(root, project, 600)
    if len(base.ok) < 50:
        raise SystemExit(f"{project.name}: its suite does not run here, so there is no truth")
    install = "editable" if project.editable else "plain"
    print(
        f"{project.name} {project.version} ({install} install): {len(base.ok)} tests pass and"
        f" {len(base.bad)} fail without an edit, {base.seconds:.1f} s cold;"
        f" {len(edits)} candidates verified in {took:.0f} s"
    )
    agreed = 0
    table: collections.Counter[tuple[str, str, str]] = collections.Counter()
    for edit, verdict in zip(edits, verdicts, strict=True):
        truth = truth_of(root, project, edit, base)
        said = str(verdict["status"])
        if not _agree(said, truth):  # a suite that fails now and then is no truth: look again
            print(f"  looked at twice: {edit.path}, {edit.kind} ({edit.what}): {said}, {truth}")
            truth = truth_of(root, project, edit, base)
        same = _agree(said, truth)
        agreed += same
        table[edit.kind, said, truth] += 1
        if said == "unverified":
            why = [gate["reason"] for gate in verdict["gates"] if gate.get("reason")]
            print(f"  unverified: {edit.path}, {edit.kind} ({edit.what}): {' '.join(why)}")
        if not same:
            print(f"  DIFFERS: {edit.path}, {edit.kind} ({edit.what}): {said}, truly {truth}")
            print(f"    {json.dumps(verdict)[:1500]}")
    for (kind, said, truth), count in sorted(table.items()):
        print(f"  {count:3} {kind:10} verdict {said:10} truth {truth}")
    return agreed, len(edits)


def _agree(said: str, truth: str) -> bool:
    # an unverified edit is one that breaks nothing and that nothing proves
    return truth == said or (said == "unverified" and truth in ("passed", "timeout"))


def main() -> int:
    """Compare and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=16, help="candidates of each project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="keep projects and environments here")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=[project.name for project in PROJECTS],
        metavar="NAME",
        help=f"this project; may be repeated ({', '.join(project.name for project in PROJECTS)})",
    )
    parser.add_argument("--all", action="store_true", help="every project, not the usual ones only")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = (args.work or Path(folder)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        chosen = [
            project
            for project in PROJECTS
            if project.name in args.only or (not args.only and (args.all or project.usual))
        ]
        results = [compare(project, work, args.each, args.seed) for project in chosen]
    agreed, total = (sum(column) for column in zip(*results, strict=True))
    print(f"{agreed} of {total} verdicts agree with a cold run of the whole suite")
    return 0 if agreed == total else 1


if __name__ == "__main__":
    sys.exit(main())
