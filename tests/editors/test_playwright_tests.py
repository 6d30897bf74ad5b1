"""A project's own Playwright tests as a gate: a real ``npx playwright test`` in the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from festina.config import Layer, VerifySettings, load
from festina.findings import Gate, GateResult, Status
from festina.verify import sandbox
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import levels, pages, projects, served

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]

COMPONENT = "site/card.js"


@pytest.fixture(scope="module")
def node() -> Path:
    """A folder of programs, as an installation of Node.js has one."""
    script = Path(__file__).parent / "install_node.sh"
    done = subprocess.run([script, served.TOOLS / "nodejs"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"Node.js could not be fetched: {done.stderr.strip()[-300:]}")
    return served.TOOLS / "nodejs"


@pytest.fixture
def shop(tmp_path: Path, node: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop with tests of its own, installed as its people do it."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    programs = tmp_path / "home/.local/node/bin"
    programs.mkdir(parents=True)
    real = (node / "node").resolve()
    (programs / "node").symlink_to(real)
    (programs / "npx").write_text(
        f"#!/bin/sh\nexec '{real}' '{real.parents[1]}/lib/node_modules/npm/bin/npx-cli.js' \"$@\"\n"
    )
    (programs / "npx").chmod(0o755)
    root = pages.put_shop(tmp_path / "shop")
    shutil.copytree(pages.FIXTURES / "playwright", root, dirs_exist_ok=True)
    chromium = pages.chromium()
    config = root / "playwright.config.js"
    config.write_text(config.read_text().replace("/usr/bin", str(chromium)))
    install = [node / "npm", "install", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(install, cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"@playwright/test could not be fetched: {done.stderr.strip()[-300:]}")
    path = os.pathsep.join([str(programs), str(chromium), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    return root


def written() -> VerifySettings:
    """Return the settings that the chapter on a project's own tests writes down."""
    chapter = (Path(__file__).parents[2] / "docs" / "browser.md").read_text()
    block = chapter.split("## Your own Playwright tests")[1].split("```toml\n")[1].split("```")[0]
    settings, problems = load([Layer("docs", tomllib.loads(block), user=False)])
    assert problems == ()
    return replace(settings.verify, gates=("command",))


async def judge(engine: Engine, root: Path, new: str) -> GateResult:
    before = projects.digest(root)
    candidate = Candidate(COMPONENT, (root / COMPONENT).read_text(), new)
    snapshot = Snapshot(root, settings=written(), trusted=True)
    verdict = await engine.verify(snapshot, candidate)
    assert projects.digest(root) == before
    result = verdict.gate(Gate.COMMAND)
    assert result is not None
    return result


async def test_the_projects_own_tests_decide(engine, shop):
    good = (pages.CANDIDATES / "good.js").read_text()
    result = await judge(engine, shop, good)
    assert result.status is Status.PASSED, result
    assert (result.name, result.sandbox) == ("playwright", str((await sandbox.probe()).level))
    result = await judge(engine, shop, good.replace("textContent = name", "textContent = price"))
    assert result.status is Status.FAILED, result
    said = f"{result.findings[0].message} {result.findings[0].detail}"
    assert "each thing has its name, its price and a link" in said
    assert "Bread knife" in said


async def test_without_a_browser_it_is_said_what_is_missing(engine, shop):
    config = shop / "playwright.config.js"
    config.write_text(re.sub(r"\n *launchOptions.*", "", config.read_text()))
    result = await judge(engine, shop, (pages.CANDIDATES / "good.js").read_text() + "\n")
    assert result.status is Status.UNVERIFIED, result
    assert "Executable doesn't exist" in (result.reason or ""), result


async def test_without_sockets_it_is_said_why_no_test_can_run(engine, shop, monkeypatch):
    if why := levels.missing(sandbox.Level.LANDLOCK):
        pytest.skip(why)

    async def probe() -> sandbox.Probe:
        return sandbox.Probe(sandbox.Level.LANDLOCK, "only that")

    monkeypatch.setattr(sandbox, "probe", probe)
    result = await judge(engine, shop, (pages.CANDIDATES / "good.js").read_text() + "\n\n")
    assert result.status is Status.UNVERIFIED, result
    assert "Where Landlock is all that keeps code apart" in (result.reason or ""), result
