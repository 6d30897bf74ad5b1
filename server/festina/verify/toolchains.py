"""What a program needs to see and to know in the sandbox, without the secrets that lie beside it.

Toolchains live in home directories, which are covered in the sandbox. Shown again, read-only, are
the folder of a program on the PATH, what it was installed with, and caches of packages; never a
whole home, nor a folder in which a tool keeps its credentials.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from festina.verify.browser_find import browsers, own_browser

KEPT = ".festina-kept"
"""The folder in a copy of the workspace in which builds lie, where these can be used again."""

_MARKS = {
    "package.json": ("node", "npm", "npx", "pnpm", "yarn", "bun", "deno"),
    "Cargo.toml": ("cargo", "rustc"),
    "go.mod": ("go", "gofmt"),
}
_RUST = frozenset(["cargo", "rustc", "rustup", "rustfmt", "cross"])
_GO = frozenset(["go", "gofmt", "golangci-lint", "staticcheck"])
_VARIABLES = (
    *("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"),
    *("GOROOT", "GOPATH", "GOFLAGS", "GOMODCACHE", "GOOS", "GOARCH", "CGO_ENABLED"),
    *("NVM_DIR", "VOLTA_HOME", "NODE_ENV", "NODE_OPTIONS", "JAVA_HOME", "DOTNET_ROOT", "CC", "CXX"),
)
_QUIET = {
    "CI": "true",  # nobody is there to be asked, or to watch files for
    "NO_COLOR": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "npm_config_offline": "true",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
}
_BIN = frozenset(["bin", "sbin", "shims", ".bin"])
_PRIVATE = frozenset(
    [".ssh", ".gnupg", ".aws", ".kube", ".docker", ".config", ".mozilla", ".password-store"]
)
_WHOLE = frozenset(
    [".bun", ".deno", ".volta", ".pyenv", ".rbenv", ".nodenv", ".goenv", ".asdf", ".sdkman"]
) | {"miniconda3", "miniforge3", "anaconda3"}
_NEVER = frozenset([(".local", "share"), (".local", "state"), (".cargo", "registry")])
_CREDENTIALS = (
    *("credentials", "credentials.toml", "auth.json", ".netrc", ".npmrc", ".pypirc"),
    ".git-credentials",
)
_SECRET = re.compile(r"token|credential|password|secret|auth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tools:
    """What commands of a workspace need: paths to show read-only, and their environment.

    ``builds`` says that what is built can be kept, in the folder :data:`KEPT` of the workspace.
    """

    program: Path
    read_only: tuple[Path, ...]
    environ: Mapping[str, str]
    builds: bool


class Missing(Exception):  # noqa: N818 - reads as the sentence it makes
    """There is no such program; ``str()`` names it and says what to do."""


def tools_for(
    argv: tuple[str, ...],
    workspace: Path,
    python: Path | None,
    files: Iterable[str],
    environ: Mapping[str, str],
) -> Tools:
    """Find out what a command needs. ``files`` are the paths in the workspace. Blocks.

    ``python`` is the project's interpreter: programs beside it come before others. ``environ`` is
    our own environment.

    Raises:
        Missing: the program is not there.
    """
    path = _path(workspace, python, environ)
    program = _find(argv[0], workspace, path)
    if program is None:
        raise Missing(
            f"`{argv[0]}` was not found, neither on the PATH nor in the workspace: install it,"
            " or take the command out."
        )
    home = Path(environ.get("HOME") or "/nonexistent")
    names = {PurePosixPath(name).name for name in files if name.count("/") < 4}
    wanted = [name for mark, some in _MARKS.items() if mark in names for name in some]
    found = [program, *(Path(at) for name in wanted if (at := shutil.which(name, path=path)))]
    shown = [each for at in found for each in _of_program(at, home)]
    given = {name: environ[name] for name in _VARIABLES if environ.get(name)}
    given |= _QUIET | {"PATH": path}
    rust = "Cargo.toml" in names or program.name in _RUST
    go = "go.mod" in names or program.name in _GO
    if rust:
        shown += _of_rust(home, given)
    if go:
        shown += _of_go(home, given)
    if program.name == "pre-commit":
        shown += _of_pre_commit(home, given, environ)
    if any(name.startswith("playwright.config.") for name in names) or _drives_browsers(argv):
        shown += _of_playwright(given, environ)
    inside = workspace.resolve()
    shown = [each for each in dict.fromkeys(shown) if not each.resolve().is_relative_to(inside)]
    return Tools(program, tuple(shown), given, rust or go)


def rests_on(
    programs: Iterable[str], workspace: Path, python: Path | None, environ: Mapping[str, str]
) -> list[Path]:
    """List files outside of the copy that show when commands are another version now. Blocks."""
    path = _path(workspace, python, environ)
    found = [_find(name, workspace, path) for name in programs]
    packages = [workspace / "node_modules" / ".package-lock.json"]
    return [*filter(None, found), *packages]


def _path(workspace: Path, python: Path | None, environ: Mapping[str, str]) -> str:
    folders = [workspace / "node_modules" / ".bin"]
    folders += [python.parent] if python is not None else []
    return os.pathsep.join([*map(str, folders), environ.get("PATH") or os.defpath])


def _find(name: str, workspace: Path, path: str) -> Path | None:
    if "/" in name:
        at = workspace / name
        return at if at.is_file() and os.access(at, os.X_OK) else None
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def _of_program(program: Path, home: Path) -> list[Path]:
    """Show a program's folder, and what it was installed with."""
    folder = program.parent
    if not folder.is_relative_to(home) or folder.name not in _BIN:
        return [program, *_installation(program.resolve(), home.resolve())]
    return [folder, *_installation(program.resolve(), home.resolve())]


