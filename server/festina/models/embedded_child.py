"""The process that serves embedded weights. Run by ``festina.models.embedded``, never imported.

The first line of standard input is its configuration, as JSON; it serves until standard input
ends, which it does when whoever started it dies, in whatever way. The only line that it prints, as
JSON, is its address or what went wrong. Nothing that a person wrote is ever printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any, BinaryIO

from festina.models.lifeline import die_with_input

DRAFT_MATCH_TOKENS = 8
DRAFT_TOKENS = 32
"""An n-gram this long that stands in the prompt too is taken to go on for so many tokens."""


def main() -> int:
    """Serve until standard input ends."""
    configuration = json.loads(sys.stdin.buffer.readline() or b"{}")
    die_with_input()
    answer = _silence()
    try:
        server = _serve(configuration)
    except Exception:  # noqa: BLE001 - of one kind and with one text, whatever the cause
        _tell(answer, {"error": "llama.cpp cannot load it"})
        return 1
    _tell(answer, {"address": server.listening_address})
    while os.read(0, 4096):
        pass
    os._exit(0)  # there is nothing to save, and taking the model apart takes time


def _silence() -> BinaryIO:
    """Return what is standard output, and leave nothing in its place, nor for errors."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answer


def _tell(answer: BinaryIO, message: dict[str, str]) -> None:
    with contextlib.suppress(OSError), answer:
        answer.write(json.dumps(message).encode() + b"\n")


def _serve(configuration: dict[str, Any]) -> Any:
    """Load the weights and listen; returns once requests are answered."""
    import xllamacpp

    slots, threads = int(configuration["slots"]), int(configuration["threads"])
    params = xllamacpp.CommonParams()
    params.model.path = configuration["path"]
    params.verbosity = 0
    params.offline = True

    params.hostnames = ["127.0.0.1"]
    params.port = 0  # the kernel picks a free one
    params.api_keys = [configuration["key"]]
    params.cors_origins = "http://127.0.0.1"  # else every web page's origin is let in
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False  # it shows prompts
    params.endpoint_props = False
    params.endpoint_metrics = False

    params.n_parallel = slots
    params.n_ctx = int(configuration["context"]) * slots
    params.fit_params = False  # it would shrink the context to what it guesses to fit
    params.warmup = False
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads

    params.cache_prompt = True  # each slot goes on from what its last prompt has in common
    params.cache_ram_mib = (
        0  # the cache beyond slots mixes up conversations (llama.cpp issue 27148)
    )
    params.cache_idle_slots = False
    if configuration["draft"]:
        kind = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_MAP_K
        params.speculative.types = [kind]
        params.speculative.ngram_map_k.size_n = DRAFT_MATCH_TOKENS
        params.speculative.ngram_map_k.size_m = DRAFT_TOKENS
    return xllamacpp.Server(params)


if __name__ == "__main__":
    sys.exit(main())
