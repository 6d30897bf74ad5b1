from calc.core import LIMIT, double


def test_double():
    assert double(2) == 4


def test_limit():
    assert LIMIT == 10
