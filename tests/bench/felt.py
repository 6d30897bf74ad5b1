"""How long a person waits to see something: in Neovim with and without the plugin, and in VS Code.

Two times: from the key (the last one: Enter, or a choice in a menu) to the first change on the
screen, and from the verdict to the state that is shown. Beside them what the server itself took,
from its own clock at its stages. The model answers at once, the project has three tests.

    python tests/bench/felt.py [--rounds 15] [--only neovim|stock|vscode]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import fake_replies, readme, vscode, vscode_browser, vscode_edits, vscode_tools
from support.bench import GOOD, Bench, bench, neovim
from support.bench_engine import machine
from support.fake_model import FakeModel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Round = tuple[float, float, float]
"""The key, the first change, the verdict on the screen: seconds of the clock of all processes."""

WATCH = """() => {
  window.felt = {};
  document.addEventListener("keydown", event => {
    if (event.key === "Enter") window.felt = {key: Date.now()};
  }, true);
  new MutationObserver(() => {
    const felt = window.felt, thread = document.querySelector(".review-widget");
    if (!felt.key) return;
    if (thread || document.querySelector(".codelens-decoration")) felt.first ??= Date.now();
    if (thread && thread.textContent.includes(": ready")) felt.ready ??= Date.now();
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def timed(program: Path, stamps: Path) -> None:
    """Write a ``festina`` whose server notes when its verdicts are there."""
    server = f'exec "{sys.executable}" "{HERE / "_timed_server.py"}" "{stamps}"'
    usual = f'exec "{sys.executable}" -m festina "$@"'
    program.unlink(missing_ok=True)
    program.write_text(f'#!/bin/sh\n[ "$1" = server ] && {server}\n{usual}\n')
    program.chmod(0o755)


def judged(stamps: Path) -> list[float]:
    """When the verdicts were there."""
    lines = [line.split() for line in stamps.read_text().splitlines()]
    return [float(line[0]) for line in lines if line[1] == "judged"]


def in_neovim(client: str, rounds: int) -> tuple[list[Round], list[float]]:
    """Measure in a Neovim without a screen."""
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as made:
        made.fake.script(f"```python\n{GOOD}```\n")
        stamps, out = made.home / "stamps", made.home / "out"
        timed(made.home / "bin" / "festina", stamps)
        _configure(made, client)
        script = HERE / "felt.lua"
        subprocess.run(
            [neovim("0.11"), "--headless", "mod.py", "-c", f"luafile {script}", "-c", "cquit 2"],
            cwd=made.folder,
            env={
                **made.environment,
                "FESTINA_TEST_TOKEN": made.token,
                "FELT_CLIENT": client,
                "FELT_OUT": str(out),
                "FELT_ROUNDS": str(rounds),
                "FELT_SUPPORT": str(HERE.parent / "editors" / "neovim" / "support.lua"),
            },
            check=True,
            capture_output=True,
        )
        lines = [line.split() for line in out.read_text().splitlines()]
        return [(float(a), float(b), float(c)) for a, b, c in lines], judged(stamps)


def _configure(made: Bench, client: str) -> None:
    folder = made.home / ".config" / "nvim"
    folder.mkdir(parents=True)
    words = "-- init.lua: the plugin\n" if client == "plugin" else "Neovim 0.11 or newer"
    lines = readme.block("lua", words).replace("/path/to/this/clone", str(ROOT))
    (folder / "init.lua").write_text(lines)


def in_vscode(rounds: int) -> tuple[list[Round], list[float]]:
    """Measure in a real VS Code, by what changes in its page."""
    assert not vscode_tools.install()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        base = Path(folder)
        project, programs = base / "project", base / "bin"
        for place in (project, programs):
            place.mkdir()
        (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
        (project / "mod.py").write_text(vscode_edits.MODULE)
        (project / "test_mod.py").write_text(vscode_edits.TESTS)
        fake = stack.enter_context(FakeModel(fake_replies.text(vscode_edits.GOOD)))
        timed(programs / "festina", base / "stamps")
        environment = vscode_tools.environment(base, programs, fake)
        address = stack.enter_context(
            vscode.server(vscode_tools.TOOLS, base / "data", vscode_tools.VSIX, environment)
        )
        browser = stack.enter_context(vscode_browser.browser(vscode_tools.TOOLS))
        window = vscode.Window(browser, address, project, base / "shots")
        window.open("mod.py", trust=True)
        window.page.evaluate(WATCH)
        found = []
        for _ in range(rounds):
            window.instruct(vscode_edits.ASK, *vscode_edits.REGION)
            window.until(lambda: window.page.evaluate("window.felt.ready"), "it passes")
            felt = window.page.evaluate("window.felt")
            ahead = time.time() - time.perf_counter()
            key, first, ready = (felt[name] / 1000 - ahead for name in ("key", "first", "ready"))
            found.append((key, first, ready))
            window.go_to(vscode_edits.REGION[0])
            window.press("Shift+Escape")
            window.until(lambda: not vscode_edits.remains(window), "it is put away")
        window.page.close()
        return found, judged(base / "stamps")


def row(name: str, rounds: list[Round], verdicts: list[float]) -> str:
    """One line of the table. The first round, with a cold server, is told by itself."""
    assert len(rounds) == len(verdicts), (len(rounds), len(verdicts))
    first = [shown - key for key, shown, _ in rounds]
    server = [verdict - key for (key, _, _), verdict in zip(rounds, verdicts, strict=True)]
    seen = [ready - verdict for (_, _, ready), verdict in zip(rounds, verdicts, strict=True)]
    cells = [name, str(len(rounds) - 1)]
    for values in (first, seen, server):
        middle, most = statistics.median(values[1:]), max(values[1:])
        cells.append(f"{middle * 1000:,.0f} / {most * 1000:,.0f}")
    cells.append(f"{first[0] * 1000:,.0f}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=["neovim", "stock", "vscode"])
    options = parser.parse_args()
    print(machine())
    print("\n| editor | edits | key to first change | verdict to visible | key to verdict | cold |")
    print("|---|---|---|---|---|---|")
    ways = {
        "neovim": ("Neovim 0.11, plugin", lambda: in_neovim("plugin", options.rounds + 1)),
        "stock": ("Neovim 0.11, its own client", lambda: in_neovim("stock", options.rounds + 1)),
        "vscode": ("VS Code, extension", lambda: in_vscode(options.rounds + 1)),
    }
    for key, (name, measure) in ways.items():
        if options.only in {None, key}:
            print(row(name, *measure()), flush=True)
    print(
        "\nMilliseconds, median / most; cold: the first edit of a new server, to its first change."
    )


if __name__ == "__main__":
    main()
