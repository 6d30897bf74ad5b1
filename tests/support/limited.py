"""A provider with a limit on requests, for the fake model server."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from support.fake_replies import Reply, status, text


class Limited:
    """A provider with a limit on requests; ``steady`` ones come back one by one."""

    def __init__(self, limit: int, seconds: float, *, steady: bool, tells: bool = True) -> None:
        self.limit, self.seconds, self.steady, self.tells = limit, seconds, steady, tells
        self.left, self.at = float(limit), time.monotonic()
        self.refused = 0
        self._lock = threading.Lock()

    def __call__(self, request: dict[str, Any]) -> Reply:
        with self._lock:
            now = time.monotonic()
            if self.steady:
                back = (now - self.at) / self.seconds * self.limit
                self.left, self.at = min(self.limit, self.left + back), now
            elif now >= self.at + self.seconds:
                self.left, self.at = self.limit, now
            if self.left < 1:
                self.refused += 1
                return status(429, None, **self.headers(now))
            self.left -= 1
            return replace(text("ok\n"), headers=self.headers(now, "-"))

    def headers(self, now: float, joint: str = "_") -> dict[str, str]:
        if not self.tells:
            return {"retry_after": "0.2"} if joint == "_" else {}
        missing = (self.limit - self.left) / self.limit * self.seconds
        reset = missing if self.steady else self.at + self.seconds - now
        told = {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(int(self.left)),
            "x-ratelimit-reset-requests": f"{reset:.4f}s",
        }
        return {name.replace("-", joint): value for name, value in told.items()}
