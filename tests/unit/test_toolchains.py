"""What of a home is shown to a program in the sandbox: its installation, never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from festina.verify.toolchains import Missing, tools_for


def put(home: Path, *names: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)


def shown(home: Path, program: str, *files: str, more: dict[str, str] | None = None) -> set[str]:
    """Return what is shown of a home, relative to it."""
    workspace = home.parent / "workspace"
    workspace.mkdir(exist_ok=True)
    folders = [path for path in sorted(home.rglob("*")) if path.name in ("bin", "shims")]
    environ = {"HOME": str(home), "PATH": ":".join(map(str, folders)), **(more or {})}
    tools = tools_for((program,), workspace, None, files, environ)
    return {
        str(path.relative_to(home))
        for path in tools.read_only
        if path.exists() and path.is_relative_to(home)
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("real", "link", "expected"),
    [
        (".nvm/versions/node/v20/bin/node", "", {".nvm/versions/node/v20"}),
        (".local/bin/tool", "", set()),
        (".local/pipx/venvs/tool/bin/tool", ".local/bin/tool", {".local/pipx/venvs/tool"}),
        ("bin/tool", "", set()),
        (".config/secret/bin/tool", "", set()),
        (".pyenv/shims/tool", "", {".pyenv"}),
        ("sdk/go1.22/bin/tool", "", {"sdk/go1.22"}),
        (".volta/bin/tool", "", {".volta"}),
    ],
)
def test_an_installation_is_shown_and_no_home(
    home: Path, real: str, link: str, expected: set[str]
) -> None:
    put(home, real)
    if link:
        (home / link).parent.mkdir(parents=True, exist_ok=True)
        (home / link).symlink_to(home / real)
    folder = str(Path(link or real).parent)
    assert shown(home, Path(link or real).name) == {folder, *expected}


def test_a_folder_with_credentials_is_not_an_installation(home: Path) -> None:
    put(home, "tools/one/bin/tool", "tools/one/auth.json")
    assert shown(home, "tool") == {"tools/one/bin"}


def test_cargo_without_its_credentials(home: Path) -> None:
    put(home, ".cargo/bin/cargo", ".cargo/registry/cache/x", ".cargo/credentials.toml")
    put(home, ".rustup/settings.toml", ".cargo/config.toml")
    with_rust = {".cargo/bin", ".cargo/registry", ".cargo/config.toml", ".rustup"}
    assert shown(home, "cargo") == with_rust
    put(home, "x/bin/make")
    assert shown(home, "make", "Cargo.toml", "src/lib.rs") == {*with_rust, "x/bin", "x/make"} - {
        "x/make"
    }
    (home / ".cargo/config.toml").write_text('[registries.own]\ntoken = "abc"\n')
    assert ".cargo/config.toml" not in shown(home, "cargo")


def test_gos_modules_and_the_hooks_of_pre_commit(home: Path) -> None:
    put(home, "sdk/go/bin/go", "go/pkg/mod/cache/x", "go/src/private.go")
    assert shown(home, "go") == {"sdk/go/bin", "sdk/go", "go/pkg/mod"}
    put(home, ".local/bin/pre-commit", ".cache/pre-commit/db.db", ".cache/other/token")
    assert shown(home, "pre-commit") == {".local/bin", ".cache/pre-commit"}


def test_the_browsers_of_tests_that_look_through_them(home: Path) -> None:
    put(home, ".local/bin/npx", ".cache/ms-playwright/chromium-1/chrome-linux/chrome")
    assert shown(home, "npx") == {".local/bin"}
    assert shown(home, "npx", "playwright.config.ts") == {".local/bin", ".cache/ms-playwright"}
    environ = {"HOME": str(home), "PATH": f"{home}/.local/bin"}
    tools = tools_for(("npx", "playwright", "test"), home.parent, None, (), environ)
    assert tools.environ["PLAYWRIGHT_BROWSERS_PATH"] == f"{home}/.cache/ms-playwright"


def test_the_machines_own_browser_is_shown_to_tests_that_may_name_it(home: Path) -> None:
    put(home, ".local/bin/npx", "apps/chromium/chromium")
    workspace = home.parent / "workspace"
    environ = {"HOME": str(home), "PATH": f"{home}/.local/bin:{home}/apps/chromium"}
    tools = tools_for(("npx", "playwright", "test"), workspace, None, (), environ)
    assert home / "apps/chromium" in tools.read_only
    assert "PLAYWRIGHT_BROWSERS_PATH" not in tools.environ
    plain = tools_for(("npx", "vitest"), workspace, None, (), environ)
    assert home / "apps/chromium" not in plain.read_only


def test_the_environment_holds_what_tools_need_and_no_more(home: Path) -> None:
    put(home, "bin/cargo")
    workspace = home.parent
    mine = {"HOME": str(home), "PATH": f"{home}/bin", "RUSTFLAGS": "-D warnings", "TOKEN": "abc"}
    tools = tools_for(("cargo",), workspace, None, (), mine)
    assert tools.builds
    assert tools.environ["RUSTFLAGS"] == "-D warnings"
    assert tools.environ["CARGO_NET_OFFLINE"] == "true"
    assert "TOKEN" not in tools.environ
    assert tools.environ["PATH"] == f"{workspace}/node_modules/.bin:{home}/bin"


def test_a_program_of_the_workspace_comes_first(home: Path) -> None:
    workspace = home.parent / "workspace"
    put(home, "bin/tool")
    put(workspace, "node_modules/.bin/tool", "scripts/check")
    environ = {"HOME": str(home), "PATH": f"{home}/bin"}
    found = tools_for(("tool",), workspace, None, (), environ)
    assert found.program == workspace / "node_modules/.bin/tool"
    own = tools_for(("scripts/check",), workspace, None, (), environ)
    assert (own.program, own.read_only) == (workspace / "scripts/check", ())
    with pytest.raises(Missing, match="`scripts/none` was not found"):
        tools_for(("scripts/none",), workspace, None, (), environ)
