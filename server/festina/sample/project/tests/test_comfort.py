import pytest

from comfort import clamp, describe, level, mean, to_fahrenheit


def test_mean():
    assert mean([18, 20, 22]) == 20


def test_mean_of_one_value():
    assert mean([5]) == 5


def test_mean_need_not_be_whole():
    assert mean([1, 2]) == 1.5


def test_mean_of_nothing():
    assert mean([]) == 0


def test_mean_of_zeros_is_zero():
    assert mean([0, 0]) == 0


@pytest.mark.parametrize(("value", "expected"), [(-3, 0), (5, 5), (12, 10)])
def test_clamp(value, expected):
    assert clamp(value, 0, 10) == expected


def test_to_fahrenheit():
    assert to_fahrenheit(100) == 212


def test_level():
    assert level([20, 20]) == 5


def test_level_never_leaves_the_scale():
    assert level([90]) == 10
    assert level([-40]) == 0


def test_level_of_nothing():
    assert level([]) == 0


def test_describe():
    assert describe([20]) == "pleasant"
