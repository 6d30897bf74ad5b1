"""llama.cpp's own HTTP server on the default weights, as a person would have it running.

    with llama_server(path) as server: ...

It runs in a process of its own (the ``local`` extra ships it) and ends with us.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from festina.models import lifeline

SLOTS = 4
CONTEXT = 2048


@dataclass(frozen=True)
class LlamaServer:
    """One that runs: where it listens, and its process."""

    base_url: str
    pid: int


@contextlib.contextmanager
def llama_server(path: Path, **options: object) -> Iterator[LlamaServer]:
    """Start one. Options are those of llama.cpp that ``main`` reads."""
    process = subprocess.Popen(
        [*lifeline.PYTHON, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"path": str(path), **options}).encode() + b"\n")
        process.stdin.flush()
        yield LlamaServer(process.stdout.readline().decode().strip() + "/v1", process.pid)
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


def main() -> None:
    """Serve until standard input ends."""
    import xllamacpp

    options = json.loads(sys.stdin.buffer.readline())
    params = xllamacpp.CommonParams()
    params.model.path = options["path"]
    params.model_alias = {"smollm2"}
    params.verbosity = 0
    params.offline = True
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = options.get("slots", SLOTS)
    params.n_ctx = CONTEXT * params.n_parallel
    params.fit_params = False
    params.warmup = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    if kind := options.get("speculation"):
        name = f"COMMON_SPECULATIVE_TYPE_{kind}"
        params.speculative.types = [getattr(xllamacpp.common_speculative_type, name)]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
