"""What a fork of a process that has collected the tests costs, beside a test itself.

Many variations of one function could share what tests do before they first call it, if the process
were forked there, once for each test and variation. That pays only for tests that take longer than
such a fork: here are both, with the share of tests that do.

    python tests/bench/forking.py [--tests 600] [--work DIR] [--only NAME]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bench_engine import machine
from support.bench_projects import WORK, Project, chosen, prepare
from support.bench_truth import pytest_command

PLUGIN = """
import gc, json, os, statistics, time
import pytest
from _pytest.runner import runtestprotocol

def timed(items, one):
    found = []
    for item, following in zip(items, [*items[1:], None]):
        began = time.perf_counter()
        one(item, following)
        found.append((time.perf_counter() - began) * 1000)
    return found

def forked(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    os.waitpid(pid, 0)

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    gc.collect()
    gc.freeze()
    items = session.items[: int(os.environ["COUNT"])]
    session.config.pluginmanager.getplugin("capturemanager").suspend_global_capture(in_=True)
    bare = timed(items, lambda item, _: forked(lambda: None))
    whole = timed(items, lambda item, _: forked(
        lambda: runtestprotocol(item, nextitem=None, log=False)))
    plain = timed(items, lambda item, following: runtestprotocol(
        item, nextitem=following, log=False))
    fork = statistics.median(bare)
    with open(os.environ["FOUND"], "w") as file:
        json.dump({
            "tests": len(items), "test": statistics.median(plain), "fork": fork,
            "in_fork": statistics.median(whole), "longer": sum(one > fork for one in plain),
        }, file)
    os._exit(0)
"""


def measure(project: Project, work: Path, count: int) -> None:
    """Measure one project and print its line."""

    root = prepare(project, work)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "forker.py").write_text(PLUGIN)
        out = Path(folder) / "found.json"
        environ = {**project.environ(root), "PYTHONPATH": folder, "COUNT": str(count)}
        environ["FOUND"] = str(out)
        argv = pytest_command(root, project, "-p", "forker", "-p", "no:cacheprovider")
        subprocess.run(argv, cwd=root, env=environ, capture_output=True, check=False)
        found = json.loads(out.read_text())
    print(
        f"{project.name} {project.version}: {found['tests']} tests, median {found['test']:.2f} ms;"
        f" a fork {found['fork']:.2f} ms, a test in a fork of its own {found['in_fork']:.2f} ms"
        f" ({found['in_fork'] / found['test']:.1f} times); {found['longer']} of the tests take"
        " longer than a fork",
        flush=True,
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tests", type=int, default=600, help="tests of each project")
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    args = parser.parse_args()
    print(machine())
    for project in chosen(args.only or ["click"]):
        measure(project, args.work.resolve(), args.tests)


if __name__ == "__main__":
    main()
