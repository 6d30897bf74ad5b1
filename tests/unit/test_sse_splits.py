"""However the network cuts a stream, the same text and the same outcome come out.

See ``support.streams`` for the transcripts.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from support.streams import FOLDER, NAMES, expected, load, outcome

SPLITS = 1_000_000
GROUPS = 8
"""So that test processes can share the work."""


def test_every_transcript_has_an_outcome() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.sse")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_in_one_piece(name: str) -> None:
    assert outcome([load(name)]) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_byte_by_byte(name: str) -> None:
    raw = load(name)
    assert outcome([raw[i : i + 1] for i in range(len(raw))]) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_in_two(name: str) -> None:
    raw = load(name)
    for cut in range(len(raw)):
        assert outcome([raw[:cut], raw[cut:]]) == expected(name), cut


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_million_random_splits(group: int) -> None:
    names = NAMES[group::GROUPS]
    each = -(-SPLITS // len(NAMES))
    rng = random.Random(f"splits {group}")
    for name in names:
        raw = load(name)
        end, wanted = len(raw), expected(name)
        for _ in range(each):
            cuts = sorted({int(rng.random() * end) for _ in range(rng.randrange(1, 6))})
            pieces = [raw[i:j] for i, j in pairwise([0, *cuts, end])]
            assert outcome(pieces) == wanted, (name, cuts)
