import pathlib
import unittest

import pytest

from calc import core


class TestDouble(unittest.TestCase):
    def test_double(self):
        self.assertEqual(core.double(4), 8)


def test_text():
    assert core.double(2) == int(pathlib.Path(__file__).with_name("expected.txt").read_text())


def test_raises():
    with pytest.raises(TypeError):
        core.double(None)
