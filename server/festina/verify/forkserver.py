"""Fork servers: a project's pytest, started once, from which each run is forked in milliseconds.

A server holds one private copy of the workspace, the base, and lives in the sandbox. Each run is an
isolated child of it that sees the base with other texts laid over, and speaks the same records as a
cold run does. `NoServer` and `NoCell` mean that the candidate is for a slower way, never a verdict.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from festina.verify import judge, sandbox, shadow
from festina.verify.forkserver_io import AtHand, Control, Ends, line_from
from festina.verify.process import Completed, LaunchError
from festina.verify.process_io import memory_file, to_the_end, within
from festina.verify.question import Question
from festina.verify.ready import Ready
from festina.verify.record import Intake, Outcome, Run
from festina.verify.sandbox_cells import Exposure
from festina.verify.suite import MAX_REPORT, PLUGIN, Bench, box_of

Kind = Literal["collected", "fresh"]

QUIET = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""One thread for numeric libraries while tests are imported: a process with more cannot be forked.

Tests and what they start do not see these variables: they are taken away before the first fork.
"""
_ANSWER_SECONDS = 30.0
_LAST_WORDS_SECONDS = 0.5
_GONE_SECONDS = 3.0
_BIG = 1 << 17
"""Bytes of one record above which it is read in a thread."""


class NoServer(Exception):  # noqa: N818 - reads as the sentence it makes
    """A fork server cannot be had here, or is gone; ``str()`` says why, as part of a sentence."""


class NoCell(Exception):  # noqa: N818
    """No isolated child could be had for this question; ``str()`` says why, likewise."""


