"""The process that serves embedded weights. Run by ``festina.models.embedded``, never imported.

The first line of standard input is its configuration, as JSON; it serves until standard input
ends, which it does when whoever started it dies, in whatever way. The only line that it prints, as
JSON, is its address or what went wrong. Nothing that a person wrote is ever printed.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
from typing import Any

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main() -> None:
    """Serve until standard input ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    configuration = json.loads(sys.stdin.buffer.readline() or b"{}")
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    answer = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # llama.cpp logs prompts and all to both
    os.dup2(nowhere, 2)
    try:
        server = _serve(configuration)
    except Exception as error:  # noqa: BLE001 - told to whoever started us
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answer, flush=True)
        sys.exit(1)
    print(json.dumps({"address": server.listening_address}), file=answer, flush=True)
    threading.Event().wait()


def _serve(configuration: dict[str, Any]) -> Any:
    import xllamacpp

    slots = int(configuration["slots"])
    threads = int(configuration["threads"])
    params = xllamacpp.CommonParams()
    params.model.path = configuration["path"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [configuration["key"]]
    params.endpoint_slots = False  # it would show everybody's prompts
    params.endpoint_props = False
    params.endpoint_metrics = False
    params.ui = False
    params.n_parallel = slots
    params.n_ctx = int(configuration["context"]) * slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cpuparams.poll = 0
    params.cpuparams_batch.poll = 0
    params.cache_prompt = True
    params.warmup = False
    params.fit_params = False
    params.verbosity = 0
    if slots == 1:
        # an edit mostly repeats its input: draft from the prompt's own n-grams. With several slots
        # batching gains more, and the two get in each other's way.
        kind = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_MAP_K
        params.speculative.types = [kind]
        params.speculative.ngram_map_k.size_n = 8
        params.speculative.ngram_map_k.size_m = 32
    return xllamacpp.Server(params)


def _leave_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
