"""The layers of docs/architecture.md, enforced on the source itself."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "server" / "festina"
MOST_LINES = 320

VALUES = (
    "text",
    "clean",
    "edits",
    "markers",
    "parsing",
    "progress",
    "proposals",
    "findings",
    "shots",
    "calls",
    "allowed",
    "config",
    "model_settings",
    "gate_commands",
    "gate_browser",
    "globs",
    "plans",
    "spending",
    "secret_patterns",
    "front_matter",
    "skill_file",
    "verify_file",
    "progress_file",
    "skill_text",
    "line_patterns",
)
WORKERS = (
    *("models", "verify", "prompt", "slow", "planner", "markdown", "kept"),
    *("context", "ignoring", "masking", "memory", "skills", "waking", "gallery"),
    "skill_writer",
    "instead",
)
STATE = (
    "accept",
    "accepted",
    "asked",
    "asking",
    "change",
    "checks",
    "advising",
    "aftermath",
    "again",
    "clock",
    "confirming",
    "documents",
    "doubts",
    "earning",
    "ending",
    "events",
    "holding",
    "jobs",
    "leftovers",
    "noting",
    "lifecycle",
    "orders",
    "pages",
    "parts",
    "pending",
    "pipeline",
    "promise",
    "recording",
    "reducer",
    "remembering",
    "report",
    "results",
    "reviewing",
    "runs",
    "session",
    "settings_files",
    "skill_saving",
    "skill_store",
    "skill_work",
    "skill_runs",
    "shelf",
    "standing",
    "tallying",
    "task",
    "trust",
    "waves",
    "writing",
    "workspaces",
    "replacing",
    "steps",
    "stepping",
    "ticking",
    "going",
    "together",
    "drafting",
    "replanning",
    "tried",
    "places",
)
INTERFACES = ("lsp", "cli", "commands", "terminal", "__main__")
LAYERS = (VALUES, WORKERS, STATE, INTERFACES)
FREE = ("__init__", "sample")
"""The version, which everybody may know, and the bundled sample, which is data."""

SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "sample" not in path.parts)

# Run by other interpreters than ours, with nothing of ours to import.
INSIDE = sorted((PACKAGE / "verify" / "inside").glob("[a-z]*.py"))
ALONE = (
    "verify/probe_env.py",
    *(f"verify/{n}.py" for n in ("pytest_plugin", "executable", "reporting", "seal", "tracer")),
    *(f"verify/inside/{path.name}" for path in INSIDE),
)
# Beside pytest itself, the modules that are laid next to the plugin there.
LAID = {"festina_executable", "festina_reporting", "festina_seal", "festina_tracer"}
LAID |= {f"festina_{path.stem}" for path in INSIDE}
LAID |= {"sitecustomize"}  # the project's own, for which ours makes way


@pytest.mark.parametrize("layer", LAYERS, ids=["values", "workers", "state", "interfaces"])
def test_the_page_has_every_module_in_its_layer(layer):
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| [a-z, ]+ \| (`.*?) \|", page, re.MULTILINE)
    listed = [set(re.findall(r"`(\w+)(?:\.py|/)`", row)) for row in rows]
    assert set(layer) - {"__main__"} in listed


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def module_of(path):
    """``festina.lsp.app`` for its file, ``festina.lsp`` for the package's."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def imports_of(path):
    """Return every module that a file imports, also inside functions, but for type checking."""
    return imported(ast.parse(path.read_text("utf-8")), module_of(path), path.name == "__init__.py")


def imported(tree, module, is_package=False):
    found = set()
    skipped = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test).endswith("TYPE_CHECKING")
        for part in test.body
        for node in ast.walk(part)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                up = parts[: len(parts) - node.level + is_package]
                base = ".".join([*up, base]).rstrip(".")
            found.add(base)
            if base.split(".")[0] == "festina":
                found |= {f"{base}.{alias.name}" for alias in node.names}
        elif (
            isinstance(node, ast.Call)
            and "import_module" in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
            and isinstance(node.args[0], ast.Constant)
        ):
            found.add(node.args[0].value)
    return found


def part_of(module):
    """``lsp`` for ``festina.lsp.app``; None for what is not ours or is no part."""
    parts = module.split(".")
    if parts[0] != "festina" or len(parts) < 2:
        return None
    return parts[1] if any(parts[1] in layer for layer in LAYERS) else None


def level_of(part):
    return next(level for level, layer in enumerate(LAYERS) if part in layer)