class ForkServer:
    """One fork server. Any number of runs may go on at once."""

    ready: Ready

    def __init__(self, bench: Bench, kind: Kind) -> None:
        self.bench, self.kind = bench, kind
        self._place = str(bench.workspace)
        self._work: asyncio.Task[Completed]
        self._control: Control | None = None
        self._exposure: Exposure
        self._asked: dict[int, asyncio.Future[list[int]]] = {}
        self._numbers = itertools.count(1)
        self._gone = asyncio.Event()
        self._ending: set[asyncio.Task[None]] = set()
        self._at_hand = AtHand(lambda: self._ends(standby=True))

    @classmethod
    async def start(
        cls,
        bench: Bench,
        root: Path,
        kind: Kind,
        *,
        import_root: str | None = None,
        standby: int = 2,
    ) -> ForkServer:
        """Start a server on the base ``root`` and wait until it serves.

        ``import_root`` is as for `run_suite`; ``standby`` is how many children wait ahead of
        requests. Cancelling ends it.

        Raises:
            NoServer: it cannot be had here, or not for this project.
        """
        if bench.level.in_a_copy:
            raise NoServer("there is no sandbox to fork in")
        server = cls(bench, kind)
        try:
            async with asyncio.timeout(bench.settings.timeout_seconds):
                await server._start(root, import_root, standby)
        except TimeoutError as error:
            await server.aclose()
            seconds = bench.settings.timeout_seconds
            raise NoServer(f"pytest did not get to its tests in {seconds:.0f} s") from error
        except BaseException:
            await server.aclose()
            raise
        return server

    async def _start(self, root: Path, import_root: str | None, standby: int) -> None:
        started = time.perf_counter()
        bench = self.bench
        await asyncio.to_thread(shadow.mount_points, root, bench.workspace, bench.shown)
        with contextlib.ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.callback(theirs.close)
            stack.callback(ours.close)
            box = dataclasses.replace(box_of(bench, root), nested=True)
            collected = self.kind == "collected"
            quiet = QUIET if collected else ()
            try:
                plan = await asyncio.to_thread(sandbox.cell_plan, box, bench.level)
            except ValueError as error:
                raise NoServer(str(error)) from error
            self._exposure = await asyncio.to_thread(Exposure, plan)
            setup = {
                "pythonpath": bench.environ.get("PYTHONPATH"),
                "root": None if import_root is None else str(bench.workspace / import_root),
                "serve": {
                    "kind": self.kind,
                    "parts": ["festina_session", *(["festina_swap"] if collected else [])],
                    "workspace": self._place,
                    "shown": list(bench.shown),
                    "standby": standby,
                    "quiet": quiet,
                    "cell": plan,
                },
            }
            asked = memory_file("setup", json.dumps(setup).encode("ascii"))
            stack.callback(os.close, asked)
            environ = {**box.environ, "FESTINA_WITNESS": f"{asked},{theirs.fileno()}"}
            environ |= dict.fromkeys(quiet, "1")
            arguments = bench.settings.tests_args
            self._work = asyncio.create_task(
                sandbox.run(
                    dataclasses.replace(box, environ=environ),
                    [str(bench.environment.python), "-m", "pytest", "-p", PLUGIN, *arguments],
                    level=bench.level,
                    timeout=None,
                    pass_fds=(asked, theirs.fileno()),
                )
            )
            self._work.add_done_callback(lambda _: self._end())
            said = await self._first_words(ours)
            if "unfit" in said:
                raise NoServer(said["unfit"])
            seconds = time.perf_counter() - started
            self.ready = Ready.of(said["ready"], self._place, seconds)
            stack.pop_all()
            theirs.close()
            os.close(asked)
            self._control = Control(ours, self._on_message, self._end)

    async def _first_words(self, connection: socket.socket) -> dict[str, Any]:
        reading = asyncio.create_task(line_from(connection))
        try:
            await asyncio.wait([reading, self._work], return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                said: dict[str, Any] = await asyncio.to_thread(json.loads, reading.result())
                return said
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        try:
            done = self._work.result()
        except (LaunchError, OSError) as error:
            raise NoServer(str(error).rstrip(".")) from error
        output = b"\n".join([done.stdout, done.stderr]).decode("utf-8", "replace")
        run = Run(returncode=done.returncode, output=output)
        raise NoServer(f"pytest did not get to its tests: {judge.said(run)}")

    # --- what it says

    def _on_message(self, message: dict[str, Any], fds: list[int]) -> None:
        number: int = message["cell"] if "cell" in message else message["failed"]
        future = self._asked.pop(number, None)
        if future is None or future.done():  # whoever asked has gone
            for fd in fds:
                os.close(fd)
        elif "failed" in message:
            future.set_exception(NoCell(message["why"]))
        else:
            future.set_result(fds)

    def _end(self) -> None:
        self._gone.set()
        self._at_hand.release()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(NoServer("the fork server has ended"))
        self._asked.clear()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._gone.is_set()

    # --- runs

    async def run(
        self,
        question: Question,
        *,
        timeout: float,
        stop: Callable[[Outcome], bool] | None = None,
        standby: bool = True,
    ) -> Run:
        """Run what is asked in a child of its own; cancelling kills it.

        ``timeout`` is in seconds; ``stop`` is asked at each outcome and ends the run. ``standby``
        takes a child that waits already: faster for one, no gain where many are asked for at once.

        Raises:
            NoServer: the server is gone.
            NoCell: there was no child, or not one that could run this.
        """
        started = time.perf_counter()
        early = self.ready.read_at_import & question.files.keys()
        if early:
            raise NoCell(f"{min(early)} was read before the fork")
        nonce = secrets.token_hex(16)
        wire = question.wire(self.bench.workspace, nonce)
        run = Run(self._place, files=self.ready.files, modules=self.ready.modules)
        for note in self.ready.notes:
            run.add(note)
        if exposed := await self._exposure.found():
            await self.aclose()
            raise NoServer(f"its sandbox does not hide the socket {exposed}, which is new")
        ends = await ((standby and self._at_hand.take()) or self._ends(standby))
        said: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout) as deadline:
                await ends.ask(wire)
                intake = Intake(run, nonce, stop, MAX_REPORT)
                while not run.stopped and (data := await ends.answers()):
                    if intake.pending + len(data) > _BIG:
                        await asyncio.to_thread(intake.feed, data)
                    else:
                        intake.feed(data)
                if not run.stopped:
                    said = await ends.end()
                if run.end is None and not run.stopped:
                    await within(_LAST_WORDS_SECONDS, ends.output.ended)
        except TimeoutError:
            if not deadline.expired():
                raise
            run.timed_out = True
        finally:
            ending = asyncio.create_task(ends.finish(_GONE_SECONDS))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            if not run.stopped:  # else all is known: nobody has to see the child go
                await to_the_end(ending)
        run.seconds = time.perf_counter() - started
        run.output = ends.output.data().decode("utf-8", "replace")
        await self._settle(run, said)
        return run

    async def _settle(self, run: Run, said: dict[str, Any]) -> None:
        """Fill in what became of the child, or say that it was none."""
        if run.refused:
            raise NoCell(run.refused)
        if "setup" in said:
            raise NoCell(str(said["setup"]))
        run.ended = str(said.get("ended", ""))
        if run.stopped or run.timed_out:
            run.returncode = -9
            return
        if "status" not in said:
            if await within(_LAST_WORDS_SECONDS, self._gone):
                raise NoServer("the fork server has ended")
            raise NoCell("its process was killed")
        if not run.started:
            raise NoCell(f"its process ended before the tests: {judge.said(run)}")
        run.returncode = said["status"]
        run.ended = str(said.get("ended", ""))
        run.touched = frozenset(said["touched"])
        run.cpu, run.rss_kib = said["cpu"], said["rss_kib"]

    def expect(self, count: int) -> None:
        """Take so many children that wait into our hands: they will soon be asked something."""
        self._at_hand.expect(count)

    async def _ends(self, standby: bool) -> Ends:
        if not self.alive or self._control is None:
            raise NoServer("the fork server has ended")
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            await self._control.send({"id": number, "standby": standby})
            async with asyncio.timeout(_ANSWER_SECONDS):
                return Ends.of(await future)
        except BaseException as error:
            self._asked.pop(number, None)
            if future.done() and not future.cancelled() and future.exception() is None:
                for fd in future.result():  # it came while we were cancelled
                    os.close(fd)
            if isinstance(error, TimeoutError):
                self._work.cancel()
                raise NoServer("the fork server does not answer") from error
            if isinstance(error, OSError):
                raise NoServer("the fork server has ended") from error
            raise

    async def aclose(self) -> None:
        """End it and all of its children."""
        if self._control is not None:
            self._control.close()
        if hasattr(self, "_work"):
            self._work.cancel()
            await to_the_end(asyncio.wait([self._work, *self._ending]))
        self._end()
