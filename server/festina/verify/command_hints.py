"""What to write into the configuration so that files of another language are verified, too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from festina.config import VerifySettings
from festina.findings import Gate, GateResult, Status
from festina.gate_commands import Command
from festina.globs import applies

_SCRIPT = ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "json", "css")
_OF_PAGES = frozenset([".html", ".htm", ".css", ".js", ".mjs", ".svg"])
_PAGE_FOLDERS = (".", "site", "public", "static", "www", "docs", "src")
_UNWRITTEN = "no test specified"


def for_other_files(
    settings: VerifySettings, workspace: Path, path: str, environ: Mapping[str, str]
) -> GateResult:
    """Return the result of the tests gate for a file that pytest has nothing to do with.

    It is ``skipped`` where commands or pages judge it; else it says which line to add. Blocks.
    """
    kind = PurePosixPath(path).suffix or PurePosixPath(path).name
    able = [command for command in settings.commands if applies(command.when, path)]
    judges = [command.name for command in able if "command" in settings.gates]
    shown = settings.browser is not None and applies(settings.browser.when, path)
    if shown and "browser" in settings.gates:
        judges.append("the browser")
    if judges:
        reason = f"pytest has nothing to do with {kind} files; {', '.join(judges)} judges this one."
        return GateResult(Gate.TESTS, Status.SKIPPED, reason=reason)
    reason = f"Festina has no gate that could verify {kind} files"
    if able:
        return _unverified(f'{reason}: add "command" to verify.gates, so that {able[0].name} runs.')
    if shown:
        return _unverified(f'{reason}: add "browser" to verify.gates, so that pages are looked at.')
    if found := suggestions(workspace, path, environ):
        return _unverified(f"{reason} yet. {written(workspace, found)}")
    if kind in _OF_PAGES and (folder := _pages(workspace)) is not None:
        line = f"browser = {{ folder = {json.dumps(folder)} }}"
        where = " to have its pages looked at"
        return _unverified(f"{reason} yet. {_below(workspace)}: {line}{where}.")
    return _unverified(
        f"{reason}: nothing shows whether the tests depend on this one. Name a program that"
        " judges it in verify.commands."
    )


def _pages(workspace: Path) -> str | None:
    """Return the folder of a workspace that obviously holds its pages."""
    found = (name for name in _PAGE_FOLDERS if (workspace / name / "index.html").is_file())
    return next(found, None)


def suggestions(workspace: Path, path: str, environ: Mapping[str, str]) -> list[Command]:
    """List the commands that a workspace obviously has for a file. Blocks."""
    suffix = PurePosixPath(path).suffix.removeprefix(".").lower()
    found = []
    if suffix in _SCRIPT and _has_test_script(workspace / "package.json"):
        kinds = ",".join(_SCRIPT[:8])
        found.append(Command("npm test", ("npm", "test"), (f"**/*.{{{kinds}}}",)))
    if suffix in ("ts", "tsx", "mts", "cts") and (workspace / "tsconfig.json").is_file():
        when = ("**/*.{ts,tsx,mts,cts}",)
        found.append(Command("tsc", ("npx", "tsc", "--noEmit"), when))
    if suffix == "rs" and (workspace / "Cargo.toml").is_file():
        found.append(Command("cargo test", ("cargo", "test", "--offline"), ("**/*.rs",)))
    if suffix == "go" and (workspace / "go.mod").is_file():
        found.append(Command("go test", ("go", "test", "./..."), ("**/*.go",)))
    hooks = workspace / ".pre-commit-config.yaml"
    if hooks.is_file() and shutil.which("pre-commit", path=environ.get("PATH")):
        found.append(Command("pre-commit", ("pre-commit", "run", "--files", "{file}")))
    return found


def _has_test_script(package: Path) -> bool:
    try:
        script = json.loads(package.read_text("utf-8"))["scripts"]["test"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(script, str) and bool(script.strip()) and _UNWRITTEN not in script


def written(workspace: Path, commands: Sequence[Command]) -> str:
    """Say what a person adds to which file. Blocks."""
    entries = ", ".join(_entry(each) for each in commands)
    return f"{_below(workspace)}: commands = [{entries}]"


def _below(workspace: Path) -> str:
    own = (workspace / "festina.toml").is_file() or not (workspace / "pyproject.toml").is_file()
    file, table = ("festina.toml", "verify") if own else ("pyproject.toml", "tool.festina.verify")
    return f"Add to {file}, below [{table}]"


def _entry(command: Command) -> str:
    parts = [f"name = {json.dumps(command.name)}", f"run = {json.dumps(list(command.run))}"]
    parts += [f"when = {json.dumps(command.when[0])}"] if command.when else []
    return f"{{ {', '.join(parts)} }}"


def _unverified(reason: str) -> GateResult:
    return GateResult(Gate.TESTS, Status.UNVERIFIED, reason=reason)
