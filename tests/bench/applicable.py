"""From the model's last byte to an edit that can be accepted, stage by stage: ``applicable.py``.

The real server is driven over standard input and output by an editor that shows proposals, and by
one that knows the standard protocol alone. A model on loopback writes one function anew, 1,200
tokens a second, and notes when its last byte was written. Functions are drawn by seed; each edit is
code of its own that passes. The stages, of which each begins where the one before ends:

    parse     last byte -> the answer is edits of the document
    lint      -> syntax and ruff have their results; the tests begin beside them
    tests     -> the tests have theirs
    publish   -> the editor has been told that the edit can be accepted

Beside it: from the key press to the first words on show, without the model's own time to its first
byte. And the plain way, in the same run: a copy, a cold ``ruff check``, a cold ``pytest``.

    python tests/bench/applicable.py [--each 40] [--seed 1] [--work DIR] [--only NAME] [--scope S]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.commands.sampling import _copy
from support import bench_engine, fake_replies
from support.bench_edits import Edit, called
from support.bench_projects import WORK, Project, chosen, prepare
from support.bench_source import Function, sources
from support.fake_model import FakeModel
from support.fake_replies import Note, Pause, Reply
from support.presets import VSCODE, VSCODE_PLUGIN, Preset
from support.timed_editor import TimedEditor

PYTHON_OF = "more-itertools"
"""The project in whose environment the sample's tests run, too: it holds pytest and little else."""
SAMPLE = Project("sample", "of festina try", "comfort", editable=False)
CLIENTS = {"shows proposals": VSCODE_PLUGIN, "standard protocol alone": VSCODE}
STAGES = ("parse", "lint", "tests", "publish")
TOKENS_PER_SECOND = 1200
FIRST_BYTE_SECONDS = 0.1
REST_SECONDS = 0.15
COLD = 4
OVER = frozenset({"ready", "rejected", "unverified", "failed"})


@dataclass
class Model:
    """The paced model's side: what it answers, and when it was asked, began and ended."""

    answer: str = ""
    asked: float = 0.0
    began: float = 0.0
    ended: float = 0.0

    def __call__(self, _: dict[str, Any]) -> Reply:
        """Answer a request."""
        self.asked = time.perf_counter()
        role, *rest = fake_replies.text(self.answer, speed=TOKENS_PER_SECOND).steps
        return Reply(
            (
                Pause(FIRST_BYTE_SECONDS),
                role,
                Note(lambda: setattr(self, "began", time.perf_counter())),
                *rest,
                Note(lambda: setattr(self, "ended", time.perf_counter())),
            )
        )


@dataclass
class Times:
    """Seconds, edit by edit; ``ends`` counts the states that edits came to."""

    stages: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in STAGES})
    whole: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)


class Sitting:
    """An editor at work on a project."""

    def __init__(self, editor: TimedEditor, model: Model, stamps: Path, root: Path) -> None:
        self.editor = editor
        self.model = model
        self.root = root
        self.times = Times()
        self._stamps = stamps
        self._read = 0
        self._uris: dict[str, str] = {}

    async def edit(self, edit: Edit, lines: tuple[int, int], *, counts: bool = True) -> bool:
        """Ask for an edit; return whether it rests on the tests that it can affect, or all."""
        if edit.path not in self._uris:
            self._uris[edit.path] = self.editor.open(self.root / edit.path)
        first, last = lines
        whole = edit.new.splitlines(keepends=True)
        end = last + len(whole) - edit.old.count("\n")
        self.model.answer = f"```python\n{''.join(whole[first:end])}```\n"
        since, pressed = len(self.editor.heard), time.perf_counter()
        place = {
            "start": {"line": first, "character": 0},
            "end": {"line": last, "character": 0},
        }
        made = await self.editor.command(
            "festina.propose",
            {"uri": self._uris[edit.path], "range": place, "instruction": "say the same"},
        )
        name = made["proposal"]
        words, _ = await self.editor.first(
            lambda message: _words(message, name) or _state(message, name) in OVER, since
        )
        over, told = await self.editor.first(lambda message: _state(message, name) in OVER, since)
        state = _state(told, name)
        ran = self._ran()
        await self.editor.command("festina.dismiss", {"proposal": name})
        if counts:
            self.times.ends[state] += 1
            if state == "ready":
                self._note(ran, over, words - pressed - (self.model.began - self.model.asked))
        return _is_impacted(told)

    def _note(self, ran: dict[str, float], over: float, words: float) -> None:
        ends = [self.model.ended, ran["parsed"], ran["lint"], max(ran["lint"], ran["tests"]), over]
        for stage, (start, end) in zip(STAGES, itertools.pairwise(ends), strict=True):
            self.times.stages[stage].append(end - start)
        self.times.whole.append(over - self.model.ended)
        self.times.words.append(words)

    def _ran(self) -> dict[str, float]:
        """Return when the server's stages of the last edit ended."""
        with self._stamps.open() as file:
            file.seek(self._read)
            lines = file.read().splitlines()
            self._read = file.tell()
        return {line.split()[1]: float(line.split()[0]) for line in lines}


