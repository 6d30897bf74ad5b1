import random
import unittest

import pytest

from shop.calc import label, split


@pytest.mark.parametrize(
    ("amount", "weights", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (10, [3, 2, 1], [5, 3, 2]),
        (7, [2, 2, 3], [2, 2, 3]),
        (1, [5, 5], [1, 0]),
        (0, [1, 4], [0, 0]),
    ],
)
def test_shares(amount, weights, expected):
    assert split(amount, weights) == expected


def test_no_weights():
    with pytest.raises(ValueError, match="positive"):
        split(5, [])


def test_nothing_is_lost():
    chance = random.Random(7)
    for _ in range(20):
        weights = [chance.randrange(1, 9) for _ in range(4)]
        assert sum(split(999, weights)) == 999


def test_label():
    assert label(1250) == "12.50"


class TestEven(unittest.TestCase):
    def test_even(self):
        self.assertEqual(split(6, [1, 1, 1]), [2, 2, 2])
