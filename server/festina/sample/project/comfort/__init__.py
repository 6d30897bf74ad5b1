"""How comfortable a room is, from its temperatures in degrees Celsius."""


def mean(values):
    """Return the average of some values, 0 if there are none."""
    return sum(values) / len(values)


def clamp(value, low, high):
    """Return a value, or the bound that it is beyond."""
    return max(low, min(value, high))


def to_fahrenheit(celsius):
    """Convert degrees Celsius to degrees Fahrenheit."""
    return celsius * 9 / 5 + 32


def level(temperatures):
    """Return 0 (cold) to 10 (hot) for a series of temperatures."""
    return clamp(round((mean(temperatures) - 10) / 2), 0, 10)


def describe(temperatures):
    """Return a word for a series of temperatures."""
    words = {0: "freezing", 5: "pleasant", 10: "tropical"}
    nearest = min(words, key=lambda number: abs(number - level(temperatures)))
    return words[nearest]