def outside(path):
    """The top-level modules that are neither ours nor the standard library's."""
    tops = {module.split(".")[0] for module in imports_of(path)}
    return tops - sys.stdlib_module_names - {"festina", ""}


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import a.b\nfrom c.d import e", {"a.b", "c.d"}),
        ("from festina import text", {"festina", "festina.text"}),
        ("def f():\n    import httpx2", {"httpx2"}),
        (
            "from . import x\nfrom ..lsp import y",
            {"festina.models", "festina.models.x", "festina.lsp", "festina.lsp.y"},
        ),
        ("if TYPE_CHECKING:\n    import pygls\nimport os", {"os"}),
        ("importlib.import_module('festina.models.runner')", {"festina.models.runner"}),
    ],
)
def test_the_finder_of_imports_finds_them(source, modules):
    assert imported(ast.parse(source), "festina.models.http") == modules


def test_every_module_has_its_layer():
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    known = {part for layer in LAYERS for part in layer} | set(FREE)
    assert parts - known == set()
    assert {part for layer in LAYERS for part in layer} - parts == set()


def wrong(rule):
    """The files that break a rule, with what it says of each."""
    return {name_of(path): found for path in SOURCES if (found := rule(path))}


def test_imports_point_downwards():
    def rule(path):
        part = part_of(module_of(path))
        if part is None:  # the package's own __init__
            return [module for module in imports_of(path) if module.startswith("festina")]
        return [
            module
            for module in imports_of(path)
            if (other := part_of(module)) is not None and level_of(other) > level_of(part)
        ]

    assert wrong(rule) == {}


def test_lsp_and_the_command_line_do_not_know_each_other():
    def rule(path):
        others = {"lsp"}
        if name_of(path) == "commands/server.py":
            return set()
        if part_of(module_of(path)) == "lsp":
            others = {"cli", "commands", "terminal"}
        return {part_of(module) for module in imports_of(path)} & others

    assert wrong(rule) == {}


def test_third_party_libraries_stay_in_their_place():
    def rule(path):
        name, libraries = name_of(path), outside(path)
        found = set()
        if not name.startswith("lsp/"):
            found |= libraries & {"pygls", "lsprotocol", "cattrs"}
        if name != "models/http.py":
            found |= libraries & {"httpx", "httpx2", "httpcore"}
        if not name.startswith("gallery/"):
            found |= libraries & {"starlette", "uvicorn"}
        if name != "terminal.py":
            found |= libraries & {"rich"}
        if part_of(module_of(path)) in VALUES or name in ALONE:
            inside = name == "verify/pytest_plugin.py" or name.startswith("verify/inside/")
            served = {"mypy_daemon.py": "mypy", "browser.py": "playwright"}.get(path.name, "pytest")
            found |= libraries - ({"pytest", *LAID, served} if inside else set())
        return found

    assert wrong(rule) == {}


def test_values_do_no_input_or_output():
    forbidden = {"asyncio", "logging", "os", "pathlib", "shutil", "socket", "subprocess"}
    forbidden |= {"sys", "tempfile", "threading", "time", "tomllib"}

    def rule(path):
        if part_of(module_of(path)) not in VALUES:
            return set()
        found = {module.split(".")[0] for module in imports_of(path)} & forbidden
        # Python's parser must be asked by one thread at a time, whoever asks
        return found - ({"threading"} if path.name == "parsing.py" else set())

    assert wrong(rule) == {}


def test_no_file_grows_too_long():
    def rule(path):
        lines = len(path.read_text("utf-8").splitlines())
        return lines if lines > MOST_LINES else 0

    assert wrong(rule) == {}


def test_what_a_person_talks_to_writes_no_file_itself():
    """Invariant 1, as far as the source shows it: who renames over, and who opens for writing.

    ``replacing.py`` does, when an edit was accepted or a memory file has a command of its own.
    """
    writers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"write_text", "write_bytes", "replace", "rename"}
        and (node.func.attr.startswith("write_") or len(node.args) == 1)
    }
    assert {name for name in writers if name.startswith(("lsp/", "commands/"))} == set()
    assert "replacing.py" in writers


def tracked():
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a clone: nothing says which files belong to it")
    return [ROOT / name for name in done.stdout.split("\0") if name]


# Split, so that this file does not hold what it looks for.
BANNED = re.compile(
    r"(^|[^\w.])/(work|far"
    + r"m)/|\.\./share"
    + r"d|\.org/sim"
    + r"ple|https?://(deb|registry|files)\.\w+\.(org|com)",
    re.MULTILINE,
)


def test_nothing_points_to_a_place_that_only_its_makers_have():
    found = []
    for path in tracked():
        if not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in BANNED.finditer(text)]
    assert found == []


def test_importing_the_package_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import festina; print(set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'festina'}\n"


def test_no_module_of_ours_hides_one_of_the_standard_library():
    """Some of them run as scripts, whose folder comes first on the path."""
    names = {path.stem for path in (Path(__file__).parent / "support").glob("*.py")}
    assert not names & sys.stdlib_module_names
