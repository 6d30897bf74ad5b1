"""One run of a project's pytest suite in the sandbox, as records from our plugin.

The plugin shares a process with the code that it reports on. The private pipe, the nonce and the
end record catch code that ends the process, skips, or writes to descriptors blindly; what goes for
pytest's own objects is noticed by :mod:`~festina.verify.seal`, for files by
:mod:`~festina.verify.marks`. Code that undoes all of that within one call can still forge a result.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from festina.config import VerifySettings
from festina.verify import process, sandbox, surroundings
from festina.verify.interpreter import Environment
from festina.verify.process_io import to_the_end
from festina.verify.record import Intake, Outcome, Run
from festina.verify.watch import Watch

PLUGIN = "festina_witness"
MAX_REPORT = 256 << 20
"""Bytes of records that one run may send; a suite of 100,000 tests sends about 60 MiB."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs in one state of a workspace share.

    ``workspace`` is real (no links in it). ``plugins`` is a folder of its own with the plugin.
    """

    workspace: Path
    environment: Environment
    level: sandbox.Level
    settings: VerifySettings
    plugins: Path
    shown: tuple[str, ...]
    environ: Mapping[str, str]

    def stands_at(self, root: Path) -> Path:
        """Return where a run sees its copy ``root``: at the workspace's path, in a sandbox."""
        return root if self.level.in_a_copy else self.workspace


@dataclass(frozen=True, slots=True)
class Beside:
    """A further plugin of ours that is loaded before the first one, and what it is given."""

    name: str
    environ: Mapping[str, str]
    fds: tuple[int, ...]


def install_plugin(folder: Path) -> None:
    """Put the plugin and what it needs alone into ``folder``. Blocks."""
    names = {
        "pytest_plugin.py": PLUGIN,
        "executable.py": "festina_executable",
        "seal.py": "festina_seal",
        "reporting.py": "festina_reporting",
        "tracer.py": "festina_tracer",
    }
    here = Path(__file__).parent
    for source, name in names.items():
        shutil.copyfile(here / source, folder / f"{name}.py")
    for path in (here / "inside").glob("[a-z]*.py"):
        shutil.copyfile(path, folder / f"festina_{path.name}")


async def run_suite(
    bench: Bench,
    root: Path,
    *,
    watch: Watch | None = None,
    import_root: str | None = None,
    only: Collection[str] | None = None,
    beside: Beside | None = None,
    timeout: float,
    stop: Callable[[Outcome], bool] | None = None,
    compile_only: bool = False,
) -> Run:
    """Run the suite on the copy ``root``, all of it or ``only`` some ids; ``stop`` ends it early.

    ``stop`` is asked at each outcome. ``import_root`` (relative to the workspace) is put first on
    ``sys.path``. ``compile_only`` collects the tests and leaves the compiled files in the copy.
    Never raises for what the suite does. Cancelling kills it.

    Raises:
        OSError: the interpreter could not be started.
        LaunchError: the sandbox could not be set up.
    """
    run = Run(place=str(bench.stands_at(root)))
    loop = asyncio.get_running_loop()
    argv = [str(bench.environment.python), "-m", "pytest"]
    for name in (beside.name, PLUGIN) if beside is not None else (PLUGIN,):
        argv += ["-p", name]
    argv += list(bench.settings.tests_args)
    argv += ["--collect-only"] if compile_only else []
    fds = () if beside is None else beside.fds
    with contextlib.ExitStack() as stack:
        question = _question(bench, root, watch, import_root, only) | {"compile": compile_only}
        asked = _unnamed(json.dumps(question).encode("ascii"))
        stack.callback(os.close, asked)
        answers, write = os.pipe()
        stack.callback(os.close, answers)
        writing = stack.enter_context(contextlib.ExitStack())
        writing.callback(os.close, write)
        box = box_of(bench, root)
        more = {} if beside is None else beside.environ
        environ = {**box.environ, **more, "FESTINA_WITNESS": f"{asked},{write}"}
        box = dataclasses.replace(box, environ=environ)
        readers = ThreadPoolExecutor(1, "festina-records")
        stack.callback(readers.shutdown, wait=False)
        work = asyncio.create_task(
            sandbox.run(
                box, argv, level=bench.level, timeout=timeout, pass_fds=(asked, write, *fds)
            )
        )

        def enough() -> None:
            loop.call_soon_threadsafe(work.cancel)

        intake = Intake(run, question["nonce"], stop, MAX_REPORT)
        reader = loop.run_in_executor(readers, _read, answers, intake, enough)

        async def end() -> None:
            work.cancel()
            await asyncio.wait([work])
            writing.close()  # nobody writes any more: the reader comes to its end
            await asyncio.wait([reader])

        try:
            await asyncio.wait([work])
        finally:
            await to_the_end(end())
        reader.result()
        if not work.cancelled():
            done = work.result()
            run.returncode, run.timed_out, run.seconds = (
                done.returncode,
                done.timed_out,
                done.seconds,
            )
            run.output = f"{_text(done.stdout)}\n{_text(done.stderr)}"
            run.ended = done.ended
    return run


def _read(fd: int, intake: Intake, enough: Callable[[], None]) -> None:
    """Take in records until the pipe ends. Runs in a thread; ``enough`` asks for the end."""
    asked = False
    while data := os.read(fd, 1 << 16):
        if intake.feed(data) and not asked:
            asked = True
            enough()


def _question(
    bench: Bench,
    root: Path,
    watch: Watch | None,
    import_root: str | None,
    only: Collection[str] | None,
) -> dict[str, Any]:
    place = bench.stands_at(root)
    return {
        "nonce": secrets.token_hex(16),
        "pythonpath": bench.environ.get("PYTHONPATH"),
        "only": None if only is None else sorted(only),
        "root": None if import_root is None else str(place / import_root),
        "path": str(place / watch.target.path) if watch else "",
        "old": watch.old if watch else "",
        "new": watch.new if watch else "",
        "hunks": watch.hunks if watch and watch.target.python else None,
    }


def box_of(bench: Bench, root: Path) -> sandbox.Box:
    """Return the sandbox in which ``root`` stands at the workspace's path."""
    environ = dict(bench.environ)
    paths = [str(bench.plugins), *filter(None, [bench.environ.get("PYTHONPATH")])]
    environ["PYTHONPATH"] = os.pathsep.join(paths)
    # equal conditions for both runs: parameters made from a set keep their order, and so their ids
    environ.setdefault("PYTHONHASHSEED", "0")
    return sandbox.Box(
        workspace=bench.workspace,
        shadow=root,
        read_only=tuple(_read_only(bench)),
        links=tuple(Path(path) for path in bench.shown),
        environ=environ,
        limits=process.Limits(memory_mib=bench.settings.memory_mib),
        network=bench.settings.network,
        sockets=tuple(map(Path, bench.settings.sockets)),
    )


def _read_only(bench: Bench) -> Iterable[Path]:
    """What imports and pytest need to see; never what would lay the workspace over its shadow."""
    environment = bench.environment
    found = [bench.plugins, environment.python.parent]
    found += [environment.python.resolve().parent.parent, *environment.prefixes]
    found += [*environment.search, *environment.editable, *surroundings.above(bench.workspace)]
    found += surroundings.repository(bench.workspace)
    kept: list[Path] = []
    for path in found:
        real = path.resolve()
        apart = not (bench.workspace.is_relative_to(real) or real.is_relative_to(bench.workspace))
        if apart and path.exists() and path not in kept:
            kept.append(path)
    return kept


def _unnamed(data: bytes) -> int:
    """Return a descriptor of a file without a name that holds ``data``."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return os.dup(file.fileno())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
