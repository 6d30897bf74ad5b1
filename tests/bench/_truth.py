"""Find out the truth about the seeded edits, and keep it: cold runs of whole suites, one by one.

    python tests/bench/_truth.py [--each 110] [--seed 1] [--only NAME] [--work DIR] [--truth FILE]

It takes hours on a small machine, can be stopped at any time, and goes on where it was. The first
edits of every project come before the later ones of any. ``differential.py`` reads the file.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bench_edits import edits
from support.bench_projects import WORK, chosen, prepare
from support.bench_truth import Truths, truth_of

BATCH = 10


def main() -> int:
    """Read the command line and fill the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--work", type=Path, default=WORK / "truth", help="projects for truth alone"
    )
    parser.add_argument("--truth", type=Path, default=WORK / "truth.json", help="file to fill")
    parser.add_argument("--each", type=int, default=110, help="edits of each project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    args = parser.parse_args()
    args.work = args.work.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a suite ends with this
    prepared = []
    for project in chosen(args.only):
        root = prepare(project, args.work)
        truths = Truths(args.truth, project)
        base = truths.base(root, project)
        print(f"{project.name}: {len(base.ok)} tests, {base.seconds:.1f} s cold", flush=True)
        made = edits(root, project, args.each, args.seed)
        prepared.append((project, root, base, made, truths))
    for start in range(0, args.each, BATCH):
        for project, root, base, made, truths in prepared:
            began = time.monotonic()
            said = []
            share = round(BATCH * project.share)
            first = start // BATCH * share
            for edit in made[first : first + share]:
                truth = truths.get(edit)
                if truth is None:
                    truth = truth_of(root, project, edit, base)
                    truths.put(edit, truth)
                said.append(truth.verdict)
            print(
                f"{project.name} {first + len(said)}: {said.count('failed')} failed,"
                f" {said.count('passed')} passed, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
