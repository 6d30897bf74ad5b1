"""What llama.cpp's server gains from guessing ahead and from slots that we choose.

    python tests/bench/llamacpp.py

**Guessing ahead**: a region is rewritten by the default weights with each way of drafting from
n-grams, the same answer each time (temperature 0). Processor time of the server tells more than the
clock on a machine that does other things as well.

**Slots**: several conversations, once with the slot left to the server, which takes the free one
whose last prompt begins most alike, once with each conversation kept to a slot of its own
(``id_slot``). What counts is how many tokens of prompts had to be read.

**More requests than slots**: the candidates of two proposals in two files, sent all at once, or
only as many at a time as there are slots. Beside the tokens that were read it says how long one
request took at most from when it was sent: that is what an answer's deadlines see.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from embedded_slots import JOBS, body_of, cpu_seconds

from festina import prompt
from festina.models import weights

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.llama_server import SLOTS, LlamaServer, llama_server

WAYS = ("", "NGRAM_SIMPLE", "NGRAM_MAP_K", "NGRAM_MOD", "NGRAM_CACHE")
JOB = "12 lines, 1 answer"
ROUNDS = 3

Message = dict[str, str]
Turn = tuple[str, list[Message], int]
"""A conversation's name, its first messages, and the slot that it would be kept to."""


def ask(server: LlamaServer, body: dict[str, Any]) -> dict[str, Any]:
    data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.base_url}/chat/completions", data, kind)
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def guessing(path: Path) -> None:
    code, instruction, _ = JOBS[JOB]
    body = {**body_of(code, instruction, 0), "temperature": 0.0}
    print(f"guessing ahead, {JOB}: tokens for a second of the processor, least of {ROUNDS}")
    texts = set()
    for way in WAYS:
        with llama_server(path, slots=1, speculation=way) as server:
            ask(server, {**body, "max_tokens": 1})  # the prompt is read
            best, timings = 0.0, {}
            for _ in range(ROUNDS):
                before = cpu_seconds(server.pid)
                answer = ask(server, body)
                spent = cpu_seconds(server.pid) - before
                timings = answer["timings"]
                best = max(best, timings["predicted_n"] / spent)
            texts.add(answer["choices"][0]["message"]["content"])
            guessed, taken = timings.get("draft_n", 0), timings.get("draft_n_accepted", 0)
            shown = f"{taken} of {guessed} guesses taken" if way else "none"
            print(f"  {way or 'without':<14} {best:6.1f}   {shown}", flush=True)
    print(f"  {len(texts)} different answer(s)")


def file_of(number: int) -> str:
    """The context that all requests for regions of one file begin with."""
    return "\n\n".join(
        f"def helper_{number}_{i}(value):\n    return value * {i}" for i in range(12)
    )


def first(file: int, region: int) -> list[Message]:
    asked = f"File:\n{prompt.fenced(file_of(file))}\n\nRewrite helper_{file}_{region}: double it."
    return [{"role": "system", "content": prompt.SYSTEM}, {"role": "user", "content": asked}]


def slots(path: Path) -> None:
    one, other, third = first(1, 3), first(1, 7), first(2, 4)
    alone: list[list[Turn]] = [[("0", one, 0)]]
    rest: list[Turn] = [(str(n), one, n) for n in range(1, SLOTS)]
    plans: dict[str, list[list[Turn]]] = {
        "4 candidates, then a repair of each": [*alone, rest, [("0", one, 0), *rest]],
        "2 proposals in a file, in turn, 1 repair each": [
            [turn] for turn in (("a", one, 0), ("b", other, 1)) * 2
        ],
        "2 proposals in 2 files, in turn, 1 repair each": [
            [turn] for turn in (("a", one, 0), ("c", third, 1)) * 2
        ],
        "12 candidates": [*alone, [(f"{n}", one, n % SLOTS) for n in range(1, 12)]],
    }
    print("\nslots: tokens of prompts that were read, and the clock")
    for name, plan in plans.items():
        told = [f"{read:6,} ({took:5.1f} s)" for read, took in (run(path, plan, k) for k in (0, 1))]
        print(f"  {name:<48} the server's choice {told[0]}   ours {told[1]}", flush=True)


def run(path: Path, plan: list[list[Turn]], kept: int) -> tuple[int, float]:
    """Return the tokens that were read, and seconds; each list of the plan is asked at once."""
    said: dict[str, list[Message]] = {}
    read = 0
    with (
        llama_server(path) as server,
        concurrent.futures.ThreadPoolExecutor(16) as pool,
    ):

        def turn(asked: Turn) -> int:
            name, messages, slot = asked
            if name in said:  # a repair goes on from all that was said
                messages = [*said[name], {"role": "user", "content": "It failed. Answer again."}]
            body: dict[str, Any] = {"messages": messages, "max_tokens": 16, "temperature": 0.0}
            answer = ask(server, {**body, "id_slot": slot} if kept else body)
            reply = {"role": "assistant", "content": answer["choices"][0]["message"]["content"]}
            said[name] = [*messages, reply]
            return int(answer["timings"]["prompt_n"])

        began = time.perf_counter()
        for together in plan:
            read += sum(pool.map(turn, together))
        return read, time.perf_counter() - began


def queueing(path: Path) -> None:
    asked = [first(1 + n % 2, 3 + n // 2) for n in range(16)]
    print(f"\n16 requests for two files, on {SLOTS} slots")
    for together in (SLOTS, 2 * SLOTS, len(asked)):
        with llama_server(path) as server, concurrent.futures.ThreadPoolExecutor(together) as pool:

            def one(messages: list[Message], at: LlamaServer = server) -> tuple[int, int, float]:
                body = {"messages": messages, "max_tokens": 48, "temperature": 0.0}
                sent = time.perf_counter()
                timings = ask(at, body)["timings"]
                took = time.perf_counter() - sent
                return int(timings["prompt_n"]), int(timings["predicted_n"]), took

            one(asked[0])
            one(asked[1])
            cpu, began = cpu_seconds(server.pid), time.perf_counter()
            told = list(pool.map(one, asked))
            took, cpu = time.perf_counter() - began, cpu_seconds(server.pid) - cpu
            read, written = sum(each[0] for each in told), sum(each[1] for each in told)
            print(
                f"  {together:2} at once: {read:5,} tokens read, {written:4} written,"
                f" {written / cpu:5.1f} for a second of the processor, {took:5.1f} s in all,"
                f" one request at most {max(each[2] for each in told):5.1f} s",
                flush=True,
            )


def main() -> None:
    path = asyncio.run(weights.ensure(weights.DEFAULT))
    guessing(path)
    slots(path)
    queueing(path)
    print(f"load averages: {os.getloadavg()}; {len(os.sched_getaffinity(0))} processors")


if __name__ == "__main__":
    main()
