"""The work behind ``festina doctor``: each part of the surroundings, looked at in turn."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from festina import __version__, checks, leftovers, settings_files
from festina.commands import job
from festina.commands.base import Exit, Stop
from festina.config import Settings
from festina.context.trees import grammars
from festina.memory import State, Store, Trouble
from festina.models.base import ModelError
from festina.trust import TrustStore
from festina.verify import browser_find, interpreter, lint, sandbox, sandbox_cells
from festina.verify.base import Snapshot
from festina.verify_file import NAME, words
from festina.workspaces import workspace_of

if TYPE_CHECKING:
    from festina.terminal import Terminal

OK, NOTE, AMISS = "ok", "note", "amiss"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; ``state`` is ``ok``, ``note`` or ``amiss``."""

    part: str
    name: str
    state: str
    detail: str
    remedy: str = ""


async def look(args: argparse.Namespace) -> int:
    """Look at everything and print it."""
    folder = args.folder if args.folder is not None else workspace_of(Path.cwd())
    if not folder.is_dir():
        raise Stop(f"There is no folder {folder}.")
    workspace = folder.resolve()
    terminal: Terminal | None = None
    if not args.json:
        from festina.terminal import Terminal

        terminal = Terminal()
    trust = TrustStore()
    problems: list[str] = []
    settings = job.settings_of(workspace, problems.append)
    lines = [_python(), _languages(), *_configuration(workspace, problems)]
    say: Say = terminal.status if terminal is not None else (lambda _: None)
    with terminal.progress("looking") if terminal is not None else nullcontext():
        say("looking at the project")
        lines += await _project(job.snapshot_of(workspace, settings, trust))
        say("trying the sandbox")
        lines.append(await _sandbox(settings))
        if settings.verify.browser is not None:
            lines.append(_browser())
        say("looking for a model, and trying it")
        lines += await _model(settings, args.model, trust)
    lines += [*_folders(trust), *_memory(workspace)]
    if terminal is not None:
        _show(lines, terminal)
    else:
        ok = all(line.state != AMISS for line in lines)
        data = {"ok": ok, "checks": [dataclasses.asdict(line) for line in lines]}
        sys.stdout.write(json.dumps(data) + "\n")
    return Exit.FAILED if any(line.state == AMISS for line in lines) else Exit.DONE


def _python() -> Line:
    system = f"{platform.system()} {platform.release()}"
    version = f"{__version__} on Python {platform.python_version()}, {system}"
    return Line("festina", "version", OK, f"{version} ({sys.executable})")


def _languages() -> Line:
    """Say whether definitions in other languages than Python are found."""
    if module := grammars.missing():
        detail = f"definitions are found in Python alone: {module} is not installed"
        remedy = "For JavaScript, TypeScript, Go, Rust: pip install 'festina[languages]'"
        return Line("festina", "context", NOTE, detail, remedy)
    detail = "definitions are found in Python, JavaScript, TypeScript, Go and Rust"
    return Line("festina", "context", OK, detail)


def _configuration(workspace: Path, problems: list[str]) -> list[Line]:
    layers, _ = settings_files.read(workspace)
    own = settings_files.user_file()
    lines = [Line("configuration", "file", OK, layer.name) for layer in layers if not layer.unread]
    if not own.exists() and not os.environ.get("FESTINA_CONFIG"):
        lines.insert(0, Line("configuration", "file", NOTE, f"{own} is not there; not needed"))
    lines += [Line("configuration", "problem", AMISS, problem) for problem in problems]
    return lines


async def _project(snapshot: Snapshot) -> list[Line]:
    """Look at a workspace; nothing of it is run unless it is trusted."""
    part, workspace = "project", snapshot.workspace
    lines = [Line(part, "folder", OK, str(workspace))]
    if snapshot.trusted:
        lines.append(Line(part, "trust", OK, "trusted: its tests and its ruff may be run"))
    else:
        detail = "not trusted: nothing of it is run, so edits stay unverified"
        lines.append(
            Line(part, "trust", NOTE, detail, f"If you trust it: festina trust {workspace}")
        )
    lines += _checks(workspace)
    found = await interpreter.find(snapshot)
    if isinstance(found, interpreter.Missing):
        return [*lines, Line(part, "python", AMISS, found.reason, found.remedy)]
    where = f"{found.python} ({found.how})"
    if not snapshot.trusted:
        return [*lines, Line(part, "python", OK, where), _ruff(lint.our_ruff())]
    environment = await interpreter.inspect(found.python, sandbox.allow_environ(os.environ))
    if isinstance(environment, interpreter.Missing):
        return [*lines, Line(part, "python", AMISS, environment.reason, environment.remedy)]
    version = ".".join(map(str, environment.version))
    lines.append(Line(part, "python", OK, f"{version}, {where}"))
    if (missing := interpreter.cannot_test(environment)) is not None:
        lines.append(Line(part, "pytest", AMISS, missing.reason, missing.remedy))
    else:
        lines.append(Line(part, "pytest", OK, "installed there"))
    return [*lines, _ruff(lint.project_ruff(found.python) or lint.our_ruff())]


def _checks(workspace: Path) -> list[Line]:
    """Say what a workspace's verify.md names, and what of it may not be run yet."""
    found, part = checks.look(workspace, TrustStore()), "project"
    lines = [Line(part, NAME, AMISS, str(problem)) for problem in found.problems]
    if found.new:
        names = ", ".join(f"`{words(check.run)}`" for check in found.new)
        detail = f"not approved yet, so edits stay unverified: {names}"
        lines.append(Line(part, NAME, NOTE, detail, f"If they may be run: {checks.APPROVE}"))
    elif found.named:
        names = ", ".join(f"`{words(one.check.run)}`" for one in found.named)
        lines.append(Line(part, NAME, OK, f"must pass: {names}"))
    return lines


