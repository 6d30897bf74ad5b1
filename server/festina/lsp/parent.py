"""Watching the process that started us: when the editor dies, so do we."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How often a process is looked for where the system cannot announce its end."""


class Watch:
    """Watches one process from a thread, so that a busy event loop cannot miss its end.

    On Linux the kernel announces the end (``pidfd_open``); elsewhere on POSIX the process is looked
    for every ``POLL_SECONDS``. On Windows there is no watch: the end of standard input has to do.
    ``PR_SET_PDEATHSIG`` is of no use here: it fires when the *thread* that started us ends, and
    editors start servers from short-lived threads.
    """

    def __init__(self, pid: int, on_end: Callable[[], None]) -> None:
        self._pid = pid
        self._on_end = on_end
        self._stop_read, self._stop_write = os.pipe()
        self._handle = _open(pid)
        self._thread = threading.Thread(target=self._run, name=f"festina-watch-{pid}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch. Harmless when it has ended already."""
        if self._stop_write >= 0:
            os.close(self._stop_write)
            self._stop_write = -1
            if self._thread is not threading.current_thread():
                self._thread.join()

    def _run(self) -> None:
        try:
            ended = self._wait()
        finally:
            os.close(self._stop_read)
            if self._handle is not None:
                os.close(self._handle)
        if ended:
            self._on_end()

    def _wait(self) -> bool:
        """Wait for the process; False when the watch was stopped first."""
        poll = select.poll()
        poll.register(self._stop_read)
        if self._handle is not None:
            poll.register(self._handle, select.POLLIN)
        while True:
            events = poll.poll(None if self._handle is not None else POLL_SECONDS * 1000)
            if any(descriptor == self._stop_read for descriptor, _ in events):
                return False
            if events or not alive(self._pid):
                return True


def watch_parent(on_end: Callable[[], None]) -> Watch | None:
    """Watch our parent; ``on_end`` is called in another thread, at once if it is gone already.

    Returns:
        The watch, or None where there is nothing to watch: no POSIX, or init is our parent.
    """
    parent = os.getppid() if os.name == "posix" else 1
    if parent <= 1:
        return None
    watch = Watch(parent, on_end)
    if os.getppid() != parent:  # died in between; its id may be somebody else's by now
        watch.stop()
        on_end()
        return None
    return watch


def watch_client(process_id: int | None, on_end: Callable[[], None]) -> Watch | None:
    """Watch the process that ``initialize`` named, if that is not our parent anyway.

    An id that nobody has is ignored: an editor outside our container has one that means nothing
    here.
    """
    if os.name != "posix" or process_id is None or process_id <= 0:
        return None
    if process_id in {os.getppid(), os.getpid()}:
        return None
    if not alive(process_id):
        logger.warning("the editor's process %d cannot be seen from here", process_id)
        return None
    return Watch(process_id, on_end)


def alive(pid: int) -> bool:
    """Whether a process of that id exists (POSIX)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _open(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends, where there are such."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None