def _about(message: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Yield the states of a proposal that a message shows, and whether with words ("" for not)."""
    params = message.get("params") or {}
    if message["method"] == "festina/proposal" and params["proposal"] == name:
        yield params["state"], params["text"]
    elif message["method"] == "textDocument/publishDiagnostics":
        for one in params["diagnostics"]:
            data = one.get("data") or {}
            if data.get("proposal") == name:
                yield data["state"], one["message"] if "tokens so far" in one["message"] else ""


def _state(message: dict[str, Any], name: str) -> str:
    return next((state for state, _ in _about(message, name)), "")


def _words(message: dict[str, Any], name: str) -> bool:
    return any(words for _, words in _about(message, name))


def _is_impacted(message: dict[str, Any]) -> bool:
    verdict = message["params"].get("verdict") or {}
    found = [gate.get("tests") or {} for gate in verdict.get("gates", ())]
    return any(one.get("scope") == "impacted" for one in found)


def drawn(root: Path, project: Project, seed: int) -> Iterator[tuple[Edit, tuple[int, int]]]:
    """Yield edits of functions that say the same with code of their own, and the lines of each."""
    chance = random.Random(f"{project.name} {seed}")
    everything = [
        (source, function)
        for source in sources(root, project.package)
        for function in source.functions
    ]
    for number in itertools.count(1):
        source, function = chance.choice(everything)
        yield called(source, function, number), _lines(function)


def _lines(function: Function) -> tuple[int, int]:
    assert function.end_lineno is not None
    first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    return first - 1, function.end_lineno


async def measure(
    project: Project, root: Path, preset: Preset, args: argparse.Namespace, home: Path
) -> Times:
    """Measure one project with one editor."""
    stamps, config, model = home / "stamps", home / "config.toml", Model()
    python = args.work.resolve() / PYTHON_OF / ".venv" / "bin" / "python"
    edits = drawn(root, project, args.seed)
    with FakeModel(model) as fake:
        config.write_text(
            f'[models.fast]\nbase_url = "{fake.base_url}"\nmodel = "{fake.model}"\n'
            f'[verify]\npython = {json.dumps(str(python))}\ntests.scope = "{args.scope}"\n'
            "[repair]\nrounds = 0\ncandidates = 1\n"
        )
        command = [sys.executable, str(Path(__file__).with_name("_timed_server.py")), str(stamps)]
        async with TimedEditor.start(preset, root, home, command, config) as editor:
            sitting = Sitting(editor, model, stamps, root)
            warm = 0
            while warm < 5:  # until it is known which tests execute what, and then some
                known = await sitting.edit(*next(edits), counts=False)
                warm += known or args.scope != "impacted" or preset is not VSCODE_PLUGIN
                await asyncio.sleep(REST_SECONDS if known else 1.0)
            while len(sitting.times.whole) < args.each:
                await asyncio.sleep(REST_SECONDS)
                await sitting.edit(*next(edits))
    return sitting.times


def show(project: Project, client: str, times: Times) -> None:
    """Print medians and ninth deciles in milliseconds."""
    rows = {**times.stages, "applicable": times.whole, "first words": times.words}
    cells = " | ".join(f"{name} {_spread(values)}" for name, values in rows.items())
    print(f"{project.name}, {client}, {dict(times.ends)}: {cells}", flush=True)


def _spread(values: list[float]) -> str:
    tenth = statistics.quantiles(values, n=10)[-1]
    return f"{1000 * statistics.median(values):.1f} / {1000 * tenth:.1f}"


def plain(project: Project, root: Path, folder: Path, args: argparse.Namespace) -> list[float]:
    """Return the seconds of the plain way."""
    seed = args.seed
    if project is SAMPLE:  # it has no environment of its own
        root = folder / "plain"
        root.mkdir()
        _copy(root)
        (root / ".venv").symlink_to(args.work.resolve() / PYTHON_OF / ".venv")
    some = itertools.islice(drawn(root, project, seed), COLD)
    return [bench_engine.naive(root, project, edit)[1] for edit, _ in some]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=40, help="edits with each editor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--only", choices=("sample", PYTHON_OF))
    parser.add_argument("--scope", choices=("impacted", "auto", "full"), default="impacted")
    args = parser.parse_args()
    real = prepare(*chosen([PYTHON_OF]), args.work.resolve())
    print(f"{bench_engine.machine()}; tests.scope = {args.scope}; median / p90 in ms")
    for project in (SAMPLE, *chosen([PYTHON_OF])):
        if args.only not in (None, project.name):
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            root = folder / "sample" if project is SAMPLE else real
            if project is SAMPLE:
                root.mkdir()
                _copy(root)
            home = folder / "home"
            home.mkdir()
            for client, preset in CLIENTS.items():
                show(project, client, asyncio.run(measure(project, root, preset, args, home)))
            seconds = plain(project, root, folder, args)
            print(f"{project.name}, copy, cold ruff, cold pytest: {_spread(seconds)}", flush=True)


if __name__ == "__main__":
    main()