def _installation(real: Path, home: Path) -> list[Path]:
    folder = real.parent
    if not real.is_relative_to(home):
        return [folder.parent] if folder.name in _BIN and folder.parent.parts[1:2] != () else []
    if folder.name in _BIN and _harmless(folder.parent, home):
        return [folder.parent]
    return [folder] if folder.name in _BIN or _harmless(folder, home) else [real]


def _harmless(folder: Path, home: Path) -> bool:
    """Whether a folder below a home looks like one installation, and holds nothing private."""
    parts = folder.relative_to(home).parts
    if not parts or parts[0] in _PRIVATE or parts in _NEVER:
        return False
    if len(parts) == 1 and parts[0] not in _WHOLE:
        return False
    return not any((folder / name).exists() for name in _CREDENTIALS)


def _of_rust(home: Path, environ: dict[str, str]) -> list[Path]:
    """Toolchains, and the packages that were fetched; never cargo's credentials."""
    cargo = Path(environ.get("CARGO_HOME") or home / ".cargo")
    rustup = Path(environ.get("RUSTUP_HOME") or home / ".rustup")
    environ |= {"CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never"}
    shown = [cargo / name for name in ("bin", "registry", "git")] + [rustup]
    return shown + [
        file
        for name in ("config.toml", "config")
        if (file := cargo / name).is_file() and not _SECRET.search(_text(file))
    ]


def _of_go(home: Path, environ: dict[str, str]) -> list[Path]:
    own = Path((environ.get("GOPATH") or str(home / "go")).split(os.pathsep)[0])
    modules = Path(environ.get("GOMODCACHE") or own / "pkg" / "mod")
    environ |= {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off"}
    return [modules, own / "bin"]


def _of_pre_commit(home: Path, environ: dict[str, str], ours: Mapping[str, str]) -> list[Path]:
    cache = Path(ours.get("XDG_CACHE_HOME") or home / ".cache")
    hooks = Path(ours.get("PRE_COMMIT_HOME") or cache / "pre-commit")
    environ["PRE_COMMIT_HOME"] = str(hooks)
    return [hooks]


def _drives_browsers(argv: tuple[str, ...]) -> bool:
    return any("playwright" in part or part.startswith("--browser") for part in argv)


def _of_playwright(environ: dict[str, str], ours: Mapping[str, str]) -> list[Path]:
    """Show the browsers that the project's own tests look through.

    They are those that Playwright has fetched, and the machine's own, which its configuration may
    name.
    """
    fetched = browsers(ours)
    if fetched is None:
        return own_browser(ours)
    environ["PLAYWRIGHT_BROWSERS_PATH"] = str(fetched)
    return [fetched, *own_browser(ours)]


def builds_in(place: Path) -> dict[str, str]:
    """The environment by which builds are written to :data:`KEPT` of a workspace."""
    return {
        "CARGO_TARGET_DIR": str(place / KEPT / "cargo"),
        "GOCACHE": str(place / KEPT / "go"),
    }


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return "secret"
