"""mypy's own daemon, in this process: asked over a private socket, and gone when that closes.

Each question says which texts lie over the copy of the workspace in which this runs, all of them:
what an earlier one laid there and this one does not name is as it was before. So nothing of a
candidate is left, whoever went away in between. `types_server` starts this; only the standard
library and the project's own mypy are used.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import stat
import sys
import time

OLDEST = (1, 0)
_RECURSION = 1 << 14
"""What mypy's own command line allows itself."""


class Unfit(Exception):  # noqa: N818 - reads as the sentence it makes
    """The daemon would not say what a run of this mypy says; ``str()`` says why."""


class Copy:
    """The copy of the workspace, and what lies over it."""

    def __init__(self) -> None:
        self._laid: dict[str, str] = {}
        self._own: dict[str, bytes] = {}
        self._moment = int(time.time())

    def lay(self, texts: dict[str, str]) -> None:
        """Let these texts lie over the copy, and no others."""
        for path in [path for path in self._laid if path not in texts]:
            self._write(path, self._own[path])
            del self._laid[path]
        for path, text in texts.items():
            if self._laid.get(path) != text:
                if path not in self._own:
                    with open(path, "rb") as file:
                        self._own[path] = file.read()
                self._laid[path] = text
                self._write(path, text.encode("utf-8", "surrogatepass"))

    def _write(self, path: str, data: bytes) -> None:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.unlink(path)  # it may be read-only
        with open(path, "xb") as file:
            file.write(data)
        os.chmod(path, mode)
        # mypy looks at size and second alone, and what has both as before is the same to it
        self._moment += 1
        os.utime(path, (self._moment, self._moment))


class Daemon:
    """mypy's server for one command line; what :meth:`check` returns is for `types_server`.

    Raises:
        Unfit: this mypy, or what is configured for it, is nothing for a daemon.
    """

    def __init__(self, arguments: list[str]) -> None:
        from mypy.version import __version__

        self._arguments = arguments
        self.version = __version__
        numbers = re.match(r"(\d+)\.(\d+)", __version__)
        if numbers is None or tuple(map(int, numbers.groups())) < OLDEST:
            raise Unfit(f"mypy {__version__} is too old")
        try:
            from mypy.dmypy_server import Server, process_start_options
        except ImportError as error:
            raise Unfit(f"mypy {__version__} has no daemon") from error
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                options = process_start_options(arguments, allow_sources=True)
        except SystemExit as error:
            why = error.code if isinstance(error.code, str) else said.getvalue()
            raise Unfit(" ".join(str(why).split()) or "its options are not for a daemon") from error
        _look(options)
        self._server = Server(options, os.devnull + "/none")

    def check(self) -> dict[str, object]:
        """Check what is there now."""
        said = self._server.cmd_run(
            version=self.version,
            args=self._arguments,
            export_types=False,
            is_tty=False,
            terminal_width=80,
        )
        if "restart" in said:
            return {"unfit": str(said["restart"])}
        manager = self._server.fine_grained_manager
        blocked = manager is None or manager.blocking_error is not None
        # a run that cannot go on ends with 2, which is for a run to say
        whole = said["status"] in (0, 1) and not said["err"] and not blocked
        return {"out": said["out"], "whole": whole}


def _look(options: object) -> None:
    """Look for what a daemon does in another way than a run.

    Raises:
        Unfit: it is asked for.
    """
    if not getattr(options, "local_partial_types", False):
        # a daemon always infers within one scope; before mypy 2, runs do not unless told to
        raise Unfit("local_partial_types is off, as it is by default before mypy 2")
    if getattr(options, "plugins", None):
        raise Unfit("plugins are used, which may keep what they saw")
    if getattr(options, "follow_imports", "") != "normal":
        raise Unfit("follow_imports is not normal")
    if getattr(options, "use_fine_grained_cache", False):
        raise Unfit("it is told to begin with a cache")


def _forget(workspace: str) -> None:
    """Import nothing from the workspace from now on: a candidate's text may be there."""

    def outside(path: str) -> bool:
        real = os.path.realpath(path)
        return real != workspace and not real.startswith(workspace + os.sep)

    sys.path[:] = [path for path in sys.path if outside(path)]
    sys.path_importer_cache.clear()


def main(fd: int) -> None:
    """Answer questions until the other side is gone."""
    talk = socket.socket(fileno=fd)
    talk.set_inheritable(False)
    sys.setrecursionlimit(_RECURSION)

    def say(message: dict[str, object]) -> None:
        talk.sendall(json.dumps(message).encode("ascii") + b"\n")

    with contextlib.suppress(ConnectionError), talk.makefile("rb") as questions:
        try:
            daemon = Daemon(json.loads(questions.readline()))
        except Unfit as error:
            say({"unfit": str(error)})
            return
        copy = Copy()
        first = True
        for question in questions:
            copy.lay(json.loads(question))
            say(daemon.check())
            if first:
                _forget(os.path.realpath(os.getcwd()))
                first = False
