"""``festina verify --watch``: the tests that a change can affect, at each save, in a terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from festina.commands import job
from festina.commands.base import Exit, Stop
from festina.commands.watch_view import Lines, Screen, View
from festina.standing import Standing, scope_of
from festina.trust import TrustStore
from festina.verify import shadow
from festina.verify.base import Snapshot, Step, Verifier
from festina.verify.engine import Engine
from festina.verify.examination import Examination
from festina.verify.examine import concerns_tests
from festina.verify.poll import Poll
from festina.verify.syntax import is_python
from festina.workspaces import workspace_of

if TYPE_CHECKING:
    from festina.verify.base import ExamineScope

MAX_TEXT_BYTES = 64 << 20
"""Of all texts together that are kept to compare with."""


async def watch(args: argparse.Namespace) -> Exit:
    """Watch until the person leaves."""
    workspace, within = _places(args)
    view: View = Lines() if args.json else Screen()
    settings = job.settings_of(workspace, view.warn)
    snapshot = job.snapshot_of(workspace, settings, TrustStore())
    if settings.on_save == "off":  # of editors: here somebody asks for it
        settings = replace(settings, on_save="impacted")
    scope = scope_of(settings) or "lint"
    if args.scope is not None:
        scope = cast("ExamineScope", args.scope)
    if not snapshot.trusted and scope != "lint":
        raise Stop(
            f"The workspace {workspace} is not trusted, so its tests are not run. If you trust "
            f"it, run `festina trust {workspace}`.",
            Exit.UNVERIFIED,
        )
    poll = Poll(workspace, lambda path: is_python(path) or concerns_tests(path), within)
    verifier = Engine()
    try:
        return await _Watch(snapshot, scope, poll, verifier, view).run()
    except shadow.TooLarge as error:
        raise Stop(f"{error} Name a smaller one with --workspace.") from None
    finally:
        await verifier.aclose()


def _places(args: argparse.Namespace) -> tuple[Path, tuple[str, ...]]:
    paths = [Path(os.path.realpath(path)) for path in args.file]
    for given, path in zip(args.file, paths, strict=True):
        if not path.exists():
            raise Stop(f"There is no file or folder {given}.")
    start = args.workspace or workspace_of(paths[0] if paths else Path.cwd())
    workspace = Path(os.path.realpath(start))
    if not workspace.is_dir():
        raise Stop(f"The workspace {args.workspace} is not a folder.")
    for path in paths:
        if not path.is_relative_to(workspace):
            raise Stop(f"{path} is outside the workspace {workspace}.")
    within = tuple(path.relative_to(workspace).as_posix() for path in paths)
    return workspace, () if "." in within else within


@dataclass
class _Watch:
    """One sitting: one task looks for changes, one examines, and keys are heeded."""

    snapshot: Snapshot
    scope: ExamineScope
    poll: Poll
    verifier: Verifier
    view: View

    async def run(self) -> Exit:
        """Examine everything once, then what changes, until the person leaves."""
        standing = Standing(self.snapshot.workspace)
        await asyncio.to_thread(self.poll.look)
        await asyncio.to_thread(self._remember, standing)
        self.view.watching(self.snapshot.workspace, len(self.poll.paths))
        with _keys() as left:
            work: asyncio.Task[None] | None = asyncio.create_task(self._everything(standing))
            leaving = asyncio.create_task(left.wait())
            changes = asyncio.create_task(self.poll.changes())
            try:
                while not leaving.done():
                    running = {task for task in (work, leaving, changes) if task is not None}
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    if work is not None and work.done():
                        work.result()
                        work = None
                    if changes.done():
                        standing.saved(changes.result())
                        changes = asyncio.create_task(self.poll.changes())
                        await _end(work)
                        work = asyncio.create_task(self._changed(standing))
            finally:
                for task in (work, leaving, changes):
                    await _end(task)
        return Exit.DONE

    def _remember(self, standing: Standing) -> None:
        """Keep the texts that changes will be compared with. Blocks."""
        total = 0
        for path in self.poll.paths:
            text = standing.text(path)
            total += len(text or "")
            if text is not None and total <= MAX_TEXT_BYTES:
                standing.seen(path, text)

    async def _everything(self, standing: Standing) -> None:
        """Run the whole suite: what fails before anything is changed is nobody's fault."""
        if self.scope != "lint":
            found = await self._examined(None, self.snapshot, (), "full")
            standing.begin(found)
            self.view.examined((), found, found)

    async def _changed(self, standing: Standing) -> None:
        texts = await asyncio.to_thread(standing.read, {})
        question = standing.question(self.snapshot, texts, self.scope)
        if question is None:
            standing.unchanged(texts, self.scope)
            self.view.examined(tuple(texts), standing.shown, None)
        else:
            paths = tuple(question.texts)
            found = await self._examined(question.before, question.after, paths, question.scope)
            standing.take(question, found)
            self.view.examined(paths, standing.shown, found)

    async def _examined(
        self,
        before: Snapshot | None,
        after: Snapshot,
        paths: tuple[str, ...],
        scope: ExamineScope,
    ) -> Examination:
        def on_step(step: Step) -> None:
            self.view.step(step.message)

        with self.view.running(paths):
            return await self.verifier.examine(before, after, paths, scope=scope, on_step=on_step)


async def _end(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task and wait until it has ended; what it raised is told."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


@contextlib.contextmanager
def _keys() -> Iterator[asyncio.Event]:
    """Set an event when the person presses ``q`` (or control-D), where there is a keyboard."""
    left = asyncio.Event()
    if not sys.stdin.isatty():
        yield left
        return
    try:
        import termios
        import tty
    except ImportError:  # Windows: control-C leaves
        yield left
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        if os.read(keyboard, 1024).strip(b" ") in (b"", b"q", b"Q", b"\x04"):
            left.set()

    try:
        tty.setcbreak(keyboard)
        loop.add_reader(keyboard, pressed)
        yield left
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
