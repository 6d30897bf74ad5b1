"""One real VS Code for the tests of a module, and the shop of web pages that browsers look at."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from festina.verify.engine import Engine
from support import pages, served, vscode, vscode_browser, vscode_edits, vscode_tools
from support.fake_model import FakeModel
from support.processes import children_of, wait_until_gone, with_token
from support.trees import hash_tree


@pytest.fixture(scope="module")
def tools() -> Path:
    """A real VS Code, a browser and the built extension."""
    if problem := vscode_tools.install():
        pytest.skip(f"VS Code could not be fetched: {problem}")
    return vscode_tools.TOOLS


@pytest.fixture(scope="module")
def others() -> tuple[Path, ...]:
    """The extensions that are there beside Festina's; a module may have its own."""
    return ()


@pytest.fixture(scope="module")
def desk(tools, tmp_path_factory, others) -> Iterator[SimpleNamespace]:
    """VS Code's server, a browser and a model, for all tests here; each has a window of its own."""
    base = tmp_path_factory.mktemp("vscode")
    token = f"festina-{base.name}-{os.getpid()}"
    programs = base / "bin"
    programs.mkdir()
    (programs / "festina").symlink_to(served.festina())
    with ExitStack() as stack:
        fake = stack.enter_context(FakeModel("unused"))
        environment = vscode_tools.environment(base, programs, fake)
        environment["FESTINA_TEST_TOKEN"] = token
        address = stack.enter_context(
            vscode.server(tools, base / "data", vscode_tools.VSIX, environment, others=others)
        )
        browser = stack.enter_context(vscode_browser.browser(tools))
        config = base / "config.toml"
        yield SimpleNamespace(
            fake=fake,
            address=address,
            browser=browser,
            programs=programs,
            config=config,
            token=token,
        )
    assert not wait_until_gone(with_token(token)), "processes are left"


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with one function and its tests."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (folder / "mod.py").write_text(vscode_edits.MODULE)
    (folder / "test_mod.py").write_text(vscode_edits.TESTS)
    return folder


@pytest.fixture
def window(desk, project, tmp_path, request) -> Iterator[vscode.Window]:
    """A window on the project; at its end nothing on disk may have changed.

    Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names.
    """
    before = hash_tree(project)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    one = vscode.Window(desk.browser, desk.address, project, shots)
    yield one
    one.shot("end")
    one.page.close()
    assert hash_tree(project) == before


@pytest.fixture
def editor(desk, project, tmp_path, request) -> Iterator[vscode.Window]:
    """A window on the project, whose files may change."""
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    one = vscode.Window(desk.browser, desk.address, project, shots)
    yield one
    one.shot("end")
    one.page.close()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return pages.put_shop(tmp_path / "shop")


@pytest.fixture
def chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Chromium on the PATH, none of Playwright's own, and a cache of its own."""
    monkeypatch.setenv("PATH", pages.path_with(pages.chromium()))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine that leaves no process behind."""
    before = children_of(os.getpid())
    engine = Engine(cache=tmp_path / "festina" / "baselines")
    yield engine
    started = children_of(os.getpid()) - before
    await engine.aclose()
    assert not wait_until_gone(started)
