"""How long a ``codeAction`` waits while sixteen candidates stream, beside an idle server.

    python tests/bench/loop_latency.py [SECONDS]

Both servers run at once and are asked in turn, so that the machine's speed cancels out.
"""

from __future__ import annotations

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


class Server:
    """A real server process and the little of an editor that the measurement needs."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self.base_url = base_url
        self.uri = (folder / "mod.py").as_uri()
        self._next = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.states: list[str] = []

    async def start(self) -> None:
        config = self.folder.parent / f"{self.folder.name}.toml"
        config.write_text(f'[models.fast]\nbase_url = "{self.base_url}"\nmodel = "fake-coder"\n')
        environment = {
            **os.environ,
            "FESTINA_CONFIG": str(config),
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "festina",
            "server",
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
        self.tell("initialized", {})
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": MODULE}
        self.tell("textDocument/didOpen", {"textDocument": item})

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


async def measure(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        counter = iter(range(1 << 30))

        def answer(_: dict[str, Any]) -> Any:
            # each candidate differs, so that each is verified
            body = ANSWER.replace("step_0 = value + 0", f"step_0 = value + {next(counter)}")
            return fake_replies.text(body, speed=TOKENS_PER_SECOND)

        with FakeModel(answer) as fake:
            servers = []
            for kind in ("idle", "busy"):
                folder = Path(name) / kind
                folder.mkdir()
                (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
                (folder / "mod.py").write_text(MODULE)
                (folder / "test_mod.py").write_text(TESTS)
                server = Server(folder, fake.base_url)
                await server.start()
                servers.append(server)
            idle, busy = servers
            for server in servers:
                await server.code_action()
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
            for server in servers:
                server.reader.cancel()
                assert server.process.stdin is not None
                server.process.stdin.close()
                await server.process.wait()
    print(f"{rounds} proposals of {CANDIDATES} candidates, {len(times['busy'])} requests each, ms:")
    for kind, values in times.items():
        cuts = statistics.quantiles(values, n=100)
        print(f"{kind:5} p50 {cuts[49]:7.2f}   p99 {cuts[98]:7.2f}   max {max(values):7.2f}")


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 20))
