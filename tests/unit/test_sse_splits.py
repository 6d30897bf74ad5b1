"""However the network cuts a stream, the same text and the same outcome come out.

See ``support.streams`` for the transcripts.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from support.streams import FOLDER, NAMES, expected, load, outcome

SPLITS = 1_000_000
FEWER = 50_000
GROUPS = 8
"""So that test processes can share the work."""


def test_every_transcript_has_an_outcome() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.sse")) == NAMES


def test_in_one_piece() -> None:
    found = {name: outcome([load(name)]) for name in NAMES}
    assert found == {name: expected(name) for name in NAMES}


def test_byte_by_byte() -> None:
    def bytes_of(raw: bytes) -> list[bytes]:
        return [raw[i : i + 1] for i in range(len(raw))]

    found = {name: outcome(bytes_of(load(name))) for name in NAMES}
    assert found == {name: expected(name) for name in NAMES}


def test_every_cut_in_two() -> None:
    wrong = []
    for name in NAMES:
        raw, wanted = load(name), expected(name)
        cuts = range(len(raw))
        wrong += [(name, cut) for cut in cuts if outcome([raw[:cut], raw[cut:]]) != wanted]
    assert not wrong


def split_at_random(group: int, splits: int) -> None:
    names = NAMES[group::GROUPS]
    each = -(-splits // len(NAMES))
    rng = random.Random(f"splits {group}")
    for name in names:
        raw = load(name)
        end, wanted = len(raw), expected(name)
        for _ in range(each):
            cuts = sorted({int(rng.random() * end) for _ in range(rng.randrange(1, 6))})
            pieces = [raw[i:j] for i, j in pairwise([0, *cuts, end])]
            assert outcome(pieces) == wanted, (name, cuts)


def test_random_splits() -> None:
    for group in range(GROUPS):
        split_at_random(group, FEWER)


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_a_million_random_splits(group: int) -> None:
    split_at_random(group, SPLITS)
