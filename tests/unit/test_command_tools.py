"""Real tools as commands: node, npm, tsc, eslint, cargo, go and pre-commit on small projects.

A tool that is not there is skipped with its name. What comes from a package registry is fetched
once, into ``.tools``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Gate, Status, Verdict
from festina.gate_commands import Command
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import projects

TOOLS = Path(__file__).parents[2] / ".tools"

JAVASCRIPT = """
=== package.json
{"name": "shop", "type": "module", "scripts": {"test": "node --test"}}
=== eslint.config.js
export default [{ files: ["src/*.js"], rules: { "no-undef": "error", "no-unused-vars": "error" } }];
=== tsconfig.json
{"compilerOptions": {"strict": true, "module": "nodenext", "target": "es2022", "types": []},
 "include": ["src/*.ts"]}
=== src/price.js
export function price(count) {
  return count * 3;
}
=== src/label.ts
export function label(count: number): string {
  return `${count} pieces`;
}
=== src/use.ts
import { label } from "./label.js";

export const total: string = label(2);
=== test/price.test.js
import test from "node:test";
import assert from "node:assert";
import { price } from "../src/price.js";

test("three each", () => {
  assert.equal(price(2), 6);
});
"""
RUST = """
=== Cargo.toml
[package]
name = "shop"
version = "0.1.0"
edition = "2021"
=== src/lib.rs
pub fn price(count: i32) -> i32 {
    count * 3
}

#[cfg(test)]
mod tests {
    #[test]
    fn three_each() {
        assert_eq!(super::price(2), 6);
    }
}
"""
GO = """
=== go.mod
module example.com/shop

go 1.18
=== price/price.go
package price

func Price(count int) int {
	return count * 3
}
=== price/price_test.go
package price

import "testing"

