import pytest

from comfort import clamp, describe, level, mean, to_fahrenheit


def test_mean():
    assert mean([18, 20, 22]) == 20


def test_mean_of_nothing_is_an_error():
    with pytest.raises(ZeroDivisionError):
        mean([])


def test_clamp_leaves_what_is_inside():
    assert clamp(5, 0, 10) == 5


def test_clamp_keeps_to_the_lower_bound():
    assert clamp(-3, 0, 10) == 0


def test_clamp_keeps_to_the_upper_bound():
    assert clamp(12, 0, 10) == 10


@pytest.mark.parametrize("value", [0, 10])
def test_clamp_takes_the_bounds_themselves(value):
    assert clamp(value, 0, 10) == value


def test_clamp_works_below_zero():
    assert clamp(-7, -10, -5) == -7


def test_to_fahrenheit():
    assert to_fahrenheit(100) == 212


def test_level():
    assert level([20, 20]) == 5


def test_level_never_leaves_the_scale():
    assert level([90]) == 10
    assert level([-40]) == 0


def test_describe():
    assert describe([20]) == "pleasant"
