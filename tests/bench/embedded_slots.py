"""Slots against guessing ahead, for the embedded model: ``python tests/bench/embedded_slots.py``.

    python tests/bench/embedded_slots.py [ROUNDS] [SLOTS,SLOTS,...]

Several answers at once share each pass through the weights (slots); one answer that repeats its
prompt can be guessed ahead (n-gram drafts). Which is the better default depends on how many answers
are wanted: here one and several, for a region of three lines and for one of twelve that mostly
stays as it is. All servers run at once and are asked in turn. The processor time of a server's one
computing thread tells more than the clock on a machine that does other things as well. Ratios are
to one slot without drafts. ``read`` is how many tokens of the prompts were evaluated.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from festina import edits, prompt
from festina.models import embedded
from festina.text import decode

SHORT = '''\
def mean(values):
    """Return the average of some values, 0 if there are none."""
    return sum(values) / len(values)
'''
LONG = (
    'def report(rows):\n    """Return a table of rooms as text."""\n    lines = []\n'
    + "".join(
        f'    lines.append(f"{{rows[{row}].name:<20}} {{rows[{row}].temperature:>6.1f}}")\n'
        for row in range(8)
    )
    + '    return "\\n".join(lines)\n'
)
JOBS = {
    "3 lines, 1 answer": (SHORT, "handle an empty list", 1),
    "3 lines, 16 answers": (SHORT, "handle an empty list", 16),
    "12 lines, 1 answer": (LONG, "end with a line end", 1),
    "12 lines, 4 answers": (LONG, "end with a line end", 4),
}


@dataclass
class Server:
    """One way of serving, and what was measured of each job."""

    slots: int
    draft: bool
    model: embedded.EmbeddedModel | None = None
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    tokens: dict[str, list[int]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    drafted: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def run(self, job: str) -> None:
        """Ask as the pipeline does: the first answer goes ahead, then one for each slot."""
        code, instruction, count = JOBS[job]
        assert self.model is not None
        before, began = cpu_seconds(self.model.pid), time.perf_counter()
        gate, answers = asyncio.Semaphore(self.slots), []

        async def one(number: int) -> None:
            async with gate:
                answers.append(
                    await asyncio.to_thread(ask, self.model, body_of(code, instruction, number))
                )

        await one(0)
        await asyncio.gather(*(one(number) for number in range(1, count)))
        timings = [answer["timings"] for answer in answers]
        self.seconds.setdefault(job, []).append(time.perf_counter() - began)
        self.cpu.setdefault(job, []).append(cpu_seconds(self.model.pid) - before)
        self.tokens.setdefault(job, []).append(sum(each["predicted_n"] for each in timings))
        self.read.setdefault(job, sum(each["prompt_n"] for each in timings))
        self.drafted[job] = (
            sum(each.get("draft_n", 0) for each in timings),
            sum(each.get("draft_n_accepted", 0) for each in timings),
        )

    def of(self, job: str, values: dict[str, list[float]]) -> float:
        """The median of seconds for each token."""
        return statistics.median(
            value / max(1, tokens)
            for value, tokens in zip(values[job], self.tokens[job], strict=True)
        )


def body_of(code: str, instruction: str, number: int) -> dict[str, Any]:
    text = decode(code.encode())
    found = edits.enclosing(text, 0)
    assert found is not None
    request = prompt.build(
        edits.prepare(text, found[0]),
        instruction,
        path="comfort.py",
        language="python",
        attempt=number,
        small=True,
    )
    return {
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }


def ask(model: embedded.EmbeddedModel, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{model.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {model.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return f"{kib // 1024} MiB"


def report(job: str, servers: list[Server]) -> None:
    base = servers[0]
    print(f"\n{job}: tokens a second, by the clock and by processor time")
    for server in servers:
        clock, cpu = server.of(job, server.seconds), server.of(job, server.cpu)
        drafted, taken = server.drafted[job]
        drafts = f"drafts, {taken} of {drafted} taken" if server.draft else "no drafts"
        print(
            f"  {server.slots} slot{'s' if server.slots > 1 else ' '}  {drafts:<27}"
            f" {1 / clock:6.1f} ({base.of(job, base.seconds) / clock:4.2f}x)"
            f"  {1 / cpu:6.1f} ({base.of(job, base.cpu) / cpu:4.2f}x)"
            f"  read {server.read[job]}",
            flush=True,
        )


async def main(rounds: int, slots: list[int]) -> None:
    servers = [Server(*way) for way in itertools.product(slots, (False, True))]
    try:
        for server in servers:
            server.model = await embedded.start(
                slots=server.slots, context=1024, draft=server.draft
            )
        for job in JOBS:
            for _, server in itertools.product(range(rounds), servers):
                await server.run(job)
            report(job, servers)
        print("\nmemory: ", end="")
        print(", ".join(f"{s.slots} slots {memory(s.model.pid)}" for s in servers if s.model))
        print(f"load averages: {os.getloadavg()}; {len(os.sched_getaffinity(0))} processors")
    finally:
        for server in servers:
            if server.model is not None:
                await server.model.aclose()


if __name__ == "__main__":
    words = dict(enumerate(sys.argv[1:]))
    asyncio.run(main(int(words.get(0, "2")), list(map(int, words.get(1, "1,4,8").split(",")))))