func TestThreeEach(t *testing.T) {
	if got := Price(2); got != 6 {
		t.Errorf("got %d", got)
	}
}
"""


def need(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")


def ended(command: list[str | Path], where: Path) -> None:
    """Run what prepares a test, which is skipped where that fails."""
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        pytest.skip(f"{command[0]} failed: {said[-1]}")


@pytest.fixture
def node_modules() -> Path:
    """TypeScript and eslint, which npm fetches once."""
    need("npm")
    folder = TOOLS / "node"
    if not (folder / "node_modules" / ".bin" / "eslint").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "tools", "private": true}')
        packages = ["typescript@5", "eslint@9"]
        ended(["npm", "install", "--no-audit", "--no-fund", *packages], folder)
    return folder / "node_modules"


@pytest.fixture
async def verifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    verifier = Engine(cache=tmp_path / "baselines")
    yield verifier
    await verifier.aclose()
    assert [path.name for path in (tmp_path / "cache").rglob("*-[0-9]*")] == []


async def judge(
    verifier: Engine, root: Path, path: str, before: str, after: str, command: Command
) -> Verdict:
    old = (root / path).read_text()
    assert before in old
    digest = projects.digest(root)
    settings = VerifySettings(commands=(command,), timeout_seconds=300)
    snapshot = Snapshot(root, settings=settings, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate(path, old, old.replace(before, after)))
    assert projects.digest(root) == digest
    return verdict


async def both(
    verifier: Engine,
    root: Path,
    path: str,
    command: Command,
    *,
    good: tuple[str, str],
    wrong: tuple[str, str],
    where: tuple[str, int | None],
    words: str,
) -> None:
    """One edit passes and says on what, another fails and says where."""
    passed = await judge(verifier, root, path, *good, command)
    assert passed.status is Status.PASSED, passed.summary()
    assert f"{command.name} ok" in passed.summary()
    failed = await judge(verifier, root, path, *wrong, command)
    assert failed.status is Status.FAILED, failed.summary()
    first = failed.findings[0]
    assert (first.gate, first.path, first.line) == (Gate.COMMAND, *where)
    assert words in f"{first.code} {first.message}"


@pytest.mark.parametrize(
    ("name", "run"),
    [("npm", ("npm", "test")), ("node", ("node", "--test"))],
    ids=["npm-test", "node-test"],
)
async def test_node(verifier: Engine, tmp_path: Path, name: str, run: tuple[str, ...]) -> None:
    need(name)
    root = projects.make(tmp_path / "shop", JAVASCRIPT)
    await both(
        verifier,
        root,
        "src/price.js",
        Command("tests", run, ("**/*.js",)),
        good=("count * 3", "3 * count"),
        wrong=("count * 3", "count * 4"),
        where=("src/price.js", None),
        words="three each",
    )


@pytest.mark.slow
async def test_tsc_finds_what_no_longer_fits_elsewhere(
    verifier: Engine, tmp_path: Path, node_modules: Path
) -> None:
    root = projects.make(tmp_path / "shop", JAVASCRIPT)
    (root / "node_modules").symlink_to(node_modules)
    await both(
        verifier,
        root,
        "src/label.ts",
        Command("tsc", ("npx", "tsc", "--noEmit"), ("**/*.ts",)),
        good=("${count} pieces", "${count} of them"),
        wrong=(
            "count: number): string {\n  return `${count} pieces`",
            "count: number) {\n  return count",
        ),
        where=("src/use.ts", 3),
        words="TS2322",
    )


@pytest.mark.slow
async def test_eslint_counts_only_what_is_new(
    verifier: Engine, tmp_path: Path, node_modules: Path
) -> None:
    root = projects.make(tmp_path / "shop", JAVASCRIPT)
    (root / "node_modules").symlink_to(node_modules)
    price = root / "src/price.js"
    price.write_text(price.read_text() + "const unused = 1;\n")
    await both(
        verifier,
        root,
        "src/price.js",
        Command("eslint", ("npx", "eslint", "{file}")),
        good=("count * 3", "3 * count"),
        wrong=("count * 3", "count * threes"),
        where=("src/price.js", 2),
        words="no-undef",
    )


async def test_cargo(verifier: Engine, tmp_path: Path) -> None:
    need("cargo")
    ended(["cargo", "--version"], tmp_path)  # rustup's own may have no toolchain
    root = projects.make(tmp_path / "shop", RUST)
    command = Command("cargo test", ("cargo", "test", "--offline"), ("**/*.rs",))
    await both(
        verifier,
        root,
        "src/lib.rs",
        command,
        good=("count * 3", "3 * count"),
        wrong=("count * 3", "count * 4"),
        where=("src/lib.rs", 9),
        words="assertion `left == right` failed",
    )
    # what was built for one edit is not used for the next
    compiles = await judge(verifier, root, "src/lib.rs", "count * 3", "coutn * 3", command)
    assert [(found.line, found.code) for found in compiles.findings] == [(2, "E0425")]
    again = await judge(verifier, root, "src/lib.rs", "count * 3", "count + 4", command)
    assert again.status is Status.PASSED


@pytest.mark.slow
async def test_go(verifier: Engine, tmp_path: Path) -> None:
    need("go")
    root = projects.make(tmp_path / "shop", GO)
    command = Command("go test", ("go", "test", "./..."), ("**/*.go",))
    await both(
        verifier,
        root,
        "price/price.go",
        command,
        good=("count * 3", "3 * count"),
        wrong=("count * 3", "count * 4"),
        where=("price/price_test.go", 7),
        words="got 8",
    )
    compiles = await judge(verifier, root, "price/price.go", "count * 3", "coutn * 3", command)
    assert [(found.path, found.line) for found in compiles.findings] == [("price/price.go", 4)]


@pytest.mark.slow
async def test_pre_commit(verifier: Engine, tmp_path: Path) -> None:
    """A hook that needs no environment, and one that was never installed."""
    folder = TOOLS / "pre-commit"
    program = folder / "bin" / "pre-commit"
    if not program.exists():
        ended([sys.executable, "-m", "venv", folder], tmp_path)
        ended([program.parent / "python", "-m", "pip", "install", "-q", "pre-commit"], tmp_path)
    root = projects.make(
        tmp_path / "shop",
        """
        === .pre-commit-config.yaml
        repos:
          - repo: local
            hooks:
              - id: no-todo
                name: no TODO
                language: pygrep
                entry: TODO
                types: [text]
        === notes.txt
        one
        """,
    )
    ended(["git", "init", "-q"], root)
    ended(["git", "add", "-A"], root)
    command = Command("pre-commit", (str(program), "run", "--files", "{file}"))
    await both(
        verifier,
        root,
        "notes.txt",
        command,
        good=("one", "two"),
        wrong=("one", "TODO"),
        where=("notes.txt", 1),
        words="TODO",
    )
    config = root / ".pre-commit-config.yaml"
    config.write_text(config.read_text().replace("pygrep", "python"))
    ended(["git", "add", "-A"], root)
    verdict = await judge(verifier, root, "notes.txt", "one", "two", command)
    assert verdict.status is Status.UNVERIFIED
    assert "run `pre-commit install-hooks` once" in verdict.summary()
