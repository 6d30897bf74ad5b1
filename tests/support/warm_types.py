"""What tests and benchmarks need to know of the daemon that an engine keeps for types."""

from __future__ import annotations

import asyncio

from festina.verify.engine import Engine
from festina.verify.types_warm import WarmTypes


def warm_of(engine: Engine) -> WarmTypes:
    """Return what keeps an engine's daemons."""
    return engine._more._types.warm


def without_daemons(engine: Engine) -> None:
    """Have an engine judge by runs alone."""
    warm_of(engine).acquaint = lambda *_: None  # type: ignore[method-assign]


async def known(engine: Engine) -> bool:
    """Wait until it is found out whether a daemon can be used; whether one can."""
    warm = warm_of(engine)
    async with asyncio.timeout(100):
        while warm._background:
            await asyncio.wait([*warm._background])
    return any(kept.agreed for kept in warm._kept.values())