def _ruff(binary: Path | None) -> Line:
    if binary is None:
        return Line(
            "project", "ruff", AMISS, "not found", "Reinstall Festina, which brings it along."
        )
    return Line("project", "ruff", OK, str(binary))


def _browser() -> Line:
    """Say whether pages can be looked at; asked for where verify.browser names some."""
    try:
        found = browser_find.find(os.environ)
    except browser_find.Missing as error:
        what, _, remedy = str(error).partition(": ")
        return Line("project", "browser", AMISS, what, remedy[:1].upper() + remedy[1:])
    return Line("project", "browser", OK, str(found.chromium))


_OPEN = (
    'verify.network = "local" opens the network: that cannot be held to this machine alone, so code'
    " under test can reach whatever you can."
)


async def _sandbox(settings: Settings) -> Line:
    probe = await sandbox.probe(fresh=True)
    if slow := sandbox_cells.slow(probe.level):
        probe = sandbox.Probe(probe.level, f"{probe.detail} {slow}", probe.remedy, probe.sure)
    if probe.level is not sandbox.Level.NONE and settings.verify.network == "local":
        return Line("project", "sandbox", NOTE, f"{probe.detail} But {_OPEN}", probe.remedy)
    if probe.level is not sandbox.Level.NONE:
        return Line("project", "sandbox", OK, probe.detail, probe.remedy)
    if settings.verify.sandbox == "off":
        detail = f'none, which you agreed to (verify.sandbox = "off"): {probe.detail}'
        return Line("project", "sandbox", NOTE, detail, probe.remedy)
    return Line("project", "sandbox", AMISS, probe.detail, probe.remedy)


async def _model(settings: Settings, name: str | None, trust: TrustStore) -> list[Line]:
    from festina.models import discovery, factory

    try:
        settings = factory.named(settings, name)
        choice = await discovery.discover(settings, os.environ)
    except ModelError as error:
        what, _, remedy = str(error).partition(". ")
        return [Line("model", "choice", AMISS, what, remedy)]
    label = _embedded(choice.model) if choice.how == "embedded" else choice.shown
    lines = [Line("model", "choice", OK, f"{label}: {choice.why}")]
    if choice.how not in {"configured", "embedded"} and not trust.may_send(choice.origin):
        detail = f"you are asked before any code goes to {choice.origin}"
        lines.append(Line("model", "consent", NOTE, detail))
    checks = await discovery.check(choice, settings, os.environ)
    return [
        *lines,
        *(
            Line("model", check.name, OK if check.ok else AMISS, check.detail, check.remedy)
            for check in checks
        ),
    ]


def _embedded(name: str) -> str:
    from festina.models import weights

    name = name or weights.DEFAULT
    known = weights.WEIGHTS.get(name.lower())
    if known is None or weights.cached(known) is not None:
        return f"{name}, embedded"
    return f"{name}, embedded ({known.megabytes} MB to be fetched at first use)"


def _folders(trust: TrustStore) -> list[Line]:
    cache = platformdirs.user_cache_path("festina", appauthor=False)
    places = [("cache", cache, " (may be removed at any time)"), ("trust", trust.file, "")]
    remedy = "Make it writable; without it nothing can be verified."
    return [
        Line("folders", name, OK, f"{path}{remark}")
        if _can_write(path)
        else Line("folders", name, AMISS, f"{path} cannot be written to", remedy)
        for name, path, remark in places
    ]


def _memory(workspace: Path) -> list[Line]:
    """Say where the memory of a workspace is, and which accepted edits are not in their files."""
    store = Store(workspace)
    try:
        left = leftovers.look(store)
    except Trouble as trouble:
        return [Line("folders", "memory", AMISS, str(trouble))]
    finally:
        store.close()
    lines = [Line("folders", "memory", OK, f"{store.file} (of this workspace)")]
    for entry, files in left:
        says = "; ".join(f"{path}: {leftovers.words(found)}" for path, found in files.items())
        when = f"{leftovers.how(entry)} {leftovers.when(entry.at)}"
        detail = f"{leftovers.what(entry)}, {when}. {says}"
        state = NOTE if entry.state is State.OFFERED else AMISS
        lines.append(Line("folders", "accepted", state, detail, leftovers.remedy(entry, files)))
    return lines


def _can_write(path: Path) -> bool:
    """Whether the nearest part of a path that exists may be written to."""
    while not path.exists():
        path = path.parent
    return os.access(path, os.W_OK)


def _show(lines: list[Line], terminal: Terminal) -> None:
    part = ""
    for line in lines:
        if line.part != part:
            terminal.say(f"{'' if not part else chr(10)}{line.part}", "bold")
            part = line.part
        terminal.checked(line.state, line.name, line.detail, line.remedy)
    amiss = sum(line.state == AMISS for line in lines)
    if amiss:
        things = "1 thing needs" if amiss == 1 else f"{amiss} things need"
        terminal.say(f"\n{things} mending", "bold red")
    elif notes := [line.name for line in lines if line.state == NOTE and line.remedy]:
        terminal.say(f"\nnothing is broken; see what is said above of: {', '.join(notes)}", "bold")
    else:
        terminal.say("\nall is well", "bold green")
