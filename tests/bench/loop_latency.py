"""How long a ``codeAction`` waits while sixteen candidates stream, beside an idle server.

    python tests/bench/loop_latency.py [SECONDS] [--callbacks]

Both servers run at once and are asked in turn, so that the machine's speed cancels out. With
``--callbacks`` the busy server's event loop is watched, and its longest callbacks are printed with
the CPU time that they took: that is what the code can change, on however busy a machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import fake_replies
from support.fake_model import FakeModel

MODULE = "def clamp(value, low, high):\n" + "".join(
    f"    step_{n} = value + {n}\n" for n in range(60)
)
MODULE += "    return max(low, value)\n"
TESTS = "from mod import clamp\n\n\ndef test_low():\n    assert clamp(-1, 0, 1) == 0\n"
ANSWER = "```python\n" + MODULE.replace("max(low, value)", "min(high, max(low, value))") + "```\n"
CANDIDATES = 16
TOKENS_PER_SECOND = 1200
AIM = 50.0
"""Milliseconds that the busy server's p99 should stay under on a quiet machine."""


class Server:
    """A real server process and the little of an editor that the measurement needs."""

    def __init__(self, folder: Path, base_url: str, command: list[str]) -> None:
        self.folder = folder
        self.base_url = base_url
        self.command = command
        self.uri = (folder / "mod.py").as_uri()
        self._next = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.states: list[str] = []

    async def start(self) -> tuple[float, float]:
        """Start it; return the milliseconds to ``initialize``'s answer, and of a first action."""
        config = self.folder.parent / f"{self.folder.name}.toml"
        config.write_text(f'[models.fast]\nbase_url = "{self.base_url}"\nmodel = "fake-coder"\n')
        environment = {
            **os.environ,
            "FESTINA_CONFIG": str(config),
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
        }
        began = time.perf_counter()
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        self.reader = asyncio.create_task(self._read())
        capabilities = {"experimental": {"festina": {"proposals": True}}}
        settings = {"verify": {"python": sys.executable}}
        await self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": self.folder.as_uri(),
                "capabilities": capabilities,
                "initializationOptions": {"trusted": True, "settings": settings},
            },
        )
        ready = (time.perf_counter() - began) * 1000
        self.tell("initialized", {})
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": MODULE}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return ready, await self.code_action()

    def tell(self, method: str, params: Any, number: int | None = None) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def ask(self, method: str, params: Any) -> Any:
        self._next += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = future
        self.tell(method, params, self._next)
        return await future

    async def code_action(self) -> float:
        start = {"line": 1, "character": 0}
        params = {
            "textDocument": {"uri": self.uri},
            "range": {"start": start, "end": {"line": 3, "character": 0}},
            "context": {"diagnostics": []},
        }
        began = time.perf_counter()
        await self.ask("textDocument/codeAction", params)
        return (time.perf_counter() - began) * 1000

    async def propose(self) -> None:
        end = {"line": len(MODULE.splitlines()), "character": 0}
        argument = {
            "uri": self.uri,
            "range": {"start": {"line": 0, "character": 0}, "end": end},
            "instruction": "respect the upper bound",
            "variations": CANDIDATES,
        }
        params = {"command": "festina.propose", "arguments": [argument]}
        await self.ask("workspace/executeCommand", params)

    async def stop(self) -> None:
        await self.ask("shutdown", None)
        self.tell("exit", None)
        await self.process.wait()
        self.reader.cancel()

    async def _read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while header := await stdout.readuntil(b"\r\n\r\n"):
            length = int(header.split(b":")[1].split(b"\r\n")[0])
            message = json.loads(await stdout.readexactly(length))
            if "method" not in message and (future := self._waiting.pop(message["id"], None)):
                future.set_result(message.get("result"))
            elif message.get("method") == "festina/proposal":
                self.states.append(message["params"]["state"])


async def measure(seconds: float, *, callbacks: bool) -> None:
    """Run both servers for ``seconds`` and print what was measured."""
    with tempfile.TemporaryDirectory() as name:
        counter = iter(range(1 << 30))
        watched = Path(name) / "callbacks.json"

        def answer(_: dict[str, Any]) -> Any:
            # each candidate differs, so that each is verified
            body = ANSWER.replace("step_0 = value + 0", f"step_0 = value + {next(counter)}")
            return fake_replies.text(body, speed=TOKENS_PER_SECOND)

        print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {os.cpu_count()} cores")
        with FakeModel(answer) as fake:
            servers = []
            for kind in ("idle", "busy"):
                folder = Path(name) / kind
                folder.mkdir()
                (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
                (folder / "mod.py").write_text(MODULE)
                (folder / "test_mod.py").write_text(TESTS)
                command = [sys.executable, "-m", "festina", "server"]
                if callbacks and kind == "busy":
                    command = [
                        sys.executable,
                        str(Path(__file__).with_name("_watched_server.py")),
                        str(watched),
                    ]
                server = Server(folder, fake.base_url, command)
                ready, first = await server.start()
                print(f"{kind}: initialize after {ready:.0f} ms, then an action in {first:.1f} ms")
                servers.append(server)
            times, rounds = await _drive(*servers, seconds)
            for server in servers:
                await server.stop()
        print(
            f"{rounds} proposals of {CANDIDATES} candidates, {len(times['busy'])} requests each, ms"
        )
        for kind, values in times.items():
            cuts = statistics.quantiles(values, n=100)
            print(
                f"{kind:5} p50 {cuts[49]:7.2f}   p90 {cuts[89]:7.2f}   p99 {cuts[98]:7.2f}"
                f"   max {max(values):7.2f}"
            )
        print(f"aim: busy p99 at or under {AIM:.0f} ms on two quiet cores")
        if callbacks:
            _print_callbacks(json.loads(watched.read_text()))


async def _drive(idle: Server, busy: Server, seconds: float) -> tuple[dict[str, list[float]], int]:
    times: dict[str, list[float]] = {"idle": [], "busy": []}
    ends = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < ends:
        if not busy.states or busy.states[-1] in {"ready", "rejected", "unverified"}:
            before = len(busy.states)
            await busy.propose()
            rounds += 1
            while len(busy.states) == before:
                await asyncio.sleep(0.001)
        times["idle"].append(await idle.code_action())
        times["busy"].append(await busy.code_action())
        await asyncio.sleep(0.005)
    return times, rounds


def _print_callbacks(found: dict[str, Any]) -> None:
    print("longest callbacks of the busy server's loop, CPU ms:")
    for spent, what in found["longest"][:15]:
        print(f"  {spent:7.2f}  {what}")
    print("where the loop's CPU time went, ms in all, calls, ms a call:")
    for total, calls, what in found["totals"][:15]:
        print(f"  {total:8.1f} {calls:7d} {total / calls:7.3f}  {what}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="How long a codeAction waits, idle and busy.")
    parser.add_argument("seconds", nargs="?", type=float, default=20)
    parser.add_argument("--callbacks", action="store_true", help="watch the busy server's loop")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.seconds, callbacks=arguments.callbacks))


if __name__ == "__main__":
    main()
