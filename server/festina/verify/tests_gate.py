"""The ``tests`` gate: the project's own suite, with the candidate and without it, compared."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import cast

from festina.findings import Gate, GateResult, Status
from festina.verify import bounded, sandbox, shadow
from festina.verify.base import Candidate, Scope
from festina.verify.benches import Benches
from festina.verify.case import Case, Say, limit_of_suite, tried
from festina.verify.conditions import Unverified, conditions, level_of
from festina.verify.doubted import doubted
from festina.verify.drift import CONFIGURATION
from festina.verify.fast import Answer, Fast
from festina.verify.flaky import Only, SecondLook
from festina.verify.isolation import named
from festina.verify.judge import Judgement, Target
from festina.verify.process import LaunchError
from festina.verify.record import Run
from festina.verify.state import State
from festina.verify.suite import Bench
from festina.verify.warm import Place
from festina.verify.watch import is_of_tests, watch_of
from festina.verify.ways import Cold, Stop


class TestsGate:
    """Runs suites, at most so many at once, and judges candidates by them.

    ``fast`` is what keeps processes warm; without it every candidate is run cold.
    """

    __test__ = False  # not a pytest class, in spite of its name

    def __init__(self, benches: Benches, fast: Fast | None) -> None:
        self._benches = benches
        self._fast = fast
        self._second = SecondLook()

    async def check(
        self,
        state: State,
        candidate: Candidate,
        say: Say,
        scope: Scope | None = None,
        earlier: GateResult | None = None,
    ) -> GateResult:
        """Judge a candidate. Cancelling kills what runs and removes what was copied.

        ``scope`` is as for :meth:`festina.verify.base.Verifier.verify`; ``earlier`` is what the
        same text passed before in the same state.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        start = time.perf_counter()
        level: sandbox.Level | None = None
        try:
            path, environment = conditions(state, candidate.path)
            level = await level_of(state)
            bench = await self._benches.bench(state, environment, level)
            result = await self._judge(bench, state, candidate, path, say, scope, earlier)
        except (Unverified, shadow.Outside) as error:
            result = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=str(error))
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            reason = f"The tests could not be run: {words.rstrip('.')}."
            result = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=reason)
        return dataclasses.replace(
            result,
            seconds=time.perf_counter() - start,
            sandbox=named(level, state.snapshot),
        )

    async def _judge(
        self,
        bench: Bench,
        state: State,
        candidate: Candidate,
        path: str,
        say: Say,
        scope: Scope | None,
        earlier: GateResult | None,
    ) -> GateResult:
        watch = await asyncio.to_thread(watch_of, bench.workspace, path, candidate)
        async with self._based(bench, state, watch.target, say) as (place, base, root):
            name = PurePosixPath(path).name
            if name in CONFIGURATION or is_of_tests(path, base.files):
                watch = watch.in_tests()
            resolved = tuple(
                finding.code
                for finding in candidate.resolves
                if finding.gate is Gate.TESTS and finding.code
            )
            named_ones = bounded.tests(candidate, base.ids or ())
            wanted = tuple(dict.fromkeys((*resolved, *named_ones)))
            key = f"{state.fingerprint} {bench.level} {root}"
            case = Case(candidate, watch, base, wanted, key, say)
            say("running the tests")
            full = self._is_full(bench, base, scope)
            known = None if earlier is None else earlier.tests
            if earlier is not None and known is not None and (known.scope == "full" or not full):
                return earlier
            answer = None
            if self._fast is not None and place is not None and not candidate.laid:
                with self._fast.traffic.one():
                    await self._fast.learn(place, root, full=full)
                    answer = await self._fast.judge(
                        bench,
                        place,
                        case,
                        root,
                        slot=self._benches.slot(bench),
                        full=full,
                        confirm=earlier is not None,
                    )
            if answer is None:
                answer = Answer(await self._cold(bench, state, case, root), 3, "full")
        judgement = answer.judgement
        judgement = await doubted(judgement, state.snapshot, watch, base.files)
        counts = judgement.counts
        return GateResult(
            Gate.TESTS,
            judgement.status,
            findings=judgement.findings,
            tests=None if counts is None else dataclasses.replace(counts, scope=answer.scope),
            reason=judgement.reason,
            tier=answer.tier,
        )

    def _is_full(self, bench: Bench, base: Run, scope: Scope | None) -> bool:
        """Whether the whole suite has to pass, and not only what the change can affect."""
        scope = scope or cast("Scope", bench.settings.tests_scope)
        if scope == "auto":
            return base.seconds <= bench.settings.tests_confirm_seconds
        return scope == "full"

    async def prepare(self, state: State, path: str) -> None:
        """Make what the first candidate for ``path`` would have to wait for.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
            OSError: it could not be copied.
            LaunchError: the sandbox could not be set up.
        """
        try:
            real, environment = conditions(state, path)
            bench = await self._benches.bench(state, environment, await level_of(state))
            watch = await asyncio.to_thread(
                watch_of, bench.workspace, real, Candidate(path, "", "")
            )
            async with self._based(bench, state, watch.target, lambda _: None) as found:
                where, _, root = found
                if self._fast is not None and where is not None:
                    await self._fast.maps.want(where.base, root)
                    where.base.start("fresh", root)
        except Unverified:
            return  # the verification will say so

    async def _cold(self, bench: Bench, state: State, case: Case, root: str | None) -> Judgement:
        limit = limit_of_suite(case.base, bench.settings.timeout_seconds)
        laid = await asyncio.to_thread(shadow.located, bench.workspace, case.candidate.laid)

        async def run(only: Only, stop: Stop | None) -> Run:
            return await self._benches.run(
                bench,
                state,
                limit,
                watch=case.watch,
                texts={**laid, case.watch.target.path: case.candidate.new},
                import_root=root,
                only=only,
                stop=stop,
            )

        async def without(only: Only) -> Run:
            return await self._benches.run(bench, state, limit, import_root=root, only=only)

        async def whole() -> Run:
            return await self._benches.whole(bench, state, root, again=True)

        return await tried(case, Cold(run, without), self._second, whole=whole)

    @contextlib.asynccontextmanager
    async def _based(
        self, bench: Bench, state: State, target: Target, say: Say
    ) -> AsyncIterator[tuple[Place | None, Run, str | None]]:
        """Give where the candidate is tried, and the baseline: of the base, if that will do."""
        if self._fast is None or not self._fast.can(bench):
            base, root = await self._benches.baseline(bench, state, target, say)
            yield None, base, root
            return
        async with self._fast.bases.use(bench, state) as place:
            place.base.start(
                "fresh", None
            )  # beside the run without the edit, if there is to be one
            base, root = await self._benches.baseline(bench, place.base.state, target, say)
            now = await self._fast.carried(bench, place, state, base, root)
            if now is not None:
                yield place, now, root
                return
        async with self._fast.bases.use(bench, state, exact=True) as place:
            base, root = await self._benches.baseline(bench, state, target, say)
            yield place, base, root

    async def aclose(self) -> None:
        """End what still runs."""
        await self._benches.aclose()
        if self._fast is not None:
            await self._fast.aclose()
