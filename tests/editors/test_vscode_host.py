"""The extension's own tests, run by mocha inside the extension host of a real VS Code."""

import json
import os
import shutil
import subprocess
from urllib.parse import quote

import pytest

from support import served, vscode, vscode_browser, vscode_tools
from support.fake_model import FakeModel

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

MODULE = "def clamp(value, low, high):\n    return min(high, max(low, value))\n"
TESTS = """from mod import clamp


def test_high():
    assert clamp({value}, 0, {high}) == {high}
"""


@pytest.fixture
def folders(tmp_path):
    """A window's two folders, each with a test that can fail in its own way."""
    for name, value, high in (("one", 99, 9), ("two", 50, 10)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
        (folder / "mod.py").write_text(MODULE)
        (folder / "test_mod.py").write_text(TESTS.format(value=value, high=high))
    file = tmp_path / "both.code-workspace"
    file.write_text(json.dumps({"folders": [{"path": "one"}, {"path": "two"}]}))
    return file


def run_inside(tools, tests, workspace, tmp_path) -> tuple[int, str]:
    """Run a bundle of tests inside an extension host; its exit code and what it wrote."""
    base = tmp_path / "base"
    programs, selected = base / "bin", base / "selected" / "bin"
    for folder in (programs, selected):
        folder.mkdir(parents=True)
        (folder / "festina").symlink_to(served.festina())
    (selected / "python").symlink_to("/bin/true")
    stand_in = vscode_tools.ROOT / "tests" / "fixtures" / "vscode" / "python"
    shutil.copytree(stand_in, base / "data" / "extensions" / "ms-python.python-0.0.1")
    result: list[int] = []
    said: list[object] = []
    with FakeModel("unused") as fake:
        environment = vscode_tools.environment(base, programs, fake)
        environment["FESTINA_TEST_SELECTED"] = str(selected.parent)
        settings = {"security.workspace.trust.enabled": False}
        options = ["--enable-smoke-test-driver"]
        started = vscode.server(tools, base / "data", None, environment, (), settings, options)
        with started as address, vscode_browser.browser(tools) as browser:
            page = browser.new_page()
            page.expose_function("codeAutomationLog", lambda _, words: said.extend(words))
            page.expose_function("codeAutomationExit", lambda code: result.append(code))
            host = f"vscode-remote://{address.partition('//')[2]}"
            payload = json.dumps(
                [
                    ["extensionDevelopmentPath", f"{host}{vscode_tools.EXTENSION}"],
                    ["extensionTestsPath", f"{host}{tests}"],
                ]
            )
            page.goto(f"{address}/?workspace={quote(str(workspace))}&payload={quote(payload)}")
            for _ in range(int(vscode.SECONDS * 4)):
                if result:
                    break
                page.wait_for_timeout(250)
            shots = os.environ.get("FESTINA_SHOTS")
            if shots:
                page.screenshot(path=f"{shots}/host.png")
    words = "\n".join(str(each) for each in said)
    assert result, f"the tests did not end: {words}"
    return result[0], words


@pytest.fixture(scope="module")
def bundle(tools):
    """The bundled tests."""
    done = subprocess.run(
        ["npm", "run", "host"],
        cwd=vscode_tools.EXTENSION,
        env={**os.environ, "PATH": f"{served.TOOLS / 'nodejs'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return vscode_tools.EXTENSION / "dist-host"


def test_the_extension_in_its_host(tools, bundle, folders, tmp_path):
    code, words = run_inside(tools, bundle / "index", folders, tmp_path)
    print(words)
    assert code == 0, words
    assert "passing" in words


def test_a_failing_test_in_the_host_is_a_failure_here(tools, bundle, folders, tmp_path):
    code, words = run_inside(tools, bundle / "failing", folders, tmp_path)
    assert code != 0
    assert "as it should" in words
